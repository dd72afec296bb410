package config

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Translator is one of the file's translators.
type Translator struct {
	body.Definition
	Pos    Position
	Losses []Loss // what it doesn't bring over, knowingly
	// Text is the definition as the file has it, in compact JSON: variables stand in it by their
	// names.
	Text json.RawMessage `json:"-"`

	uses []string // the other translators that it needs, of which one may be itself
	ids  []string // and the tables of identifiers
}

// Loss is something that a translator doesn't bring over.
type Loss struct {
	Pos       Position // of several fields, that of the first
	Fields    []string // that lose it, as the side that is read calls them; none: it is of no field
	Direction string   // "to service" or "to legacy"
	What      string   // a sentence without a full stop
}

// translatorDraft is a translator as far as it has been read, and where its parts stand.
type translatorDraft struct {
	Translator
	name     string
	key, at  value
	fields   []fieldPlace // of the fields, those that are included among them
	own      []lens.Field
	includes []reference
	refer    []reference
	settled  bool // its fields are all there
	compiled *body.Translator
	bad      bool // something in it can't be read, which has been reported
	slips    slips
	// standIn has its formats and no fields, where it is bad: what else there is to say of the routes that name it
	// doesn't wait for that.
	standIn *body.Translator
}

// fieldPlace is where a field stands: its own, or in the list of what is included.
type fieldPlace struct {
	at       value
	included string // the translator that the field is of; empty: this one
	slips    fieldSlips
}

// reference is a name that stands somewhere, to be looked up when all files have been read.
type reference struct {
	what string // "translator" or "ids"
	name string
	at   value
	// field is which of a translator's own it stands in, counted from 1; 0: in none.
	field int
}

func (l *loader) readTranslators(v value) {
	for key, child := range v.entries() {
		name := key.node.Value
		before := len(l.problems) + l.dropped
		d := &translatorDraft{name: name, key: key, at: child}
		d.Pos = key.pos()
		d.read(child)
		first, again := l.translators[name]
		switch {
		case !key.isName(name):
		case again && first.key.src != key.src:
			key.fail("there is another translator %q at %s", name, first.key.pos())
		case !again:
			l.translators[name] = d
			l.translatorNames = append(l.translatorNames, name)
		}
		d.bad, d.slips = len(l.problems)+l.dropped > before, child.slips(before)
	}
}

func (d *translatorDraft) read(v value) {
	var unknown, listed, included value
	def := &d.Definition
	def.Legacy.Name, def.Service.Name = format.JSON, format.JSON
	v.object(fields{
		"legacy":  func(v value) { v.format(&def.Legacy) },
		"service": func(v value) { v.format(&def.Service) },
		"records": func(v value) { v.boolean(&def.Records) },
		"fields": func(v value) {
			listed = v
			for _, item := range v.items() {
				before := len(v.l.problems)
				f, refer := item.lensField()
				d.own = append(d.own, f)
				d.fields = append(d.fields, fieldPlace{at: item, slips: fieldSlips{item.slips(before)}})
				for _, r := range refer {
					r.field = len(d.own)
					d.refer = append(d.refer, r)
				}
			}
		},
		"include": func(v value) {
			included = v
			var names []string
			for i, at := range v.texts(&names, nil) {
				d.includes = append(d.includes, reference{what: "translator", name: names[i], at: at})
			}
		},
		"unknown": func(v value) {
			unknown = v
			v.unknown(&def.Lens.Unknown)
		},
		"jq": func(v value) {
			v.object(fields{
				"to_service": func(v value) { v.text(&def.JQ.ToService) },
				"to_legacy":  func(v value) { v.text(&def.JQ.ToLegacy) },
			})
			v.notEmpty("to_service or to_legacy")
		},
	})
	v.notEmpty("fields or jq")
	switch {
	case (listed.given() || included.given()) && !unknown.given():
		v.fail("unknown is missing: say what becomes of members that no field names: keep, drop or error")
	case !listed.given() && !included.given() && unknown.given():
		unknown.fail("without fields there is nothing that this would hold for; add fields, or remove this")
	case listed.given() && len(d.own) == 0 && len(listed.node.Content) == 0:
		listed.fail("the list is empty; write a field such as {legacy: CUST_NM, service: name}, or remove the key")
	}
}

// ways are what may become of what no field names.
var ways = []string{string(lens.Keep), string(lens.Drop), string(lens.Refuse)}

