package shadow

import (
	"math/bits"
	"sync"
)

// buffers are kept for the bodies to come, in sizes that are powers of two: of two answers that
// match nothing is left but the count, and what they lay in would else be most of what a shadow
// leaves to the garbage collector. Larger ones are rare, and not kept. The zero value is ready
// for use.
type buffers [7]sync.Pool // of *[]byte, by size

const (
	smallestBuffer = 1 << 10
	largestBuffer  = 64 << 10
)

// bufferSize returns how large a buffer for n bytes is.
func bufferSize(n int64) int64 {
	if n > largestBuffer {
		return n
	}
	return max(smallestBuffer, int64(1)<<bits.Len64(uint64(n-1)))
}

// get returns a buffer of a size that bufferSize returned. What is in it is of no meaning.
func (b *buffers) get(size int64) *[]byte {
	if size <= largestBuffer {
		if kept, ok := b.of(size).Get().(*[]byte); ok {
			return kept
		}
	}
	fresh := make([]byte, size)
	return &fresh
}

// put takes back a buffer that nobody else has any more.
func (b *buffers) put(buf *[]byte) {
	if size := int64(len(*buf)); size <= largestBuffer {
		b.of(size).Put(buf)
	}
}

func (b *buffers) of(size int64) *sync.Pool {
	return &b[bits.Len64(uint64(size/smallestBuffer))-1]
}
