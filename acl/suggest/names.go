package suggest

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/strangler-fig/toolkit/acl/document"
)

// word is a part of a name, with what it counts for.
type word struct {
	text   string
	means  []string // what it may stand for; texts that share a meaning are the same
	weight float64
}

// split returns the parts of a name in lower case: CUST_NM, custName and cust-name have two each.
func split(name string) (parts []string) {
	var part []rune
	flush := func() {
		if len(part) > 0 {
			parts = append(parts, strings.ToLower(string(part)))
			part = nil
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		if len(part) > 0 {
			last := part[len(part)-1]
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			switch {
			case unicode.IsDigit(r) != unicode.IsDigit(last),
				unicode.IsUpper(r) && unicode.IsLower(last),
				unicode.IsUpper(r) && unicode.IsUpper(last) && next: // the N of VATNumber
				flush()
			}
		}
		part = append(part, r)
	}
	flush()
	return parts
}

// wordsOf returns the words of a path; those of its end count for more than those on the way.
func wordsOf(path document.Path) (words []word) {
	for i, step := range path {
		weight := 1.0
		if i < len(path)-1 {
			weight = 0.4
		}
		for _, part := range split(step.Name) {
			w := weight
			if typeWords[part] {
				w *= 0.35
			}
			words = append(words, word{part, meanings[part], w})
		}
	}
	return words
}

// weigh lessens the words that stand in many names of a side, as a prefix of a table does.
func weigh(columns []*column) {
	in := map[string]int{}
	for _, c := range columns {
		c.words = wordsOf(c.path)
		seen := map[string]bool{}
		for _, w := range c.words {
			if !seen[w.text] {
				in[w.text]++
			}
			seen[w.text] = true
		}
	}
	for _, c := range columns {
		for i, w := range c.words {
			if n := in[w.text]; n > 2 && len(columns) > 3 {
				c.words[i].weight *= max(0.15, 1-math.Log2(float64(n))/math.Log2(float64(len(columns))+1))
			}
		}
	}
}

// alike says how much two names are alike, 0 to 1.
func alike(a, b []word) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if joined(a) == joined(b) {
		return 1
	}
	type candidate struct {
		i, j  int
		score float64
	}
	var all []candidate
	for i := range a {
		for j := range b {
			if s := alikeWords(a[i], b[j]); s > 0 {
				all = append(all, candidate{i, j, s})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
	usedA, usedB := make([]bool, len(a)), make([]bool, len(b))
	shared, whole := 0.0, 0.0
	for _, c := range all {
		if usedA[c.i] || usedB[c.j] {
			continue
		}
		usedA[c.i], usedB[c.j] = true, true
		shared += c.score * (a[c.i].weight + b[c.j].weight)
	}
	for _, w := range a {
		whole += w.weight
	}
	for _, w := range b {
		whole += w.weight
	}
	return shared / whole
}

// joined is a name without its separators.
func joined(words []word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.text)
	}
	return b.String()
}

// alikeWords says how likely two words are the same, one of them abbreviated perhaps.
func alikeWords(a, b word) float64 {
	if a.text == b.text {
		return 1
	}
	best := 0.0
	for _, m := range a.means {
		if m == b.text || slices.Contains(b.means, m) {
			return 0.95
		}
		best = max(best, 0.9*abbreviates(b.text, m))
	}
	for _, m := range b.means {
		best = max(best, 0.9*abbreviates(a.text, m))
	}
	if len(a.text) > len(b.text) {
		a, b = b, a
	}
	return max(best, abbreviates(a.text, b.text))
}

// abbreviates says how likely short is long, abbreviated: its beginning, or its letters in order,
// best without its vowels. Of what is too short to tell it says 0.
func abbreviates(short, long string) float64 {
	switch {
	case short == long:
		return 1
	case len(short) < 2 || len(long) <= len(short) || short[0] != long[0]:
		return similar(short, long)
	case strings.HasPrefix(long, short):
		if len(short) == 2 {
			return 0.6
		}
		return 0.9
	}
	bones := skeleton(long)
	switch {
	case short == bones || skeleton(short) == bones:
		return 0.9
	case strings.HasPrefix(bones, short):
		return 0.8
	case within(short, bones):
		return 0.5 + 0.3*float64(len(short))/float64(len(bones))
	case within(short, long) && len(short) >= 3:
		return 0.65
	}
	return similar(short, long)
}

// skeleton is a word without the vowels behind its first letter.
func skeleton(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i == 0 || !strings.ContainsRune("aeiouäöü", r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// within reports whether the letters of short stand in long, in order.
func within(short, long string) bool {
	for _, r := range long {
		if short == "" {
			return true
		}
		if first := []rune(short)[0]; first == r {
			short = short[len(string(first)):]
		}
	}
	return short == ""
}

// similar says how many pairs of letters two longer words share (Dice), from a half on: another
// ending, a slip of the pen.
func similar(a, b string) float64 {
	if len(a) < 4 || len(b) < 4 {
		return 0
	}
	pairs := map[string]int{}
	for i := range len(a) - 1 {
		pairs[a[i:i+2]]++
	}
	shared := 0
	for i := range len(b) - 1 {
		if pairs[b[i:i+2]] > 0 {
			pairs[b[i:i+2]]--
			shared++
		}
	}
	dice := 2 * float64(shared) / float64(len(a)+len(b)-2)
	if dice < 0.6 {
		return 0
	}
	return 0.9 * dice
}
