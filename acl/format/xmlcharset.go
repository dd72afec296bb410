package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// xmlCharset is lookupCharset with UTF-16, whose bytes aren't ASCII's. XML may be in it without
// danger, for a body is put into UTF-8 before anything is looked for in it.
func xmlCharset(name string) (charset, error) {
	switch {
	case strings.EqualFold(name, "utf-16"):
		return charset{"UTF-16", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)}, nil
	case strings.EqualFold(name, "utf-16be"):
		return charset{"UTF-16BE", bigEndian()}, nil
	case strings.EqualFold(name, "utf-16le"):
		return charset{"UTF-16LE", littleEndian()}, nil
	}
	return lookupCharset(name)
}

func bigEndian() encoding.Encoding { return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM) }

func littleEndian() encoding.Encoding { return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM) }

// xmlUTF8 returns the body in UTF-8. What says its character set, the first that says one counts
// (RFC 7303, section 3.2): a byte order mark, the message's content type, the declaration, the
// configuration. copies is how many bytes were allocated for it.
func xmlUTF8(body []byte, contentType string, configured charset) (text []byte, copies int, err error) {
	if rest, ok := bytes.CutPrefix(body, utf8BOM); ok {
		text, err = charset{}.decode(rest)
		return text, 0, err
	}
	if rest, ok := bytes.CutPrefix(body, []byte("\xfe\xff")); ok {
		return decodeWide(rest, bigEndian())
	}
	if rest, ok := bytes.CutPrefix(body, []byte("\xff\xfe")); ok {
		return decodeWide(rest, littleEndian())
	}
	name, err := charsetParameter(contentType)
	if err != nil {
		return nil, 0, err
	}
	// A document begins with "<" or white space, so that UTF-16 shows in its first two bytes
	// (XML 1.0, appendix F).
	if len(body) > 1 && (body[0] == 0) != (body[1] == 0) && (name == "" || strings.EqualFold(name, "utf-16")) {
		name = map[bool]string{true: "UTF-16BE", false: "UTF-16LE"}[body[0] == 0]
	}
	if name == "" {
		if name, err = declaredCharset(body); err != nil {
			return nil, 0, err
		}
	}
	if name == "" {
		name = configured.String()
	}
	c, err := xmlCharset(name)
	switch {
	case err != nil:
		return nil, 0, err
	case c.name == "UTF-16", c.name == "UTF-16BE":
		return decodeWide(body, bigEndian())
	case c.name == "UTF-16LE":
		return decodeWide(body, littleEndian())
	}
	c = configured.meant(c)
	if text, err = c.decode(body); c.enc != nil {
		copies = cap(text)
	}
	return text, copies, err
}

// declaredCharset returns what the declaration says. That it can be read says that it isn't UTF-16,
// which programs that print to a text and send that as UTF-8 say all the same.
func declaredCharset(body []byte) (string, error) {
	name, at, err := readDeclaration(body)
	switch {
	case errors.Is(err, errEnds):
		return "", err
	case err != nil:
		return "", fmt.Errorf("%w, at byte %d of the body", err, at+1)
	case len(name) >= 6 && strings.EqualFold(name[:6], "utf-16"):
		return "", nil
	}
	return name, nil
}

// decodeWide puts UTF-16 into UTF-8. What is no UTF-16 is an error, not a replacement character.
func decodeWide(body []byte, e encoding.Encoding) (text []byte, copies int, err error) {
	copies = len(body)/2*3 + utf8.UTFMax // two bytes are at most three, and four are four
	text = make([]byte, copies)
	n, _, err := e.NewDecoder().Transform(text, body, true)
	if err != nil {
		return nil, 0, fmt.Errorf("the body isn't UTF-16: %w", err)
	}
	text = text[:n]
	if bytes.Contains(text, []byte("\uFFFD")) {
		if back, err := e.NewEncoder().Bytes(text); err != nil || !bytes.Equal(back, body) {
			return nil, 0, errors.New("the body isn't UTF-16: half a character stands in it")
		}
	}
	return text, copies, nil
}

var errNotInCharset = errors.New("has a character that the character set lacks")

// has reports whether the set has all characters of s.
func (c charset) has(s string) bool {
	if c.enc == nil || isASCII([]byte(s)) {
		return true
	}
	_, err := c.enc.NewEncoder().String(s)
	return err == nil
}
