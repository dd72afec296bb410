package web

// Keys of log attributes.
const (
	keyActor    = "actor"
	keyVerified = "verified"
	keyRemote   = "remote"
	keyWhat     = "what"
	keyError    = "error"
)