func (v value) unknown(to *lens.Ways[lens.Unknown]) {
	one := func(to *lens.Unknown) func(value) {
		return func(v value) {
			if s, ok := v.choice(ways...); ok {
				*to = lens.Unknown(s)
			}
		}
	}
	if v.isMapping() {
		v.object(fields{"to_service": one(&to.ToService), "to_legacy": one(&to.ToLegacy)}, "to_service", "to_legacy")
		return
	}
	one(&to.ToService)(v)
	to.ToLegacy = to.ToService
}

// formats are the names of formats, and what each has besides content_type.
var formats = map[string][]string{
	format.JSON:       {"charset"},
	format.NDJSON:     {"charset"},
	format.XML:        {"charset", "root", "namespaces", "declaration", "cdata"},
	format.SOAP:       {"charset", "root", "namespaces", "declaration", "cdata", "version", "action"},
	format.Form:       {"charset"},
	format.Multipart:  {"charset"},
	format.CSV:        {"charset", "delimiter", "quote", "header", "newline", "columns"},
	format.FixedWidth: {"charset", "newline", "columns"},
}

// format reads how one side writes its bodies.
func (v value) format(to *format.Config) {
	seen := map[string]value{}
	note := func(name string, read func(value)) func(value) {
		return func(v value) {
			seen[name] = v
			read(v)
		}
	}
	known := false
	v.object(fields{
		"format": func(v value) {
			to.Name, known = v.choice(format.JSON, format.NDJSON, format.XML, format.SOAP, format.Form, format.Multipart, format.CSV, format.FixedWidth)
		},
		"content_type": func(v value) { v.text(&to.ContentType) },
		"charset":      note("charset", func(v value) { v.text(&to.Charset) }),
		"root":         note("root", func(v value) { v.text(&to.Root) }),
		"namespaces":   note("namespaces", func(v value) { to.Namespaces = v.namespaces() }),
		"declaration":  note("declaration", func(v value) { v.boolean(&to.Declaration) }),
		"cdata":        note("cdata", func(v value) { v.texts(&to.CDATA, value.isPath) }),
		"version":      note("version", func(v value) { to.Version, _ = v.choice("1.1", "1.2") }),
		"action":       note("action", func(v value) { to.Action, _ = v.raw() }),
		"delimiter":    note("delimiter", func(v value) { v.character(&to.Delimiter) }),
		"quote":        note("quote", func(v value) { to.Quote, _ = v.choice("always") }),
		"header":       note("header", func(v value) { v.boolean(&to.Header) }),
		"newline":      note("newline", func(v value) { v.newline(&to.Newline) }),
		"columns":      note("columns", func(v value) { to.Columns = v.columns() }),
	}, "format")
	if !known {
		return
	}
	for name, at := range seen {
		if !slices.Contains(formats[to.Name], name) {
			at.fail("%s has no %s; that is of %s", to.Name, name, strings.Join(formatsWith(name), ", "))
		}
	}
}

// formatsWith returns the formats that have an option.
func formatsWith(option string) (names []string) {
	for name, options := range formats {
		if slices.Contains(options, option) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (v value) namespaces() map[string]string {
	all := map[string]string{}
	for key, child := range v.entries() {
		if s, ok := child.raw(); ok { // "" is no namespace
			all[key.node.Value] = s
		}
	}
	return all
}

// character reads a text of one character.
func (v value) character(to *string) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	if len([]rune(s)) != 1 {
		v.fail("%q is not one character", s)
		return
	}
	*to = s
}

// newline reads what stands between records: the characters themselves, or their names.
func (v value) newline(to *string) {
	switch s, ok := v.scalar(); {
	case !ok:
	case s == "lf" || s == "\n":
		*to = "\n"
	case s == "crlf" || s == "\r\n":
		*to = "\r\n"
	default:
		v.fail("%q is not lf or crlf", s)
	}
}

func (v value) columns() []format.Column {
	var all []format.Column
	for _, item := range v.items() {
		var c format.Column
		item.object(fields{
			"name":  func(v value) { v.text(&c.Name) },
			"width": func(v value) { v.integer(&c.Width, 1, 65_535) },
			"align": func(v value) { c.Align, _ = v.choice("left", "right") },
			"pad":   func(v value) { v.character(&c.Pad) },
		}, "name")
		all = append(all, c)
	}
	return all
}
