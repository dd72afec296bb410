package body

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// probe is a value that is tried, or of a field with several places one for each of them.
type probe struct {
	of     kind
	values []string // JSON; empty: missing
}

// kind is what a probe is an example of.
type kind int

const (
	ofNumber kind = iota
	ofTruth
	ofOne    // a list of one
	ofNone   // a list of nothing
	ofObject // without members
	ofMissing
	ofNull
	ofEmpty // text
	ofText  // that isn't a number; columns of zeros take none
	ofZeros // in front of a number
	ofFront // a text with a space there
	ofEnd
	ofParts
	ofCode
)

// words name the kinds, as the beginning of a sentence.
var words = map[kind]string{
	ofNumber: "a number", ofTruth: "true and false", ofOne: "a list of one", ofNone: "an empty list", ofObject: "an object without members",
	ofMissing: "a missing value", ofNull: "null", ofEmpty: "an empty text", ofText: "a text that is no number", ofZeros: "digits with zeros in front", ofParts: "a part that is missing",
}

// maxCodes is how many codes of a field are tried: those at the edge are enough to tell.
const maxCodes = 64

// probesOf are what can tell of a field in a direction: what it could be given.
func probesOf(f lens.Field, at lens.Sides[[]document.Path], way Direction) (all []probe) {
	n := len(ofRead(at, way))
	add := func(of kind, value string) {
		all = append(all, probe{of, slices.Repeat([]string{value}, n)})
	}
	add(ofMissing, "")
	add(ofNull, "null")
	texts := func() {
		add(ofEmpty, `""`)
		add(ofText, `"x"`)
		add(ofZeros, `"0012"`)
		add(ofFront, `" x"`)
		add(ofEnd, `"x "`)
	}
	switch {
	case f.Const != nil || f.Generate != "" || f.Drop || f.Count:
		return nil
	case f.With != "":
	case f.Each != "":
		add(ofNone, "[]")
	case f.Values != nil:
		for _, p := range f.Values.Pairs[:min(len(f.Values.Pairs), maxCodes)] {
			add(ofCode, codeText(ofRead(lens.Sides[lens.Literal](p), way)))
		}
	case f.Bool != nil:
		if way == ToService {
			for _, code := range slices.Concat(f.Bool.True, f.Bool.False) {
				add(ofCode, codeText(code))
			}
			break
		}
		add(ofTruth, "true")
	case f.Bits != nil:
		if way == ToLegacy {
			add(ofTruth, "true")
		}
	case f.Number != nil || f.Time != nil:
	case f.Join != "":
		texts()
		if n > 1 {
			parts := slices.Repeat([]string{`"x"`}, n)
			parts[n-1] = ""
			all = append(all, probe{ofParts, parts})
		}
	case f.List != "" && way == ToLegacy:
		add(ofNone, "[]")
		add(ofOne, `["x"]`)
	case f.List != "" || f.IDs != "":
		texts()
	default: // as it is, but for its type
		add(ofNumber, "12")
		add(ofTruth, "true")
		add(ofOne, `["x"]`)
		add(ofNone, "[]")
		add(ofObject, "{}")
		texts()
	}
	return all
}

// codeText is a literal as JSON.
func codeText(l lens.Literal) string {
	switch l.Kind {
	case document.String:
		text, err := json.Marshal(l.Text)
		if err != nil {
			return "null"
		}
		return string(text)
	case document.Number:
		return l.Text
	case document.True:
		return "true"
	case document.False:
		return "false"
	}
	return "null"
}

// change is what becomes of a kind of value.
type change struct {
	of   kind
	from string // of a code: which one
	to   string // what comes back, in words
}

// explains reports whether a difference is that change.
func (c change) explains(from, to document.Value) bool {
	text := from.Kind() == document.String && to.Kind() == document.String
	switch c.of {
	case ofNumber:
		return from.Kind() == document.Number && to.Kind() == document.String && from.Text() == to.Text()
	case ofTruth:
		return (from.Kind() == document.True || from.Kind() == document.False) && to.Kind() == document.String && from.Text() == to.Text()
	case ofOne:
		return from.Kind() == document.Array && from.Len() == 1 && to.Kind() != document.Array
	case ofNone:
		return from.Kind() == document.Array && from.Len() == 0 && to.Kind() != document.Array
	case ofObject:
		return memberless(from) && to.Kind() != document.Object
	case ofMissing:
		return !from.Exists()
	case ofEmpty:
		return from.Kind() == document.String && from.Text() == "" && (to.Kind() != document.String || to.Text() != "")
	case ofFront, ofEnd:
		rest := strings.TrimSpace(from.Text())
		return text && rest == strings.TrimSpace(to.Text()) || from.Kind() == document.String && rest == "" // which may stand for none
	case ofParts:
		return text
	case ofCode:
		return from.Text() == c.from
	}
	return false
}

// memberless reports an object without members, or whose members are all lists of nothing, which a format
// that repeats names doesn't write.
func memberless(v document.Value) bool {
	if v.Kind() != document.Object {
		return false
	}
	for _, member := range v.Members() {
		if member.Kind() != document.Array || member.Len() > 0 {
			return false
		}
	}
	return true
}
