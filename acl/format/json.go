package format

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// jsonFormat is JSON; record by record it is the elements of an array.
type jsonFormat struct {
	media
	jsonSet
}

func newJSON(c Config) (Format, error) {
	set, _ := lookupCharset(c.Charset) // New tells what is wrong with it
	m := newMedia(c.ContentType, set.announce("application/json"), "application/json", "text/json")
	m.suffix = "+json"
	return &jsonFormat{m, jsonSet{set}}, nil
}

// Decode implements Format.
func (f *jsonFormat) Decode(body []byte, contentType string) (*document.Document, error) {
	text, err := f.decode(body, contentType)
	if err != nil {
		return nil, err
	}
	return decodeJSON(text, "body")
}

// Append implements Format.
func (f *jsonFormat) Append(dst []byte, v document.Value) ([]byte, error) { return f.append(dst, v) }

// jsonSet is the character set of JSON texts. JSON is UTF-8, and a charset in its content type
// means nothing (RFC 8259, sections 8.1 and 11), but where a configuration says that an
// application writes it in another set all the same: then the content type is believed as well.
type jsonSet struct{ charset charset }

func (s jsonSet) of(contentType string) (charset, error) {
	if s.charset.enc == nil {
		return s.charset, nil
	}
	return s.charset.of(contentType)
}

// decode returns body in UTF-8, without its byte order mark; whether it is UTF-8 is looked at
// where its texts are read.
func (s jsonSet) decode(body []byte, contentType string) ([]byte, error) {
	c, err := s.of(contentType)
	if err != nil {
		return nil, err
	}
	if c = c.marked(body); c.enc == nil {
		return bytes.TrimPrefix(body, utf8BOM), nil
	}
	if body, err = c.decode(body); err != nil {
		return nil, &document.Error{Err: err}
	}
	return body, nil
}

// append appends v as JSON in the set; characters that this lacks are escaped.
func (s jsonSet) append(dst []byte, v document.Value) ([]byte, error) {
	if s.charset.enc == nil {
		return appendJSON(dst, v)
	}
	text, err := appendJSON(nil, v)
	if err != nil {
		return dst, err
	}
	encoder := s.charset.enc.NewEncoder()
	var raw [utf8.UTFMax * 2]byte
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			dst, text = append(dst, text[0]), text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		encoder.Reset()
		if n, _, err := encoder.Transform(raw[:], text[:size], true); err == nil {
			dst = append(dst, raw[:n]...)
		} else if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		} else {
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
		text = text[size:]
	}
	return dst, nil
}
