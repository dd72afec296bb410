package compare

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

var _ shadow.Reorderer = (*Comparer)(nil)

// maxReordered is how many other Comparers one makes; routes have few arrays without order.
const maxReordered = 32

// Reordered implements shadow.Reorderer: the arrays at pointers are unordered besides. Nil where that
// contradicts the rules, or was asked for too many different ones.
func (c *Comparer) Reordered(pointers []string) shadow.Comparer {
	key := strings.Join(pointers, "\x00")
	c.others.Lock()
	defer c.others.Unlock()
	if made, ok := c.others.by[key]; ok {
		if made == nil {
			return nil
		}
		return made
	}
	if len(c.others.by) >= maxReordered {
		return nil
	}
	if c.others.by == nil {
		c.others.by = make(map[string]*Comparer)
	}
	rules := c.rules
	rules.Unordered = slices.Concat(rules.Unordered, pointers)
	made, err := New(rules)
	if err != nil {
		made = nil
	}
	c.others.by[key] = made
	if made == nil {
		return nil
	}
	return made
}
