package shadow

import (
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// purse is the memory that captured bodies may take in all.
type purse struct {
	limit int64
	used  atomic.Int64
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
// room, and its size and hash in any case. It is guarded by whoever owns it.
type capture struct {
	purse *allowance
	limit int64
	hint  int64 // how long the body will be, as far as known; saves growing
	size  int64
	hash  xxhash.Digest
	buf   []byte // its capacity is what the purse gave
	over  bool   // larger than the limit: buf is gone
	broke bool   // no room in the purse: buf is gone
}

func newCapture(a *allowance, limit int64) capture {
	c := capture{purse: a, limit: limit}
	c.hash.Reset()
	return c
}

func (c *capture) write(p []byte) {
	if len(p) == 0 {
		return
	}
	c.size += int64(len(p))
	c.hash.Write(p)
	switch {
	case c.over || c.broke:
	case c.size > c.limit:
		c.over = true
		c.drop()
	case c.size > int64(cap(c.buf)) && !c.grow():
		c.broke = true
		c.drop()
	default:
		c.buf = append(c.buf, p...)
	}
}

// grow makes room for size bytes, by doubling, and accounts for it first.
func (c *capture) grow() bool {
	have := int64(cap(c.buf))
	want := min(max(c.size, c.hint, 2*have, 512), c.limit)
	if !c.purse.take(want - have) {
		return false
	}
	bigger := make([]byte, len(c.buf), want)
	copy(bigger, c.buf)
	c.buf = bigger
	return true
}

// drop forgets the bytes, not the size and hash.
func (c *capture) drop() {
	c.purse.give(int64(cap(c.buf)))
	c.buf = nil
}
