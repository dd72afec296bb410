package compare

import (
	"bytes"
	"encoding/json"

	"github.com/strangler-fig/toolkit/shadow"
)

// Guess says in a few words what may have caused a difference, where that can be told from the
// two values alone: "by a factor of 100", "2 h apart: a time zone?". It is empty where nothing is
// recognised, and a guess otherwise: two prices may be 100 times apart by chance.
func Guess(d shadow.Difference) string {
	switch d.Kind {
	case shadow.KindOrder:
		return "same elements, sorted differently"
	case shadow.KindMissing:
		return guessLone(d.Legacy)
	case shadow.KindExtra:
		return guessLone(d.Service)
	case shadow.KindValue, shadow.KindType, shadow.KindHeader:
		return guessPair(d.Legacy, d.Service)
	}
	return "" // lengths, statuses and descriptions of bodies
}

// empties are values that say that there is nothing.
var empties = map[string]string{
	`null`: "null", `""`: "empty string", `[]`: "empty array", `{}`: "empty object",
}

// guessLone guesses why a value is there on one side only.
func guessLone(raw json.RawMessage) string {
	if name := empties[compact(raw)]; name != "" {
		return name + " against missing"
	}
	return ""
}

// guessPair guesses why two values differ.
func guessPair(rawL, rawS json.RawMessage) string {
	l, okL := readScalar(rawL)
	s, okS := readScalar(rawS)
	if a, b := empties[compact(rawL)], empties[compact(rawS)]; a != "" && b != "" {
		return a + " against " + b
	}
	if !okL || !okS {
		return ""
	}
	if l.kind != s.kind {
		return guessTypes(l, s)
	}
	switch l.kind {
	case number:
		return guessNumbers(l.text, s.text)
	case text:
		return guessTexts(l.text, s.text)
	}
	return ""
}

// scalar is a difference's value: a literal, or what is between a string's quotes.
type scalar struct {
	kind kind
	text string
}

// readScalar reads a string, a number or a boolean that was kept whole.
func readScalar(raw json.RawMessage) (scalar, bool) {
	if len(raw) == 0 || len(raw) > maxValue || !json.Valid(raw) {
		return scalar{}, false
	}
	raw = bytes.TrimSpace(raw)
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil || isExcerpt(s) {
			return scalar{}, false
		}
		return scalar{text, s}, true
	case 't', 'f':
		return scalar{boolean, string(raw)}, true
	case '{', '[', 'n':
		return scalar{}, false
	}
	return scalar{number, string(raw)}, true
}

// compact returns a value without blanks where it is so short that it may be empty.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if len(raw) > 16 || json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}

// guessTypes guesses why one side has another type with the same meaning.
func guessTypes(l, s scalar) string {
	if l.kind > s.kind {
		l, s = s, l // boolean before number before string
	}
	switch {
	case l.kind == boolean && s.kind == number && s.text == truth(l.text, "1", "0"):
		return "boolean against " + s.text
	case l.kind == boolean && s.kind == text && (s.text == l.text || s.text == truth(l.text, "1", "0")):
		return "boolean against the string " + s.text
	case l.kind == number && s.kind == text:
		return guessNumberAsText(l.text, s.text)
	}
	return ""
}

func truth(literal, yes, no string) string {
	if literal == "true" {
		return yes
	}
	return no
}

// guessNumberAsText guesses what a number and a string have in common: the number, or an instant.
func guessNumberAsText(literal, s string) string {
	if !isNumber([]byte(s)) {
		return guessUnixTime(literal, s)
	}
	a, b := parseDecimal([]byte(literal)), parseDecimal([]byte(s))
	if a.equal(&b) {
		return "number against string"
	}
	if why := guessNumbers(literal, s); why != "" {
		return "number against string, and " + why
	}
	return ""
}
