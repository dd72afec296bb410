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
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

// plainAnswer writes a plain request's answer as net/http would. A head that says how long the body is, and of which
// type, goes at once into what is sent; one that doesn't waits until the body turns out to be short, whose length it
// then says, or not, which is then sent in chunks. It is a http.Flusher, http.Hijacker and io.ReaderFrom.
type plainAnswer struct {
	conn   *frugalConn
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

	out  *[departureSize]byte // what is sent next; nil: nothing
	n    int                  // how much of out is used
	body *bytes.Buffer        // of unknown length or type, what isn't in out yet; nil: nothing
	err  error                // of sending
}

const (
	departureSize = 8 << 10 // holds most answers whole
	shortBody     = 2 << 10 // up to this a body's length is found out, and chunks are as long
)

var (
	departures  = sync.Pool{New: func() any { return new([departureSize]byte) }}
	shortBodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}
)

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

// whole writes a head to which there is nothing to add: it says how long the body is, and what it is, and nothing
// about connection and form. That is what begin makes of it, too, at twice the cost.
func (a *plainAnswer) whole(h http.Header) bool {
	if a.length < 0 || !bodyAllowed(a.status) || a.server.ends() {
		return false
	}
	dated, size := false, 64 // with the first line
	for name, values := range h {
		switch name {
		case "Connection", "Trailer", "Transfer-Encoding":
			return false
		case "Date":
			dated = true
		}
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return false
		}
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if !dated || size > departureSize-a.n {
		return false
	}
	a.statusLine(a.status)
	a.fields(h)
	a.add("\r\n")
	return true
}

// bodyAllowed reports whether answers of a status have a body (RFC 9110 section 6.4.1).
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// begin writes the head into what is sent next. What is known of the body is its beginning, or all of it where
// the handler has returned.
func (a *plainAnswer) begin(h http.Header, known []byte) {
	a.waits = nil
	head := *a.method == http.MethodHead
	coding := first(h["Transfer-Encoding"])
	names := 0
	for _, line := range h["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			names++
			if name = http.CanonicalHeaderKey(strings.TrimSpace(name)); httpguts.ValidTrailerHeader(name) {
				a.trailer = append(a.trailer, name)
			}
		}
	}
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			names++
		}
	}
	tells := -1
	if a.over && names == 0 && coding == "" && bodyAllowed(a.status) && len(h["Content-Length"]) == 0 && (!head || len(known) > 0) {
		tells = len(known)
		a.length = int64(tells)
	}
	if a.length >= 0 && coding != "" && coding != "identity" {
		a.length = -1
	}
	var except [3]string // of h
	switch {
	case a.status == http.StatusNotModified:
		except = [3]string{"Content-Length", "Transfer-Encoding", "Content-Type"}
	case !bodyAllowed(a.status):
		except = [3]string{"Content-Length", "Transfer-Encoding"}
	case head || a.length >= 0:
		except[0] = "Transfer-Encoding"
	case coding == "identity": // the body ends with the connection
		a.closing = true
		except[0] = "Transfer-Encoding"
	default:
		a.chunked = true
		except[0] = "Content-Length"
		if coding == "chunked" {
			except[1] = "Transfer-Encoding"
		}
	}
	says := ""
	if connection := h["Connection"]; len(connection) > 0 || a.closing || a.server.ends() {
		a.closing = a.closing || first(connection) == "close" || a.server.ends()
		if a.closing && !listHas(connection, "close") {
			says = "Connection: close\r\n"
			if except[2] == "" {
				except[2] = "Connection"
			}
		}
	}
	a.statusLine(a.status)
	a.fields(h, except[:]...)
	a.add(says)
	if a.chunked {
		a.add("Transfer-Encoding: chunked\r\n")
	}
	if tells >= 0 {
		a.add("Content-Length: " + strconv.Itoa(tells) + "\r\n")
	}
	if len(known) > 0 && bodyAllowed(a.status) && coding == "" && first(h["Content-Encoding"]) == "" {
		if _, typed := h["Content-Type"]; !typed {
			a.add("Content-Type: " + http.DetectContentType(known) + "\r\n")
		}
	}
	if _, dated := h["Date"]; !dated {
		a.add("Date: " + time.Now().UTC().Format(http.TimeFormat) + "\r\n")
	}
	a.add("\r\n")
}

func (a *plainAnswer) statusLine(status int) {
	if status == http.StatusOK {
		a.add("HTTP/1.1 200 OK\r\n")
		return
	}
	text := http.StatusText(status)
	if text == "" {
		text = "status code " + strconv.Itoa(status)
	}
	a.add("HTTP/1.1 " + strconv.Itoa(status) + " " + text + "\r\n")
}

// fields writes headers. As with net/http those with names that are none don't go out.
func (a *plainAnswer) fields(h http.Header, except ...string) {
	for name, values := range h {
		if len(values) == 0 || slices.Contains(except, name) || !isToken(name) || strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, value := range values {
			if strings.IndexByte(value, '\n') >= 0 || strings.IndexByte(value, '\r') >= 0 {
				value = strings.NewReplacer("\n", " ", "\r", " ").Replace(value)
			}
			a.add(name)
			a.add(": ")
			a.add(strings.Trim(value, " \t"))
			a.add("\r\n")
		}
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

// trailers returns what the handler has set of them.
func (a *plainAnswer) trailers() http.Header {
	var t http.Header
	add := func(name string, values []string) {
		if t == nil {
			t = make(http.Header)
		}
		t[name] = append(t[name], values...)
	}
	for name, values := range a.header {
		if bare, ok := strings.CutPrefix(name, http.TrailerPrefix); ok {
			add(bare, values)
		}
	}
	for _, name := range a.trailer {
		add(name, a.header[name])
	}
	return t
}

// release gives back what the answer was written into. What isn't sent by then never is.
func (a *plainAnswer) release() {
	a.over = true
	if a.out != nil {
		departures.Put(a.out)
		a.out, a.n = nil, 0
	}
	if a.body != nil {
		if a.body.Cap() <= 2*shortBody {
			shortBodies.Put(a.body)
		}
		a.body = nil
	}
}

// add puts a little into what is sent next.
func (a *plainAnswer) add(s string) {
	for len(s) > 0 {
		if a.out == nil {
			a.out = departures.Get().(*[departureSize]byte)
		}
		n := copy(a.out[a.n:], s)
		a.n += n
		if s = s[n:]; len(s) > 0 {
			a.send()
		}
	}
}

// push puts a part of the body into what is sent next, or sends it with that where there is no room.
func (a *plainAnswer) push(p []byte) {
	if a.out == nil && len(p) < departureSize {
		a.out = departures.Get().(*[departureSize]byte)
	}
	if a.out != nil && len(p) <= departureSize-a.n {
		a.n += copy(a.out[a.n:], p)
		return
	}
	if a.err != nil {
		return
	}
	both := make(net.Buffers, 0, 2)
	if a.n > 0 {
		both = append(both, a.out[:a.n])
	}
	both = append(both, p)
	_, err := both.WriteTo(a.conn.TCPConn)
	a.n = 0
	a.failed(err)
}

// send sends what there is.
func (a *plainAnswer) send() {
	if a.n == 0 || a.err != nil {
		a.n = 0
		return
	}
	_, err := a.conn.TCPConn.Write(a.out[:a.n])
	a.n = 0
	a.failed(err)
}

// failed takes an error of sending: the client is gone.
func (a *plainAnswer) failed(err error) {
	if err != nil {
		a.err = err
		a.conn.gone()
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
