package config

import (
	"cmp"
	"errors"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// anyBody is the name of what stands for a translator of which nothing is known; no name of a file's has such a
// character.
const anyBody = "\x00"

// compileTranslation compiles what has been read but for the parts with which something is wrong, and reports what
// else is. What may only follow from what has been reported isn't.
func (l *loader) compileTranslation(d *translationDraft) {
	all := &Interpreter{bodies: map[string]*body.Translator{}, set: l.cfg.lenses(offlineTables(l.cfg))}
	for name, t := range l.translators {
		if all.bodies[name] = t.compiled; t.compiled == nil {
			all.bodies[name] = t.standIn
		}
	}
	all.bodies[anyBody], _ = body.New(body.Definition{Legacy: format.Config{Name: format.JSON}, Service: format.Config{Name: format.JSON}}, lens.Set{})

	d.compileAlone(all)
	rest := d.rest(all, true)
	compiled, err := all.Compile(&rest.Translation, nil)
	if err != nil {
		rest.place(err)
		rest = d.rest(all, false)
		if compiled, err = all.Compile(&rest.Translation, nil); err != nil {
			return // the rest can't do without them
		}
	}
	answers := body.ToLegacy
	if d.facade {
		answers = body.ToService
	}
	if problems := compiled.CheckLocations(answers); len(problems) > 0 {
		rest.place(problems)
	}
	if d.compiled = compiled; !d.bad {
		d.noteLosses()
	}
}

// of returns the slips of one of the parts.
func (d *translationDraft) of(part string) slips {
	at, ok := d.parts[part]
	if !ok {
		return nil
	}
	return d.slips.of(at.within(d.at))
}

// vague reports whether there may be more than is known of these bodies, request or answer: how they are translated,
// or what else fills a path.
func (d *translationDraft) vague(body string) bool {
	other := "answer"
	if body == other {
		other = "request"
	}
	return d.slips.beside("", other, "method", "path", "query", "status", "headers", "cookies", "buffer", "session", "listen", "hosts", "upstream", "routes")
}

// body returns the name of a translator, or of what stands for it.
func (i *Interpreter) body(name string, unknown bool) string {
	if name == "" && unknown || name != "" && i.bodies[name] == nil {
		return anyBody
	}
	return name
}

// rest is a translation without the parts with which something is wrong.
type rest struct {
	Translation
	of    *translationDraft
	index map[string][]int // by option: where those of its list that are left stand in that of the whole
}

// rest returns what is left. Of params all may be wanted, as far as they are known: what is wrong with one may be
// another.
func (d *translationDraft) rest(all *Interpreter, params bool) *rest {
	r := &rest{of: d, index: map[string][]int{}, Translation: Translation{Answer: all.body(d.to.Answer, d.vague("answer")), Request: all.body(d.to.Request, false)}}
	if d.vague("request") {
		r.Request = anyBody
	}
	x := &r.Exchange
	*x = d.to.Exchange
	if d.slips.has("method") {
		x.Method = lens.Sides[string]{}
	}
	if d.slips.has("path") {
		x.Path = lens.Sides[string]{}
	}
	x.Params, x.Status, x.Headers, x.Cookies = nil, nil, nil, nil
	good := func(option string, n int) bool {
		if len(d.of(element(option, n))) > 0 {
			return false
		}
		r.index[option] = append(r.index[option], n)
		return true
	}
	for n, f := range d.to.Exchange.Params {
		if of := d.of(element("params", n)); params {
			r.index["params"] = append(r.index["params"], n)
			x.Params = append(x.Params, fieldSlips{of}.known(f))
		} else if len(of) == 0 {
			x.Params = append(x.Params, f)
		}
	}
	for n, s := range d.to.Exchange.Status {
		if good("status", n) {
			x.Status, r.With = append(x.Status, s), append(r.With, all.body(d.to.With[n], false))
		}
	}
	for n, h := range d.to.Exchange.Headers {
		if good("headers", n) {
			x.Headers = append(x.Headers, h)
		}
	}
	for n, c := range d.to.Exchange.Cookies {
		if good("cookies", n) {
			x.Cookies = append(x.Cookies, c)
		}
	}
	return r
}

// place reports what is wrong with an exchange where it stands.
func (r *rest) place(err error) {
	d := r.of
	problems, ok := errors.AsType[exchange.Problems](err)
	if !ok {
		d.at.fail("%v", err)
		d.bad = true
		return
	}
	for _, p := range problems {
		if p.Lens != "" {
			d.bad = true // it is told where that translator stands
			continue
		}
		at, ok := d.at, false
		if of := r.index[p.Option]; p.Index >= 0 && p.Index < len(of) {
			part := element(p.Option, of[p.Index])
			if at, ok = d.parts[part]; ok && p.Option == "params" && (fieldSlips{d.of(part)}).follow(&d.to.Exchange.Params[of[p.Index]], p.Part) {
				continue
			}
		}
		if !ok {
			at = d.at.below(p.Option)
		}
		at = at.below(p.Part)
		at.fail("%s", p.Message)
		defer d.slip(at) // what has been found was found without it
	}
}

// compileAlone looks at what couldn't be read whole, each by itself.
func (d *translationDraft) compileAlone(all *Interpreter) {
	x := &d.to.Exchange
	answer := all.body(d.to.Answer, d.vague("answer"))
	alone := func(part string, x exchange.Config, with []string, follows func(part string) bool) {
		_, err := all.Compile(&Translation{Request: anyBody, Answer: answer, Exchange: x, With: with}, nil)
		problems, _ := errors.AsType[exchange.Problems](err)
		for _, p := range problems {
			key := p.Part
			if p.Index < 0 {
				key = p.Option[len(firstOf(p.Option)):]
			}
			if key = strings.TrimPrefix(key, "."); key != "" && !follows(key) {
				d.parts[part].below(key).fail("%s", p.Message)
			}
		}
	}
	for n, s := range x.Status {
		part := element("status", n)
		if of := d.of(part); len(of) > 0 {
			with := all.body(d.to.With[n], of.has("with") || of.beside("legacy", "when", "with", "location"))
			alone(part, exchange.Config{Status: []exchange.Status{s}}, []string{with}, func(key string) bool {
				return of.has(firstOf(key)) || key == "legacy" && s.Legacy == 0
			})
		}
	}
	for n, h := range x.Headers {
		part := element("headers", n)
		if of := d.of(part); len(of) > 0 {
			named := !of.any("legacy", "service") && !of.beside("const", "values", "in")
			alone(part, exchange.Config{Headers: []exchange.Header{h}}, nil, func(key string) bool {
				return of.has(key) || !named && key != "legacy" && key != "service"
			})
		}
	}
	for n, c := range x.Cookies {
		part, given := element("cookies", n), c
		if of := d.of(part); len(of) > 0 {
			fill(&c.Legacy, &c.Service)
			alone(part, exchange.Config{Cookies: []exchange.Cookie{c}}, nil, func(key string) bool {
				return of.has(key) || one(lens.Sides[string]{Legacy: given.Legacy, Service: given.Service}, key) == ""
			})
		}
	}
	for _, part := range []string{"method", "path"} {
		of, given := d.of(part), x.Method
		if part == "path" {
			given = x.Path
		}
		if len(of) == 0 || given == (lens.Sides[string]{}) {
			continue
		}
		both, c := given, exchange.Config{}
		if fill(&both.Legacy, &both.Service); part == "path" {
			c.Path = both
		} else {
			c.Method = both
		}
		alone(part, c, nil, func(key string) bool { return of.has(key) || one(given, key) == "" })
	}
}

// fill has the side that there is stand for the other, so that what is wrong with it isn't that it is alone.
func fill(legacy, service *string) {
	*legacy, *service = cmp.Or(*legacy, *service), cmp.Or(*service, *legacy)
}

// one returns that of a side.
func one(of lens.Sides[string], side string) string {
	if side == "legacy" {
		return of.Legacy
	}
	return of.Service
}
