package config

import (
	"math"
	"slices"

	"github.com/strangler-fig/toolkit/acl/ids"
	"github.com/strangler-fig/toolkit/acl/lens"
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

// TableUsers returns who looks identifiers up in a table: the translators of the file, and the routes and
// facades that have it in their parameters, as "route NAME" and "facade NAME".
func (c *Config) TableUsers(table string) (users []string) {
	for _, name := range c.TranslatorNames {
		if slices.Contains(c.Translators[name].ids, table) {
			users = append(users, name)
		}
	}
	asks := func(t *Translation) bool {
		return t != nil && slices.ContainsFunc(t.Exchange.Params, func(f lens.Field) bool { return f.IDs == table })
	}
	for _, route := range c.Routes {
		if asks(route.Translate) {
			users = append(users, "route "+route.Name)
		}
	}
	for _, f := range c.Facades {
		if slices.ContainsFunc(f.Routes, func(r FacadeRoute) bool { return asks(r.Translation) }) {
			users = append(users, "facade "+f.Name)
		}
	}
	return users
}
