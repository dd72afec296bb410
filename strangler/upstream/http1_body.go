package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"sync/atomic"
)

// What body1.left says besides a length.
const (
	inChunks   = -1
	untilClose = -2
)

// body1 is an answer's body, read off the connection by whoever reads it. At its end the
// connection is given back.
type body1 struct {
	of      *answer1
	c       *conn1
	ctx     context.Context // the request's
	upload  *upload1        // nil: the request was sent whole before
	left    int64           // bytes, or inChunks or untilClose
	chunks  chunks1
	trailer *http.Header
	reuse   bool // the connection may be, if all ends well
	enders  enders
	count   atomic.Uint64 // see readingBody
	watched bool          // it is asked for

	over atomic.Bool
	err  error // what every further Read returns; only the reader's
}

// length1 is a body of known length, which may be copied without passing through this process.
type length1 body1

// upgraded1 is the connection after a 101: both directions.
type upgraded1 body1

var (
	_ readingBody = (*body1)(nil)
	_ readingBody = (*length1)(nil)
	_ endingBody  = (*upgraded1)(nil)
)

func (b *body1) onEnd(e ender)     { b.enders.add(e) }
func (b *length1) onEnd(e ender)   { b.enders.add(e) }
func (b *upgraded1) onEnd(e ender) { b.enders.add(e) }

func (b *body1) reads() uint64   { return b.count.Load() }
func (b *length1) reads() uint64 { return b.count.Load() }

func (b *body1) watch()   { b.watched = true }
func (b *length1) watch() { b.watched = true }

// Read implements io.Reader.
func (b *body1) Read(p []byte) (n int, err error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if b.over.Load() {
		return 0, errClosed
	}
	if b.watched {
		b.count.Add(1)
		defer b.count.Add(1)
	}
	b.unbounded()
	switch b.left {
	case inChunks:
		n, err = b.chunks.Read(p)
		if err == io.EOF {
			err = b.readTrailers()
		}
	case untilClose:
		n, err = b.c.br.Read(p)
	default:
		n, err = b.c.br.Read(p[:min(int64(len(p)), b.left)])
		b.left -= int64(n)
		switch {
		case b.left == 0:
			err = io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
	}
	if err != nil {
		err = b.ended(err)
	}
	return n, err
}

// unbounded takes off the deadline of the head, unless what is to be read is there.
func (b *body1) unbounded() {
	if b.left <= 0 || b.left > int64(b.c.br.Buffered()) {
		b.c.expectBy(0)
	}
}

// Read implements io.Reader.
func (b *length1) Read(p []byte) (int, error) { return (*body1)(b).Read(p) }

// Read implements io.Reader. Its end is that of one direction: the other one goes on until Close.
func (b *upgraded1) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.c.br.Read(p)
	switch {
	case err == io.EOF:
		b.err = err
	case err != nil:
		err = (*body1)(b).ended(err)
	}
	return n, err
}

// ended notes that reading is over, and returns why as the reader is to know it.
func (b *body1) ended(err error) error {
	switch {
	case err == io.EOF:
		b.err = io.EOF
		b.finish(nil)
		return io.EOF
	case b.ctx.Err() != nil:
		err = context.Cause(b.ctx)
	case b.over.Load():
		err = errClosed
	default:
		err = fmt.Errorf("read an answer's body: %w", err)
	}
	b.err = err
	b.finish(err)
	return err
}

// finish ends the call, once: with nil the connection may be kept.
func (b *body1) finish(err error) {
	if b.over.Swap(true) {
		return
	}
	alone := b.c.unwatch()
	b.c.end(err == nil && b.reuse && alone)
	b.enders.tell(err)
}

// Forget lets the answer, its head included, be another one's, if it was read to its end, and reports
// whether it is: nothing of the request or its context is in use any more. Whoever calls it was the
// last to have anything of the answer, and has closed it. Values of its header may be kept, as
// strings, and where lists is false the lists of them, too; where it is true nobody
// has changed any of them.
//
// What was sent bit by bit has a goroutine that may still be about to end, and of what was watched
// it isn't known that nobody is about to look.
func (b *body1) Forget(lists bool) bool {
	if b.err != io.EOF || b.upload != nil || b.watched {
		return false
	}
	b.of.forget(lists)
	return true
}

