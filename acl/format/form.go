package format

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// form is application/x-www-form-urlencoded (https://url.spec.whatwg.org/#urlencoded-parsing). It
// is an object of texts in which names repeat; a name such as a[b] is a name like any other.
type form struct {
	media
	charset charset
}

func newForm(c Config) (Format, error) {
	set, _ := lookupCharset(c.Charset) // New tells what is wrong with it
	return &form{newMedia(c.ContentType, set.announce("application/x-www-form-urlencoded")), set}, nil
}

// Decode implements Format. Pairs with nothing in them are skipped, and one without = has an
// empty value. An escape without two hexadecimal digits is an error, other than to browsers.
//
// Escapes are resolved where they stand. In another set than UTF-8 the texts are longer than
// their bytes may be, and get a place of their own.
func (f *form) Decode(body []byte, contentType string) (*document.Document, error) {
	c, err := f.charset.of(contentType)
	if err != nil {
		return nil, err
	}
	text, copies := body, 0
	if c.enc != nil {
		copies = c.grown(body) + 2*utf8.UTFMax
		text = make([]byte, 0, copies)
	}
	budget := nodeBudget(len(body), copies)
	most := min(bytes.Count(body, []byte{'&'})+1, len(body)/2+1)
	b := document.NewBuilder(text, min(budget, 1+2*most))
	b.Repeats(true)
	b.Object()
	pairs := formDecoder{b: b, body: body, texts: c.decoder()}
	for at, n := 0, 1; at < len(body); {
		end := len(body)
		if i := bytes.IndexByte(body[at:], '&'); i >= 0 {
			end = at + i
		}
		if at < end {
			if 2*n+1 > budget {
				return nil, &document.Error{Err: errCells}
			}
			if err := pairs.pair(at, end); err != nil {
				var placed *document.Error
				if !errors.As(err, &placed) {
					err = &document.Error{Err: fmt.Errorf("in the name of pair %d: %w", n, err)}
				}
				return nil, err
			}
			n++
		}
		at = end + 1
	}
	b.End()
	d, err := b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}

// formDecoder reads the pairs of a form.
type formDecoder struct {
	b     *document.Builder
	body  []byte
	texts *textDecoder
	// name and value are what a pair is in UTF-8, where it isn't in the body.
	name, value []byte
}

// pair reads name=value between two places. An error is placed where it is one of the value.
func (d *formDecoder) pair(at, end int) error {
	equals, value := end, end
	if i := bytes.IndexByte(d.body[at:end], '='); i >= 0 {
		equals, value = at+i, at+i+1
	}
	nameEnd, err := unescapeForm(d.body, at, equals)
	if err != nil {
		return err
	}
	name := d.body[at:nameEnd]
	if d.texts.enc != nil {
		d.name, err = d.texts.append(d.name[:0], name)
		name = d.name
	} else if !utf8.Valid(name) {
		err = errReplacement
	}
	if err != nil {
		return d.texts.broken(err)
	}
	valueEnd, err := unescapeForm(d.body, value, end)
	if err != nil {
		return atName(name, err)
	}
	if d.texts.enc != nil {
		d.value, err = d.texts.append(d.value[:0], d.body[value:valueEnd])
	} else if !utf8.Valid(d.body[value:valueEnd]) {
		err = errReplacement
	}
	switch {
	case err != nil:
		return atName(name, d.texts.broken(err))
	case d.texts.enc != nil:
		d.b.Name(string(name))
		d.b.Bytes(document.String, d.value)
	default:
		d.b.NameSpan(at, nameEnd)
		d.b.Span(document.String, value, valueEnd)
	}
	return d.b.Err()
}

// unescapeForm resolves + and %XX between two places of s, and returns where the text ends then.
func unescapeForm(s []byte, at, end int) (int, error) {
	out := at
	for i := at; i < end; i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= end {
				return 0, fmt.Errorf("%q isn't an escape of two hexadecimal digits; a %% itself is %%25", s[i:end])
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high > 15 || low > 15 {
				return 0, fmt.Errorf("%q isn't an escape of two hexadecimal digits; a %% itself is %%25", s[i:i+3])
			}
			c = high<<4 | low
			i += 2
		}
		s[out] = c
		out++
	}
	return out, nil
}

// unhex returns the value of a hexadecimal digit, or more than 15.
func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// Append implements Format. An array repeats the name of its member for each of its elements, so
// that an empty one isn't written; what nests otherwise is an error.
func (f *form) Append(dst []byte, v document.Value) ([]byte, error) {
	start := len(dst)
	var raw []byte
	put := func(name []byte, value document.Value) error {
		text, err := plainText(value)
		if err != nil {
			return err
		}
		if len(dst) > start {
			dst = append(dst, '&')
		}
		if raw, err = f.charset.append(raw[:0], name); err != nil {
			return fmt.Errorf("in the name: %w", err)
		}
		dst = append(escapeForm(dst, raw), '=')
		if raw, err = f.charset.append(raw[:0], text); err == nil {
			dst = escapeForm(dst, raw)
		}
		return err
	}
	if err := eachPair(v, put); err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// eachPair calls put for each member of an object, and for each element of those that are arrays.
// Errors of put are placed.
func eachPair(v document.Value, put func(name []byte, value document.Value) error) error {
	switch v.Kind() {
	case document.Object:
	case document.Missing:
		return &document.Error{Err: errMissing}
	default:
		return &document.Error{Err: fmt.Errorf("a form is an object, and this is %s", article(v.Kind()))}
	}
	for name, member := range v.Members() {
		if member.Kind() != document.Array {
			if err := put(name, member); err != nil {
				return under("/"+escapePointer(string(name)), err)
			}
			continue
		}
		n := 0
		for e := range member.Elements() {
			if err := put(name, e); err != nil {
				return under("/"+escapePointer(string(name))+element(n), err)
			}
			n++
		}
	}
	return nil
}

// escapeForm appends s as the form serializer of browsers does.
func escapeForm(dst, s []byte) []byte {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '*', c == '-', c == '.', c == '_':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	return dst
}
