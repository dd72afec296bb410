package config

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Translation says how the exchanges of a route, or of a facade, are translated. The zero value
// changes nothing.
type Translation struct {
	// Go are the names of translators that are plugged in, in the order in which requests go through
	// them. Where there are any, of the rest only Session says something.
	Go []string
	// Request and Answer are the names of the file's translators that the bodies go through; empty:
	// they pass as they are.
	Request, Answer string
	// Exchange is all but the bodies: see Interpreter.Compile.
	Exchange exchange.Config
	// With are the names of the translators of Exchange.Status, by its indices; empty: none.
	With    []string
	Session string // the name of the session that is bridged; empty: none
	Losses  []Loss `json:",omitempty"` // what is lost beside what those translators lose, knowingly
	// Text is all of it as the file has it, in compact JSON.
	Text json.RawMessage `json:"-"`

	key string
}

// Declared reports whether there is anything that the file itself says of how to translate.
func (t *Translation) Declared() bool {
	return t != nil && len(t.Go) == 0 && t.Text != nil && !t.onlySession()
}

// Translates reports whether requests or answers change their form; who the client is is no matter of
// that.
func (t *Translation) Translates() bool { return t.Declared() || t != nil && len(t.Go) > 0 }

func (t *Translation) onlySession() bool {
	x := &t.Exchange
	return t.Request == "" && t.Answer == "" && x.Method == (lens.Sides[string]{}) && x.Path == (lens.Sides[string]{}) &&
		!x.DropQuery && len(x.Params) == 0 && len(x.Status) == 0 && len(x.Headers) == 0 && len(x.Cookies) == 0
}

