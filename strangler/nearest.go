package strangler

import (
	"strings"
	"unicode/utf8"
)

// Nearest returns the one of names that a person who wrote name most likely meant, or the
// empty string if none is near. Near is at most one slip of the pen for every three letters
// of the longer name: a letter too many, missing, wrong, or swapped with its neighbour. Case is
// no difference. Of equally near names the first in names wins.
func Nearest(name string, names []string) string {
	const longest = 200 // nobody mistypes more than that, and the work grows with the square
	if name == "" || len(name) > longest {
		return ""
	}
	best, least := "", -1
	for _, candidate := range names {
		if candidate == "" || len(candidate) > longest {
			continue
		}
		longer := max(utf8.RuneCountInString(name), utf8.RuneCountInString(candidate))
		d := slips(strings.ToLower(name), strings.ToLower(candidate))
		if d <= max(1, longer/3) && d < longer && (least < 0 || d < least) {
			best, least = candidate, d
		}
	}
	return best
}

// slips is the optimal string alignment distance: Levenshtein's, with swapped neighbours
// counted once (F. J. Damerau, "A technique for computer detection and correction of spelling
// errors", CACM 7(3), 1964).
func slips(a, b string) int {
	s, t := []rune(a), []rune(b)
	before := make([]int, len(t)+1) // the row two letters of s back
	above := make([]int, len(t)+1)
	row := make([]int, len(t)+1)
	for j := range above {
		above[j] = j
	}
	for i := range s {
		row[0] = i + 1
		for j := range t {
			differs := 1
			if s[i] == t[j] {
				differs = 0
			}
			row[j+1] = min(above[j]+differs, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(t)]
}
