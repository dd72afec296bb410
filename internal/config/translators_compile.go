package config

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// settleTranslators looks names up and compiles what has no problem yet, so that all that serve
// would refuse is known.
func (l *loader) settleTranslators() {
	c := l.cfg
	for _, name := range l.translatorNames {
		d := l.translators[name]
		if slices.Contains(l.options.Translators, name) {
			d.key.fail("a translator of this name is plugged in from Go; give this one another")
			d.bad = true
		}
		for _, r := range append(slices.Clone(d.includes), d.refer...) {
			if !l.resolve(r) {
				d.bad = true
				if r.field > 0 {
					place := &d.fields[r.field-1]
					place.slips.slips = append(place.slips.slips, r.at.within(place.at))
				} else {
					d.slips = append(d.slips, "include")
				}
				continue
			}
			if r.what == "ids" {
				d.ids = append(d.ids, r.name)
			} else {
				d.uses = append(d.uses, r.name)
			}
		}
		d.Text = d.at.compact()
		if c.Translators == nil {
			c.Translators = map[string]*Translator{}
		}
		c.Translators[name] = &d.Translator
		c.TranslatorNames = append(c.TranslatorNames, name)
	}
	for _, name := range l.translatorNames {
		l.includeFields(l.translators[name], nil)
	}
	set := c.lenses(offlineTables(c))
	for _, name := range l.translatorNames {
		d := l.translators[name]
		if d.bad {
			l.compileRest(d, set)
			continue
		}
		t, err := body.New(d.Definition, set)
		if err != nil {
			l.placeBody(d, err)
			d.bad = true
			d.stand()
			continue
		}
		d.compiled = t
		if hidden := func(rule string) bool { return strings.HasPrefix(rule, "/") }; d.JQ != (lens.Ways[string]{}) && slices.ContainsFunc(c.Shadow.Redact, hidden) {
			d.key.warn("what shadow.redact names in legacy's answers isn't looked for in the service's, since a jq program stands between the two; name its places there as well")
		}
		l.noteLosses(d, t)
	}
}

// includeFields puts the fields of what a translator includes before its own. open are those that are
// being included, from the outside in.
func (l *loader) includeFields(d *translatorDraft, open []string) {
	if d.settled {
		return
	}
	d.settled = true
	open = append(slices.Clone(open), d.name)
	var all []lens.Field
	var places []fieldPlace
	for _, r := range d.includes {
		other := l.translators[r.name]
		if other == nil {
			continue // reported already
		}
		if at := slices.Index(open, r.name); at >= 0 {
			r.at.fail("%s includes itself: %s; take one of them out", r.name, strings.Join(append(open[at:], r.name), " → "))
			d.bad = true
			continue
		}
		l.includeFields(other, open)
		d.bad = d.bad || other.bad
		for _, f := range other.Lens.Fields {
			all, places = append(all, f), append(places, fieldPlace{at: r.at, included: r.name})
		}
		if len(all) > maxItems {
			r.at.fail("there are more than %d fields with this", maxItems)
			d.bad = true
			return
		}
	}
	d.Lens.Fields, d.fields = append(all, d.own...), append(places, d.fields...)
}

// resolve looks a name up, and says what there is where it isn't known.
func (l *loader) resolve(r reference) bool {
	var known []string
	switch r.what {
	case "ids":
		known = slices.Sorted(maps.Keys(l.tables))
	case "session":
		known = slices.Sorted(maps.Keys(l.sessions))
	default:
		known = l.translatorNames
	}
	if slices.Contains(known, r.name) {
		return true
	}
	switch near := didYouMean(r.name, known); {
	case r.what == "translator" && slices.Contains(l.options.Translators, r.name):
		r.at.fail("%q is plugged in from Go and translates whole exchanges; name it alone, in with of a route", r.name)
	case near != "":
		r.at.fail("there is no %q under %s%s", r.name, sections[r.what], near)
	case len(known) == 0:
		r.at.fail("there is no %q under %s, which has none", r.name, sections[r.what])
	default:
		r.at.fail("there is no %q under %s; there is %s", r.name, sections[r.what], strings.Join(known, ", "))
	}
	return false
}

var sections = map[string]string{"ids": "ids", "session": "sessions", "translator": "translators"}