// Names returns the names of what translates bodies, of those plugged in from Go too: without
// repetition, in the order in which the file has them.
func (t *Translation) Names() (names []string) {
	if t == nil {
		return nil
	}
	for _, name := range append(append(slices.Clone(t.Go), t.Request, t.Answer), t.With...) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// translationDraft is a Translation as far as it has been read, and where its parts stand.
type translationDraft struct {
	to     *Translation
	at     value
	parts  map[string]value // by key; of lists, with their indices
	refer  []reference
	bad    bool
	slips  slips
	facade bool

	compiled *exchange.Exchange // once it has been settled, as far as it is good; nil: it is in Go
}

// readTranslation reads how exchanges are translated, and returns what is to be looked up later.
// extra are keys that stand beside those of a translation, and aren't part of it.
func (v value) readTranslation(to *Translation, extra fields) *translationDraft {
	l := v.l
	before := len(l.problems) + l.dropped
	d := &translationDraft{to: to, at: v, parts: map[string]value{}, facade: extra != nil}
	x := &to.Exchange
	read := fields{
		"with": func(v value) {},
		"request": func(v value) {
			v.text(&to.Request)
			d.refer = append(d.refer, reference{what: "translator", name: to.Request, at: v})
		},
		"answer": func(v value) {
			v.text(&to.Answer)
			d.refer = append(d.refer, reference{what: "translator", name: to.Answer, at: v})
		},
		"method": func(v value) {
			v.sides(func(v value) { v.method(&x.Method.Legacy) }, func(v value) { v.method(&x.Method.Service) })
		},
		"path": func(v value) {
			v.object(fields{
				"legacy":  func(v value) { v.text(&x.Path.Legacy) },
				"service": func(v value) { v.text(&x.Path.Service) },
			}, "legacy", "service")
		},
		"params": func(v value) {
			for i, item := range v.items() {
				f, refer := item.lensField()
				x.Params = append(x.Params, f)
				d.refer = append(d.refer, refer...)
				d.parts[element("params", i)] = item
			}
		},
		"query": func(v value) {
			if s, ok := v.choice("keep", "drop"); ok {
				x.DropQuery = s == "drop"
			}
		},
		"status":  func(v value) { d.readStatus(v) },
		"headers": func(v value) { d.readHeaders(v) },
		"cookies": func(v value) { d.readCookies(v) },
		"buffer":  func(v value) { v.size(&x.Buffer, 1) },
		"session": func(v value) {
			v.text(&to.Session)
			d.refer = append(d.refer, reference{what: "session", name: to.Session, at: v})
		},
	}
	for key, reader := range read {
		read[key] = func(v value) {
			d.parts[key] = v
			reader(v)
		}
	}
	maps.Copy(read, extra)
	v.object(read)
	if with, ok := d.parts["with"]; ok {
		d.readWith(with)
	}
	to.Text = v.compact()
	d.bad, d.slips = len(l.problems)+l.dropped > before, v.slips(before)
	return d
}

// readWith reads what both bodies go through, or a chain of translators in Go.
func (d *translationDraft) readWith(v value) {
	for _, key := range []string{"request", "answer"} {
		if at, ok := d.parts[key]; ok {
			at.fail("with is for both, requests and answers; keep that, or this and its counterpart")
		}
	}
	if v.node.Kind != yaml.SequenceNode {
		if s, ok := v.scalar(); ok {
			d.refer = append(d.refer, reference{what: "with", name: s, at: v})
		}
		return
	}
	if len(v.node.Content) == 0 {
		v.fail("the list is empty; name translators, or remove the key")
	}
	for _, item := range v.items() {
		if s, ok := item.scalar(); ok {
			d.refer = append(d.refer, reference{what: "chain", name: s, at: item})
		}
	}
}

func (v value) method(to *string) {
	if s, ok := v.scalar(); ok {
		if !isToken(s) {
			v.fail("%q is no method; write one such as POST", s)
			return
		}
		*to = s
	}
}

// settleTranslation looks names up and compiles what can be, so that all that is wrong is told at once.
func (l *loader) settleTranslation(d *translationDraft) {
	to := d.to
	for _, r := range d.refer {
		switch {
		case r.name == "": // reported already
		case r.what == "with" || r.what == "chain":
			l.settleWith(d, r)
		case !l.resolve(r):
			d.slip(r.at)
		case r.what == "session":
			l.checkSession(r, d.facade)
		}
	}
	if len(to.Go) > 0 {
		for _, key := range []string{"method", "path", "params", "query", "status", "headers", "cookies", "buffer"} {
			if at, ok := d.parts[key]; ok {
				at.fail("%s is plugged in from Go and translates all of an exchange; remove this, or use a translator of the file", strings.Join(to.Go, ", "))
				d.bad = true
			}
		}
		return
	}
	if !d.bad && to.onlySession() && to.Session == "" {
		d.at.fail("nothing is translated; say how (with, path, headers, …), or remove this")
		d.bad = true
		return
	}
	l.checkDirections(d)
	l.compileTranslation(d)
}

// slip notes that something is wrong with a part that was read.
func (d *translationDraft) slip(at value) {
	d.bad, d.slips = true, append(d.slips, at.within(d.at))
}

// settleWith decides whether a name is that of one of the file's translators or of one in Go.
func (l *loader) settleWith(d *translationDraft, r reference) {
	_, inFile := l.translators[r.name]
	known := slices.Clone(l.options.Translators)
	if r.what == "with" {
		known = append(known, l.translatorNames...)
	}
	switch {
	case inFile && r.what == "chain":
		r.at.fail("%q is one of the file's translators; a list is a chain of translators that are plugged in from Go", r.name)
		d.slip(r.at)
	case inFile:
		d.to.Request, d.to.Answer = r.name, r.name
	case l.options.Translators == nil || slices.Contains(l.options.Translators, r.name):
		d.to.Go = append(d.to.Go, r.name)
	default:
		hint := didYouMean(r.name, known)
		if hint == "" && len(known) > 0 {
			hint = "; there is " + strings.Join(known, ", ")
		}
		missing := "stands under translators or is registered"
		if len(l.options.Translators) == 0 {
			missing = "stands under translators, and none in Go is plugged into this program (examples/bookshop/proxy shows how)"
		}
		r.at.fail("no translator %q %s%s", r.name, missing, hint)
		d.slip(r.at)
	}
}
