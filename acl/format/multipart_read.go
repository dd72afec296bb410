package format

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

const (
	maxParts      = 10000   // of a body
	maxPartHeader = 8 << 10 // of a part, in bytes
	maxPartName   = 1 << 10 // of a part and of its file, in bytes of UTF-8
)

// Decode implements Format. The boundary is that of contentType. What stands in front of the first
// part and behind the last is nothing of the form; of a part's header fields only those count of
// which the document has something.
//
// The parts are found here and not by mime/multipart, which makes a map of every part's header
// and copies its content: many small parts took a multiple of what they are.
func (f *multipart) Decode(body []byte, contentType string) (*document.Document, error) {
	b := document.NewBuilder(body, 1+min(2*maxParts, 2*bytes.Count(body, []byte("\n--"))))
	b.Repeats(true)
	b.Object()
	if err := f.parts(b, body, contentType); err != nil {
		return nil, under("", err)
	}
	b.End()
	d, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}

func (f *multipart) parts(b *document.Builder, body []byte, contentType string) error {
	boundary := parameter(contentType, "boundary")
	if boundary == "" || len(boundary) > 70 { // RFC 2046, section 5.1.1
		return errors.New("the content type has no boundary of 1 to 70 characters, so that the parts can't be told apart")
	}
	delimiter := []byte("--" + boundary)
	_, at, last, ok := nextDelimiter(body, 0, delimiter)
	if !ok {
		return errors.New("the boundary that the content type names isn't in the body")
	}
	for n := 1; !last; n++ {
		if n > maxParts {
			return fmt.Errorf("the body has more than %d parts", maxParts)
		}
		var end, from int
		from = at
		if end, at, last, ok = nextDelimiter(body, at, delimiter); !ok {
			return fmt.Errorf("the body ends in part %d", n)
		}
		if err := f.part(b, body, from, end); err != nil {
			var placed *document.Error
			if !errors.As(err, &placed) {
				err = fmt.Errorf("part %d: %w", n, err)
			}
			return err
		}
	}
	return nil
}

// nextDelimiter finds the next line that is the delimiter: where the line break in front of it
// begins, what stands behind its own, and whether it is the last.
func nextDelimiter(body []byte, from int, delimiter []byte) (before, behind int, last, ok bool) {
	for at := from; ; at++ {
		i := bytes.Index(body[at:], delimiter)
		if i < 0 {
			return 0, 0, false, false
		}
		at += i
		if at > 0 && body[at-1] != '\n' {
			continue
		}
		rest := at + len(delimiter)
		if last = bytes.HasPrefix(body[rest:], []byte("--")); last {
			rest += len("--")
		}
		for rest < len(body) && (body[rest] == ' ' || body[rest] == '\t') {
			rest++
		}
		switch {
		case bytes.HasPrefix(body[rest:], []byte("\r\n")):
			rest += 2
		case bytes.HasPrefix(body[rest:], []byte("\n")):
			rest++
		case last && rest == len(body):
		default: // a longer line
			continue
		}
		if before = at; before > from {
			if before--; before > from && body[before-1] == '\r' {
				before--
			}
		}
		return before, rest, last, true
	}
}

// part reads the part between two places of the body. An error is placed where the name is known.
func (f *multipart) part(b *document.Builder, body []byte, from, end int) error {
	h, at, err := f.header(body, from, end)
	if err != nil {
		return err
	}
	content := b.Text(at, end) // and not of body, which names may have made the document move away from
	decoded := true
	switch h.transfer {
	case "", "7bit", "8bit", "binary":
		decoded = false
	case "quoted-printable":
		var n int
		n, err = unquotePrintable(content)
		content, end, decoded = content[:n], at+n, false
	case "base64":
		content, err = base64.StdEncoding.AppendDecode(nil, bytes.TrimSpace(content))
	default:
		err = fmt.Errorf("the transfer encoding %q isn't known", h.transfer)
	}
	if err != nil {
		return atName([]byte(h.name), err)
	}
	b.Name(h.name)
	put := func(s []byte) {
		if decoded {
			b.Bytes(document.String, s)
		} else {
			b.Span(document.String, at, end)
		}
	}
	if !h.file && (h.contentType == "" || mediaType(h.contentType) == "text/plain") {
		c, err := f.charset.of(h.contentType)
		if err != nil {
			return atName([]byte(h.name), err)
		}
		if c.enc == nil {
			if !utf8.Valid(content) {
				return atName([]byte(h.name), c.broken(errReplacement))
			}
			put(content)
			return b.Err()
		}
		text, err := c.appendDecoded(nil, content)
		if err != nil {
			return atName([]byte(h.name), c.broken(err))
		}
		b.Bytes(document.String, text)
		return b.Err()
	}
	b.Object()
	if h.file {
		b.Name(partFilename)
		b.String(h.filename)
	}
	if h.contentType != "" {
		b.Name(partType)
		b.String(h.contentType)
	}
	b.Name(partContent)
	if readable(content) {
		put(content)
	} else {
		b.String(base64.StdEncoding.EncodeToString(content))
		b.Name(partEncoding)
		b.String("base64")
	}
	b.End()
	return b.Err()
}

