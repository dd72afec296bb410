package suggest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// maxCodes is how many values an enumeration has.
const maxCodes = 30

// truths are the usual pairs of codes for true and false.
var truths = [][2]string{{"Y", "N"}, {"J", "N"}, {"1", "0"}, {"T", "F"}, {"true", "false"}, {"TRUE", "FALSE"}, {"X", ""}, {"X", " "}, {"O", "N"}, {"S", "N"},
	{"Yes", "No"}, {"YES", "NO"}, {"yes", "no"}, {"y", "n"}, {"j", "n"}, {"JA", "NEIN"}, {"ja", "nein"}, {"Ja", "Nein"}, {"on", "off"}, {"ON", "OFF"}, {"t", "f"}, {"W", "F"}}

// booleans finds codes for true and false.
func (r *rows) booleans() (relation, bool) {
	codes := map[bool]map[string]int{true: {}, false: {}}
	kind := document.Missing
	for _, i := range r.both {
		a, b := r.legacy.cells[i], r.service.cells[i]
		if !isBool(b.kind) || isBool(a.kind) {
			return relation{}, false
		}
		kind = a.kind
		codes[b.kind == document.True][a.text]++
	}
	yes, no := most(codes[true]), most(codes[false])
	known := 0.0
	for _, t := range truths {
		if (yes == t[0] || len(codes[true]) == 0) && (no == t[1] || len(codes[false]) == 0) && (len(codes[true]) > 0 || t[1] != "") {
			yes, no, known = t[0], t[1], 5
			break
		}
	}
	if yes == no || known == 0 && (len(codes[true]) == 0 || len(codes[false]) == 0) || len(codes[true])+len(codes[false]) > 6 {
		return relation{}, false
	}
	b := &lens.Bool{True: []lens.Literal{{Kind: kind, Text: yes}}, False: []lens.Literal{{Kind: kind, Text: no}}}
	for _, truth := range []struct {
		codes map[string]int
		other map[string]int
		to    *[]lens.Literal
	}{{codes[true], codes[false], &b.True}, {codes[false], codes[true], &b.False}} {
		for _, code := range slices.Sorted(maps.Keys(truth.codes)) {
			if code != (*truth.to)[0].Text && truth.other[code] == 0 && code != yes && code != no {
				*truth.to = append(*truth.to, lens.Literal{Kind: kind, Text: code})
			}
		}
	}
	has := func(list []lens.Literal, text string) bool {
		return slices.ContainsFunc(list, func(l lens.Literal) bool { return l.Text == text })
	}
	_, held, odd := r.weigh(func(i int) bool {
		if r.service.cells[i].kind == document.True {
			return has(b.True, r.legacy.cells[i].text)
		}
		return has(b.False, r.legacy.cells[i].text)
	})
	// What is compared are letters, which weigh knows nothing of: each row is worth what it was
	// to be expected.
	bits := 0.0
	for _, i := range r.both {
		bits += r.service.surprise(r.service.cells[i].text)
	}
	of := len(r.both) + r.miss
	bits += known - 1.5 - missBits*float64(of-held)
	if float64(held) < 0.75*float64(of) {
		return relation{}, false
	}
	why := fmt.Sprintf("%q is true and %q is false", yes, no)
	if len(codes[true]) == 0 || len(codes[false]) == 0 {
		why += ", of which the examples have one"
	}
	return relation{field: lens.Field{Bool: b}, bits: min(bits, maxBits), holds: held, of: of, why: why, odd: r.unlike(odd)}, true
}

func isBool(k document.Kind) bool { return k == document.True || k == document.False }

// most returns the most frequent text.
func most(count map[string]int) (best string) {
	for _, text := range slices.Sorted(maps.Keys(count)) {
		if count[text] > count[best] {
			best = text
		}
	}
	return best
}

