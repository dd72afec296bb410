package strangler

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answer is station 11: it sends an upstream's answer on as it comes.
func (f *forwarder) answer(w http.ResponseWriter, r *http.Request, resp *http.Response, up *upload) {
	sent := false
	defer func() {
		if resp.ProtoMajor == 2 && !up.finished() {
			// net/http's transport of HTTP/2 waits until nobody reads the request's body any more. Whoever
			// does waits for the client, who waits for the answer's end; the server ends it after that.
			go resp.Body.Close()
			return
		}
		resp.Body.Close()
		if body, ok := resp.Body.(forgetting); ok && sent && f.informs && !f.rewrite.tidy { // no translator has seen it
			body.Forget(false) // the lists of values are the client's answer's now
		}
	}()
	h := w.Header()
	if connection := resp.Header["Connection"]; connection != nil {
		dropNamed(resp.Header, connection)
	}
	add(h, resp.Header)
	// What the upstream didn't send, the server must not invent.
	for _, name := range [...]string{"Date", "Content-Type"} {
		if _, sent := h[name]; !sent {
			h[name] = nil
		}
	}
	var announced []string
	if len(resp.Trailer) > 0 {
		announced = slices.Sorted(maps.Keys(resp.Trailer))
		h["Trailer"] = []string{strings.Join(announced, ", ")}
		if r.Method != http.MethodHead {
			delete(h, "Content-Length") // of HTTP/2: in HTTP/1.1 only chunks have trailers
		}
	}
	w.WriteHeader(resp.StatusCode)
	if resp.Body != http.NoBody || resp.ContentLength < 0 {
		f.stream(w, r, resp)
	}
	trailers(h, resp.Trailer, announced)
	sent = true
}

// add adds an answer's headers, but those of its connection, to those that are there, which only
// middleware outside of the proxy can have set.
func add(h, from http.Header) {
	none := len(h) == 0
	for name, values := range from {
		if isHopByHop(name) {
			continue
		}
		if !none {
			if have := h[name]; len(have) > 0 {
				values = append(slices.Clip(have), values...)
			}
		}
		h[name] = values
	}
}

// trailers sends an answer's trailers: those that were announced in the head by their name,
// the others as net/http wants it.
func trailers(h, trailer http.Header, announced []string) {
	for name, values := range trailer {
		switch name {
		case "Content-Length", "Transfer-Encoding", "Trailer": // no trailer frames (RFC 9110 section 6.5.1)
			continue
		}
		if slices.Contains(announced, name) {
			delete(h, name) // a header of the same name was sent with the head
		} else {
			name = http.TrailerPrefix + name
		}
		if len(values) > 0 {
			h[name] = values
		}
	}
}

const bufferSize = 32 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// stream copies the body and flushes whenever the upstream pauses: at once where the length is
// unknown (server-sent events are among those), and with a known length where less came than
// would have fitted. It doesn't return where the answer is cut short: the connection is cut
// too, so that nobody takes it for whole.
func (f *forwarder) stream(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	if f.splice(w, r, resp) {
		return
	}
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	flusher := http.NewResponseController(w)
	left := resp.ContentLength
	if left < 0 {
		_ = flusher.Flush() // whoever can't flush has sent it
	}
	for {
		n, err := resp.Body.Read(buf[:])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				panic(http.ErrAbortHandler) // the client is gone
			}
			if resp.ContentLength >= 0 {
				left -= int64(n)
			}
			if left < 0 || left > 0 && n < len(buf) {
				_ = flusher.Flush()
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			f.cutShort(w, r, resp, err)
		}
	}
}

// cutShort ends an answer that the upstream broke off.
func (f *forwarder) cutShort(w http.ResponseWriter, r *http.Request, resp *http.Response, err error) {
	if r.Context().Err() == nil {
		kind := failBroken
		if translated := explains(nil); errors.As(err, &translated) { // behind its first bytes
			kind = failTranslate
		}
		DecisionFrom(r.Context()).Failure = kind
		f.logFailure(r, "answer cut short", kind, err)
	}
	if c := callFrom(r.Context()); c != nil && endGRPC(w.Header(), r, resp, c.observer.start) {
		c.observer.told = true
	}
	if !r.ProtoAtLeast(1, 1) && resp.ContentLength < 0 {
		reset(w)
	}
	panic(http.ErrAbortHandler)
}

// reset ends a client's connection so that it can't be taken for an answer's end, where nothing
// else tells the two apart: HTTP/1.0 without a length.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// spliceFrom is the length in bytes from which it pays to have a body moved by the kernel.
const spliceFrom = 32 << 10

// splice has a long body of known length moved from connection to connection, where both are
// plain and nobody in between looks at it. It reports whether it did.
func (f *forwarder) splice(w http.ResponseWriter, r *http.Request, resp *http.Response) bool {
	o, direct := w.(*observer)
	body, able := resp.Body.(io.WriterTo)
	if !direct || !able || resp.ContentLength < spliceFrom || !o.takes() {
		return false
	}
	if _, err := body.WriteTo(o); err == nil {
		return true
	}
	if _, err := resp.Body.Read(nil); err != nil && err != io.EOF {
		f.cutShort(w, r, resp, err)
	}
	panic(http.ErrAbortHandler) // the client is gone
}

// unanswered tells the client honestly which side failed and how, without internals.
func (f *forwarder) unanswered(w http.ResponseWriter, r *http.Request, fail *failure) {
	f.logFailure(r, "request not answered", fail.kind, fail.err)
	if fail.retryAfter > 0 { // whole seconds, rounded up (RFC 9110 section 10.2.3)
		w.Header().Set("Retry-After", strconv.FormatInt(int64((fail.retryAfter+time.Second-1)/time.Second), 10))
	}
	switch {
	case f.tells != nil:
		f.tells.of(w, r, fail)
		return
	case fail.document:
		forgetAnswer(w.Header())
		documentAt(w, r, fail.status, fail.text, fail.pointer)
		return
	}
	problem(w, r, fail.status, fail.text)
}

// forgetAnswer takes off what may be there after a panic, of an answer that was never sent, and has
// nobody keep the one that is.
func forgetAnswer(h http.Header) {
	for _, name := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Trailer"} {
		delete(h, name)
	}
	h.Set("Cache-Control", "no-store")
}

// problem is an answer of our own.
func problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	h := w.Header()
	forgetAnswer(h)
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client that is gone doesn't read it.
	_, _ = io.WriteString(w, http.StatusText(status)+": "+text+"\nrequest id: "+requestID(r)+"\n")
}
