package exchange

import (
	"net/http"
	"strings"
)

// placeLinks has the targets of a header's links replaced.
func placeLinks(h http.Header, place func(target string) string) {
	if values := h["Link"]; len(values) > 0 {
		h["Link"] = links(values, place)
	}
}

// links returns the values of a Link header (RFC 8288) with other targets: place returns what a target
// becomes, empty: it stays. Parameters stay as they are, an anchor among them, and so does a value that isn't
// one of links.
func links(values []string, place func(target string) string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		var known bool
		if out[i], known = linksOf(value, place); !known {
			out[i] = value
		}
	}
	return out
}

// linksOf is links for one value, which may have several: "<" target ">" and parameters each, with commas in
// between (RFC 8288 section 3). Empty elements are taken as they come (RFC 9110 section 5.6.1).
func linksOf(value string, place func(string) string) (string, bool) {
	var b strings.Builder
	left := value
	for {
		behind := strings.TrimLeft(left, " \t,")
		b.WriteString(left[:len(left)-len(behind)])
		if behind == "" {
			return b.String(), true
		}
		target, rest, closed := strings.Cut(strings.TrimPrefix(behind, "<"), ">")
		if behind[0] != '<' || !closed || strings.ContainsAny(target, "< \t\"") {
			return "", false
		}
		end, whole := parametersEnd(rest)
		if !whole {
			return "", false
		}
		if to := place(target); to != "" {
			target = to
		}
		b.WriteString("<" + target + ">" + rest[:end])
		left = rest[end:]
	}
}

// parametersEnd returns where the parameters of a link end: at a comma outside of quotes, or at the value's
// end. They aren't whole where a quote is open there, or where something else than a parameter follows the
// target.
func parametersEnd(s string) (end int, whole bool) {
	if first := strings.TrimLeft(s, " \t"); first != "" && first[0] != ';' && first[0] != ',' {
		return 0, false
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return i, true
		}
	}
	return len(s), !quoted
}
