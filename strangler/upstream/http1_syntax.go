package upstream

import "strings"

// What a byte may be part of.
const (
	inToken = 1 << iota // RFC 9110 section 5.6.2
	inValue             // section 5.5: visible, space, tab, and above ASCII
	inHost              // RFC 3986 section 3.2.2, and its port
)

var bytesIn = func() (in [256]uint8) {
	for c := range in {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if letter || c < 0x80 && c > 0 && strings.IndexByte("!#$%&'*+-.^_`|~", byte(c)) >= 0 {
			in[c] |= inToken
		}
		if c >= ' ' && c != 0x7f || c == '\t' {
			in[c] |= inValue
		}
		if letter || c < 0x80 && c > 0 && strings.IndexByte("!$%&()*+,-.:;='[]_~", byte(c)) >= 0 {
			in[c] |= inHost
		}
	}
	return in
}()

func consistsOf(s string, class uint8) bool {
	for i := range len(s) {
		if bytesIn[s[i]]&class == 0 {
			return false
		}
	}
	return true
}

func isToken(s string) bool      { return s != "" && consistsOf(s, inToken) }
func isFieldValue(s string) bool { return consistsOf(s, inValue) }
func isHost(s string) bool       { return consistsOf(s, inHost) }

// trimmed is strings.Trim of blanks and tabs, at less cost where there are hardly any.
func trimmed(s string) string { return trimmedLeft(trimmedRight(s)) }

func trimmedLeft(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	return s
}

func trimmedRight(s string) string {
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// hasToken reports whether a header's comma-separated lists have a token, in any case.
func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(trimmed(t), token) {
				return true
			}
		}
	}
	return false
}
