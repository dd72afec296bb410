package upstream

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// maxInformational is how many answers may come before the answer: a long job may say every few
// seconds that it goes on.
const maxInformational = 1000

// answer1 is an answer and its body, made at once.
type answer1 struct {
	resp http.Response
	body body1
	room fields1
}

// answers1 has those that nobody has anything of any more: see body1.Forget.
var answers1 = sync.Pool{New: func() any { return new(answer1) }}

// forget lets the answer be another one's, with the lists of its header's values or without. With them it is the
// connection's next one, whose header is mostly the same.
func (a *answer1) forget(lists bool) {
	room, conn := a.room, a.body.c
	if !lists {
		room.values = nil
	}
	if len(room.header) > maxKeptFields || len(room.values) > maxKeptFields { // neither ever shrinks
		room = fields1{}
	}
	if lists && room.intact() {
		*a = answer1{room: room}
		if conn.spare.CompareAndSwap(nil, a) {
			return
		}
	}
	room.empty()
	*a = answer1{room: room}
	answers1.Put(a)
}

// next returns what the connection's next answer is made of.
func (c *conn1) next() *answer1 {
	if a := c.spare.Swap(nil); a != nil {
		return a
	}
	return answers1.Get().(*answer1)
}

// maxKeptFields is how many fields a head may have for the next one to be read into the same room.
const maxKeptFields = 32

// on sends the call on a connection and returns the answer's head. Where that fails the
// connection is still the caller's.
func (c *call1) on(conn *conn1) (*http.Response, error) {
	a := conn.next()
	a.body.of, a.body.c, a.body.ctx = a, conn, c.r.Context()
	conn.watch(a.body.ctx)
	err := c.exchange(conn, a)
	if err == nil {
		a.resp.Request = c.r
		err = a.frame(c)
	}
	if err != nil {
		conn.unwatch()
		return nil, err
	}
	return &a.resp, nil
}

// exchange sends the request and reads the answer's head.
func (c *call1) exchange(conn *conn1, a *answer1) error {
	if c.streams {
		conn.expectBy(0) // the upload sees to it
		if conn.waited && !conn.quiet() {
			return errors.Join(errStale, errNotQuiet)
		}
		conn.sendErr = conn.write(c.message.bytes)
	} else {
		conn.expectBy(c.firstByte)
		conn.sendErr = conn.send(c.message.bytes)
	}
	if conn.sendErr != nil && conn.wrote == 0 {
		return errors.Join(errStale, conn.sendErr) // nothing was sent, so that nothing can have been answered
	}
	if c.streams {
		c.upload = &upload1{c: conn, r: c.r, chunked: c.chunked, firstByte: c.firstByte}
		a.body.upload = c.upload
		if !c.expects {
			c.start()
		}
	}
	conn.limit = int64(c.t.config.MaxHead) // of all heads together
	for range maxInformational {
		if c.expects && !c.taken {
			c.await(conn)
		}
		if err := conn.readHead(&a.resp, &a.room); err != nil {
			return staleOr(conn, err)
		}
		status := a.resp.StatusCode
		if status < 200 {
			if err := noBody(&a.resp); err != nil {
				return err
			}
		}
		if status >= 200 || status == http.StatusSwitchingProtocols {
			conn.limit = noLimit
			if c.upload != nil {
				c.upload.answered()
			}
			if c.expects && !c.taken {
				closeBody(c.r)
			}
			return nil
		}
		if status != http.StatusContinue {
			strangler.Inform(a.body.ctx, status, a.resp.Header)
		} else if c.expects && !c.taken {
			strangler.Inform(a.body.ctx, status, a.resp.Header) // before the body is read, which asks too
			c.start()
		}
		a.resp, a.room = http.Response{}, fields1{} // who was told of it may keep its header
		if conn.br.Buffered() == 0 {
			conn.coming.Store(false)
		}
	}
	return fmt.Errorf("%w: more than %d informational answers", errMalformed, maxInformational)
}

// await waits for the upstream's word about whether it wants the body (RFC 9110 section 10.1.1).
// One that says nothing, or nothing whole, doesn't know the question, and gets it.
func (c *call1) await(conn *conn1) {
	conn.readBy = time.Now().Add(c.t.config.Continue)
	_ = conn.nc.SetReadDeadline(conn.readBy)
	var err error
	for err == nil {
		b, _ := conn.br.Peek(conn.br.Buffered())
		if len(b) == conn.br.Size() || headEnd(b, 0) > 0 || hopeless(b) != nil {
			break
		}
		_, err = conn.br.Peek(len(b) + 1)
	}
	conn.expectBy(0)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		strangler.Inform(c.r.Context(), http.StatusContinue, nil)
		c.start()
	}
}

// start begins to send a streaming body, once.
func (c *call1) start() {
	if !c.taken {
		c.taken = true
		go c.upload.send()
	}
}

// staleOr returns errStale where a connection that was kept ended before a byte of any answer, or
// nothing could be sent on one at all. What went wrong with sending explains more than what that did
// to reading.
func staleOr(conn *conn1, readErr error) error {
	err, sendErr := readErr, conn.sendErr
	if sendErr != nil && conn.wrote == 0 {
		return errors.Join(errStale, err)
	}
	if sendErr != nil && (readErr == io.EOF || errors.Is(readErr, syscall.ECONNRESET)) {
		err = sendErr
	}
	if err == io.EOF {
		err = fmt.Errorf("upstream closed the connection without an answer: %w", io.ErrUnexpectedEOF)
	}
	if conn.reused && !conn.heard && (readErr == io.EOF || errors.Is(readErr, syscall.ECONNRESET) || errors.Is(readErr, syscall.EPIPE)) {
		return errors.Join(errStale, err)
	}
	return err
}

