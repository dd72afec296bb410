package suggest

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Translator is what [AppendYAML] writes: one of those under `translators:` of a configuration.
type Translator struct {
	Name            string
	Legacy, Service format.Config
	Records         bool
	Lens            lens.Definition
	// Comments, without their #, of which each may have several lines: before the translator,
	// before each of its fields, and behind the last.
	Before string
	Fields []string
	After  string
}

// AppendYAML appends translators in the configuration's words, ready to be pasted under
// `translators:`, and returns the longer slice.
func AppendYAML(dst []byte, all []Translator) []byte {
	for _, t := range all {
		dst = comment(dst, "  ", t.Before)
		dst = append(dst, "  "+text(t.Name)+":\n"...)
		dst = append(dst, "    legacy: "+formatYAML(t.Legacy)+"\n    service: "+formatYAML(t.Service)+"\n"...)
		if t.Records {
			dst = append(dst, "    records: true\n"...)
		}
		if len(t.Lens.Fields) > 0 {
			dst = append(dst, "    fields:\n"...)
			for i, f := range t.Lens.Fields {
				if i < len(t.Fields) {
					dst = comment(dst, "      ", t.Fields[i])
				}
				dst = append(dst, "      - "+FieldYAML(f)+"\n"...)
			}
			if u := t.Lens.Unknown; u.ToService == u.ToLegacy {
				dst = append(dst, "    unknown: "+string(u.ToService)+"\n"...)
			} else {
				dst = append(dst, "    unknown: {to_service: "+string(u.ToService)+", to_legacy: "+string(u.ToLegacy)+"}\n"...)
			}
		}
		dst = comment(dst, "    ", t.After)
	}
	return dst
}

func comment(dst []byte, indent, text string) []byte {
	if text == "" {
		return dst
	}
	for line := range strings.SplitSeq(text, "\n") {
		dst = append(dst, strings.TrimRight(indent+"# "+printable(line), " ")+"\n"...)
	}
	return dst
}

// printable takes out what would end a comment or isn't allowed in YAML at all.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) && r != ' ' {
			return '\uFFFD'
		}
		return r
	}, s)
}

// flow is a YAML mapping on one line, as it is put together.
type flow []string

func (f *flow) add(key, value string) { *f = append(*f, key+": "+value) }

func (f *flow) text(key, value string) {
	if value != "" {
		f.add(key, text(value))
	}
}

func (f *flow) flag(key string, value bool) {
	if value {
		f.add(key, "true")
	}
}

func (f flow) String() string { return "{" + strings.Join(f, ", ") + "}" }

// sides adds what is said of each side, if anything is.
func (f *flow) sides(key, legacy, service string) {
	var s flow
	if legacy != "" {
		s.add("legacy", legacy)
	}
	if service != "" {
		s.add("service", service)
	}
	if len(s) > 0 {
		f.add(key, s.String())
	}
}

// FieldYAML returns a field in the configuration's words, on one line.
func FieldYAML(f lens.Field) string {
	var y flow
	for _, side := range []struct {
		name  string
		paths []string
	}{{"legacy", f.Legacy}, {"service", f.Service}} {
		switch len(side.paths) {
		case 0:
		case 1:
			y.add(side.name, text(side.paths[0]))
		default:
			y.add(side.name, list(side.paths))
		}
	}
	y.text("each", f.Each)
	y.text("with", f.With)
	y.values(f.Values)
	if f.Bool != nil {
		y.add("bool", boolYAML(f.Bool))
	}
	if f.Number != nil {
		y.add("number", numberYAML(f.Number))
	}
	types := f.Type
	if f.Time != nil {
		y.time(f.Time)
		types = f.Time.Type
	}
	if f.Bits != nil {
		bits := make([]string, len(f.Bits))
		for i, b := range f.Bits {
			bits[i] = strconv.Itoa(b)
		}
		y.add("bits", "["+strings.Join(bits, ", ")+"]")
		if f.OtherBit != "" && f.OtherBit != lens.Refuse {
			y.add("other_bits", string(f.OtherBit))
		}
	}
	y.text("join", f.Join)
	y.text("list", f.List)
	y.text("ids", f.IDs)
	y.flag("count", f.Count)
	if f.Const != nil {
		y.add("const", value(*f.Const))
	}
	y.text("generate", f.Generate)
	y.flag("drop", f.Drop)
	y.flag("trim", f.Trim)
	y.sides("type", string(types.Legacy), string(types.Service))
	if f.Absent != nil {
		y.sides("absent", value(f.Absent.Legacy), value(f.Absent.Service))
	}
	y.sides("default", optional(f.Default.Legacy), optional(f.Default.Service))
	y.flag("required", f.Required)
	if f.When != nil {
		y.sides("when", conditions(f.When.Legacy), conditions(f.When.Service))
	}
	return y.String()
}

func (f *flow) values(v *lens.Values) {
	if v == nil {
		return
	}
	pairs := func(all []lens.Pair, turned bool) string {
		var y flow
		for _, p := range all {
			if turned {
				y.add(value(p.Service), value(p.Legacy))
			} else {
				y.add(value(p.Legacy), value(p.Service))
			}
		}
		return y.String()
	}
	f.add("values", pairs(v.Pairs, false))
	if len(v.Back) > 0 {
		f.add("back", pairs(v.Back, true))
	}
	if len(v.Forth) > 0 {
		f.add("forth", pairs(v.Forth, false))
	}
	if v.Keep {
		f.add("other", "keep")
	}
	f.sides("other", optional(v.Other.Legacy), optional(v.Other.Service))
}

