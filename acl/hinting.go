package acl

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync/atomic"
)

// hinting has the informational answers to one request translated; nil: nobody knows how.
type hinting struct {
	hinter   Hinter
	asked    atomic.Pointer[http.Request] // as it was sent; nil: it wasn't
	panicked atomic.Pointer[any]          // what the hinter panicked with
}

func (t *transport) hinting() *hinting {
	if t.hinter == nil {
		return nil
	}
	return &hinting{hinter: t.hinter}
}

// within returns a context in which informational answers are translated before whoever listens for them learns of
// them, through net/http/httptrace.
func (h *hinting) within(ctx context.Context) context.Context {
	if h == nil {
		return ctx
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		if asked := h.asked.Load(); asked != nil { // else it is an answer to somebody whom the translator itself asked
			h.hint(asked, http.Header(header))
		}
		return nil
	}})
}

// hint translates one. net/http calls it on a goroutine of its own, where a panic would be the program's end.
func (h *hinting) hint(asked *http.Request, header http.Header) {
	defer func() {
		if v := recover(); v != nil {
			h.panicked.Store(&v)
			clear(header) // half of it may be translated
		}
	}()
	h.hinter.Hint(asked, header)
}

// from says which request it is whose answers come.
func (h *hinting) from(req *http.Request) {
	if h != nil {
		h.asked.Store(req)
	}
}

// end has a hinter's panic go on to the caller; the answer, if there is one, is closed first.
func (h *hinting) end(resp *http.Response) {
	if h == nil {
		return
	}
	if v := h.panicked.Load(); v != nil {
		if resp != nil {
			resp.Body.Close()
		}
		panic(*v)
	}
}
