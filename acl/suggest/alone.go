package suggest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// alone looks at what nothing corresponds to: values that are always the same, those that are made
// anew each time, and the rest, with what can be said of it.
func (s *solver) alone(p *Proposal, legacy, service *side, usedLegacy, usedService []bool) {
	for i, c := range legacy.columns {
		if usedLegacy[i] {
			continue
		}
		if f, ok := constant(c); ok {
			f.Legacy = []string{c.name}
			p.Fields = insert(p.Fields, f, legacy)
			continue
		}
		if f, ok := generated(c); ok {
			f.Legacy = []string{c.name}
			p.Fields = insert(p.Fields, f, legacy)
			continue
		}
		p.Legacy = append(p.Legacy, rest(c, legacy, service))
	}
	for j, c := range service.columns {
		if usedService[j] {
			continue
		}
		if f, ok := constant(c); ok {
			f.Service = []string{c.name}
			p.Fields = append(p.Fields, f)
			continue
		}
		p.Service = append(p.Service, rest(c, service, legacy))
	}
}

// insert puts a field of legacy's where its path stands in legacy's document.
func insert(fields []Field, f Field, legacy *side) []Field {
	at := func(f Field) int {
		if len(f.Legacy) == 0 {
			return len(legacy.columns)
		}
		return slices.IndexFunc(legacy.columns, func(c *column) bool { return c.name == f.Legacy[0] })
	}
	place := at(f)
	for i := range fields {
		if at(fields[i]) > place {
			return slices.Insert(fields, i, f)
		}
	}
	return append(fields, f)
}

// constant finds a value that is the same in all of several examples.
func constant(c *column) (Field, bool) {
	if c.array || c.present < 2 || c.present < len(c.cells) || c.distinct() != 1 || c.order[0] == "" {
		return Field{}, false
	}
	l := literal(c.cells[0])
	return Field{Field: lens.Field{Const: &l}, Confidence: min(0.9, 1-1/float64(c.present+1)), Holds: c.present, Of: c.present,
		Reason: fmt.Sprintf("%s in all of %d examples, and nothing on the other side", quoted(c.cells[0]), c.present)}, true
}

// generated finds values that are another each time: the time of the answer, or something random.
func generated(c *column) (Field, bool) {
	if c.array || c.present < 2 || c.present < len(c.cells) || c.kinds[document.String] != c.present || c.distinct() < max(2, c.present*4/5) {
		return Field{}, false
	}
	named := slices.ContainsFunc(c.words, func(w word) bool {
		return slices.Contains([]string{"gen", "generated", "now", "ts", "timestamp", "erz", "erzeugt", "stamp", "response", "antwort"}, w.text)
	})
	for _, t := range c.times {
		if t.layout.clock == day || t.layout.number {
			continue
		}
		first, last := t.values[0], t.values[0]
		for _, v := range t.values {
			if v.Before(first) {
				first = v
			}
			if v.After(last) {
				last = v
			}
		}
		if span := last.Sub(first); named || span < time.Hour {
			why := "the time of the answer: another in each example"
			if span < time.Hour {
				why += fmt.Sprintf(", within %s", span.Round(time.Second))
			}
			return Field{Field: lens.Field{Generate: lens.Now, Time: &lens.Time{Layout: lens.Sides[string]{Legacy: t.layout.text}}},
				Confidence: 0.8, Holds: c.present, Of: c.present, Reason: why}, true
		}
	}
	if random(c.order) {
		return Field{Field: lens.Field{Generate: lens.Random}, Confidence: 0.7, Holds: c.present, Of: c.present,
			Reason: "letters and digits at random, others in each example"}, true
	}
	return Field{}, false
}

// random reports whether texts look like identifiers made at random: all of one length and of few
// kinds of characters, and not alike where numbers that are counted up are.
func random(texts []string) bool {
	first := texts[0]
	if len(first) < 8 {
		return false
	}
	upper, lower, digit := false, false, false
	for _, t := range texts {
		if len(t) != len(first) {
			return false
		}
		for _, r := range t {
			switch {
			case r >= 'A' && r <= 'Z':
				upper = true
			case r >= 'a' && r <= 'z':
				lower = true
			case r >= '0' && r <= '9':
				digit = true
			case r != '-' && r != '_':
				return false
			}
		}
	}
	if !digit || !upper && !lower {
		return false
	}
	// Two random texts have few characters in common at their places.
	same, of := 0, 0
	for i := 1; i < len(texts); i++ {
		for k := range len(first) {
			if first[k] != '-' {
				of++
				if texts[i][k] == texts[i-1][k] {
					same++
				}
			}
		}
	}
	return same*4 < of
}

// rest is what is left of a column, with what was seen in it.
func rest(c *column, own, other *side) Rest {
	r := Rest{Path: c.name}
	for _, x := range c.cells {
		if !x.none() {
			r.Example = quoted(x)
			break
		}
	}
	if r.Example == "" {
		r.Example = "never a value"
		if c.hidden {
			r.Example, r.Note = "something redacted", "what it corresponds to can't be seen"
		}
		return r
	}
	var notes []string
	for _, twin := range own.columns {
		if twin != c && !c.array && !twin.array && c.present > 1 && c.distinct() > 1 && sameCells(c, twin) {
			notes = append(notes, "always the same as "+twin.name)
			break
		}
	}
	if n := ids(c, other); n != "" {
		notes = append(notes, n)
	}
	best, score := "", 0.7
	for _, v := range other.columns {
		if s := alike(c.words, v.words); s > score && v.array == c.array {
			best, score = v.name, s
		}
	}
	if best != "" {
		notes = append(notes, "its name is like "+best+", whose values are others")
	}
	r.Note = strings.Join(notes, "; ")
	return r
}

func sameCells(a, b *column) bool {
	for i := range a.cells {
		if !a.cells[i].same(b.cells[i]) {
			return false
		}
	}
	return true
}

// ids tells of identifiers that go with identifiers of the other side, one with one: a table's.
func ids(c *column, other *side) string {
	if c.array || c.present < 3 || c.distinct() < c.present || !slices.ContainsFunc(c.words, func(w word) bool {
		return w.text == "id" || slices.Contains(w.means, "number") || slices.Contains(w.means, "identifier")
	}) {
		return ""
	}
	for _, v := range other.columns {
		if !v.array && v.distinct() == v.present && v.present == c.present && len(v.order[0]) == 36 && random(v.order) != random(c.order) {
			return "perhaps another identifier for " + v.name + ": see ids"
		}
	}
	return ""
}
