package shadow

import (
	"slices"
	"strings"
)

// withoutCookies returns the lines of a Cookie header without the cookies of those names, and
// as they came otherwise; nil: nothing is left. It doesn't change lines.
//
// What no parser takes for a cookie (RFC 6265 section 5.4 leaves much to user agents) still
// counts as one: an application may know better.
func withoutCookies(lines, names []string) []string {
	if len(names) == 0 || !slices.ContainsFunc(lines, func(line string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.Contains(line, name) })
	}) {
		return lines
	}
	var left []string
	for _, line := range lines {
		var pairs []string
		for pair := range strings.SplitSeq(line, ";") {
			name, _, _ := strings.Cut(pair, "=")
			if !slices.Contains(names, strings.TrimSpace(name)) {
				pairs = append(pairs, pair)
			}
		}
		if rest := strings.TrimSpace(strings.Join(pairs, ";")); rest != "" {
			left = append(left, rest)
		}
	}
	return left
}

// setsCookie reports whether a Set-Cookie header sets any but the cookies of those names.
func setsCookie(lines, except []string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return !slices.Contains(except, strings.TrimSpace(name))
	})
}