func boolYAML(b *lens.Bool) string {
	short := func(l []lens.Literal) bool {
		return len(l) == 1 && l[0].Kind == document.String && plainText.MatchString(l[0].Text)
	}
	if short(b.True) && short(b.False) {
		return b.True[0].Text + "/" + b.False[0].Text
	}
	codes := func(all []lens.Literal) string {
		if len(all) == 1 {
			return value(all[0])
		}
		texts := make([]string, len(all))
		for i, l := range all {
			texts[i] = value(l)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	return flow{"true: " + codes(b.True), "false: " + codes(b.False)}.String()
}

func numberYAML(n *lens.Number) string {
	var y flow
	if n.Scale != 0 {
		y.add("scale", strconv.Itoa(n.Scale))
	}
	if n.Decimals != nil {
		y.add("decimals", strconv.Itoa(*n.Decimals))
	}
	y.text("legacy", string(n.Legacy))
	y.text("service", string(n.Service))
	y.text("decimal", n.Decimal)
	y.text("group", n.Group)
	if n.Width > 0 {
		y.add("width", strconv.Itoa(n.Width))
	}
	y.text("round", n.Round)
	y.text("sign", n.Sign)
	return y.String()
}

func (f *flow) time(t *lens.Time) {
	var y flow
	y.text("legacy", t.Layout.Legacy)
	y.text("service", t.Layout.Service)
	switch {
	case t.Zone.Service != "":
		y.sides("zone", quoteIf(t.Zone.Legacy), quoteIf(t.Zone.Service))
	default:
		y.text("zone", t.Zone.Legacy)
	}
	if len(y) == 0 {
		y.add("legacy", "RFC3339")
	}
	f.add("time", y.String())
}

func quoteIf(s string) string {
	if s == "" {
		return ""
	}
	return text(s)
}

func conditions(all []lens.Condition) string {
	if len(all) == 0 {
		return ""
	}
	var y, not flow
	for _, c := range all {
		key := text(c.Path)
		if c.Path == "not" {
			key = `\not` // a place of that name
		}
		is := "present"
		if len(c.Is) == 1 {
			is = value(c.Is[0])
		} else if len(c.Is) > 1 {
			texts := make([]string, len(c.Is))
			for i, l := range c.Is {
				texts[i] = value(l)
			}
			is = "[" + strings.Join(texts, ", ") + "]"
		}
		if c.Not {
			not.add(key, is)
		} else {
			y.add(key, is)
		}
	}
	if len(not) > 0 {
		y.add("not", not.String())
	}
	return y.String()
}

func optional(l *lens.Literal) string {
	if l == nil {
		return ""
	}
	return value(*l)
}

// value is a literal: what looks like another kind of value, or like a word of the configuration,
// is quoted.
func value(l lens.Literal) string {
	switch l.Kind {
	case document.Missing:
		return "missing"
	case document.Null:
		return "null"
	case document.True:
		return "true"
	case document.False:
		return "false"
	case document.Number:
		return l.Text
	}
	return text(l.Text)
}

// plainText matches texts that YAML, of either version, reads as they stand.
var plainText = regexp.MustCompile(`^\p{L}[\p{L}\p{N}_]*([./-][\p{L}\p{N}_]+)*$`)

// words are read as something else without quotes: by YAML, or by the configuration.
var words = []string{"true", "false", "null", "yes", "no", "on", "off", "missing", "present", "absent", "not", "inf", "nan"}

// text is a text of YAML. What the configuration would take for a variable is escaped.
func text(s string) string {
	if plainText.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		return s
	}
	s = strings.ReplaceAll(s, "$$", "$$$$")
	return strconv.Quote(strings.ReplaceAll(s, "${", "$${"))
}

func list(texts []string) string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = text(t)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func formatYAML(c format.Config) string {
	var y flow
	y.add("format", text(c.Name))
	y.text("content_type", c.ContentType)
	y.text("charset", c.Charset)
	y.text("root", c.Root)
	if len(c.Namespaces) > 0 {
		var n flow
		for _, prefix := range slices.Sorted(maps.Keys(c.Namespaces)) {
			n.add(text(prefix), text(c.Namespaces[prefix]))
		}
		y.add("namespaces", n.String())
	}
	y.flag("declaration", c.Declaration)
	if len(c.CDATA) > 0 {
		y.add("cdata", list(c.CDATA))
	}
	if c.Version != "" {
		y.add("version", strconv.Quote(c.Version))
	}
	y.text("action", c.Action)
	y.text("delimiter", c.Delimiter)
	y.text("quote", c.Quote)
	y.flag("header", c.Header)
	switch c.Newline {
	case "\n":
		y.add("newline", "lf")
	case "\r\n":
		y.add("newline", "crlf")
	}
	if len(c.Columns) > 0 {
		columns := make([]string, len(c.Columns))
		for i, col := range c.Columns {
			var one flow
			one.add("name", text(col.Name))
			if col.Width > 0 {
				one.add("width", strconv.Itoa(col.Width))
			}
			one.text("align", col.Align)
			one.text("pad", col.Pad)
			columns[i] = one.String()
		}
		y.add("columns", "["+strings.Join(columns, ", ")+"]")
	}
	return y.String()
}