// frame finds out what follows the head (RFC 9112 section 6.3) and makes the body of it. An
// answer whose end is in doubt is none.
func (a *answer1) frame(c *call1) error {
	r, resp, b := c.r, &a.resp, &a.body
	usual := !a.room.odd && a.room.lengths == 1 && resp.ProtoMajor == 1 && resp.ProtoMinor == 1
	resp.Close = !usual && closes(resp)
	// What of an upload an upstream answered without is still to come, it may take for another
	// request. When that is sent later the connection is no better.
	sent := b.upload == nil || b.upload.done.Load() && !b.upload.early.Load()
	b.reuse = sent && !resp.Close && !c.closes
	if a.room.odd {
		if said := resp.Header["Keep-Alive"]; said != nil {
			b.c.keep = keepFor(said, b.c.config.IdleTimeout)
		}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		b.c.expectBy(0)
		b.reuse, b.left = false, untilClose
		resp.Body = (*upgraded1)(b) // without a length: it has none, and 0 stands for that here
		return nil
	}
	var chunked bool
	var length int64
	var err error
	if usual {
		length, err = parseLength(a.room.length)
	} else {
		chunked, length, err = framing(resp)
	}
	if err != nil {
		return err
	}
	resp.ContentLength = length
	bodiless := r.Method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified
	switch {
	case bodiless || length == 0:
		if bodiless && r.Method != http.MethodHead {
			resp.ContentLength = 0
		}
		resp.Body = http.NoBody
		b.c.dry = b.c.dry && !bodiless // or a body may come that there must not be
		b.finish(nil)
	case chunked:
		resp.TransferEncoding = []string{"chunked"}
		b.chunks.br, b.trailer, b.left = b.c.br, &resp.Trailer, inChunks
		resp.Body = b
	case length > 0:
		b.left = length
		resp.Body = (*length1)(b)
	default:
		b.left, b.reuse, resp.Close = untilClose, false, true
		resp.Body = b
	}
	return nil
}

// noBody takes out of an informational answer what frames a body, which it must not have (RFC 9110
// section 6.4.1, RFC 9112 section 6.1). Who frames it in a way that is wrong by itself may mean
// anything by what comes next.
func noBody(resp *http.Response) error {
	_, _, err := framing(resp)
	resp.Trailer = nil
	return err
}

// framing reads the headers that frame a body: whether it is chunked, else its length or -1.
func framing(resp *http.Response) (chunked bool, length int64, err error) {
	if chunked, err = isChunked(resp); err != nil {
		return false, 0, err
	}
	if length, err = contentLength(resp.Header); err != nil {
		return false, 0, err
	}
	if chunked {
		// Both: the chunks count, and a gateway takes the length out (RFC 9112 section 6.3).
		delete(resp.Header, "Content-Length")
		length = -1
		resp.Trailer, err = announced(resp.Header)
	}
	return chunked, length, err
}

// closes reports whether the connection ends with the answer.
func closes(resp *http.Response) bool {
	connection := resp.Header["Connection"]
	if resp.ProtoMajor < 1 || resp.ProtoMajor == 1 && resp.ProtoMinor == 0 {
		return resp.ProtoMajor < 1 || !hasToken(connection, "keep-alive") || hasToken(connection, "close")
	}
	return hasToken(connection, "close")
}

// isChunked reads and removes Transfer-Encoding. Chunked, once, is all that is understood; an
// answer of HTTP/1.0 has none, whatever it says.
func isChunked(resp *http.Response) (bool, error) {
	codings, ok := resp.Header["Transfer-Encoding"]
	if !ok {
		return false, nil
	}
	delete(resp.Header, "Transfer-Encoding")
	switch {
	case !resp.ProtoAtLeast(1, 1):
		return false, nil
	case len(codings) != 1 || !strings.EqualFold(codings[0], "chunked"):
		return false, fmt.Errorf("%w: transfer encoding %q", errMalformed, codings)
	}
	return true, nil
}

// contentLength reads Content-Length; -1: there is none. Where it is repeated the values must
// agree, and one is left.
func contentLength(h http.Header) (int64, error) {
	values := h["Content-Length"]
	if len(values) == 0 {
		return -1, nil
	}
	length := trimmed(values[0]) // a line that went on in an empty one ends with a space
	for _, other := range values[1:] {
		if trimmed(other) != length {
			return 0, fmt.Errorf("%w: Content-Length %q", errMalformed, values)
		}
	}
	if len(values) > 1 {
		h["Content-Length"] = []string{length}
	}
	return parseLength(length)
}

// parseLength reads a Content-Length.
func parseLength(s string) (int64, error) {
	n, err := strconv.ParseUint(trimmed(s), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: Content-Length %q", errMalformed, s)
	}
	return int64(n), nil
}

// announced reads and removes Trailer: the names of what comes after the chunks.
func announced(h http.Header) (http.Header, error) {
	lines, ok := h["Trailer"]
	if !ok {
		return nil, nil
	}
	delete(h, "Trailer")
	trailer := http.Header{}
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			if name = textproto.CanonicalMIMEHeaderKey(trimmed(name)); name == "" {
				continue
			}
			if ownFields(name) {
				return nil, fmt.Errorf("%w: trailer %q", errMalformed, name)
			}
			trailer[name] = nil
		}
	}
	if len(trailer) == 0 {
		return nil, nil
	}
	return trailer, nil
}
