package shadow

// The reasons for which an exchange is skipped; the README tells what to do about each.
const (
	SkipQueueFull     = "queue full"      // the queue, the set of copies that wait, the memory for bodies, or the other side's connections
	SkipResting       = "service failing" // the side that is asked gives no answers; copies rest
	SkipTooLarge      = "too large"       // a body over the bound, and the hashes differ
	SkipTooComplex    = "too complex"     // comparing would cost more than its limit
	SkipConditional   = "conditional"     // legacy, or whoever served, answered 304, 206, 412 or 416
	SkipCutShort      = "cut short"       // the client's exchange didn't reach its end, or not in time
	SkipShuttingDown  = "shutting down"
	SkipNotRepeatable = "not repeatable" // the request may not be sent twice and no sandbox is named
	SkipUpgrade       = "upgrade"        // WebSocket and the like
	SkipSession       = "session"        // legacy isn't asked again with a client's session, or for whose it is
	SkipNotCaptured   = "not captured"   // the route captures nothing, and what was to be held was a body
	SkipCookieSet     = "cookie set"     // legacy isn't asked again after an answer that set a cookie
	SkipLegacyBudget  = "legacy budget"  // legacy is not to be asked more often
	SkipOverridden    = "overridden"     // the request chose its side itself
	SkipMalformed     = "malformed"      // the request can't be read, so that the service never got it
)

// The reasons for which a comparison failed.
const (
	FailConnect   = "connect"   // no connection to the side that was asked
	FailTimeout   = "timeout"   // no answer, or not all of it, in time
	FailBroken    = "broken"    // the answer was not valid HTTP or ended early
	FailFallback  = "fallback"  // the service failed and legacy answered the client
	FailTranslate = "translate" // the request, or the answer, could not be translated
	FailIdentity  = "identity"  // it could not be found out who the client is, for the service to be told
	FailInternal  = "internal"  // a mistake of this package's or of a Comparer's; the log has it
)

// Reasons lists all reasons, those of skipped exchanges first.
func Reasons() []string {
	return []string{
		SkipQueueFull, SkipResting, SkipTooLarge, SkipTooComplex, SkipConditional, SkipCutShort, SkipShuttingDown,
		SkipNotRepeatable, SkipUpgrade, SkipSession, SkipNotCaptured, SkipCookieSet, SkipLegacyBudget, SkipOverridden, SkipMalformed,
		FailConnect, FailTimeout, FailBroken, FailFallback, FailTranslate, FailIdentity, FailInternal,
	}
}
