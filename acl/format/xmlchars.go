package format

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// xmlChar reports whether XML 1.0 can carry a character at all (section 2.2).
func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// notXML returns where s has something that XML can't carry, invalid UTF-8 included; -1 where it
// hasn't.
func notXML(s []byte) int {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c < 0x20 && c != '\t' && c != '\n' && c != '\r':
			return i
		case c < utf8.RuneSelf:
			i++
		default:
			r, size := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
				return i
			}
			i += size
		}
	}
	return -1
}

// xmlSpace reports whether s is nothing but what XML calls white space.
func xmlSpace(s []byte) bool {
	for _, c := range s {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}

// ncName returns where the name without a colon that begins at s[i] ends: Namespaces in XML 1.0,
// production 4; i where none begins there.
func ncName(s []byte, i int) int {
	begin := i
	for i < len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
			i++
		case c >= '0' && c <= '9' || c == '-' || c == '.':
			if i == begin {
				return i
			}
			i++
		case c < utf8.RuneSelf:
			return i
		default:
			r, size := utf8.DecodeRune(s[i:])
			if !nameStart(r) && (i == begin || !nameRest(r)) {
				return i
			}
			i += size
		}
	}
	return i
}

// isNCName reports whether s is a name without a colon.
func isNCName[T string | []byte](s T) bool {
	return len(s) > 0 && ncName([]byte(s), 0) == len(s)
}

// nameStart and nameRest are productions 4 and 4a of XML 1.0, beyond ASCII.
func nameStart(r rune) bool {
	switch {
	case r == utf8.RuneError, r == 0xD7, r == 0xF7, r == 0x37E:
		return false
	case r >= 0xC0 && r <= 0x2FF, r >= 0x370 && r <= 0x1FFF, r == 0x200C, r == 0x200D,
		r >= 0x2070 && r <= 0x218F, r >= 0x2C00 && r <= 0x2FEF, r >= 0x3001 && r <= 0xD7FF,
		r >= 0xF900 && r <= 0xFDCF, r >= 0xFDF0 && r <= 0xFFFC, r >= 0x10000 && r <= 0xEFFFF:
		return true
	}
	return false
}

func nameRest(r rune) bool {
	return r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

var errReference = errors.New("an & that begins none of &lt; &gt; &amp; &apos; &quot; and &#number;; other entities aren't known")

// reference reads the reference whose & is s[i], and returns what it stands for and where it ends.
func reference(s []byte, i int) (rune, int, error) {
	end := i + 1
	for end < len(s) && end-i <= 12 && s[end] != ';' {
		end++
	}
	if end == len(s) || s[end] != ';' {
		return 0, i, errReference
	}
	name := s[i+1 : end]
	switch string(name) {
	case "lt":
		return '<', end + 1, nil
	case "gt":
		return '>', end + 1, nil
	case "amp":
		return '&', end + 1, nil
	case "apos":
		return '\'', end + 1, nil
	case "quot":
		return '"', end + 1, nil
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, i, errReference
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	if err != nil {
		return 0, i, errReference
	}
	if n > utf8.MaxRune || !xmlChar(rune(n)) {
		return 0, i, errors.New("&" + string(name) + "; is no character that XML can carry")
	}
	return rune(n), end + 1, nil
}