// Forget is body1's.
func (b *length1) Forget(lists bool) bool { return (*body1)(b).Forget(lists) }

// Close implements io.Closer. The rest of an answer that wasn't read to its end isn't waited for.
func (b *body1) Close() error {
	b.finish(errClosed)
	return nil
}

// Close implements io.Closer.
func (b *length1) Close() error { return (*body1)(b).Close() }

// Close implements io.Closer.
func (b *upgraded1) Close() error { return (*body1)(b).Close() }

// WriteTo implements io.WriterTo. Where w takes what it gets from a connection itself (as
// net/http's answers without TLS do) the kernel moves the bytes from one to the other. An error
// of the upstream's is what Read returns afterwards too; one of w's isn't.
func (b *length1) WriteTo(w io.Writer) (written int64, err error) {
	body := (*body1)(b)
	switch {
	case b.err == io.EOF:
		return 0, nil
	case b.err != nil:
		return 0, b.err
	case b.over.Load():
		return 0, errClosed
	}
	body.unbounded()
	if n := int(min(int64(b.c.br.Buffered()), b.left)); n > 0 {
		ready, _ := b.c.br.Peek(n)
		m, err := w.Write(ready)
		_, _ = b.c.br.Discard(m)
		b.left -= int64(m)
		written = int64(m)
		if err != nil {
			return written, err
		}
	}
	if b.watched && b.left > 0 {
		n, err := io.Copy(w, struct{ io.Reader }{body}) // who waits for whom is to be seen
		return written + n, err
	}
	if b.left > 0 {
		b.c.dry = false
		n, err := io.Copy(w, &io.LimitedReader{R: b.c.nc, N: b.left})
		written += n
		if b.left -= n; b.left > 0 {
			if b.ctx.Err() != nil || err == nil || b.c.ended() {
				return written, body.ended(cmpErr(err, io.ErrUnexpectedEOF))
			}
			return written, err
		}
	}
	_ = body.ended(io.EOF)
	return written, nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

var (
	errTrailers = fmt.Errorf("%w: trailers", errMalformed)
	crlf        = []byte("\r\n")
	emptyLine   = []byte("\r\n\r\n")
)

// readTrailers reads what comes after the last chunk, at most a buffer of it, and returns io.EOF
// where that is well. Trailers about the message's own form are dropped (RFC 9110 section 6.5.1).
func (b *body1) readTrailers() error {
	end, err := b.c.br.Peek(2)
	if bytes.Equal(end, crlf) {
		_, _ = b.c.br.Discard(2)
		return io.EOF
	}
	if err != nil {
		return unexpected(err)
	}
	for seen := 0; ; {
		have, _ := b.c.br.Peek(b.c.br.Buffered())
		if bytes.Contains(have, emptyLine) {
			break
		}
		if seen = len(have); seen == b.c.br.Size() {
			return fmt.Errorf("%w: larger than %d bytes", errTrailers, seen)
		}
		if _, err := b.c.br.Peek(seen + 1); err != nil {
			return unexpected(err)
		}
	}
	fields, err := textproto.NewReader(b.c.br).ReadMIMEHeader()
	if err != nil {
		return errors.Join(errTrailers, unexpected(err))
	}
	for name, values := range fields {
		if !isToken(name) {
			return errTrailers
		}
		if ownFields(name) {
			continue
		}
		if *b.trailer == nil {
			*b.trailer = http.Header{}
		}
		(*b.trailer)[name] = values
	}
	return io.EOF
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Write implements io.Writer.
func (b *upgraded1) Write(p []byte) (int, error) { return b.c.nc.Write(p) }

// CloseWrite says that nothing more is sent.
func (b *upgraded1) CloseWrite() error { return b.c.closeWrite() }
