package compare

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// excerpt returns a value as it is shown: of a document that is no JSON, without what is there
// for the comparison only. An element that is but text is a string, a list of one is that one.
func (s shape) excerpt(raw []byte) json.RawMessage {
	if shown, is := bytes.CutPrefix(raw, []byte(hiddenLine)); is && s.hidden > 0 {
		raw = append([]byte{'['}, shown...)
	}
	if !s.lists || len(raw) == 0 || raw[0] != '{' && raw[0] != '[' {
		return excerptJSON(raw)
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	p := plainer{d, s.unnamed}
	plain, _ := p.value(nil)
	if len(plain) > maxValue {
		return quote(string(cutUTF8(plain, maxValue/4)) + "…")
	}
	return plain
}

// plainer rewrites a value. It reads no further when what it has written is more than is shown.
type plainer struct {
	from    *jsontext.Decoder
	unnamed bool
}

// value appends the next value; false: there is enough.
func (p plainer) value(dst []byte) ([]byte, bool) {
	if len(dst) > maxValue {
		return dst, false
	}
	switch p.from.PeekKind() {
	case '{':
		return p.object(dst)
	case '[':
		return p.array(dst)
	}
	v, err := p.from.ReadValue()
	return append(dst, v...), err == nil
}

func (p plainer) array(dst []byte) ([]byte, bool) {
	p.from.ReadToken()
	start, n := len(dst), 0
	dst = append(dst, '[')
	for p.from.PeekKind() != ']' {
		if n++; n > 1 {
			dst = append(dst, ',')
		}
		var more bool
		if dst, more = p.value(dst); !more {
			return dst, false
		}
	}
	p.from.ReadToken()
	if n == 1 {
		return append(dst[:start], dst[start+1:]...), true
	}
	return append(dst, ']'), true
}

func (p plainer) object(dst []byte) ([]byte, bool) {
	p.from.ReadToken()
	start := len(dst)
	dst = append(dst, '{')
	var own []byte // what has no name: an element's text
	for p.from.PeekKind() != '}' {
		name, err := p.from.ReadValue()
		if err != nil {
			return dst, false
		}
		if p.unnamed && bytes.HasPrefix(name, []byte(`" `)) {
			shown := string(name) != `"`+memberOrder+`"` && string(name) != `"`+memberTag+`"`
			value, more := p.value(nil)
			if !more {
				return append(dst, value...), false
			}
			if shown {
				own = value
			}
			continue
		}
		dst = append(append(separate(dst), name...), ':')
		var more bool
		if dst, more = p.value(dst); !more {
			return dst, false
		}
	}
	p.from.ReadToken()
	switch {
	case own != nil && len(dst) == start+1:
		return append(dst[:start], own...), true
	case len(own) > len(`""`):
		dst = append(append(separate(dst), `"#text":`...), own...)
	}
	return append(dst, '}'), true
}

// separate appends the comma between members.
func separate(dst []byte) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return dst
}
