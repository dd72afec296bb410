package api

// Keys of log attributes.
const (
	keyMethod = "method"
	keyPath   = "path"
	keyType   = "type"
	keyError  = "error"
	keyTable  = "table"
	keyNew    = "new"
	keyKnown  = "known"

	keyActor    = "actor"
	keyVerified = "verified"
)
