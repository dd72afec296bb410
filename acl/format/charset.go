package format

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/strangler-fig/toolkit/acl/document"
)

// charset is a character set that bodies are written in.
type charset struct {
	name string
	enc  encoding.Encoding // nil: UTF-8
}

// lookupCharset finds a character set by its IANA name, an alias of it, or a label that browsers
// know. A name means what IANA says: ISO-8859-1 isn't windows-1252, as it is to a browser.
//
// Sets in which the bytes of ASCII mean anything else are refused: separators and escapes are
// looked for among bytes, and UTF-7 and the likes are how they are smuggled past such a look.
func lookupCharset(name string) (charset, error) {
	if name == "" || strings.EqualFold(name, "utf-8") || strings.EqualFold(name, "utf8") {
		return charset{}, nil
	}
	name = ownName(name)
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil {
		if enc, err = htmlindex.Get(name); err != nil {
			return charset{}, fmt.Errorf("the character set %q isn't known; use an IANA name such as ISO-8859-1 or windows-1252", name)
		}
	}
	if canonical, err := ianaindex.MIME.Name(enc); err == nil && canonical != "" {
		name = canonical
	}
	if enc == unicode.UTF8 || strings.EqualFold(name, "utf-8") {
		return charset{}, nil
	}
	var ascii []byte
	for c := byte(0); c < utf8.RuneSelf; c++ {
		ascii = append(ascii, c)
	}
	if got, err := enc.NewDecoder().Bytes(slices.Clone(ascii)); err != nil || !bytes.Equal(got, ascii) {
		return charset{}, fmt.Errorf("the character set %s doesn't contain ASCII as it is, and so can't be read safely; use another", name)
	}
	return charset{name, enc}, nil
}

// ownName returns the IANA name of a set that browsers, who know it under this name, take for one of
// Windows.
func ownName(name string) string {
	lower := strings.ToLower(name)
	if lower == "ascii" {
		return "US-ASCII"
	}
	if number, ok := strings.CutPrefix(lower, "iso8859"); ok {
		return "ISO-8859-" + strings.TrimPrefix(number, "-")
	}
	return name
}

// of returns the set of a body that is announced as contentType: the one that this names, else c.
// Where c is windows-1252, that is also what is announced as ISO-8859-1 or ASCII, as it is to
// browsers: servers add these names to whatever they send.
func (c charset) of(contentType string) (charset, error) {
	name, err := charsetParameter(contentType)
	if name == "" && err == nil {
		return c, nil
	}
	var announced charset
	if err == nil {
		announced, err = lookupCharset(name)
	}
	if err != nil {
		return announced, &document.Error{Err: err}
	}
	return c.meant(announced), nil
}

// meant returns the set that is meant where c is configured and another announced.
func (c charset) meant(announced charset) charset {
	if c.enc == charmap.Windows1252 && (announced.enc == charmap.ISO8859_1 || announced.name == "US-ASCII") {
		return c
	}
	return announced
}

// marked returns the set of a body that begins so: UTF-8 where it begins with the byte order mark of
// that, whatever it is announced as, and c else. Editors put the mark in front of files that go on to be
// sent as what files have always been there; as text of another set it is never meant.
func (c charset) marked(body []byte) charset {
	if bytes.HasPrefix(body, utf8BOM) {
		return charset{}
	}
	return c
}

// decoded returns the set of a body that is announced as contentType, and the body in UTF-8 as decode does.
func (c charset) decoded(body []byte, contentType string) (charset, []byte, error) {
	c, err := c.of(contentType)
	if err != nil {
		return c, nil, err
	}
	c = c.marked(body)
	text, err := c.decode(body)
	if err != nil {
		return c, nil, &document.Error{Err: err}
	}
	return c, text, nil
}

// String returns the name of the set.
func (c charset) String() string {
	if c.enc == nil {
		return "UTF-8"
	}
	return c.name
}

