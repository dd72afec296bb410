package body

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/strangler-fig/toolkit/acl/format"
)

// MaxRecord is the longest record, in bytes, of a body that is streamed. It is also about what a
// stream holds at a time.
const MaxRecord = 1 << 20

// chunk is how many bytes of translated records are passed on together where the source doesn't
// pause before.
const chunk = 32 << 10

// Streams reports whether bodies of a direction are translated record by record: where they are
// lists of records on both sides.
func (t *Translator) Streams(way Direction) bool { return t.records }

// Stream translates a body record by record while it is read, where [Translator.Streams] says
// that it can: in memory for a few records, however many there are. What goes wrong is an error
// of Read, as Translate has it; an error of in is returned as it is. All records before an error
// are read before it.
//
// Whatever is translated can be read before more of in is waited for. The reader has to be closed
// unless it was read to its end or an error. Closing it leaves in alone and waits for nothing: it may
// be done while a Read waits for in, as HTTP/2 does, which then ends with an error as soon as in
// says something.
func (t *Translator) Stream(ctx context.Context, way Direction, in io.Reader, contentType string) io.ReadCloser {
	s := &stream{t: t, way: way, limit: MaxRecord}
	s.source.Reader, s.source.closed = in, &s.closed
	s.next, s.stop = iter.Pull2(func(yield func([]byte, error) bool) { s.translate(ctx, contentType, yield) })
	return s
}

// translateRecords is Translate for a list of records.
func (t *Translator) translateRecords(ctx context.Context, way Direction, in []byte, contentType string) ([]byte, error) {
	s := &stream{t: t, way: way, limit: max(len(in), 1)}
	s.source.Reader, s.source.closed = bytes.NewReader(in), &s.closed
	out := make([]byte, 0, len(in)+len(in)/2)
	var failed error
	s.translate(ctx, contentType, func(part []byte, err error) bool {
		out = append(out, part...)
		failed = err
		return err == nil
	})
	if failed != nil {
		return nil, failed
	}
	return out, nil
}

// stream is a body that is translated record by record. It is a coroutine and no second thread:
// it runs while Read waits for it.
type stream struct {
	t      *Translator
	way    Direction
	limit  int
	source source
	out    bytes.Buffer // records that are written and that nobody has yet

	closed atomic.Bool

	mu   sync.Mutex // of what follows, which only one at a time may use
	next func() ([]byte, error, bool)
	stop func()
	part []byte // what Read has to return next
	err  error
}

// source is what is read. Before it waits, what is translated is passed on.
type source struct {
	io.Reader
	before func() bool
	closed *atomic.Bool
	err    error // what reading ended with, unless with the end
}

var errClosed = errors.New("the body was closed")

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if !s.before() {
		return 0, errClosed
	}
	n, err := s.Reader.Read(p)
	if s.closed.Load() {
		n, err = 0, errClosed // nobody wants what comes now
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.leave()
	for len(s.part) == 0 && s.err == nil && !s.closed.Load() {
		part, err, more := s.next()
		if !more {
			err = io.EOF
		}
		s.part, s.err = part, err
	}
	switch {
	case s.closed.Load(): // perhaps meanwhile; what is cut off there must not look like the end
		return 0, errClosed
	case len(s.part) == 0:
		return 0, s.err
	}
	n := copy(p, s.part)
	s.part = s.part[n:]
	return n, nil
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.closed.Store(true)
	s.end()
	return nil
}

// leave lets others in. A Close that came meanwhile found the door locked and left the end to whoever
// was inside.
func (s *stream) leave() {
	s.mu.Unlock()
	if s.closed.Load() {
		s.end()
	}
}

// end ends the coroutine, unless somebody is inside, who will.
func (s *stream) end() {
	if s.mu.TryLock() {
		s.stop()
		s.mu.Unlock()
	}
}

// translate yields the written records, and at last the error, if there is one.
func (s *stream) translate(ctx context.Context, contentType string, yield func([]byte, error) bool) {
	open := true
	flush := func() bool {
		if open && s.out.Len() > 0 {
			open = yield(s.out.Bytes(), nil)
			s.out.Reset()
		}
		return open
	}
	s.source.before = flush
	err := s.all(ctx, contentType, flush)
	if flush() && err != nil {
		yield(nil, err)
	}
}

// all translates all records, and flushes now and then.
func (s *stream) all(ctx context.Context, contentType string, flush func() bool) error {
	records := s.t.Read(s.way).(format.Records).Read(&s.source, contentType, s.limit)
	w := s.t.Written(s.way).(format.Records).Write(&s.out)
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		record, err := records.Next()
		if err == io.EOF {
			break
		}
		if s.source.err != nil {
			return s.source.err // and no fault of what was read
		}
		if err != nil {
			return malformed(err)
		}
		s.t.read(s.way, record)
		at := "/" + strconv.Itoa(n)
		translated, err := s.t.Convert(ctx, s.way, record.Root())
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return located(at, err)
		}
		whole := s.out.Len()
		if err := w.Write(translated.Root()); err != nil {
			s.out.Truncate(whole)
			return unwritable(s.way, at, err)
		}
		if s.out.Len() >= chunk && !flush() {
			return errClosed
		}
	}
	if err := w.Close(); err != nil {
		return unwritable(s.way, "", err)
	}
	return nil
}
