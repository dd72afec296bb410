package suggest

import "math"

// assign returns the matching of rows to columns with the highest sum, by rows; -1: none. Scores
// of 0 or less are no match. It is the Hungarian method with potentials, after Lawler,
// "Combinatorial Optimization" (1976): at most n²m steps.
func assign(scores [][]float64) []int {
	n := len(scores)
	if n == 0 || len(scores[0]) == 0 {
		return none(n)
	}
	m := len(scores[0])
	if n > m { // the method wants at least as many columns
		turned := make([][]float64, m)
		for j := range turned {
			turned[j] = make([]float64, n)
			for i := range n {
				turned[j][i] = scores[i][j]
			}
		}
		match := none(n)
		for j, i := range assign(turned) {
			if i >= 0 {
				match[i] = j
			}
		}
		return match
	}
	u, v := make([]float64, n+1), make([]float64, m+1)
	owner, way := make([]int, m+1), make([]int, m+1) // owner of a column, counted from 1
	for i := 1; i <= n; i++ {
		owner[0] = i
		at := 0
		least, used := make([]float64, m+1), make([]bool, m+1)
		for j := range least {
			least[j] = math.Inf(1)
		}
		for owner[at] != 0 {
			used[at] = true
			row, next, delta := owner[at], 0, math.Inf(1)
			for j := 1; j <= m; j++ {
				if used[j] {
					continue
				}
				if cost := -max(scores[row-1][j-1], 0) - u[row] - v[j]; cost < least[j] {
					least[j], way[j] = cost, at
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			for j := range used {
				if used[j] {
					u[owner[j]] += delta
					v[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			at = next
		}
		for at != 0 {
			owner[at] = owner[way[at]]
			at = way[at]
		}
	}
	match := none(n)
	for j := 1; j <= m; j++ {
		if i := owner[j]; i > 0 && scores[i-1][j-1] > 0 {
			match[i-1] = j - 1
		}
	}
	return match
}

func none(n int) []int {
	match := make([]int, n)
	for i := range match {
		match[i] = -1
	}
	return match
}
