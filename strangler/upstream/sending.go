package upstream

import (
	"io"
	"net/http"
	"sync"
)

// sending is a request's body on its way. Like an answer's it is wrapped once a call, by the
// first layer that wants to know something of it, and found by those further in.
type sending struct {
	io.ReadCloser
	first *sending // what the first attempt sends, which knows about the others; itself, mostly
	wait  waiter   // first's; nil: nobody measures

	mu     sync.Mutex
	begun  bool // somebody has read of it
	held   bool
	closed bool
	err    error // first's: what reading came to, but io.EOF
}

// waiter measures how long the upstream lets us wait. While the client does, it doesn't.
type waiter interface {
	pause()
	resume()
}

// sendingOf returns r's body as a sending and the request that has it: r itself, or a copy that
// may be changed. It returns nil where there is no body.
func sendingOf(r *http.Request) (*http.Request, *sending) {
	if r.Body == nil || r.Body == http.NoBody {
		return r, nil
	}
	if b, ok := r.Body.(*sending); ok {
		return r, b
	}
	b := newSending(r.Body)
	r = r.WithContext(r.Context())
	r.Body = b
	return r, b
}

func newSending(body io.ReadCloser) *sending {
	b := &sending{ReadCloser: body}
	b.first = b
	return b
}

// again returns the body for another attempt. The one before may still be read meanwhile.
func (b *sending) again(body io.ReadCloser) *sending {
	return &sending{ReadCloser: body, first: b.first}
}

// failure returns why the client's side of the body broke; nil: it didn't, as far as it was read.
func (b *sending) failure() error {
	if b == nil {
		return nil
	}
	b.first.mu.Lock()
	defer b.first.mu.Unlock()
	return b.first.err
}

// Read implements io.Reader.
func (b *sending) Read(p []byte) (int, error) {
	b.mu.Lock()
	b.begun = true
	b.mu.Unlock()
	if w := b.first.wait; w != nil {
		w.pause()
		defer w.resume()
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !b.isClosed() {
		b.first.mu.Lock()
		b.first.err = err
		b.first.mu.Unlock()
	}
	return n, err
}

func (b *sending) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

// Close implements io.Closer. While the body is held it takes no effect.
func (b *sending) Close() error {
	b.mu.Lock()
	b.closed = true
	now := !b.held
	b.mu.Unlock()
	if now {
		return b.ReadCloser.Close()
	}
	return nil
}

// hold keeps the body open: it may be needed for the next endpoint.
func (b *sending) hold() {
	b.mu.Lock()
	b.held = true
	b.mu.Unlock()
}

// reopen forgets a Close while the body is held: the next endpoint reads it. It reports whether that
// gets it whole.
func (b *sending) reopen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.begun {
		return false
	}
	b.closed = false
	return true
}

// release lets Close take effect, also one that came before.
func (b *sending) release() {
	b.mu.Lock()
	b.held = false
	now := b.closed
	b.mu.Unlock()
	if now {
		b.ReadCloser.Close()
	}
}

// abandon closes the body of a request that isn't sent, as every http.RoundTripper must.
func abandon(r *http.Request) {
	if r.Body != nil {
		r.Body.Close()
	}
}
