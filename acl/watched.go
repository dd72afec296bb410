package acl

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
)

// watched is a body that is translated while it is read: what goes wrong then is told, once.
type watched struct {
	io.ReadCloser
	transport *transport
	client    *http.Request
	way       Direction
	err       atomic.Pointer[Error] // a request's is read by a goroutine of the next transport
}

// watchRequest watches the body of a request that is sent, where it may yet turn out to be wrong:
// one of known length is there already.
func (t *transport) watchRequest(client, req *http.Request) *watched {
	if req.Body == nil || req.Body == http.NoBody || req.ContentLength >= 0 || req.Body == client.Body {
		return nil
	}
	w := &watched{ReadCloser: req.Body, transport: t, client: client, way: t.asks}
	req.Body = w
	return w
}

// Read implements io.Reader.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	var e *Error
	if !errors.As(err, &e) {
		return n, err
	}
	late := wrap(w.way, err)
	late.Late, late.unsent = true, false
	if w.err.CompareAndSwap(nil, late) {
		w.transport.observe(w.client, late)
	}
	return n, late
}

// found returns the translator's error that the body's reader got; nil: none. A nil *watched has
// none.
func (w *watched) found() *Error {
	if w == nil {
		return nil
	}
	return w.err.Load()
}
