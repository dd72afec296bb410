package format

import (
	"errors"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// appendJSON writes v as compact JSON: numbers digit for digit, and of texts only what has to be
// is escaped. Members of one name, which repeating formats have, become an array.
func appendJSON(dst []byte, v document.Value) ([]byte, error) {
	if v.Repeats() {
		var b document.Builder
		b.Share(v, 0, 0)
		b.Copy(v)
		d, err := b.Document()
		if err != nil {
			return dst, err
		}
		v = d.Root()
	}
	var p place
	longer, err := p.appendJSON(dst, v)
	if err != nil {
		return dst, p.wrap(err)
	}
	return longer, nil
}

var (
	errMissing = errors.New("there is no value to write")
	errNotUTF8 = errors.New("the text isn't UTF-8")
)

func (p *place) appendJSON(dst []byte, v document.Value) (_ []byte, err error) {
	switch v.Kind() {
	case document.Missing:
		return dst, errMissing
	case document.String:
		return appendJSONText(dst, v.Bytes())
	case document.Object:
		dst = append(dst, '{')
		first := true
		for name, member := range v.Members() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			if dst, err = appendJSONText(dst, name); err == nil {
				dst, err = p.appendJSON(append(dst, ':'), member)
			}
			if err != nil {
				p.name(name)
				return dst, err
			}
		}
		return append(dst, '}'), nil
	case document.Array:
		dst = append(dst, '[')
		n := 0
		for element := range v.Elements() {
			if n > 0 {
				dst = append(dst, ',')
			}
			if dst, err = p.appendJSON(dst, element); err != nil {
				p.index(n)
				return dst, err
			}
			n++
		}
		return append(dst, ']'), nil
	}
	return append(dst, v.Bytes()...), nil
}

func appendJSONText(dst, s []byte) ([]byte, error) {
	dst = append(dst, '"')
	ascii := true
	for i := 0; ; {
		end := ordinary(s, i)
		for end < len(s) && s[end] >= utf8.RuneSelf {
			ascii = false
			for end++; end < len(s) && s[end] >= utf8.RuneSelf; end++ {
			}
			end = ordinary(s, end)
		}
		dst = append(dst, s[i:end]...)
		if end >= len(s) {
			break
		}
		switch c := s[end]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		}
		i = end + 1
	}
	if !ascii && !utf8.Valid(s) {
		return dst, errNotUTF8
	}
	return append(dst, '"'), nil
}
