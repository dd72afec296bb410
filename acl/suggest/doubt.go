package suggest

import (
	"maps"
	"slices"
)

// closeBits is how few bits two matchings may differ by to be as good as one another.
const closeBits = 1.0

// doubts are the columns between which the evidence doesn't decide.
type doubts struct {
	legacy, service map[int]bool
	choices         []Choice
}

// doubt finds, for each pair of the best matching, whether another is as good: with a column that
// is left, or with that of another pair, which then takes this one's.
func (g *grid) doubt(match []int, usedLegacy, usedService []bool, legacy, service *side) doubts {
	d := doubts{map[int]bool{}, map[int]bool{}, nil}
	owner := map[int]int{}
	for i, j := range match {
		if j >= 0 {
			owner[j] = i
		}
	}
	// groups joins what is mixed up with one another.
	group := map[int]int{} // of legacy's columns, and of the service's behind them
	var find func(x int) int
	find = func(x int) int {
		if group[x] == x {
			return x
		}
		group[x] = find(group[x])
		return group[x]
	}
	shift := len(match)
	mix := func(a, b int) {
		for _, x := range []int{a, b} {
			if _, ok := group[x]; !ok {
				group[x] = x
			}
		}
		group[find(a)] = find(b)
	}
	for i, j := range match {
		if j < 0 {
			continue
		}
		own := g.scores[i][j]
		for other := range g.scores[i] {
			if other == j || usedService[other] || g.scores[i][other] <= 0 {
				continue
			}
			rival, owned := owner[other]
			switch {
			case !owned && g.scores[i][other] >= own-closeBits:
				mix(i, shift+j)
				mix(i, shift+other)
			case owned && g.scores[i][other]+g.scores[rival][j] >= own+g.scores[rival][other]-closeBits && g.scores[rival][j] > 0:
				for _, x := range []int{shift + j, rival, shift + other} {
					mix(i, x)
				}
			}
		}
		for rival := range g.scores {
			if rival != i && match[rival] < 0 && !usedLegacy[rival] && g.scores[rival][j] > 0 && g.scores[rival][j] >= own-closeBits {
				mix(i, shift+j)
				mix(i, rival)
			}
		}
	}
	members := map[int][]int{}
	for x := range group {
		members[find(x)] = append(members[find(x)], x)
	}
	for _, root := range slices.Sorted(maps.Keys(members)) {
		var c Choice
		slices.Sort(members[root])
		for _, x := range members[root] {
			if x < shift {
				d.legacy[x] = true
				c.Legacy = append(c.Legacy, legacy.columns[x].name)
			} else {
				d.service[x-shift] = true
				c.Service = append(c.Service, service.columns[x-shift].name)
			}
		}
		for _, i := range members[root] {
			for _, j := range members[root] {
				if i < shift && j >= shift && g.scores[i][j-shift] > 0 && len(c.Fields) < 12 {
					c.Fields = append(c.Fields, Field{Field: g.relations[i][j-shift].field})
				}
			}
		}
		d.choices = append(d.choices, c)
	}
	return d
}
