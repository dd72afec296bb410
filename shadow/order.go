package shadow

import (
	"slices"
	"strings"
)

// shuffled returns the arrays that legacy has in another order each time, if there are differences in
// or below one of them: nothing can be said of their elements by position. All are named, so that it
// is always the same ones.
func (n *noises) shuffled(differences []Difference, itself map[place]bool) (arrays []string) {
	if len(differences) == 0 {
		return nil
	}
	matters := false
	add := func(at place) {
		if at.kind != KindOrder || slices.Contains(arrays, at.pattern) {
			return
		}
		arrays = append(arrays, at.pattern)
		matters = matters || slices.ContainsFunc(differences, func(d Difference) bool {
			return d.Kind != KindOrder && (d.Pattern == at.pattern || strings.HasPrefix(d.Pattern, at.pattern+"/"))
		})
	}
	for at := range itself {
		add(at)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for at := range n.pairs {
		if at.kind == KindOrder && n.judge(at) == KnownNoise {
			add(at)
		}
	}
	if !matters {
		return nil
	}
	slices.Sort(arrays)
	return arrays
}

// reorder compares anew, without regard to the order of arrays that have none, where that matters.
func (x *exchange) reorder(legacy, service *Answer, differences []Difference, itself map[place]bool) []Difference {
	if x.otherBody.over() || x.body.over() {
		return differences
	}
	arrays := x.p.noises.shuffled(differences, itself)
	if len(arrays) == 0 {
		return differences
	}
	to, ok := x.p.Compare.(Reorderer)
	if !ok {
		return differences
	}
	c := to.Reordered(arrays)
	if c == nil {
		return differences
	}
	found, err := c.Compare(legacy, service)
	if err != nil {
		return differences
	}
	x.compare = c
	return found
}

// comparer is what the exchange's answers are compared by.
func (x *exchange) comparer() Comparer {
	if x.compare != nil {
		return x.compare
	}
	return x.p.Compare
}
