package compare

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// Drops reports whether under these rules a difference that was recorded under others would not
// have been found: it is ignored, nothing is compared there, its numbers are within a
// tolerance, or it is the order of an array that has none. What else rules make of arrays can't be
// told from a difference; compare the answers again. A pattern for a pointer asks for all that it
// stands for at once.
func (c *Comparer) Drops(d shadow.Difference) bool {
	if strings.HasPrefix(d.Pointer, "css:") { // and an index, which is no part of a selector
		return !c.plan.body || !slices.ContainsFunc(c.plan.selected, func(p Pointer) bool {
			rest, is := strings.CutPrefix(d.Pointer, p.text)
			return is && (rest == "" || rest[0] == '/')
		})
	}
	p, err := ParsePointer(d.Pointer)
	switch {
	case err != nil:
		return false // a pointer that was cut, being too long
	case p.status:
		return !c.plan.status
	case p.header != "":
		return !slices.Contains(c.plan.headers, p.header) || p.cookie != "" && !c.plan.cookie(p.cookie)
	case p.trailer != "":
		return !slices.Contains(c.plan.trailers, p.trailer)
	case !c.plan.body:
		return true
	}
	var w walk
	at := c.root()
	for _, token := range p.tokens {
		below, _, ok := w.enter(at, []byte(token), anyIndex)
		if !ok {
			return true
		}
		at = below
	}
	if d.Kind == shadow.KindOrder && at.unordered() {
		return true // the elements are the same
	}
	return !at.inside || d.Kind == shadow.KindValue && isNumber(d.Legacy) && isNumber(d.Service) && at.tolerates(d.Legacy, d.Service)
}

// Touches reports whether some place that the pattern stands for, or one below or above it, is one
// that the pointer names.
func (p Pointer) Touches(pattern string) bool {
	other, err := ParsePointer(pattern)
	if err != nil {
		return true // it can't be ruled out
	}
	if !p.Body() || !other.Body() {
		return p.status == other.status && p.trailer == other.trailer && p.header == other.header &&
			(p.cookie == other.cookie || p.cookie == "" || other.cookie == "")
	}
	for i := range min(len(p.tokens), len(other.tokens)) {
		if a, b := p.tokens[i], other.tokens[i]; a != b && a != Wildcard && b != Wildcard {
			return false
		}
	}
	return true
}
