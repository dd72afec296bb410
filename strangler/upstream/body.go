package upstream

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// ender is told when a call is over: its answer's body was read to its end (nil), broke, or was
// closed before (errClosed). It is told once, on whichever goroutine found out.
type ender interface{ end(err error) }

// endingBody is an answer's body that tells enders. An answer's body is wrapped once a call,
// however many layers wait for its end: the connection's own body is one already, and what
// net/http's transport gives is made one by the first layer that asks. A layer never wraps a
// body itself, so that whoever reads the answer may still find out that it is a connection
// (an upgrade, or a copy that needn't pass through this process's memory).
type endingBody interface {
	io.ReadCloser
	onEnd(ender)
}

// onEnd has e told of the end of an answer's body; at once where there is none.
func onEnd(resp *http.Response, e ender) {
	if resp.Body == http.NoBody {
		e.end(nil)
		return
	}
	if b, ok := resp.Body.(endingBody); ok {
		b.onEnd(e)
		return
	}
	wrap(resp).onEnd(e)
}

// readingBody is an answer's body that tells how its reading goes.
type readingBody interface {
	endingBody
	// reads grows by one when a Read begins and by one when it ends, so that it is odd while
	// somebody waits for the upstream. It may be called on any goroutine.
	reads() uint64
	// watch says that reads will be asked, before anything is read.
	watch()
}

// readsOf returns an answer's body as one that tells how its reading goes. A body that can't is
// made one that can, at the price of no longer being copied past this process.
func readsOf(resp *http.Response) readingBody {
	b, ok := resp.Body.(readingBody)
	if !ok {
		b = wrap(resp)
	}
	b.watch()
	return b
}

func wrap(resp *http.Response) *wrappedBody {
	b := &wrappedBody{ReadCloser: resp.Body}
	if resp.Request != nil {
		b.ctx = resp.Request.Context()
	}
	resp.Body = b
	if w, ok := b.ReadCloser.(io.Writer); ok {
		resp.Body = struct {
			*wrappedBody
			io.Writer
		}{b, w}
	}
	return b
}

// enders are those who wait for one call's end. The zero value is ready for use.
type enders struct {
	mu   sync.Mutex
	over bool
	err  error
	few  [3]ender // as many as there are layers mostly, so that adding one allocates nothing
	more *enders
}

// add has one told; at once where it is over already.
func (e *enders) add(one ender) {
	e.mu.Lock()
	if e.over {
		e.mu.Unlock()
		one.end(e.err)
		return
	}
	defer e.mu.Unlock()
	for i := range e.few {
		if e.few[i] == nil {
			e.few[i] = one
			return
		}
	}
	if e.more == nil {
		e.more = &enders{}
	}
	e.more.add(one)
}

// tell tells all, the last added first, and does nothing the second time.
func (e *enders) tell(err error) {
	e.mu.Lock()
	if e.over {
		e.mu.Unlock()
		return
	}
	e.over, e.err = true, err
	e.mu.Unlock()
	if e.more != nil {
		e.more.tell(err)
	}
	for i := len(e.few) - 1; i >= 0; i-- {
		if e.few[i] != nil {
			e.few[i].end(err)
		}
	}
}

// wrappedBody makes an endingBody of another transport's body.
type wrappedBody struct {
	io.ReadCloser
	ctx    context.Context // the request's; nil: unknown
	count  atomic.Uint64
	enders enders
}

func (b *wrappedBody) onEnd(e ender) { b.enders.add(e) }

func (b *wrappedBody) reads() uint64 { return b.count.Load() }

func (b *wrappedBody) watch() {}

// Read implements io.Reader. What the end of the request's context broke is told by its cause,
// which says which time-out it was.
func (b *wrappedBody) Read(p []byte) (int, error) {
	b.count.Add(1)
	n, err := b.ReadCloser.Read(p)
	b.count.Add(1)
	switch err {
	case nil:
	case io.EOF:
		b.enders.tell(nil)
	default:
		if b.ctx != nil && b.ctx.Err() != nil {
			err = context.Cause(b.ctx)
		}
		b.enders.tell(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *wrappedBody) Close() error {
	err := b.ReadCloser.Close()
	b.enders.tell(errClosed)
	return err
}
