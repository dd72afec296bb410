package shadow

import (
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// purse is the memory that captured bodies may take in all, and that they lie in.
type purse struct {
	limit int64
	used  atomic.Int64
	free  buffers
}

// allowance is what one route takes from the purse: as much as it leaves to the others, at
// most, as with workers (queue.go).
type allowance struct {
	of   *purse
	used atomic.Int64
}

func (a *allowance) take(n int64) bool {
	mine, all := a.used.Add(n), a.of.used.Add(n)
	if all > a.of.limit || mine > n && mine > a.of.limit-all {
		a.give(n)
		return false
	}
	return true
}

func (a *allowance) give(n int64) {
	a.used.Add(-n)
	a.of.used.Add(-n)
}

// capture keeps a body that passes: all of it while it is within the limit and the purse has
// room; of one that is larger the size and hash. It is guarded by whoever owns it.
type capture struct {
	purse *allowance
	limit int64
	hint  int64 // how long the body will be, as far as known; saves growing
	size  int64
	buf   []byte         // the body
	in    *[]byte        // what buf lies in, of the size that the purse gave; nil: nothing
	sum   *xxhash.Digest // of a body over the limit: buf is gone
	broke bool           // no room in the purse: buf is gone
}

// over reports whether the body is larger than the limit.
func (c *capture) over() bool { return c.sum != nil }

func (c *capture) write(p []byte) {
	if len(p) == 0 {
		return
	}
	c.size += int64(len(p))
	switch {
	case c.broke:
	case c.over():
		c.sum.Write(p)
	case c.size > c.limit:
		c.sum = xxhash.New() // what is held needs none until somebody asks
		c.sum.Write(c.buf)
		c.sum.Write(p)
		c.recycle()
	case c.size > int64(cap(c.buf)) && !c.grow(c.size):
		c.broke = true
	default:
		c.buf = append(c.buf, p...)
	}
}

// room returns where a body of known length can be read to, for took to be told of: empty where
// the length isn't known or is too large, and when there is no room left.
func (c *capture) room() []byte {
	if c.broke || c.over() || c.hint <= 0 || c.hint > c.limit {
		return nil
	}
	if c.hint > int64(cap(c.buf)) && !c.grow(c.hint) {
		c.broke = true
		return nil
	}
	return c.buf[len(c.buf):min(int64(cap(c.buf)), c.limit)]
}

// took adds n bytes that were read into room.
func (c *capture) took(n int) {
	c.buf = c.buf[:len(c.buf)+n]
	c.size += int64(n)
}

// grow makes room for a body of size bytes, by doubling, and accounts for it first.
func (c *capture) grow(size int64) bool {
	have := int64(cap(c.buf))
	want := bufferSize(min(max(size, c.hint, 2*have), c.limit))
	if !c.purse.take(want - have) {
		c.recycle()
		return false
	}
	in := c.purse.of.free.get(want)
	buf := (*in)[:copy(*in, c.buf)]
	if c.in != nil {
		c.purse.of.free.put(c.in)
	}
	c.in, c.buf = in, buf
	return true
}

// hash returns the xxHash64 of the whole body, which must not have been dropped while it was
// within the limit.
func (c *capture) hash() uint64 {
	if c.over() {
		return c.sum.Sum64()
	}
	return xxhash.Sum64(c.buf)
}

// drop forgets the bytes, not the size.
func (c *capture) drop() {
	if c.in != nil {
		c.purse.give(int64(len(*c.in)))
		c.in, c.buf = nil, nil
	}
}

// recycle drops the bytes for others to write over them. Nobody else may have them.
func (c *capture) recycle() {
	in := c.in
	c.drop()
	if in != nil {
		c.purse.of.free.put(in)
	}
}
