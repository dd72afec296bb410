package strangler

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
)

// Inform passes an informational answer (1xx but 101) of an upstream on to the client of the
// request whose context this is: 103 Early Hints (RFC 8297), and 100 Continue where the client
// waits for that. It is for transports that read answers themselves and say so by a method
// Informs() bool; of others the proxy learns it through httptrace. Who listens through that in the context, such
// as a translator, which may change the header, is told here too, before the client is. It does nothing elsewhere,
// and is called by the goroutine that serves the request, before RoundTrip returns.
func Inform(ctx context.Context, status int, header http.Header) {
	c := callFrom(ctx)
	if c == nil {
		return
	}
	if t := httptrace.ContextClientTrace(ctx); t != nil && t.Got1xxResponse != nil && status != http.StatusContinue {
		if err := t.Got1xxResponse(status, textproto.MIMEHeader(header)); err != nil || c.traced != nil {
			return // it was passed on there, see trace
		}
	}
	_ = c.hints.pass(status, textproto.MIMEHeader(header)) // it has no error to tell
}

// Informs reports whether a transport says that it calls Inform, for what stands around one to say so too.
func Informs(t http.RoundTripper) bool {
	i, ok := t.(interface{ Informs() bool })
	return ok && i.Informs()
}

// hints passes informational answers on to the client: 103 Early Hints (RFC 8297), and 100
// Continue where it waits for that.
type hints struct {
	mu sync.Mutex // net/http's transport calls from a goroutine of its own
	w  http.ResponseWriter
	r  *http.Request // nil: nobody waits for them

	continued bool // 100 is out
}

func (i *hints) begin(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.w, i.r = w, r
}

func (i *hints) pass(status int, header textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	// HTTP/1.0 knows no informational answers (RFC 9110 section 15.2).
	if i.r == nil || !i.r.ProtoAtLeast(1, 1) || status == http.StatusContinue && i.r.Header["Expect"] == nil {
		return nil
	}
	if status == http.StatusContinue {
		if i.continued || i.r.ProtoMajor >= 2 {
			return nil // net/http sends it when the body is read, and would send it twice
		}
		i.continued = true
	}
	dropHopByHop(http.Header(header))
	h := i.w.Header()
	answers := maps.Clone(h) // what is known of the answer's isn't this one's: "Connection: close" ends it for some
	clear(h)
	maps.Copy(h, http.Header(header))
	i.w.WriteHeader(status)
	clear(h)
	maps.Copy(h, answers)
	return nil
}

func (i *hints) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.w, i.r = nil, nil
}
