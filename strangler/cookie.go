package strangler

import (
	"net/http"
	"strings"
)

// ourCookies begins the names of our cookies: the issued cohort id, and those of the admin
// listener, which a browser sends to every port of the same host.
const ourCookies = "strangler_"

// OurCookie reports whether a cookie of that name is ours, and so reaches no upstream.
func OurCookie(name string) bool { return strings.HasPrefix(name, ourCookies) }

// dropOurCookies takes our cookies off a request: an admin session is no upstream's business,
// and a cohort id is no session. Other cookies stay as they came.
func dropOurCookies(h http.Header) {
	lines := h["Cookie"]
	var left []string
	for i, line := range lines {
		if !strings.Contains(line, ourCookies) {
			if left != nil {
				left = append(left, line)
			}
			continue
		}
		if left == nil {
			left = append(make([]string, 0, len(lines)), lines[:i]...) // whoever shares the lines keeps theirs
		}
		if line = withoutOurs(line); line != "" {
			left = append(left, line)
		}
	}
	switch {
	case left == nil: // the usual case: none is ours
	case len(left) == 0:
		delete(h, "Cookie")
	default:
		h["Cookie"] = left
	}
}

func withoutOurs(line string) string {
	var pairs []string
	for pair := range strings.SplitSeq(line, ";") {
		if !strings.HasPrefix(strings.TrimLeft(pair, " \t"), ourCookies) {
			pairs = append(pairs, pair)
		}
	}
	return strings.TrimSpace(strings.Join(pairs, ";"))
}
