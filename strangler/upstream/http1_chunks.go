package upstream

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
)

// chunks1 reads a body in chunks (RFC 9112 section 7.1) as strictly as net/http does, but hands on
// what has come of a chunk before the rest has: a stream may take its time in the middle of one.
type chunks1 struct {
	br     *bufio.Reader
	left   uint64 // bytes of the present chunk
	ending bool   // the line end behind a chunk's data is next
	excess int64  // what came beside data, beyond what is usual
}

const (
	maxChunkLine = 4096
	// Beside its data a chunk may have 16 bytes and twice the data, and all chunks together as
	// much more: a sender of small chunks is welcome, one of large extensions isn't.
	chunkOverhead = 16
	maxExcess     = 16 << 10
)

// Read implements io.Reader. At the last chunk it is io.EOF; trailers are the caller's.
func (c *chunks1) Read(p []byte) (int, error) {
	if c.ending {
		end, err := c.br.Peek(2)
		if err != nil {
			return 0, unexpected(err)
		}
		if string(end) != "\r\n" {
			return 0, fmt.Errorf("%w: no line end behind a chunk", errMalformed)
		}
		_, _ = c.br.Discard(2)
		c.ending = false
	}
	if c.left == 0 {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	if uint64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.br.Read(p)
	c.left -= uint64(n)
	c.ending = c.left == 0
	return n, unexpected(err)
}

// begin reads a chunk's first line.
func (c *chunks1) begin() error {
	line, err := c.br.ReadSlice('\n')
	if err == bufio.ErrBufferFull || len(line) > maxChunkLine {
		return fmt.Errorf("%w: the line of a chunk is too long", errMalformed)
	}
	if err != nil {
		return unexpected(err)
	}
	if i := bytes.IndexByte(line, '\r'); i < 0 || i != len(line)-2 {
		return fmt.Errorf("%w: the line of a chunk does not end as it must", errMalformed)
	}
	line = line[:len(line)-2]
	c.excess += int64(len(line)) + 2
	size, _, _ := bytes.Cut(bytes.TrimRight(line, " \t"), []byte(";"))
	if len(size) == 0 || len(size) > 16 {
		return fmt.Errorf("%w: the size of a chunk", errMalformed)
	}
	for _, digit := range size {
		switch {
		case '0' <= digit && digit <= '9':
			digit -= '0'
		case 'a' <= digit|0x20 && digit|0x20 <= 'f':
			digit = digit | 0x20 - 'a' + 10
		default:
			return fmt.Errorf("%w: the size of a chunk", errMalformed)
		}
		c.left = c.left<<4 | uint64(digit)
	}
	c.excess = max(c.excess-chunkOverhead-2*int64(min(c.left, 1<<40)), 0)
	if c.excess > maxExcess {
		return fmt.Errorf("%w: chunks with more beside data than data", errMalformed)
	}
	if c.left == 0 {
		return io.EOF
	}
	return nil
}
