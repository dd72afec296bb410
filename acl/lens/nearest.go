package lens

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// known lists the names of something for a message about one that isn't among them.
func known[V any](what, name string, have map[string]V) string {
	if len(have) == 0 {
		return fmt.Sprintf("there is no %s %q; there are none", what, name)
	}
	names := slices.Sorted(maps.Keys(have))
	if near := nearest(name, names); near != "" {
		return fmt.Sprintf("there is no %s %q; did you mean %s?", what, name, near)
	}
	return fmt.Sprintf("there is no %s %q; there are: %s", what, name, strings.Join(names, ", "))
}

// nearest returns the name that is at most two edits away, or "".
func nearest(name string, names []string) string {
	best, least := "", 3
	for _, n := range names {
		if d := distance(name, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the edit distance of Levenshtein, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