// placeBody reports what is wrong with a translator where it stands. What is wrong with another
// one that it uses is reported there.
func (l *loader) placeBody(d *translatorDraft, err error) {
	problems, ok := errors.AsType[lens.Problems](err)
	if !ok {
		d.at.fail("%v", err)
		return
	}
	for _, p := range problems {
		switch {
		case p.Lens != "":
		case p.Field < 0:
			if !d.slips.has(p.Option) {
				d.at.below(p.Option).fail("%s", p.Message)
			}
		case p.Field >= len(d.fields): // see compileRest
		case d.fields[p.Field].included == "":
			if place := d.fields[p.Field]; !place.slips.follow(&d.Lens.Fields[p.Field], p.Option) {
				place.at.below(p.Option).fail("%s", p.Message)
			}
		case l.translators[d.fields[p.Field].included].compiles(l): // else it is told there
			f, at := d.Lens.Fields[p.Field], d.fields[p.Field]
			at.at.fail("the field %s of %s: %s", fieldName(f.Legacy, f.Service), at.included, p.Message)
		}
	}
}

// compileRest looks at a translator in which something was wrong already, for what else is: of the fields in
// question it is known what they write.
func (l *loader) compileRest(d *translatorDraft, set lens.Set) {
	rest := d.Definition
	for _, side := range []struct {
		name string
		to   *format.Config
	}{{"legacy", &rest.Legacy}, {"service", &rest.Service}} {
		if d.slips.has(side.name) { // so that nobody knows which names there are
			d.checkFormat(side.name, *side.to)
			*side.to = format.Config{Name: format.JSON}
		}
	}
	if !d.slips.any("legacy", "service") {
		d.stand()
	}
	unknown := d.slips.beside("", "legacy", "service", "records", "fields", "include", "unknown", "jq")
	if (unknown || d.slips.has("jq")) && rest.JQ == (lens.Ways[string]{}) {
		rest.JQ = lens.Ways[string]{ToService: ".", ToLegacy: "."}
	}
	rest.Lens = lens.Definition{Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}}
	for i, f := range d.Lens.Fields {
		rest.Lens.Fields = append(rest.Lens.Fields, d.fields[i].slips.known(f))
	}
	if unknown || d.slips.has("include") { // one that is wrong stands for those that are missing
		rest.Lens.Fields = append(rest.Lens.Fields, lens.Field{})
	}
	if _, err := body.New(rest, set); err != nil {
		l.placeBody(d, err)
	}
}

// checkFormat looks at how a side writes its bodies where something of that couldn't be read.
func (d *translatorDraft) checkFormat(side string, c format.Config) {
	_, at := d.at.child(side)
	of := d.slips.of(side)
	if of.beside(slices.Concat(formats[c.Name], []string{"content_type", "declaration"})...) {
		return // it isn't known what it is
	}
	_, err := format.New(c)
	problems, _ := errors.AsType[format.Problems](err)
	for _, p := range problems {
		key := firstOf(p.Option)
		follows := of.has("namespaces") && (key == "root" || key == "cdata") || of.has("charset") && key == "content_type"
		if !follows && !of.has(key) {
			at.below(p.Option).fail("%s", p.Message)
		}
	}
}

// stand makes what stands for the translator in the routes that name it.
func (d *translatorDraft) stand() {
	formats := d.Definition
	formats.Lens, formats.JQ = lens.Definition{}, lens.Ways[string]{}
	d.standIn, _ = body.New(formats, lens.Set{}) // nil where it is the formats that are wrong
}

// compiles reports whether a translator has no problem by itself, so that what is wrong with its
// fields is wrong where they are included.
func (d *translatorDraft) compiles(l *loader) bool {
	_, err := body.New(d.Definition, l.cfg.lenses(offlineTables(l.cfg)))
	return err == nil
}

// below returns what stands at an option such as number.scale or columns[2].width, as far as it is
// written.
func (v value) below(option string) value {
	for part := range strings.FieldsFuncSeq(option, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		if v.node.Kind == yaml.SequenceNode {
			if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v.node.Content) {
				v = value{v.l, v.src, v.node.Content[i], v.path + "[" + part + "]"}
				continue
			}
			return v
		}
		if !v.isMapping() || !v.has(part) {
			return v
		}
		_, v = v.child(part)
	}
	return v
}

// lenses are what the translators may refer to.
func (c *Config) lenses(tables map[string]lens.Table) lens.Set {
	set := lens.Set{Lenses: map[string]lens.Definition{}, Tables: tables}
	for name, t := range c.Translators {
		set.Lenses[name] = t.Lens
	}
	return set
}

// offlineTables stand for the tables where a file is only checked.
func offlineTables(c *Config) map[string]lens.Table {
	all := map[string]lens.Table{}
	for name := range c.IDs {
		all[name] = offline{}
	}
	return all
}

type offline struct{}

var errOffline = errors.New("no table of identifiers is open")

func (offline) ToService(context.Context, string) (string, error) { return "", errOffline }
func (offline) ToLegacy(context.Context, string) (string, error)  { return "", errOffline }
