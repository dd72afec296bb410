package strangler

import (
	"io"
	"net/http"
	"net/url"
	"sync"
)

// plainExchange is a plain request and its answer, made at once.
type plainExchange struct {
	in      http.Request
	url     url.URL
	context plainContext
	body    plainBody
	answer  plainAnswer
}

// newPlainExchange makes one of a head; nothing of it is known yet.
func (l *plain) newPlainExchange() *plainExchange {
	x := new(plainExchange)
	x.context.Context = l.ctx
	x.answer.conn, x.answer.server, x.answer.method = l.conn, l.server, &x.in.Method
	x.answer.length = -1
	x.in.Proto, x.in.ProtoMajor, x.in.ProtoMinor = "HTTP/1.1", 1, 1
	x.in.RemoteAddr = l.remote
	x.in.URL = &x.url
	x.in.Body = http.NoBody
	return x
}

// request returns the request as its handler gets it.
func (x *plainExchange) request() *http.Request {
	x.in = *x.in.WithContext(&x.context) // which stays on the stack
	return &x.in
}

// end takes from whoever goes on with the exchange, against the rules, what others will have, and from the disk
// what was uploaded.
func (x *plainExchange) end() {
	x.body.end()
	x.context.end()
	x.answer.release()
	if form := x.in.MultipartForm; form != nil {
		_ = form.RemoveAll() // as net/http
	}
}

// plainBody is a body that came whole. It is read from what it came in, until its exchange ends.
type plainBody struct {
	mu   sync.Mutex
	rest []byte
	over bool // it was closed, or the exchange has ended
}

// Read implements io.Reader.
func (b *plainBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
		return 0, http.ErrBodyReadAfterClose
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	if b.rest = b.rest[n:]; len(b.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *plainBody) Close() error {
	b.end()
	return nil
}

func (b *plainBody) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.over = nil, true
}
