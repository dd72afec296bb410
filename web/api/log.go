package api

// Keys of log attributes.
const (
	keyMethod = "method"
	keyPath   = "path"
	keyType   = "type"
	keyError  = "error"
)
