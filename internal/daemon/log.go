package daemon

// Keys of structured log lines.
const (
	keyRoute    = "route"
	keyPosition = "position"
	keyVersion  = "version"
	keyActor    = "actor"
	keyReason   = "reason"
	keyReturn   = "return"
	keyError    = "error"
	keyFile     = "file"
	keyRoutes   = "routes"
	keySettings = "settings"
	keyProblem  = "problem"
	keyAddr     = "addr"
	keyAdmin    = "admin"
	keyData     = "data"
	keyDelay    = "delay"
	keyUntil    = "until"
	keyGroup    = "group"
	keyState    = "state"
	keyRule     = "rule"
	keyKind     = "kind"
	keyPointer  = "pointer"
	keyRequests = "requests"
	keyAgainst  = "against"
)
