package compare

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// fields are what a form was filled in with: of each name the values in order, each as JSON. The
// order of names doesn't matter.
type fields map[string][][]byte

// appendJSON writes fields as an object of lists, by name.
func (f fields) appendJSON(dst []byte) []byte {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, name), ":["...)
		dst = append(append(dst, bytes.Join(f[name], []byte{','})...), "]"...)
	}
	return append(dst, '}')
}

// parseFields reads application/x-www-form-urlencoded
// (https://url.spec.whatwg.org/#urlencoded-parsing). What that would take as it is, a % that
// begins no escape and bytes that are no UTF-8, makes it no such form: others may read it otherwise.
func (t *tree) parseFields(d document) error {
	if len(d.body) > maxText/8 { // a byte may be written in six
		return tooComplex("a form of %d bytes; the limit is %d", len(d.body), maxText/8)
	}
	all, count := fields{}, 0
	for pair := range strings.SplitSeq(string(d.body), "&") {
		if pair == "" {
			continue
		}
		if count++; count > maxNodes/2 {
			return tooComplex("a form of over %d fields", maxNodes/2)
		}
		name, value, _ := strings.Cut(pair, "=")
		var plain [2]string
		for i, s := range [2]string{name, value} {
			text, err := url.QueryUnescape(s)
			if err == nil && !utf8.ValidString(text) {
				err = errors.New("invalid UTF-8")
			}
			if err != nil {
				return fmt.Errorf("field %d: %w", count, err)
			}
			plain[i] = text
		}
		all[plain[0]] = append(all[plain[0]], appendString(nil, plain[1]))
	}
	return t.parse(all.appendJSON(nil))
}

// parseParts reads multipart/form-data (RFC 7578). A part with a filename, or that is no text, is
// compared by name, type, length and hash. The boundary is arbitrary.
func (t *tree) parseParts(d document) error {
	boundary := parameter(d.header.Get("Content-Type"), "boundary")
	if boundary == "" {
		return errors.New("no boundary")
	}
	if len(d.body) > maxText/8 {
		return tooComplex("a form of %d bytes; the limit is %d", len(d.body), maxText/8)
	}
	r := multipart.NewReader(bytes.NewReader(d.body), boundary)
	all := fields{}
	for count := 1; ; count++ {
		if count > maxParts {
			return tooComplex("a form of over %d parts", maxParts)
		}
		part, err := r.NextRawPart()
		switch {
		case err == io.EOF && count == 1:
			return errors.New("no parts")
		case err == io.EOF:
			return t.parse(all.appendJSON(nil))
		case err != nil:
			return fmt.Errorf("part %d: %w", count, err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return fmt.Errorf("part %d: %w", count, err)
		}
		name := strings.ToValidUTF8(part.FormName(), "\ufffd")
		all[name] = append(all[name], describePart(part, body))
	}
}

// maxParts bounds the parts of a form: each has a head of its own to be read.
const maxParts = 1 << 14

func describePart(part *multipart.Part, body []byte) []byte {
	media := mediaType(map[string][]string(part.Header))
	file := part.FileName()
	if file == "" && isText(body) && (media == "" || formOf(media) == formText) {
		return appendString(nil, string(body))
	}
	dst := appendMember([]byte{'{'}, "filename", file)
	dst = appendMember(append(dst, ','), "type", media)
	dst = append(dst, `,"length":`...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = appendMember(append(dst, ','), "xxh64", fmt.Sprintf("%016x", xxhash.Sum64(body)))
	return append(dst, '}')
}
