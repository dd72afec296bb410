package shadow

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Config says how a Shadow works. The zero value is useful: it counts and remembers nothing.
type Config struct {
	Recorder Recorder      // nil: nothing is remembered, only counted
	MaxBody  int64         // bytes of a body that are held, for each body; 0: 1 MiB
	Workers  int           // copies sent at a time; 0: 16. One route has half of them at most
	Queue    int           // copies that wait for a worker, and copies that wait for the client's answer to end; 0: 1024. One route has half at most
	Timeout  time.Duration // for one copy whole, and then for the client's answer to end; 0: 30 s
	// MaxMemory bounds the captured bodies held in all, bytes; 0: 64 MiB. One route has half
	// of it at most. An exchange that finds no room is skipped, "queue full".
	MaxMemory int64

	// Redact names what never reaches the Recorder: header:NAME, query:NAME (also a form's
	// field), pattern:REGEXP (RE2), and JSON pointers (RFC 6901, with * for any one key or index)
	// into request and answer bodies. The values of Authorization, Proxy-Authorization, Cookie
	// and Set-Cookie are redacted always.
	Redact []string
	Scrub  []string // what is taken out wherever it stands, see Scrubs; nil: all of that; empty: nothing

	// Served says who really answered a request that a Point stands around, how the side that
	// was to answer failed ("connect", "timeout", "translate", "status 503"; "untranslatable" and
	// "malformed" of a request that it was never sent; empty: it didn't),
	// and whether the request chose its side itself. It is called on the request's goroutine
	// when the answer's head is out. Nil: the point's side, without failure.
	Served func(*http.Request) (side Side, failure string, overridden bool)

	// Observe is told how both sides did on each request of which both answers were compared or one
	// is missing. It is called on workers' goroutines and on requests', and has to be quick.
	// Nil: nobody is.
	Observe func(Pair)

	Learnt map[string]Learnt // what an earlier Shadow learnt, by route; nil: nothing

	Logger *slog.Logger     // nil: slog.Default()
	Now    func() time.Time // nil: time.Now
}

// withDefaults returns c with every zero value replaced, or all that is wrong with it.
func (c Config) withDefaults() (Config, error) {
	var errs []error
	for name, n := range map[string]int64{
		"MaxBody": c.MaxBody, "Workers": int64(c.Workers), "Queue": int64(c.Queue),
		"Timeout": int64(c.Timeout), "MaxMemory": c.MaxMemory,
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is %d: use a positive number, or 0 for the default", name, n))
		}
	}
	orDefault(&c.MaxBody, 1<<20)
	orDefault(&c.Workers, 16)
	orDefault(&c.Queue, 1024)
	orDefault(&c.Timeout, 30*time.Second)
	orDefault(&c.MaxMemory, 64<<20)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, errors.Join(errs...)
}

func orDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Point is a place where a shadow stands: around the handler that answers one route's requests
// from one side.
type Point struct {
	Route  string
	Serves Side // the side that the wrapped handler answers from
	// Other sends a copy to the other side, Sandbox to a copy of the service whose data doesn't
	// matter. Both take the request as the client sent it, path, Host, RemoteAddr and TLS
	// included, and answer as a client would see it; To makes one. They obey the request's
	// context, and must not ask for compression by themselves. An error with a method
	// Failure() string names its own reason, one of the Fail constants, or "full": there was no
	// room for the copy, which is a skip. One that is a Lender besides costs less. Without Other
	// nothing is shadowed; without Sandbox requests that may not be repeated are not.
	Other, Sandbox http.RoundTripper
	Compare        Comparer
	// LegacyHosts and ServiceHosts are what each side may call itself where it redirects, besides the
	// host that the client asked for: the hosts of its addresses, as HOST or HOST:PORT.
	LegacyHosts, ServiceHosts []string
	Sample                    float64 // the share of requests that are shadowed, 0 to 1; exactly 1: all
	// Repeatable says whether a request of that method may be sent a second time. Nil: GET,
	// HEAD and OPTIONS may. Towards legacy only GET and HEAD are sent, whatever it says.
	Repeatable func(method string) bool
	// WithSession lets legacy be asked again with the client's credentials. Without it a request
	// with any cookie or an Authorization is skipped, since which cookie is legacy's session is
	// not known: sessions lock, flash messages are eaten, ids rotate.
	WithSession bool
	LegacyExtra Extra // how much more legacy may be asked

	// Capture is how much is kept; empty: CaptureFull. Pattern stands for the paths of requests where
	// they are not kept.
	Capture Capture
	Pattern string

	// Translated says that the service's answers are translated, by transports that have a Tap in
	// them.
	Translated bool
	// RedactUntranslated are further JSON pointers, as in Config.Redact, for the service's answers
	// before they are translated, where what is secret has other places.
	RedactUntranslated []string

	// Keep is how many exchanges are kept, with bodies, that match or, where there is no Other, that
	// legacy answered; only with CaptureFull, and if the Recorder is a Keeper. 0: none.
	Keep int

	// Distinct is how long a request that was compared, or that one side gave no answer to, is the only
	// one of its like: who asks for the same within this long is marked as a repeat (Comparison.Repeat,
	// Pair.Repeat), whatever came of either, and who asks for it after that is the next one. It is the
	// same with the same method, host, URI and body, whoever asks: what many ask of one record is one
	// piece of news. So a route whose answers depend on cookies or credentials has few requests that
	// differ. Where the body isn't held whole, and beyond 8,192 requests within this long, none is a
	// repeat. 0: none ever is.
	Distinct time.Duration

	// InOrder returns the key whose requests' copies are sent one after another, in the order in
	// which the client was answered; empty: as they come. It is called on the request's goroutine.
	// Nil: all as they come.
	InOrder func(*http.Request) string

	// Self asks the side that serves again, like Other; nil: it is never asked, so that neither
	// Control nor Recheck has a meaning. Both obey what is said of legacy above.
	Self http.RoundTripper
	// Control is the share of copied requests for which legacy is asked twice, 0 to 1, so that it
	// is learnt where it differs from itself. While little is known of a route it is all of them, as
	// far as LegacyExtra goes. 0: none, ever.
	Control float64
	// Recheck is how long after two answers that differ both sides are asked again: what is the
	// same then was only late. 0: they aren't.
	Recheck time.Duration
}

// Extra bounds how much more legacy is asked than clients ask it: by copies where the service
// serves, by controls and by rechecks, of which no kind has more than half where they are on, but for
// the first control of a route. Whatever the bounds, it isn't asked at all while its latency rises.
type Extra struct {
	Share     float64 // of the route's requests; 0: 0.10
	PerSecond float64 // 0: 20
}

func safeMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

func readMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead
}
