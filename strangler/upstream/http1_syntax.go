package upstream

import (
	"net/textproto"
	"strings"
)

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

func isToken(s string) bool { return s != "" && consistsOf(s, inToken) }
func isHost(s string) bool  { return consistsOf(s, inHost) }

// isFieldValue looks at eight bytes at a time: most values are visible ASCII and spaces throughout,
// and there is more of them than of all else in a head.
func isFieldValue(s string) bool {
	for len(s) >= 8 {
		word := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if !visible(word) && !consistsOf(s[:8], inValue) {
			return false
		}
		s = s[8:]
	}
	return consistsOf(s, inValue)
}

// visible reports whether all eight bytes are from ' ' to '~'. With all top bits clear, taking ' ' from
// each sets that of the first that is less, and taking 1 from what differs from DEL that of the first
// that doesn't.
func visible(word uint64) bool {
	const ones = 0x0101010101010101
	return (word|(word-' '*ones)|((word^0x7f*ones)-ones))&(0x80*ones) == 0
}

// canonicalToken returns a token as textproto.CanonicalMIMEHeaderKey has it, which most are already.
// It reports whether it is a token.
func canonicalToken(s string) (string, bool) {
	begins := true // a word
	for i := range len(s) {
		c := s[i]
		if bytesIn[c]&inToken == 0 {
			return "", false
		}
		if lower := 'a' <= c && c <= 'z'; begins && lower || !begins && 'A' <= c && c <= 'Z' {
			if !isToken(s[i:]) {
				return "", false
			}
			return textproto.CanonicalMIMEHeaderKey(s), true
		}
		begins = c == '-'
	}
	return s, s != ""
}

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