// announce returns contentType with the name of the set, unless that is UTF-8 or one is there.
func (c charset) announce(contentType string) string {
	if c.enc == nil || parameter(contentType, "charset") != "" {
		return contentType
	}
	return contentType + "; charset=" + c.name
}

var errReplacement = errors.New("it has bytes that are no character there")

// decode returns body in UTF-8; in place where it is UTF-8 already. A byte order mark is
// taken off.
func (c charset) decode(body []byte) ([]byte, error) {
	if c.enc == nil {
		body = bytes.TrimPrefix(body, utf8BOM)
		if at := invalidUTF8(body); at >= 0 {
			return nil, fmt.Errorf("the body isn't UTF-8: the byte 0x%02X is no part of a character there, at byte %d; what set is it in? (charset)", body[at], at+1)
		}
		return body, nil
	}
	out, err := c.appendDecoded(make([]byte, 0, c.grown(body)+utf8.UTFMax), body)
	if err != nil {
		return nil, c.broken(err)
	}
	return bytes.TrimPrefix(out, utf8BOM), nil
}

func (c charset) broken(err error) error { return fmt.Errorf("the body isn't %s: %w", c, err) }

// grown bounds the length of s in UTF-8: what isn't ASCII has at most three bytes for one.
func (c charset) grown(s []byte) int {
	n := len(s)
	for _, b := range s {
		if b >= utf8.RuneSelf {
			n += 2
		}
	}
	return n
}

// appendDecoded appends s in UTF-8.
func (c charset) appendDecoded(dst, s []byte) ([]byte, error) { return c.decoder().append(dst, s) }

// decoder returns what reads many texts of the set. It isn't safe for concurrent use.
func (c charset) decoder() *textDecoder { return &textDecoder{charset: c} }

type textDecoder struct {
	charset
	transformer *encoding.Decoder
}

// append appends s in UTF-8.
func (d *textDecoder) append(dst, s []byte) ([]byte, error) {
	start := len(dst)
	switch {
	case d.enc == nil:
		if !utf8.Valid(s) {
			return dst, errReplacement
		}
		return append(dst, s...), nil
	case isASCII(s):
		return append(dst, s...), nil
	case d.transformer == nil:
		d.transformer = d.enc.NewDecoder()
	}
	d.transformer.Reset()
	dst = slices.Grow(dst, d.grown(s)+utf8.UTFMax)
	n, read, err := d.transformer.Transform(dst[start:cap(dst)], s, true)
	if err == nil && read < len(s) {
		err = errReplacement
	}
	if err != nil {
		return dst[:start], err
	}
	dst = dst[:start+n]
	// The decoders put this for what is wrong, and no set that is read has it but GB 18030, in
	// which somebody else has put it for what was wrong.
	if bytes.Contains(dst[start:], []byte("\uFFFD")) {
		return dst[:start], errReplacement
	}
	return dst, nil
}

// append appends s, which is UTF-8, in the set. A character that the set lacks is an error.
func (c charset) append(dst, s []byte) ([]byte, error) {
	switch {
	case isASCII(s):
		return append(dst, s...), nil
	case !utf8.Valid(s):
		return dst, errNotUTF8
	case c.enc == nil:
		return append(dst, s...), nil
	}
	out, err := c.enc.NewEncoder().Bytes(s)
	if err == nil {
		return append(dst, out...), nil
	}
	for _, r := range string(s) {
		if _, err := c.enc.NewEncoder().String(string(r)); err != nil {
			return dst, fmt.Errorf("%s has no character %q (%U)", c, r, r)
		}
	}
	return dst, fmt.Errorf("the text can't be written in %s: %w", c, err)
}

func isASCII(s []byte) bool {
	for _, b := range s {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// invalidUTF8 returns the first place of s that isn't UTF-8, or -1.
func invalidUTF8(s []byte) int {
	if utf8.Valid(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}
