package config

import (
	"math"

	"github.com/strangler-fig/toolkit/acl/ids"
)

// readIDs reads the tables of identifiers.
func (l *loader) readIDs(v value) {
	for key, child := range v.entries() {
		name := key.node.Value
		t := ids.Config{Name: name}
		child.object(fields{
			"service": func(v value) { v.mint(&t.Service) },
			"legacy":  func(v value) { v.mint(&t.Legacy) },
			"max": func(v value) {
				n := 0
				if v.integer(&n, 1, math.MaxInt32); n > 0 {
					t.Max = int64(n)
				}
			},
		})
		first, again := l.tables[name]
		switch {
		case !key.isName(name):
		case again && first.src != key.src:
			key.fail("there is another table %q at %s", name, first.pos())
		case !again:
			l.tables[name] = key
			if l.cfg.IDs == nil {
				l.cfg.IDs = map[string]ids.Config{}
			}
			l.cfg.IDs[name] = t
		}
	}
}

// mint reads how identifiers are made for those that are unknown.
func (v value) mint(to *ids.Mint) {
	if !v.isMapping() {
		if _, ok := v.choice(string(ids.UUID)); ok {
			to.Kind = ids.UUID
		}
		return
	}
	from := -1
	v.object(fields{"from": func(v value) { v.integer(&from, 0, math.MaxInt) }}, "from")
	if from >= 0 {
		to.Kind, to.From = ids.Number, int64(from)
	}
}
