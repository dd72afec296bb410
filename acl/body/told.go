package body

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// try returns what a field loses of what goes through it in a direction, in a sentence; empty: nothing.
func (c *carrying) try(f lens.Field, at lens.Sides[[]document.Path], way Direction) (what string, changes []change) {
	r := newTrip(c.d, c.set, f, at, way)
	if r == nil {
		return "", nil
	}
	t := telling{way: way, f: f}
	for _, p := range probesOf(f, at, way) {
		became, to := r.try(way, p.values)
		if became != refused && (p.of == ofText || p.of == ofZeros) {
			continue // any text would be such
		}
		word := words[p.of]
		if p.of == ofCode {
			word = p.values[0]
		}
		switch became {
		case refused:
			if p.of == ofFront || p.of == ofEnd {
				continue // others of its kind aren't
			}
			switch {
			case p.of == ofObject:
				word = "an object"
			case p.of == ofNone && slices.Contains(t.refused, words[ofOne]):
				t.refused[slices.Index(t.refused, words[ofOne])] = "a list"
				continue
			}
			t.refused = append(t.refused, word)
			t.none = t.none || p.of == ofNull || p.of == ofMissing
		case strange:
			t.strange = append(t.strange, word)
			t.none = t.none || p.of == ofMissing
		case changed:
			c := change{of: p.of, to: result(p, to, ofRead(at, way)[0])}
			if p.of == ofCode {
				c.from = strings.Trim(p.values[0], `"`)
			}
			t.none = t.none || p.of == ofMissing
			t.changes = append(t.changes, c)
		}
	}
	return t.sentence(), t.changes
}

// result names what came back for a probe.
func result(p probe, document any, path document.Path) string {
	v, there := value(document, path)
	text, isText := v.(string)
	switch {
	case !there:
		return "missing"
	case v == nil:
		return "null"
	case p.of == ofOne && isText && text == "x":
		return "its element"
	case isText && text == "":
		return "an empty text"
	case isText && (p.of == ofNumber || p.of == ofTruth):
		return "a text"
	}
	if list, is := v.([]any); is && len(list) == 0 {
		return "an empty list"
	}
	quoted, err := json.Marshal(v)
	if err != nil {
		return "something else"
	}
	return string(quoted)
}

// telling puts together what was found of a field.
type telling struct {
	way              Direction
	f                lens.Field
	changes          []change
	refused, strange []string
	none             bool // something is about there being no value
}

// sentence says all of it, empty where there is nothing.
func (t *telling) sentence() string {
	var parts []string
	var back strings.Builder
	comes := func(subject, verb, to string) {
		if back.Len() == 0 {
			back.WriteString(subject + " " + verb + " back as " + to)
			return
		}
		back.WriteString(", " + subject + " as " + to)
	}
	var spaces []string
	is := map[kind]change{}
	for _, c := range t.changes {
		is[c.of] = c
	}
	number, truth := is[ofNumber].to == "a text", is[ofTruth].to == "a text"
	for _, c := range t.changes {
		switch {
		case c.of == ofNumber && number && truth:
			comes("a number, true and false", "come", "texts")
		case c.of == ofTruth && number && truth:
		case c.of == ofTruth:
			comes(words[c.of], "come", strings.Replace(c.to, "a text", "texts", 1))
		case c.of == ofFront:
			spaces = append(spaces, "in front")
		case c.of == ofEnd:
			spaces = append(spaces, "at the end")
		case c.of == ofParts:
			comes("text of which the last part is missing", "comes", "another")
		case c.of == ofCode:
			comes(`"`+c.from+`"`, "comes", c.to)
		default:
			comes(words[c.of], "comes", c.to)
		}
	}
	if back.Len() > 0 {
		parts = append(parts, back.String())
	}
	if len(spaces) > 0 {
		parts = append(parts, "spaces "+strings.Join(spaces, " and ")+" of a text don't come back")
	}
	if len(t.refused) > 0 {
		parts = append(parts, and(t.refused)+" can't be written")
	}
	if len(t.strange) > 0 {
		parts = append(parts, and(t.strange)+" can't be read back")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + t.hint(number || truth)
}

// hint says what a definition can do about it.
func (t *telling) hint(kinds bool) string {
	var hints []string
	if kinds && t.f.Type == (lens.Sides[lens.Type]{}) && len(t.f.Legacy)+len(t.f.Service) > 0 {
		hints = append(hints, "type says what there always is")
	}
	if t.none && t.f.Absent == nil && len(t.f.Legacy)+len(t.f.Service) > 0 {
		hints = append(hints, "absent says what stands for no value")
	}
	if len(hints) == 0 {
		return ""
	}
	return " (" + strings.Join(hints, ", ") + ")"
}

// and writes words as a sentence has them.
func and(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
