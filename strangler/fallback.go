package strangler

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// keptForFallback is how much of a request's body is kept while an upstream gets it, so that it
// can be sent again, to the same side or to legacy: bytes.
const keptForFallback = 64 << 10

// badStatus returns how an answer says that the service failed; nil: it doesn't.
func badStatus(resp *http.Response) *failure {
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &failure{kind: fmt.Sprintf("status %d", resp.StatusCode)}
	}
	return nil
}

// upload is a request's body on its way. It stands between the body, which the server owns and
// which must not be read after the handler's end, and a transport, which may read at any time
// and closes at any time, even after its RoundTrip returned.
//
// For another attempt it keeps what was read, up to a limit; the next one gets that and then the
// rest. A nil *upload is that of a request without a body.
type upload struct {
	reading sync.Mutex // held while the body is read, which may take long
	src     io.ReadCloser
	over    chan struct{} // closed at the end; nil: nobody waits for it
	// trailer is that of all attempts, first with the names that were announced. The one that gets to the
	// body's end has it filled, from what the server, whose map may change at any time before that, found
	// there: while an attempt that is superseded may still read it, nothing is written.
	trailer, found http.Header

	mu      sync.Mutex // guards the rest; never held for long
	keep    bool       // what is read is kept; false for good once that is too much
	limit   int64      // of what is kept, in bytes
	kept    []byte
	buf     *[]byte // kept's, where it goes back to fetched; nil: it doesn't
	attempt int     // the one that may read; 0: none, it is over
	filled  bool
	err     error
}

func newUpload(r *http.Request, limit int64) *upload {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	u := &upload{src: r.Body, keep: limit > 0 && r.ContentLength <= limit, limit: limit, attempt: 1}
	if r.Trailer != nil {
		u.found = r.Trailer
		u.trailer = make(http.Header, len(r.Trailer))
		for name := range r.Trailer {
			u.trailer[name] = nil
		}
	}
	if expects(r) {
		u.over = make(chan struct{})
	}
	return u
}

// fetchUpTo is the length in bytes up to which a body is read before an upstream is asked, so that a
// client that takes its time takes none of an upstream's connections and room. It is as long as what
// package upstream's own client reads whole before it sends anything (inlineBody).
const fetchUpTo = 32 << 10

var fetched = sync.Pool{New: func() any { return new([]byte) }}

// fetch reads a short body whole.
func (u *upload) fetch(length int64) error {
	if u == nil || u.over != nil || length <= 0 || length > fetchUpTo {
		return nil
	}
	u.reading.Lock()
	defer u.reading.Unlock()
	u.mu.Lock()
	begun := u.kept != nil || u.err != nil // by the attempt before
	u.mu.Unlock()
	if begun {
		return nil
	}
	buf := fetched.Get().(*[]byte)
	whole := slices.Grow((*buf)[:0], int(length)+1)[:length+1] // one more, to see the end
	*buf = whole
	n, err := io.ReadFull(u.src, whole)
	switch {
	case err == io.ErrUnexpectedEOF && int64(n) == length:
		err = io.EOF
	case err == nil, err == io.EOF:
		err = fmt.Errorf("body of %d bytes has another length", length)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.kept, u.err, u.buf = whole[:min(int64(n), length)], err, buf
	if err == io.EOF {
		return nil
	}
	return err
}

// body returns the body for the attempt that is next.
func (u *upload) body() io.ReadCloser {
	if u == nil {
		return nil
	}
	return &uploadBody{upload: u, attempt: u.attempt}
}

// keeps reports whether another attempt may be possible.
func (u *upload) keeps() bool {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.keep
}

// sends says that the body goes to an upstream now, of which no more than the limit is kept from here on.
func (u *upload) sends(limit int64) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.limit <= limit || u.attempt != 1 || u.buf != nil { // of those a later attempt may be reading
		return
	}
	if u.limit = limit; limit == 0 || int64(len(u.kept)) > limit {
		u.keep, u.kept = false, nil // the first attempt has read it
	}
}

// whole reports whether all of the body is at hand, so that another attempt is possible though none
// may be made of what was sent.
func (u *upload) whole() bool {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.fetched()
}

// fetched reports whether fetch got it all. u.mu is held.
func (u *upload) fetched() bool { return u.buf != nil && u.err == io.EOF }

// another returns the body for another attempt, as http.Request's GetBody does, if all that the
// attempts before read is at hand.
func (u *upload) another() (io.ReadCloser, error) {
	if !u.rewind() {
		return nil, errUploadOver
	}
	return u.body(), nil
}

// rewind begins another attempt, if all that the first one read is at hand.
func (u *upload) rewind() bool {
	if u == nil {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.keep && !u.fetched() || u.attempt == 0 {
		return false
	}
	u.attempt++
	return true
}

// end makes every further reading fail. One that is under way is left alone: the server waits
// for it when it closes the body, after the answer is out.
func (u *upload) end() {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.attempt = 0
	u.kept = nil // which is read with the lock only
	if u.buf != nil {
		fetched.Put(u.buf)
		u.buf = nil
	}
	if u.over != nil {
		close(u.over)
	}
}

// finished reports whether the body was read to its end.
func (u *upload) finished() bool {
	if u == nil {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err == io.EOF
}

// broken reports whether the client didn't send its body to the end.
func (u *upload) broken() bool {
	if u == nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err != nil && u.err != io.EOF
}

// uploadBody is an upload's body as one attempt reads it.
type uploadBody struct {
	*upload
	attempt int
	read    int // of upload.kept

	expectation *expectation // nil: the body comes by itself
}

var errUploadOver = errors.New("body of a request that was answered")

// Read implements io.Reader.
func (b *uploadBody) Read(p []byte) (int, error) {
	if b.expectation != nil && b.expectation.unwanted() {
		return 0, errUploadOver
	}
	if n, err := b.again(p); n > 0 || err != nil {
		return n, err
	}
	b.reading.Lock()
	defer b.reading.Unlock()
	// A read of the attempt before may just have ended.
	if n, err := b.again(p); n > 0 || err != nil {
		return n, err
	}
	n, err := b.src.Read(p)
	if !b.note(p[:n], err) {
		return 0, errUploadOver // nor is it to be taken for whole
	}
	return n, err
}

// again reads what is known already.
func (b *uploadBody) again(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.attempt != b.upload.attempt {
		return 0, errUploadOver
	}
	if b.read < len(b.kept) {
		n := copy(p, b.kept[b.read:])
		b.read += n
		return n, nil
	}
	if b.err == io.EOF {
		b.fill()
	}
	return 0, b.err
}

// fill has the trailer filled, by the attempt that may read. b.mu is held.
func (b *uploadBody) fill() {
	if b.filled || b.trailer == nil {
		return
	}
	b.filled = true
	for name, values := range b.found {
		if values != nil {
			b.trailer[name] = values
		}
	}
}

// note keeps what was read, and reports whether the attempt may have it: it isn't superseded.
func (b *uploadBody) note(p []byte, err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
	current := b.attempt == b.upload.attempt
	if err == io.EOF && current {
		b.fill()
	}
	switch {
	case !b.keep || b.upload.attempt == 0:
	case current && int64(len(b.kept)+len(p)) > b.limit:
		b.keep, b.kept = false, nil
	default:
		// What a superseded attempt still got is kept whatever its size: the next one needs it.
		b.kept = append(b.kept, p...)
		if current {
			b.read = len(b.kept)
		}
	}
	return current
}

// Close implements io.Closer. The body is the server's to close.
func (b *uploadBody) Close() error { return nil }
