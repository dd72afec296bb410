package strangler

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// plainAnswer writes a plain request's answer as net/http would. A head that says how long the body is, and of which
// type, goes at once into what is sent; one that doesn't waits until the body turns out to be short, whose length it
// then says, or not, which is then sent in chunks. It is a http.Flusher, http.Hijacker and io.ReaderFrom.
type plainAnswer struct {
	server *Server
	method *string
	header http.Header // the handler's

	status  int         // 0: none yet
	waits   http.Header // the head that isn't sent, as it was at WriteHeader; nil: it is sent
	length  int64       // of the body, as the head says; -1: it doesn't
	written int64       // of it
	chunked bool
	closing bool     // the connection ends with the answer
	taken   bool     // the handler has taken the connection
	over    bool     // the handler has returned
	trailer []string // announced

	departure
	body *bytes.Buffer // of unknown length or type, what isn't to depart yet; nil: nothing
}

// shortBody is up to which length a body's is found out, and how long chunks are at least. bytes.
const shortBody = 2 << 10

var shortBodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var errAnswered = errors.New("the handler has returned")

// Header implements http.ResponseWriter.
func (a *plainAnswer) Header() http.Header {
	if a.header == nil {
		a.header = make(http.Header, 8)
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *plainAnswer) WriteHeader(status int) {
	switch {
	case a.over, a.taken, a.status != 0:
		a.log("http: superfluous response.WriteHeader call")
		return
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as net/http
	case status < 200 && status != http.StatusSwitchingProtocols:
		a.statusLine(status)
		a.fields(a.header, "Content-Length", "Transfer-Encoding")
		a.add("\r\n")
		a.send()
		return
	}
	a.status = status
	h := a.Header()
	if said := h["Content-Length"]; len(said) > 0 && said[0] != "" {
		length, err := strconv.ParseInt(said[0], 10, 64)
		if err == nil && length >= 0 {
			a.length = length
		} else {
			a.log("http: invalid Content-Length of %q", said[0])
			delete(h, "Content-Length")
		}
	}
	_, typed := h["Content-Type"]
	if (a.length < 0 || !typed) && bodyAllowed(status) {
		a.waits = maps.Clone(h)
		return
	}
	if !a.whole(h) {
		a.begin(h, nil)
	}
}

// Write implements io.Writer.
func (a *plainAnswer) Write(p []byte) (int, error) {
	switch {
	case a.taken:
		return 0, http.ErrHijacked
	case a.over:
		return 0, errAnswered
	case a.status == 0:
		a.WriteHeader(http.StatusOK)
	}
	switch {
	case len(p) == 0:
		return 0, nil
	case !bodyAllowed(a.status):
		return 0, http.ErrBodyNotAllowed
	}
	a.written += int64(len(p))
	if a.length >= 0 && a.written > a.length {
		return 0, http.ErrContentLength
	}
	if a.waits != nil && a.written <= shortBody {
		a.keep(p)
		return len(p), nil
	}
	if a.waits != nil {
		a.begin(a.waits, a.known(p))
	}
	switch {
	case *a.method == http.MethodHead:
	case !a.chunked:
		a.pushKept()
		a.push(p)
	case a.kept()+len(p) <= shortBody:
		a.keep(p)
	default:
		a.chunk(p)
	}
	if a.err != nil {
		return 0, a.err
	}
	return len(p), nil
}

// WriteString implements io.StringWriter.
func (a *plainAnswer) WriteString(s string) (int, error) { return a.Write([]byte(s)) }

// known returns what is kept of a body and what comes now, as far as its type is told from it.
func (a *plainAnswer) known(p []byte) []byte {
	if a.kept() == 0 {
		return p
	}
	return slices.Concat(a.body.Bytes(), p)
}

func (a *plainAnswer) keep(p []byte) {
	if a.body == nil {
		a.body = shortBodies.Get().(*bytes.Buffer)
		a.body.Reset()
	}
	a.body.Write(p)
}

func (a *plainAnswer) kept() int {
	if a.body == nil {
		return 0
	}
	return a.body.Len()
}

// chunk writes what is kept and p as one chunk, unless both are empty.
func (a *plainAnswer) chunk(p []byte) {
	size := a.kept() + len(p)
	if size == 0 {
		return
	}
	a.add(strconv.FormatInt(int64(size), 16) + "\r\n")
	if a.body != nil {
		a.push(a.body.Bytes())
		a.body.Reset()
	}
	a.push(p)
	a.add("\r\n")
}

// Flush implements http.Flusher.
func (a *plainAnswer) Flush() { _ = a.FlushError() }

// FlushError sends what is written so far.
func (a *plainAnswer) FlushError() error {
	switch {
	case a.taken:
		return http.ErrHijacked
	case a.over:
		return errAnswered
	case a.status == 0:
		a.WriteHeader(http.StatusOK)
	}
	a.flow()
	a.send()
	return a.err
}

// flow moves what waits into what is sent next.
func (a *plainAnswer) flow() {
	if a.waits != nil {
		a.begin(a.waits, a.known(nil))
	}
	switch {
	case *a.method == http.MethodHead:
	case a.chunked:
		a.chunk(nil)
	default:
		a.pushKept()
	}
}

// pushKept pushes what is kept of a body that isn't sent in chunks.
func (a *plainAnswer) pushKept() {
	if a.kept() > 0 {
		a.push(a.body.Bytes())
		a.body.Reset()
	}
}

// ReadFrom implements io.ReaderFrom: a body of known length may pass without being copied here.
func (a *plainAnswer) ReadFrom(src io.Reader) (int64, error) {
	if a.status == 0 && !a.over && !a.taken {
		a.WriteHeader(http.StatusOK)
	}
	if a.over || a.taken || a.waits != nil || a.chunked || *a.method == http.MethodHead || !bodyAllowed(a.status) || a.length >= 0 && a.written >= a.length {
		buf := buffers.Get().(*[bufferSize]byte)
		defer buffers.Put(buf)
		return io.CopyBuffer(struct{ io.Writer }{a}, src, buf[:])
	}
	a.send()
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.conn.TCPConn.ReadFrom(src)
	a.written += n
	return n, err
}

// finish completes the answer when the handler has returned, and sends it. The error is the connection's.
func (a *plainAnswer) finish() error {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.over = true
	a.flow()
	if a.chunked && *a.method != http.MethodHead {
		a.add("0\r\n")
		if trailers := a.trailers(); trailers != nil {
			a.fields(trailers)
		}
		a.add("\r\n")
	}
	if a.length >= 0 && a.length != a.written && *a.method != http.MethodHead && bodyAllowed(a.status) {
		a.closing = true // or what comes next would be taken for the rest
	}
	a.send()
	if a.conn.writeBounded() {
		_ = a.conn.SetWriteDeadline(time.Time{})
	}
	return a.err
}

// breakOff sends what net/http would have sent by now of an answer whose handler panics, so that its client sees one
// that breaks off and not a connection that has ended before its request. Of one that is complete there is nothing.
func (a *plainAnswer) breakOff() {
	if !a.over && a.written > shortBody {
		a.send()
	}
}

// release gives back what the answer was written into. What isn't sent by then never is.
func (a *plainAnswer) release() {
	a.over = true
	a.drop()
	if a.body != nil {
		if a.body.Cap() <= 2*shortBody {
			shortBodies.Put(a.body)
		}
		a.body = nil
	}
}

// EnableFullDuplex is for http.ResponseController: a plain request has come whole.
func (a *plainAnswer) EnableFullDuplex() error { return nil }

// SetReadDeadline is for http.ResponseController: nothing is to be read any more.
func (a *plainAnswer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is for http.ResponseController.
func (a *plainAnswer) SetWriteDeadline(t time.Time) error { return a.conn.SetWriteDeadline(t) }

// Hijack implements http.Hijacker.
func (a *plainAnswer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	switch {
	case a.taken:
		return nil, nil, http.ErrHijacked
	case a.over:
		return nil, nil, errAnswered
	}
	if a.waits != nil {
		a.begin(a.waits, nil)
	}
	a.taken = true
	a.send()
	conn, err := a.conn.handOver()
	if err != nil {
		return nil, nil, err
	}
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

func (a *plainAnswer) log(format string, args ...any) {
	if log := a.server.ErrorLog; log != nil {
		log.Printf(format, args...)
	}
}
