package lens

import (
	"slices"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Counterparts returns where in the service's document something of what stands at a place of legacy's
// may stand, as a definition has it. Both are names and indexes, as in a JSON pointer, with * for any one. A
// place that holds more than one field has the counterparts of all; where members that no field names are
// kept, what may be one of them has its own place. spelling, if not nil, makes of a name in legacy's paths what
// the place has for it.
func (d Definition) Counterparts(lenses map[string]Definition, legacy []string, spelling func(string) string) (service [][]string) {
	return counterparts{lenses, spelling}.of(d, legacy, nil)
}

// counterparts looks for them.
type counterparts struct {
	lenses   map[string]Definition
	spelling func(string) string
}

// of looks for the counterparts of a place in a definition. bare are the lenses that led here without going
// deeper: none leads to itself so, since New refuses that.
func (c counterparts) of(d Definition, legacy, bare []string) (service [][]string) {
	kept := d.Unknown.ToService == Keep || d.Unknown.ToService == "" && len(d.Fields) == 0
	for _, f := range d.Fields {
		for _, path := range f.Legacy {
			place := tokens(path)
			if c.spelling != nil {
				for i := range place {
					place[i] = c.spelling(place[i])
				}
			}
			if len(legacy) >= len(place) && slices.Equal(place, legacy[:len(place)]) {
				kept = false // a field reads all of it
			}
			rest, holds := below(place, legacy)
			if !holds || f.Count { // a number of elements tells of none
				continue
			}
			for _, to := range f.Service {
				for _, end := range c.ends(f, rest, bare, len(place) == 0) {
					service = append(service, slices.Concat(tokens(to), end))
				}
			}
		}
	}
	if kept {
		service = append(service, slices.Clone(legacy))
	}
	return service
}

// ends returns where below a field's place in the service's document something is that stands at rest below
// its place in legacy's; same says that this is where the definition itself is.
func (c counterparts) ends(f Field, rest, bare []string, same bool) [][]string {
	if !same {
		bare = nil
	}
	switch {
	case len(rest) == 0:
		return [][]string{nil}
	case f.Each != "":
		if _, err := strconv.Atoi(rest[0]); err == nil || rest[0] == "*" {
			rest, bare = rest[1:], nil // names that repeat have no index
		}
		if len(rest) == 0 {
			return [][]string{{"*"}}
		}
		if slices.Contains(bare, f.Each) {
			return nil
		}
		var all [][]string
		for _, end := range c.of(c.lenses[f.Each], rest, append(slices.Clip(bare), f.Each)) {
			all = append(all, append([]string{"*"}, end...))
		}
		return all
	case f.With != "" && slices.Contains(bare, f.With):
		return nil
	case f.With != "":
		return c.of(c.lenses[f.With], rest, append(slices.Clip(bare), f.With))
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
