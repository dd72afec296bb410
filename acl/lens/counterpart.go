package lens

import (
	"slices"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Counterparts returns where in the service's document something of what stands at a place of legacy's
// may stand, as a definition's fields have it. Both are names and indexes, as in a JSON pointer, with * for
// any one. A place that holds more than one field has the counterparts of all. spelling, if not nil, makes of
// a name in legacy's paths what the place has for it.
func (d Definition) Counterparts(lenses map[string]Definition, legacy []string, spelling func(string) string) (service [][]string) {
	return counterparts{lenses, spelling}.of(d, legacy, 0)
}

// counterparts looks for them.
type counterparts struct {
	lenses   map[string]Definition
	spelling func(string) string
}

// maxNested is how deep lenses are followed that lead to themselves: deeper than any document.
const maxNested = document.MaxDepth

func (c counterparts) of(d Definition, legacy []string, depth int) (service [][]string) {
	if depth > maxNested {
		return nil
	}
	for _, f := range d.Fields {
		if f.Count {
			continue // a number of elements tells of none
		}
		for _, path := range f.Legacy {
			place := tokens(path)
			if c.spelling != nil {
				for i := range place {
					place[i] = c.spelling(place[i])
				}
			}
			rest, holds := below(place, legacy)
			if !holds {
				continue
			}
			for _, to := range f.Service {
				for _, end := range c.ends(f, rest, depth) {
					service = append(service, slices.Concat(tokens(to), end))
				}
			}
		}
	}
	return service
}

// ends returns where below a field's place in the service's document something is that stands at rest below
// its place in legacy's.
func (c counterparts) ends(f Field, rest []string, depth int) [][]string {
	switch {
	case len(rest) == 0:
		return [][]string{nil}
	case f.Each != "":
		if _, err := strconv.Atoi(rest[0]); err == nil || rest[0] == "*" {
			rest = rest[1:] // names that repeat have no index
		}
		if len(rest) == 0 {
			return [][]string{{"*"}}
		}
		var all [][]string
		for _, end := range c.of(c.lenses[f.Each], rest, depth+1) {
			all = append(all, append([]string{"*"}, end...))
		}
		return all
	case f.With != "":
		return c.of(c.lenses[f.With], rest, depth+1)
	case f.how() != nil: // a single value: what is below it isn't known
		return [][]string{nil}
	}
	return [][]string{rest}
}

// below reports whether what stands at place is at or below path, or holds it, and returns the rest of the
// way.
func below(path, place []string) (rest []string, holds bool) {
	for i, token := range path {
		if i == len(place) {
			return nil, true
		}
		if place[i] != "*" && place[i] != token {
			return nil, false
		}
	}
	return place[len(path):], true
}

// tokens are the names and indexes of a path; of one that is none there are none.
func tokens(path string) []string {
	steps, err := document.ParsePath(path)
	if err != nil {
		return []string{"\x00"} // which is no name: it is told where the definition is compiled
	}
	all := make([]string, len(steps))
	for i, s := range steps {
		all[i] = s.Name
		if s.Name == "" {
			all[i] = strconv.Itoa(s.Index)
		}
	}
	return all
}
