package lens

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
)

// parse reads a JSON text into a document.
func parse(t testing.TB, text string) *document.Document {
	t.Helper()
	d, err := readJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func readJSON(text string) (*document.Document, error) {
	b := document.NewBuilder(nil, 0)
	dec := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
	var objects []bool
	name := false
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		switch tok.Kind() {
		case '{', '[':
			objects, name = append(objects, tok.Kind() == '{'), tok.Kind() == '{'
			if tok.Kind() == '{' {
				b.Object()
			} else {
				b.Array()
			}
			continue
		case '}', ']':
			b.End()
			objects = objects[:len(objects)-1]
		case '"':
			if name {
				b.Name(tok.String())
				name = false
				continue
			}
			b.String(tok.String())
		case '0':
			b.Number(tok.String())
		case 't', 'f':
			b.Bool(tok.Bool())
		case 'n':
			b.Null()
		}
		if len(objects) == 0 {
			return b.Document()
		}
		name = objects[len(objects)-1]
	}
}

// text writes a value as JSON, as readers of tests like it.
func text(v document.Value) string {
	var b bytes.Buffer
	appendText(&b, v)
	return b.String()
}

func appendText(b *bytes.Buffer, v document.Value) {
	switch v.Kind() {
	case document.Missing:
		b.WriteString("missing")
	case document.Array:
		b.WriteByte('[')
		first := true
		for e := range v.Elements() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			appendText(b, e)
		}
		b.WriteByte(']')
	case document.Object:
		b.WriteByte('{')
		first := true
		for name, m := range v.Members() {
			if !first {
				b.WriteString(", ")
			}
			first = false
			quoted, _ := jsontext.AppendQuote(nil, string(name))
			b.Write(quoted)
			b.WriteString(": ")
			appendText(b, m)
		}
		b.WriteByte('}')
	case document.String:
		quoted, _ := jsontext.AppendQuote(nil, v.Text())
		b.Write(quoted)
	default:
		b.Write(v.Bytes())
	}
}
