package shadow

import "fmt"

// Verdict is what became of one shadowed exchange.
type Verdict uint8

// The verdicts.
const (
	Match    Verdict = iota // nothing that counts differs
	Noise                   // legacy differs from itself in the same way
	Lag                     // the difference went away when both sides were asked again
	Diverged                // the answers differ
	Failed                  // there was no answer to compare
	Skipped                 // not comparable, with a reason
)

// Verdicts lists all verdicts.
func Verdicts() []Verdict { return []Verdict{Match, Noise, Lag, Diverged, Failed, Skipped} }

var verdictNames = [...]string{"match", "noise", "lag", "diverged", "failed", "skipped"}

// String returns the verdict's name as it stands in JSON.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// ParseVerdict returns the verdict of that name.
func ParseVerdict(s string) (Verdict, error) {
	for i, name := range verdictNames {
		if s == name {
			return Verdict(i), nil
		}
	}
	return 0, fmt.Errorf("no verdict %q: it is one of %q", s, verdictNames)
}

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(text []byte) error {
	parsed, err := ParseVerdict(string(text))
	*v = parsed
	return err
}

// Kind is what a difference is.
type Kind string

// The kinds of difference.
const (
	KindValue    Kind = "value"    // same type, other value
	KindType     Kind = "type"     // other type
	KindMissing  Kind = "missing"  // the service lacks what legacy has
	KindExtra    Kind = "extra"    // the service has what legacy lacks
	KindOrder    Kind = "order"    // the same elements in another order
	KindLength   Kind = "length"   // arrays of other length
	KindStatus   Kind = "status"   // other status code
	KindHeader   Kind = "header"   // other header
	KindBody     Kind = "body"     // bodies without structure that differ
	KindEncoding Kind = "encoding" // other content coding or charset, or one that can't be decoded
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{KindValue, KindType, KindMissing, KindExtra, KindOrder, KindLength, KindStatus, KindHeader, KindBody, KindEncoding}
}

// The reasons for which an exchange is skipped.
const (
	SkipQueueFull     = "queue full"
	SkipTooLarge      = "too large"   // a body over the bound, and the hashes differ
	SkipTooComplex    = "too complex" // comparing would cost more than its limit
	SkipConditional   = "conditional" // legacy answered 304, 206, 412 or 416
	SkipCutShort      = "cut short"   // the client's answer didn't reach its end
	SkipShuttingDown  = "shutting down"
	SkipNotRepeatable = "not repeatable" // the request may not be sent twice and no sandbox is named
	SkipUpgrade       = "upgrade"        // WebSocket and the like
	SkipSession       = "session"        // legacy isn't asked again with a client's session
	SkipCookieSet     = "cookie set"     // legacy isn't asked again after an answer that set a cookie
	SkipLegacyBudget  = "legacy budget"  // legacy is not to be asked more often
	SkipOverridden    = "overridden"     // the request chose its side itself
)

// The reasons for which a comparison failed.
const (
	FailConnect   = "connect"   // no connection to the side that was asked
	FailTimeout   = "timeout"   // no answer, or not all of it, in time
	FailBroken    = "broken"    // the answer was not valid HTTP or ended early
	FailFallback  = "fallback"  // the service failed and legacy answered the client
	FailTranslate = "translate" // the answer could not be translated
)
