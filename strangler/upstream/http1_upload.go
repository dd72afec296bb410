package upstream

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// pieceSize is how much of a streaming body is sent at once.
const pieceSize = 32 << 10

// Before a piece stand its chunk's size and a line's end, after it another one.
const (
	chunkHead = 8 + 2
	chunkTail = 2
)

var pieces = sync.Pool{New: func() any { return new([chunkHead + pieceSize + chunkTail]byte) }}

// upload1 is a streaming body on its way to a connection. Its goroutine ends with the body, or
// when the connection is closed; the one who closes the request's body ends a read that lasts.
type upload1 struct {
	c       *conn1
	r       *http.Request
	chunked bool
	done    atomic.Bool // the body is sent whole
	early   atomic.Bool // but the answer began before

	firstByte time.Duration // for the upstream, to take what was read or to answer; 0: as long as it takes

	mu      sync.Mutex
	over    bool  // the answer has come: the deadline is no longer ours
	bodyErr error // of the body: the client's, not the upstream's
}

// turn sets the deadline: it is the upstream's turn, or the client's.
func (u *upload1) turn(upstreams bool) {
	if u.firstByte <= 0 {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	by := time.Time{}
	if upstreams {
		by = time.Now().Add(u.firstByte)
	}
	if !u.over {
		_ = u.c.nc.SetDeadline(by)
	}
}

// answered takes the deadline off for good.
func (u *upload1) answered() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.over = true
	if u.firstByte > 0 {
		_ = u.c.nc.SetDeadline(time.Time{})
	}
}

// read reads the client's body.
func (u *upload1) read(p []byte) (int, error) {
	u.turn(false)
	defer u.turn(true)
	return u.r.Body.Read(p)
}

// send sends the body. What of the message is unsent goes with the first piece.
func (u *upload1) send() {
	defer u.r.Body.Close()
	var err error
	if u.chunked {
		err = u.sendChunks()
	} else {
		err = u.sendLength(u.r.ContentLength)
	}
	if err == nil {
		u.done.Store(true)
		return
	}
	if u.failed() != nil {
		u.c.abort() // a request that can't be completed is no request
	}
	// Otherwise the upstream closed. It may have answered before it did.
}

// last is called before the body's last piece is sent: has an answer begun already?
func (u *upload1) last() {
	if u.c.arrived() || u.c.coming.Load() {
		u.early.Store(true)
	}
}

// failed returns how the body failed.
func (u *upload1) failed() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.bodyErr
}

func (u *upload1) fail(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.bodyErr = err
	return err
}

func (u *upload1) sendLength(left int64) error {
	piece := pieces.Get().(*[chunkHead + pieceSize + chunkTail]byte)
	defer pieces.Put(piece)
	for {
		n, err := u.read(piece[:pieceSize])
		if left -= int64(n); left < 0 {
			return u.fail(fmt.Errorf("send a body of %d bytes: it is longer", u.r.ContentLength))
		}
		if n > 0 {
			if left == 0 {
				u.last()
			}
			if err := u.c.write(piece[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF && left > 0:
			return u.fail(fmt.Errorf("send a body of %d bytes: %d are missing: %w", u.r.ContentLength, left, io.ErrUnexpectedEOF))
		case err == io.EOF:
			return nil
		case err != nil:
			return u.fail(err)
		}
	}
}

// sendChunks sends each piece as it comes as one chunk (RFC 9112 section 7.1), with one write.
func (u *upload1) sendChunks() error {
	piece := pieces.Get().(*[chunkHead + pieceSize + chunkTail]byte)
	defer pieces.Put(piece)
	for {
		n, err := u.read(piece[chunkHead : chunkHead+pieceSize])
		if n > 0 {
			var size [chunkHead]byte
			head := append(strconv.AppendUint(size[:0], uint64(n), 16), "\r\n"...)
			from := chunkHead - copy(piece[chunkHead-len(head):], head)
			copy(piece[chunkHead+n:], "\r\n")
			if err := u.c.write(piece[from : chunkHead+n+chunkTail]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return u.endChunks()
		}
		if err != nil {
			return u.fail(err)
		}
	}
}

// endChunks sends the last chunk and the trailers, which are known when the body has ended.
func (u *upload1) endChunks() error {
	b := append(make([]byte, 0, 256), "0\r\n"...)
	b, err := appendFields(b, u.r.Trailer, ownFields)
	if err != nil {
		return u.fail(err)
	}
	u.last()
	return u.c.write(append(b, "\r\n"...))
}
