package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// inlineBody is up to which length a body is read whole before its request is sent: one write
// to the upstream, no goroutine, and no upstream that waits for a slow client. bytes.
const inlineBody = 32 << 10

// messages have buffers for a head and an inline body.
var messages = sync.Pool{New: func() any { return &message1{bytes: make([]byte, 0, messageRoom)} }}

// messageRoom is how much there is room for in a new message. bytes.
const messageRoom = 4 << 10

// message1 is a request as it is written. It is a strangler.Head once it was answered.
type message1 struct {
	bytes  []byte // the head, and the body where it is inline
	head   int    // the first of them
	length int64  // of the body
}

// Bytes implements strangler.Head.
func (m *message1) Bytes() []byte { return m.bytes[:m.head] }

// Length implements strangler.Head.
func (m *message1) Length() int64 { return m.length }

// Release implements strangler.Head.
func (m *message1) Release() {
	if cap(m.bytes) <= 2*inlineBody {
		messages.Put(m)
	}
}

// withoutBody returns a message with the same head alone.
func (m *message1) withoutBody() *message1 {
	b := make([]byte, 0, max(messageRoom, m.head))
	return &message1{bytes: append(b, m.Bytes()...), head: m.head, length: m.length}
}

// call1 is a request on its way, whichever connection it takes.
type call1 struct {
	t        *http1
	r        *http.Request
	message  *message1
	answered bool // the message was
	closes   bool // it asks for the connection's end
	streams  bool // the body comes bit by bit, after the head
	chunked  bool // it does so in chunks
	expects  bool // and only when the upstream asks for it, or says nothing
	taken    bool // somebody has begun to read the streaming body
	upload   *upload1

	firstByte time.Duration // 0: as long as it takes
}

// compose makes the message. It reads the body where that is inline.
func (c *call1) compose() error {
	r, length := c.r, c.r.ContentLength
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		length = 0
	case length == 0:
		length = -1 // a body whose length nobody knows, as net/http has it
	}
	c.expects = length != 0 && hasToken(r.Header["Expect"], "100-continue")
	c.streams = length < 0 || length > inlineBody || c.expects
	c.chunked = length < 0
	c.closes = r.Close || hasToken(r.Header["Connection"], "close")
	c.message = messages.Get().(*message1)
	b, err := c.message.bytes[:0], error(nil)
	if head := strangler.HeadFrom(r.Context()); head != nil {
		b, err = appendRepeated(b, head.Bytes(), r.Header)
	} else {
		b, err = appendHead(b, r, length)
	}
	c.message.head, c.message.length = len(b), length
	if err == nil && length > 0 && !c.streams {
		b, err = readInline(b, r.Body, int(length))
	}
	c.message.bytes = b
	if err != nil {
		c.release()
		return err
	}
	return nil
}

// maxKeptMessage is how large a message may be that waits for a copy, of which there may be many. bytes.
const maxKeptMessage = 8 << 10

// release lets go of the message, unless its head is wanted for a copy.
func (c *call1) release() {
	m := c.message
	c.message = nil
	// A head without a host names the endpoint.
	if c.streams || !c.answered || c.r.Host == "" || m.head > maxKeptMessage {
		m.Release()
		return
	}
	if cap(m.bytes) > maxKeptMessage && strangler.WantsHead(c.r.Context()) {
		// Its buffer was made for a long body, of this request or another one.
		short := m.withoutBody()
		m.Release()
		m = short
	}
	if !strangler.KeepHead(c.r.Context(), m) {
		m.Release()
	}
}

// readInline appends a whole body, and closes it.
func readInline(b []byte, body io.ReadCloser, length int) ([]byte, error) {
	head := len(b)
	b = slices.Grow(b, length+1)[:head+length+1] // one more, to see the end
	n := head
	for {
		m, err := body.Read(b[n:])
		n += m
		switch {
		case n > head+length:
			return b[:head], fmt.Errorf("send a body of %d bytes: it is longer", length)
		case err == io.EOF && n == head+length:
			body.Close()
			return b[:n], nil
		case err == io.EOF:
			return b[:head], fmt.Errorf("send a body of %d bytes: it ended after %d: %w", length, n-head, io.ErrUnexpectedEOF)
		case err != nil:
			return b[:head], err
		}
	}
}

// repeatable reports whether the request may be sent again on another connection, after c.
func (c *call1) repeatable(last *conn1) bool {
	switch {
	case c.taken, c.r.Context().Err() != nil:
		return false
	case last.wrote == 0:
		return true
	}
	return c.mayRepeat()
}

// mayRepeat reports whether the request may be sent more than once.
func (c *call1) mayRepeat() bool {
	if d := strangler.DecisionFrom(c.r.Context()); d != nil {
		return d.Repeat != strangler.RepeatNever
	}
	return strangler.RepeatByMethod.For(c.r.Method) != strangler.RepeatNever
}

