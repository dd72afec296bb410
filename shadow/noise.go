package shadow

// Why a difference is noise, which doesn't count. The first is learnt, the others are seen in the
// two values themselves.
const (
	NoiseLegacy    = "legacy"    // legacy differs from itself there, about as often as the service differs from it
	NoiseUUID      = "uuid"      // both are UUIDs or ULIDs
	NoiseTimestamp = "timestamp" // both are times near that of the request
	NoiseToken     = "token"     // both are random tokens of the same form
	NoiseCSRF      = "csrf"      // a form's or page's token against forgery
)

// Noises lists all of them.
func Noises() []string {
	return []string{NoiseLegacy, NoiseUUID, NoiseTimestamp, NoiseToken, NoiseCSRF}
}
