package config

import (
	"encoding/json"
	"time"
)

// DefaultRetireAfter is how long legacy must not have been called for a route before it retires:
// longer than a month, so that what runs once a month was due.
const DefaultRetireAfter = 45 * 24 * time.Hour

// maxRetireAfter is more than anybody waits for what runs once a year.
const maxRetireAfter = 3 * 366 * 24 * time.Hour

// retireAfter reads how long legacy must not have been called; 0: it may have been called just now.
func (v value) retireAfter(to *time.Duration) {
	var d time.Duration
	before := len(v.l.problems) + v.l.dropped
	v.duration(&d, 0)
	switch {
	case len(v.l.problems)+v.l.dropped > before:
	case d > maxRetireAfter:
		s, _ := v.scalar()
		v.fail("%q is more than three years; a route would never retire", s)
	default:
		*to = d
	}
}

// readRetire returns readers of what a route says about its end.
func (d *draft) readRetire() fields {
	return fields{
		"gone":         func(v value) { v.text(&d.Gone) },
		"retire_after": func(v value) { v.retireAfter(&d.RetireAfter) },
	}
}

// settleRetire fills in what a route doesn't say about its end.
func (l *loader) settleRetire(d *draft) {
	if _, own := d.parts["retire_after"]; own {
		d.ownRetireAfter = true
		return
	}
	d.RetireAfter = l.cfg.RetireAfter
}

// retireText is what is kept of a route's retire_after; empty: it is all routes'.
func (r *Route) retireText() string {
	if !r.ownRetireAfter {
		return ""
	}
	return r.RetireAfter.String()
}

// Matches returns for each route, by name, the canonical text of which requests are its own.
func (c *Config) Matches() map[string]string {
	all := make(map[string]string, len(c.Routes))
	for _, r := range c.Routes {
		all[r.Name] = r.MatchText()
	}
	return all
}

// MatchText returns the canonical text of which requests are the route's.
func (r *Route) MatchText() string {
	m := r.Match
	m.Methods = sorted(m.Methods)
	text, err := json.Marshal(m)
	if err != nil {
		panic("config: a match has no JSON form: " + err.Error()) // all have one
	}
	return string(text)
}