// explain returns what really went wrong: the end of the request's context, or of its body,
// breaks the connection, and not the other way round.
func (c *call1) explain(err error) error {
	if c.r.Context().Err() != nil {
		return context.Cause(c.r.Context())
	}
	if c.upload != nil {
		if err := c.upload.failed(); err != nil {
			return err
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Kind: KindTimeout, Told: fmt.Sprintf("did not begin to answer within %s", c.firstByte), Err: err, late: true}
	}
	return err
}

// appendHead appends a request's head. What the server that received the request has checked is
// checked again: a translator may have changed it, and nothing but a head may come of a head.
func appendHead(b []byte, r *http.Request, length int64) ([]byte, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	if !isToken(method) {
		return b, fmt.Errorf("%w: method %q is no token", errUnsendable, method)
	}
	target := requestTarget(r.URL)
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return b, fmt.Errorf("%w: its target %q has a control character or a space", errUnsendable, target)
		}
	}
	b = append(b, method...)
	b = append(b, ' ')
	b = append(b, target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	host := r.Host
	if host == "" {
		host = withoutZone(r.URL.Host)
	}
	if !isHost(host) {
		return b, fmt.Errorf("%w: Host %q has characters that no host has", errUnsendable, host)
	}
	b = append(b, host...)
	b = append(b, "\r\n"...)
	b, err := appendFields(b, r.Header, ownFields)
	if err != nil {
		return b, err
	}
	switch {
	case length > 0, length == 0 && r.Body == http.NoBody && slices.Equal(r.TransferEncoding, identity):
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, length, 10)
		b = append(b, "\r\n"...)
	case length < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
		if b, err = appendTrailerNames(b, r.Trailer); err != nil {
			return b, err
		}
	}
	if r.Close {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, "\r\n"...), nil
}

// appendRepeated appends a head that was sent before, and the fields that come in addition.
func appendRepeated(b, head []byte, more http.Header) ([]byte, error) {
	b = append(b, head[:len(head)-len("\r\n")]...)
	b, err := appendFields(b, more, ownFields)
	return append(b, "\r\n"...), err
}

// identity, with http.NoBody, has "Content-Length: 0" sent; net/http's transport does the same
// for most methods.
var identity = []string{"identity"}

// requestTarget is URL.RequestURI, which copies where nothing is to be put together.
func requestTarget(u *url.URL) string {
	if u.Opaque == "" && u.RawPath == "" && u.RawQuery == "" && !u.ForceQuery && plainPath(u.Path) {
		return u.Path
	}
	return u.RequestURI()
}

// plainPath reports a path that needs no escaping.
func plainPath(path string) bool {
	if path == "" || path[0] != '/' || len(path) > 1 && path[1] == '/' {
		return false
	}
	for i := range len(path) {
		c := path[i]
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '/' || c == '-' || c == '_' || c == '.' || c == '~') {
			return false
		}
	}
	return true
}

// ownFields are the fields that the message's own form decides.
func ownFields(name string) bool {
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer":
		return true
	}
	return false
}

func appendFields(b []byte, h http.Header, except func(string) bool) ([]byte, error) {
	for name, values := range h {
		if len(values) == 0 || except(name) {
			continue
		}
		if !isToken(name) {
			return b, fmt.Errorf("%w: header name %q is no token", errUnsendable, name)
		}
		for _, value := range values {
			b = append(b, name...)
			b = append(b, ": "...)
			b = append(b, trimmed(value)...)
			if !isFieldValue(value) {
				return b, fmt.Errorf("%w: the value of header %s has a control character", errUnsendable, name)
			}
			b = append(b, "\r\n"...)
		}
	}
	return b, nil
}

func appendTrailerNames(b []byte, trailer http.Header) ([]byte, error) {
	first := true
	for name := range trailer {
		if ownFields(http.CanonicalHeaderKey(name)) || !isToken(name) {
			return b, fmt.Errorf("%w: trailer %q is about the message's own form", errUnsendable, name)
		}
		if first {
			b = append(b, "Trailer: "...)
		} else {
			b = append(b, ", "...)
		}
		first = false
		b = append(b, name...)
	}
	if !first {
		b = append(b, "\r\n"...)
	}
	return b, nil
}

// withoutZone removes an IPv6 zone, which means something on this machine only (RFC 6874).
func withoutZone(host string) string {
	open, closing := strings.IndexByte(host, '['), strings.LastIndexByte(host, ']')
	if open != 0 || closing < 0 {
		return host
	}
	if zone := strings.LastIndexByte(host[:closing], '%'); zone >= 0 {
		return host[:zone] + host[closing:]
	}
	return host
}
