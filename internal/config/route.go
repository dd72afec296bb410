package config

import (
	"github.com/strangler-fig/toolkit/strangler"
)

// draft is a route as far as it has been read, and where its parts stand, for the checks that
// come when all is known.
type draft struct {
	Route
	at       value            // the route
	parts    map[string]value // by field: service, match.path, match.methods.0, …
	bad      map[string]bool  // fields about which a problem has been reported
	fallback bool             // as the route itself says it
	policy   policy           // likewise
	plan     plan             // likewise

	translation *translationDraft // nil: it has none
}

// field returns a reader of one field that remembers where it stands and whether it was good.
func (d *draft) field(name string, read func(value)) func(value) {
	return func(v value) {
		l := v.l
		before := len(l.problems) + l.dropped
		d.parts[name] = v
		read(v)
		if len(l.problems)+l.dropped > before {
			d.bad[name] = true
		}
	}
}

// place returns where a field stands; the route itself where it isn't written.
func (d *draft) place(field string) value {
	if v, ok := d.parts[field]; ok {
		return v
	}
	return d.at
}

func (l *loader) readRoutes(v value) {
	for _, item := range v.items() {
		l.readRoute(item)
	}
}

func (l *loader) readRoute(v value) {
	d := &draft{at: v, parts: map[string]value{}, bad: map[string]bool{}}
	d.Pos = v.pos()
	d.Sample, d.Control, d.Recheck = 1, defaultControl, defaultRecheck
	l.drafts = append(l.drafts, d)
	r := &d.Route
	read := fields{}
	add := func(name string, reader func(value)) { read[name] = d.field(name, reader) }
	add("name", func(v value) { v.text(&r.Name) })
	add("match", d.readMatch)
	add("service", func(v value) { v.text(&r.Service) })
	add("unit", func(v value) { v.text(&r.Unit) })
	add("owner", func(v value) { v.text(&r.Owner) })
	add("start", func(v value) { v.position(&r.Start) })
	add("cohort", func(v value) { d.mark("cohort", v.cohort(&r.Cohort)) })
	add("override", d.readOverride)
	add("repeat", func(v value) {
		if s, ok := v.choice("safe", "idempotent", "never"); ok {
			_ = r.Repeat.UnmarshalText([]byte(s)) // it is one of them
		}
	})
	add("return", func(v value) {
		if s, ok := v.choice("free", "confirm", "never"); ok {
			_ = r.Return.UnmarshalText([]byte(s))
		}
	})
	add("fallback", func(v value) { v.fallback(&d.fallback) })
	add("max_body", func(v value) { v.size(&r.MaxBody, 0) })
	add("shadow", d.readShadow)
	add("rollout", d.plan.read)
	for name, reader := range d.readRetire() {
		add(name, reader)
	}
	for name, reader := range d.policy.fields() {
		add(name, reader)
	}
	add("translate", func(v value) {
		r.Translate = &Translation{}
		d.translation = v.readTranslation(r.Translate, nil)
	})
	v.object(read, "name", "match")
}

// mark remembers where the elements of a list stand.
func (d *draft) mark(list string, places []value) {
	for i, place := range places {
		d.parts[element(list, i)] = place
	}
}

func (d *draft) readMatch(v value) {
	m := &d.Match
	v.object(fields{
		"methods": func(v value) { d.mark("match.methods", v.texts(&m.Methods, nil)) },
		"path":    d.field("match.path", func(v value) { v.text(&m.Path) }),
		"host":    d.field("match.host", func(v value) { v.text(&m.Host) }),
		"headers": func(v value) { m.Headers = d.predicates("match.headers", v) },
		"query":   func(v value) { m.Query = d.predicates("match.query", v) },
	}, "path")
}

// predicates reads names and the values wanted.
func (d *draft) predicates(field string, v value) map[string]string {
	wanted := map[string]string{}
	d.parts[field] = v
	for key, child := range v.entries() {
		if s, ok := child.scalar(); ok {
			wanted[key.node.Value] = s
			d.parts[field+"."+key.node.Value] = key
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return wanted
}

func (d *draft) readOverride(v value) {
	o := &strangler.Override{Header: "X-Strangler-Side"}
	v.object(fields{
		"header": d.field("override.header", func(v value) { v.text(&o.Header) }),
		"secret": d.field("override.secret", func(v value) { v.secret(&o.Secret) }),
	}, "secret")
	d.Override = o
}

func (d *draft) readShadow(v value) {
	r := &d.Route
	v.object(fields{
		"sample":  func(v value) { v.share(&r.Sample) },
		"sandbox": d.field("sandbox", func(v value) { v.text(&r.Sandbox) }),
		"second_call": func(v value) {
			_, r.SecondCall = v.choice("with_session")
		},
		"legacy_extra": func(v value) {
			v.object(fields{
				"share":      func(v value) { v.share(&r.LegacyExtra.Share) },
				"per_second": func(v value) { v.positive(&r.LegacyExtra.PerSecond) },
			})
		},
		"control":      func(v value) { v.share(&r.Control) },
		"recheck":      func(v value) { v.duration(&r.Recheck, 0) },
		"capture":      func(v value) { v.capture(&r.Capture) },
		"keep_matches": func(v value) { v.integer(&r.KeepMatches, 0, 10_000) },
		"in_order":     func(v value) { v.boolean(&r.InOrder) },
		"compare":      func(v value) { v.rules(&r.Rules) },
	})
}

// position reads where a route starts.
func (v value) position(to *strangler.Position) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	p, ok := v.place(s)
	if !ok {
		return
	}
	*to = p // retired is looked at when it is known whether there is a legacy application
}

// place returns the position that a text names, and reports where it names none.
func (v value) place(s string) (strangler.Position, bool) {
	p, err := strangler.ParsePosition(s)
	if err != nil {
		hint := didYouMean(s, []string{"legacy", "shadow", "live"})
		if _, err := strangler.ParseWeight(s); err == nil && isDigits(s[:1]) && s[len(s)-1] != '%' {
			hint = didYouMean(s, []string{s + "%"})
		}
		v.fail("%s%s", err, hint)
	}
	return p, err == nil
}
