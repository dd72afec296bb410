package strangler

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
)

// traced is what a transport that doesn't know this package tells about one attempt: of
// informational answers, of what becomes of an expectation, and over which connection it went
// where that may be upgraded.
type traced struct {
	ctx         context.Context
	expectation *expectation
	conn        net.Conn
}

// trace begins to listen.
func trace(c *call, r *http.Request, up *upload, body io.ReadCloser) *traced {
	t := &traced{}
	hooks := &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		if status == http.StatusContinue {
			return nil // the transport reads the body, and that asks for it
		}
		return c.hints.pass(status, header)
	}}
	if asksUpgrade(r) != "" {
		hooks.GotConn = func(got httptrace.GotConnInfo) { t.conn = got.Conn }
	}
	if b, ok := body.(*uploadBody); ok && expects(r) {
		t.expectation = &expectation{answered: make(chan struct{}), over: up.over, ask: func() {
			_ = c.hints.pass(http.StatusContinue, nil) // it has no error to tell
		}}
		t.expectation.watch(hooks)
		b.expectation = t.expectation
	}
	t.ctx = httptrace.WithClientTrace(r.Context(), hooks)
	return t
}

// answered says that the attempt is over.
func (t *traced) answered() {
	if t.expectation != nil {
		close(t.expectation.answered)
	}
}