// unquotePrintable resolves quoted-printable (RFC 2045, section 6.7) where it stands, and returns
// how long it is then. mime/quotedprintable takes 4 KiB for each part, and an = that begins no
// escape for itself.
func unquotePrintable(s []byte) (n int, err error) {
	for at := 0; at < len(s); {
		next := len(s)
		if i := bytes.IndexByte(s[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		text := chomp(s[at:next])
		lineEnd := s[at+len(text) : next]
		text = bytes.TrimRight(text, " \t\r") // added on the way
		if soft := bytes.HasSuffix(text, []byte("=")); soft {
			text, lineEnd = text[:len(text)-1], nil
		}
		for i := 0; i < len(text); i++ {
			c := text[i]
			switch {
			case c == '=':
				if i+2 >= len(text) || unhex(text[i+1]) > 15 || unhex(text[i+2]) > 15 {
					return 0, fmt.Errorf("%q isn't an escape of quoted-printable, which is = and two hexadecimal digits", text[i:min(i+3, len(text))])
				}
				c = unhex(text[i+1])<<4 | unhex(text[i+2])
				i += 2
			case c < ' ' && c != '\t', c == 0x7F:
				return 0, fmt.Errorf("%s can't stand in quoted-printable", character(text[i:]))
			}
			s[n] = c
			n++
		}
		n += copy(s[n:], lineEnd)
		at = next
	}
	return n, nil
}

// readable reports whether s is a text: UTF-8 without control characters but those of lines.
func readable(s []byte) bool {
	for _, c := range s {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			return false
		}
	}
	return utf8.Valid(s)
}

// partHeader is what counts of the header of a part.
type partHeader struct {
	name, filename, contentType, transfer string
	file                                  bool
}

// header reads the header of the part between two places, and returns where its content begins.
func (f *multipart) header(body []byte, from, end int) (h partHeader, at int, err error) {
	named, typed, encoded := false, false, false
	for at = from; ; {
		if at-from > maxPartHeader {
			return h, 0, fmt.Errorf("the header is longer than %d bytes", maxPartHeader)
		}
		next := end
		if i := bytes.IndexByte(body[at:end], '\n'); i >= 0 {
			next = at + i + 1
		} else if at < end {
			return h, 0, errors.New("there is no empty line behind the header")
		}
		line := chomp(body[at:next])
		if next-from > maxPartHeader {
			return h, 0, fmt.Errorf("the header is longer than %d bytes", maxPartHeader)
		}
		if at = next; len(line) == 0 {
			break
		}
		key, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || len(key) == 0 || key[0] == ' ' || key[0] == '\t' { // folding is obsolete: RFC 7230, section 3.2.4
			return h, 0, fmt.Errorf("%q isn't a header field", line)
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(key, []byte("Content-Disposition")):
			if named {
				return h, 0, errors.New("it has Content-Disposition twice")
			}
			if h.name, h.filename, h.file, err = f.disposition(string(value)); err != nil {
				return h, 0, err
			}
			named = true
		case bytes.EqualFold(key, []byte("Content-Type")):
			if typed {
				return h, 0, errors.New("it has Content-Type twice")
			}
			typed = true
			if h.contentType = string(value); len(value) > 0 && !visible(h.contentType) {
				return h, 0, fmt.Errorf("%q isn't a content type", value)
			}
		case bytes.EqualFold(key, []byte("Content-Transfer-Encoding")):
			if encoded {
				return h, 0, errors.New("it has Content-Transfer-Encoding twice")
			}
			encoded = true
			h.transfer = strings.ToLower(string(value))
		}
	}
	if !named {
		return h, 0, errors.New("it has no Content-Disposition, and so no name")
	}
	return h, at, nil
}

func (f *multipart) disposition(value string) (name, filename string, file bool, err error) {
	kind, params, err := mime.ParseMediaType(value)
	if err != nil || kind != "form-data" {
		return "", "", false, fmt.Errorf("its Content-Disposition %q isn't form-data with a name", value)
	}
	_, rest, _ := strings.Cut(value, ";")
	for param := range looseParameters(rest) {
		if base, _, extended := strings.Cut(strings.ToLower(param), "*"); extended && (base == "name" || base == "filename") {
			return "", "", false, fmt.Errorf("its Content-Disposition has %s, which forms don't have (RFC 7578, section 4.2); it is %s", param, base)
		}
	}
	raw, ok := params["name"]
	if !ok {
		return "", "", false, errors.New("its Content-Disposition has no name")
	}
	text, err := f.charset.appendDecoded(nil, []byte(raw))
	if err != nil {
		return "", "", false, fmt.Errorf("its name: %w", f.charset.broken(err))
	}
	if name = string(text); len(name) > maxPartName {
		return "", "", false, fmt.Errorf("its name is longer than %d bytes", maxPartName)
	}
	if raw, file = params["filename"]; file {
		if text, err = f.charset.appendDecoded(nil, []byte(raw)); err != nil {
			return "", "", false, atName([]byte(name), fmt.Errorf("its filename: %w", f.charset.broken(err)))
		}
	}
	if file && len(text) > maxPartName {
		return "", "", false, atName([]byte(name), fmt.Errorf("its filename is longer than %d bytes", maxPartName))
	}
	return name, string(text), file, nil
}
