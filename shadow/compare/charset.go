package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/charmap"

	"github.com/strangler-fig/toolkit/shadow"
)

// texts makes UTF-8 of two bodies that are texts, without a byte order mark. A difference is what
// keeps them from being compared: that one of them isn't in its charset. Where neither is, both
// are read byte by byte, so that the same mistake on both sides doesn't hide what differs.
func texts(legacy, service *document) (*shadow.Difference, error) {
	a, nameA, errA := legacy.utf8()
	b, nameB, errB := service.utf8()
	for _, err := range []error{errA, errB} {
		if _, ok := errors.AsType[*shadow.SkipError](err); ok {
			return nil, err
		}
	}
	if errA != nil && errB != nil && nameA == nameB {
		a, errA = charmap.Windows1252.NewDecoder().Bytes(legacy.body)
		b, errB = charmap.Windows1252.NewDecoder().Bytes(service.body)
	}
	if errA != nil || errB != nil {
		return &shadow.Difference{
			Kind:    shadow.KindEncoding,
			Legacy:  describeCharset(legacy.body, nameA, errA),
			Service: describeCharset(service.body, nameB, errB),
		}, nil
	}
	legacy.body, service.body = a, b
	return nil, nil
}

// utf8 returns a text as UTF-8, and the name of its charset. Bytes that mean nothing in it are an
// error rather than U+FFFD: two texts may not become the same by being read wrongly.
func (d document) utf8() ([]byte, string, error) {
	label := d.charset()
	encoding, name := charset.Lookup(label)
	switch {
	case encoding == nil:
		return nil, label, errors.New("unknown charset")
	case name == "utf-8":
		text := bytes.TrimPrefix(d.body, []byte("\ufeff"))
		if !utf8.Valid(text) {
			return nil, name, errors.New("invalid UTF-8")
		}
		return text, name, nil
	case len(d.body) > maxText/2: // it may grow
		return nil, name, tooComplex("a text of %d bytes in %s; the limit is %d", len(d.body), name, maxText/2)
	}
	text, err := encoding.NewDecoder().Bytes(d.body)
	if err == nil && bytes.ContainsRune(text, utf8.RuneError) {
		err = errors.New("bytes that it doesn't have")
	}
	if len(text) > maxText {
		return nil, name, tooComplex("a text of over %d bytes when decoded", maxText)
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), name, err
}

// charset returns what a text says its charset is: the byte order mark before the Content-Type
// (https://encoding.spec.whatwg.org/#bom-sniff), and that before the text itself. A text that says
// nothing is UTF-8, and HTML that then isn't is windows-1252.
func (d document) charset() string {
	switch {
	case bytes.HasPrefix(d.body, []byte("\xef\xbb\xbf")):
		return "utf-8"
	case bytes.HasPrefix(d.body, []byte("\xfe\xff")):
		return "utf-16be"
	case bytes.HasPrefix(d.body, []byte("\xff\xfe")):
		return "utf-16le"
	}
	if label := parameter(d.header.Get("Content-Type"), "charset"); label != "" {
		return label
	}
	switch formOf(d.media) {
	case formHTML:
		_, name, _ := charset.DetermineEncoding(d.body, "")
		if name == "windows-1252" && utf8.Valid(d.body) && !bytes.Contains(bytes.ToLower(d.body[:min(len(d.body), 1024)]), []byte("charset")) {
			return "utf-8"
		}
		return name
	case formXML:
		if declared := xmlDeclared.FindSubmatch(d.body[:min(len(d.body), 256)]); declared != nil {
			return string(declared[1])
		}
	}
	return "utf-8"
}

// xmlDeclared finds the encoding in an XML declaration (XML 1.0, section 4.3.3).
var xmlDeclared = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][-A-Za-z0-9._]*)["']`)

// parameter returns a parameter of a header's value, empty where there is none.
func parameter(value, name string) string {
	_, parameters, err := mime.ParseMediaType(value)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return ""
	}
	return strings.TrimSpace(parameters[name])
}

// charsetName returns the name of a charset that may be called in several ways.
func charsetName(label string) string {
	if _, name := charset.Lookup(label); name != "" {
		return name
	}
	return strings.ToLower(label)
}

// describeCharset says in a JSON string what charset a text has, and why it can't be read.
func describeCharset(body []byte, name string, err error) json.RawMessage {
	s := fmt.Sprintf("%.100s, %d bytes", name, len(body))
	if err != nil {
		s += fmt.Sprintf(": can't be decoded: %v", err)
	}
	return quote(s)
}
