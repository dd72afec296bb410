package compare

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// Suggestion is a rule under which two arrays would be compared element by element with those
// that belong together, rather than position by position.
type Suggestion struct {
	Rule    string `json:"rule"`          // "unordered" or "keyed"
	Pointer string `json:"pointer"`       // of the arrays, with * for any key or index
	Key     string `json:"key,omitempty"` // keyed: the member that tells elements apart
}

// Bounds of what Suggest returns, and of how many places it looks at.
const (
	maxSuggestions = 20
	maxSuspects    = 4 * MaxDifferences
)

// Suggest finds arrays that the two answers have in another order or of another length, where a
// rule would pair their elements. It looks at those in which the differences lie, outer arrays
// first, and is pure: whether the rule is to be, somebody else decides, who also knows which
// rules there are already. The answers must be as they came; where they can't be read as JSON,
// nothing is suggested.
func Suggest(legacy, service *shadow.Answer, differences []shadow.Difference) []Suggestion {
	arrays := suspects(differences)
	if len(arrays) == 0 || legacy == nil || service == nil {
		return nil
	}
	var s suggester
	s.walk.seed = maphash.MakeSeed()
	if !s.parse(&s.walk.legacy, legacy) || !s.parse(&s.walk.service, service) {
		return nil
	}
	s.known = make(map[[2]uint32]Suggestion)
	var found []Suggestion
	for _, at := range arrays {
		if len(found) == maxSuggestions || s.walk.err != nil {
			break
		}
		if slices.ContainsFunc(found, func(f Suggestion) bool { return f.Pointer == at.pattern }) {
			continue
		}
		suggestion := s.at(at)
		if suggestion.Rule != "" {
			suggestion.Pointer = at.pattern
			found = append(found, suggestion)
		}
	}
	return found
}

// suspect is a place at which there may be an array that is worth a look.
type suspect struct {
	pointer, pattern string
	order            bool // a difference of kind order is there
}

// suspects lists the arrays at and above the differences, outer ones first.
func suspects(differences []shadow.Difference) []suspect {
	var all []suspect
	seen := make(map[string]bool)
	add := func(at suspect) {
		if !seen[at.pointer] && len(all) < maxSuspects {
			seen[at.pointer] = true
			all = append(all, at)
		}
	}
	for _, d := range differences {
		if d.Kind == shadow.KindOrder || d.Kind == shadow.KindLength {
			add(suspect{d.Pointer, d.Pattern, d.Kind == shadow.KindOrder})
		}
		pointer, pattern := d.Pointer, d.Pattern
		for {
			i, j := strings.LastIndexByte(pointer, '/'), strings.LastIndexByte(pattern, '/')
			if i < 0 || j < 0 {
				break
			}
			inArray := pattern[j+1:] == Wildcard // or in a map, which is seen soon enough
			pointer, pattern = pointer[:i], pattern[:j]
			if inArray {
				add(suspect{pointer, pattern, false})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b suspect) int {
		return strings.Count(a.pointer, "/") - strings.Count(b.pointer, "/")
	})
	return all
}

type suggester struct {
	walk  walk
	known map[[2]uint32]Suggestion // what became of two arrays
}

func (s *suggester) parse(t *tree, a *shadow.Answer) bool {
	body, err := Decoded(a)
	return err == nil && t.parse(body) == nil
}

// at returns what is to be said of the arrays at a place, without the place.
func (s *suggester) at(at suspect) Suggestion {
	l, r := uint32(0), uint32(0)
	if at.pointer != "" {
		for token := range strings.SplitSeq(at.pointer[1:], "/") {
			var ok bool
			if l, r, ok = s.down(l, r, token); !ok {
				return Suggestion{}
			}
		}
	}
	if s.walk.legacy.nodes[l].kind != array || s.walk.service.nodes[r].kind != array {
		return Suggestion{}
	}
	suggestion := s.arrays(l, r)
	if suggestion.Rule == "" && at.order {
		return Suggestion{Rule: "unordered"} // what else differs is ignored, or tolerated
	}
	return suggestion
}

// down follows one token on both sides. Below arrays for which a key is suggested, it leads to the
// elements that belong together: that is where a list in them is to be compared.
func (s *suggester) down(l, r uint32, token string) (uint32, uint32, bool) {
	left, right := &s.walk.legacy, &s.walk.service
	kind := left.nodes[l].kind
	name, err := unescapeToken(token)
	if err != nil || kind != right.nodes[r].kind || !s.walk.spend(1+int(left.nodes[l].size+right.nodes[r].size)>>2) {
		return 0, 0, false
	}
	var okL, okR bool
	switch kind {
	case object:
		l, okL = left.member(l, name)
		r, okR = right.member(r, name)
	case array:
		keyed := s.arrays(l, r)
		l, okL = left.element(l, name)
		switch {
		case keyed.Rule == "keyed" && okL:
			r, okR = s.partner(l, r, keyed.Key)
		case keyed.Rule == "":
			r, okR = right.element(r, name)
		}
	}
	return l, r, okL && okR
}

// partner returns the element of the service's array r that has the same key as legacy's l.
func (s *suggester) partner(l, r uint32, member string) (uint32, bool) {
	key, ok := s.walk.keyOf(&s.walk.legacy, l, member)
	if !ok {
		return 0, false
	}
	child := r + 1
	for range s.walk.service.nodes[r].size {
		if other, ok := s.walk.keyOf(&s.walk.service, child, member); ok && other == key {
			return child, true
		}
		child = s.walk.service.nodes[child].next
	}
	return 0, false
}

// arrays returns what is to be said of two arrays.
func (s *suggester) arrays(l, r uint32) Suggestion {
	if suggestion, ok := s.known[[2]uint32{l, r}]; ok {
		return suggestion
	}
	ls, rs := s.walk.legacy.children(nil, l), s.walk.service.children(nil, r)
	var suggestion Suggestion
	if key, pairs, ok := s.walk.identity(ls, rs); ok {
		if len(ls) != len(rs) || slices.ContainsFunc(pairs, func(p [2]int) bool { return p[0] != p[1] }) {
			suggestion = Suggestion{Rule: "keyed", Key: key}
		}
	} else if s.walk.shuffled(ls, rs) {
		suggestion = Suggestion{Rule: "unordered"}
	}
	s.known[[2]uint32{l, r}] = suggestion
	return suggestion
}
