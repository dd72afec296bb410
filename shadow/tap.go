package shadow

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// Tap returns a transport to be put between a translator and the service behind it. It keeps, as
// evidence for a divergence, the answer as the service gave it, of exchanges at Points that are
// Translated; all others pass untouched.
func Tap(next http.RoundTripper) http.RoundTripper { return &tapped{next} }

type tapped struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t *tapped) RoundTrip(r *http.Request) (*http.Response, error) {
	to, _ := r.Context().Value(tapKey{}).(*tap)
	resp, err := t.next.RoundTrip(r)
	if to == nil || err != nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp, err
	}
	to.begin(resp)
	resp.Body = &tapBody{resp.Body, to}
	return resp, nil
}

// tapKey finds an exchange's tap in a request's context.
type tapKey struct{}

// tap holds an untranslated answer. Whoever reads it fills it, on another goroutine than that which
// settles the exchange.
type tap struct {
	mu     sync.Mutex
	over   bool // the exchange is settled
	status int
	header http.Header
	body   capture
}

// begin takes the head of an answer; one that came before it, before a retry, is forgotten.
func (t *tap) begin(resp *http.Response) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.body.drop()
	t.body = capture{purse: t.body.purse, limit: t.body.limit}
	t.status, t.header = resp.StatusCode, resp.Header.Clone()
}

func (t *tap) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.body.write(p)
	}
}

// answer returns what there is; nil: nothing.
func (t *tap) answer() *Answer {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.status == 0 || t.body.broke {
		return nil
	}
	a := &Answer{Status: t.status, Header: t.header, Body: t.body.buf, Size: t.body.size}
	if t.body.over() {
		a.Hash = t.body.hash()
	}
	return a
}

// drop lets go of it, and of what is still to come.
func (t *tap) drop() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.body.drop()
}

// tapBody is an answer's body that is captured as it is read.
type tapBody struct {
	io.ReadCloser
	to *tap
}

// Read implements io.Reader.
func (b *tapBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.to.write(p[:n])
	return n, err
}

// tapContext is a client's context with a tap in it.
type tapContext struct {
	context.Context
	tap *tap
}

// Value implements context.Context.
func (c *tapContext) Value(key any) any {
	if key == (tapKey{}) {
		return c.tap
	}
	return c.Context.Value(key)
}