// codes finds an enumeration: each of a few codes of legacy's has one value of the service's.
func (r *rows) codes() (relation, bool) {
	if r.legacy.distinct() > 2*maxCodes || r.service.distinct() > 2*maxCodes {
		return relation{}, false
	}
	to := map[string]map[string]int{}
	values := map[string]int{}
	for _, i := range r.both {
		a, b := r.legacy.cells[i], r.service.cells[i]
		if isBool(b.kind) && !isBool(a.kind) {
			return relation{}, false // see booleans
		}
		if to[a.text] == nil {
			to[a.text] = map[string]int{}
		}
		to[a.text][b.text]++
		values[b.text]++
		if len(to) > maxCodes || len(values) > maxCodes || len(a.text) > 64 || len(b.text) > 64 {
			return relation{}, false
		}
	}
	options := &lens.Values{}
	chosen, back := map[string]string{}, map[string][]string{}
	for _, code := range slices.Sorted(maps.Keys(to)) {
		value := most(to[code])
		chosen[code] = value
		back[value] = append(back[value], code)
		options.Pairs = append(options.Pairs, lens.Pair{Legacy: literal(r.legacy.shown[code]), Service: literal(r.service.shown[value])})
	}
	held, odd := 0, r.missing
	for _, i := range r.both {
		if chosen[r.legacy.cells[i].text] == r.service.cells[i].text {
			held++
		} else if odd == r.missing {
			odd = i
		}
	}
	of := len(r.both) + r.miss
	if float64(held) < 0.8*float64(of) {
		return relation{}, false
	}
	// What a row tells is how little its value was to be expected; what has to be said is which
	// code has which value. A column of nothing but different values fits every other such.
	bits, looks, same := -missBits*float64(of-held), 0.0, 0
	for _, i := range r.both {
		if a, b := r.legacy.cells[i].text, r.service.cells[i].text; chosen[a] == b {
			bits += math.Log2(float64(len(r.both)) / float64(values[b]))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(chosen)) {
		bits -= math.Log2(float64(max(len(values), 1))) + 1.5
		if looks += 5 * codeAlike(code, chosen[code]); code == chosen[code] {
			same++
		}
	}
	if same == len(chosen) {
		return relation{}, false // the same text
	}
	bits += min(looks, 20)
	why := fmt.Sprintf("%s for %s", counted(len(chosen), "code"), counted(len(back), "value"))
	for _, value := range slices.Sorted(maps.Keys(back)) {
		if codes := back[value]; len(codes) > 1 {
			best := codes[0]
			for _, c := range codes {
				if to[c][value] > to[best][value] {
					best = c
				}
			}
			options.Back = append(options.Back, lens.Pair{Legacy: literal(r.legacy.shown[best]), Service: literal(r.service.shown[value])})
			bits -= float64(len(codes))
			why += fmt.Sprintf("; %s have the same, of which %q is written back", strings.Join(quotedAll(codes), " and "), best)
		}
	}
	return relation{field: lens.Field{Values: options}, bits: min(bits, 40), holds: held, of: of, why: why, odd: r.unlike(odd)}, true
}

// codeAlike says how much a code looks like the value it stands for, 0 to 1: A like active, FI
// like fiction, MWST like mwst.
func codeAlike(code, value string) float64 {
	c, v := strings.ToLower(code), strings.ToLower(value)
	switch {
	case c == v:
		return 1
	case c == "" || v == "":
		return 0
	case isDigits(v) && len(v) > 1 && digitsOf(c) == v, isDigits(c) && len(c) > 1 && digitsOf(v) == c:
		return 0.8 // 30T like 30
	case isDigits(c) || isDigits(v):
		return 0
	case strings.HasPrefix(v, c) || strings.HasPrefix(c, v):
		return min(1, 0.5+0.2*float64(min(len(c), len(v))))
	}
	cw, vw := split(code), split(value)
	if len(cw) == len(vw) {
		sum := 0.0
		for i := range cw {
			sum += alikeWords(word{text: cw[i], means: meanings[cw[i]]}, word{text: vw[i], means: meanings[vw[i]]})
		}
		if sum > 0 {
			return sum / float64(len(cw))
		}
	}
	var initials strings.Builder
	for _, w := range vw {
		initials.WriteRune([]rune(w)[0])
	}
	if len(vw) > 1 && initials.String() == c {
		return 0.8
	}
	if len(c) >= 2 && c[0] == v[0] && within(c, v) {
		return 0.6
	}
	return 0
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func quotedAll(texts []string) []string {
	all := make([]string, len(texts))
	for i, t := range texts {
		all[i] = fmt.Sprintf("%q", t)
	}
	return all
}
