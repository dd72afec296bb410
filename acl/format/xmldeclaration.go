package format

import (
	"bytes"
	"errors"
	"fmt"
)

var errDeclaration = errors.New("the XML declaration isn't one, which has a version, then perhaps an encoding, then perhaps standalone")

// readDeclaration reads the <?xml …?> that text may begin with (XML 1.0, section 2.8), and returns the
// character set it names, empty if none, and where it ends. With an error, end is the place of what is
// wrong. It needs no more than ASCII of the set that text is in, and changes nothing.
func readDeclaration(text []byte) (encoding string, end int, err error) {
	const begin = "<?xml"
	if !bytes.HasPrefix(text, []byte(begin)) || len(text) > len(begin) && !xmlSpace(text[len(begin):len(begin)+1]) {
		return "", 0, nil // none, or another instruction such as <?xml-stylesheet …?>
	}
	x := xmlScanner{text: text, pos: len(begin)}
	parts := []string{"version", "encoding", "standalone"}
	for version := false; ; {
		spaced := x.space()
		switch {
		case x.pos == len(text):
			return "", x.pos, errEnds
		case x.at("?>") && !version:
			return "", x.pos, errors.New("the XML declaration says no version")
		case x.at("?>"):
			return encoding, x.pos + len("?>"), nil
		case !spaced:
			return "", x.pos, errDeclaration
		}
		i := 0
		for i < len(parts) && !x.at(parts[i]) {
			i++
		}
		if i == len(parts) || i > 0 && !version {
			return "", x.pos, errDeclaration
		}
		part := parts[i]
		parts = parts[i+1:]
		at := x.pos
		x.pos += len(part)
		x.space()
		if !x.at("=") {
			return "", at, errDeclaration
		}
		x.pos++
		x.space()
		value, err := x.literal()
		if err != nil {
			return "", x.pos, err
		}
		switch part {
		case "version":
			if version = true; value != "1.0" {
				return "", at, fmt.Errorf("the body is XML %s; only 1.0 is read", clip([]byte(value)))
			}
		case "encoding":
			if encoding = value; !isEncodingName(value) {
				return "", at, fmt.Errorf("%q is no name of a character set", clip([]byte(value)))
			}
		case "standalone":
			if value != "yes" && value != "no" {
				return "", at, fmt.Errorf("standalone is %q; it is yes or no", clip([]byte(value)))
			}
		}
	}
}

// literal reads what stands in quotes in the declaration, in which a reference is nothing special.
func (x *xmlScanner) literal() (string, error) {
	rest := x.text[x.pos:]
	if len(rest) == 0 {
		return "", errEnds
	}
	if rest[0] != '"' && rest[0] != '\'' {
		return "", errors.New("a value in the XML declaration has no quotes")
	}
	length := bytes.IndexByte(rest[1:], rest[0])
	if length < 0 {
		return "", errEnds
	}
	x.pos += length + 2
	return string(rest[1 : length+1]), nil
}

// isEncodingName reports whether s can name a set in a declaration: XML 1.0, production 81.
func isEncodingName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}
