package format

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
)

// show writes a value as tests compare it: JSON, in which names may repeat.
func show(v document.Value) string {
	var b strings.Builder
	quoted := func(s []byte) {
		q, _ := jsontext.AppendQuote(nil, s)
		b.Write(q)
	}
	var walk func(v document.Value)
	walk = func(v document.Value) {
		sep := ""
		switch v.Kind() {
		case document.Object:
			b.WriteByte('{')
			for name, m := range v.Members() {
				b.WriteString(sep)
				quoted(name)
				b.WriteByte(':')
				walk(m)
				sep = ","
			}
			b.WriteByte('}')
		case document.Array:
			b.WriteByte('[')
			for e := range v.Elements() {
				b.WriteString(sep)
				walk(e)
				sep = ","
			}
			b.WriteByte(']')
		case document.String:
			quoted(v.Bytes())
		default:
			b.WriteString(v.Text())
		}
	}
	walk(v)
	return b.String()
}

// parse is show the other way round.
func parse(t testing.TB, s string) document.Value {
	t.Helper()
	b := document.NewBuilder(nil, 0)
	d := jsontext.NewDecoder(strings.NewReader(s), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		_, length := d.StackIndex(d.StackDepth())
		kind, _ := d.StackIndex(d.StackDepth())
		switch token.Kind() {
		case '{':
			b.Object()
		case '[':
			b.Array()
		case '}', ']':
			b.End()
		case '"':
			if kind == '{' && length%2 == 1 {
				b.Name(token.String())
			} else {
				b.String(token.String())
			}
		case '0':
			b.Number(token.String())
		case 'n':
			b.Null()
		default:
			b.Bool(token.Bool())
		}
	}
	doc, err := b.Document()
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return doc.Root()
}

// mustXML and mustSOAP are the formats of configurations that are right.
func mustXML(t testing.TB, c Config) Format {
	t.Helper()
	f, err := newXML(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// pointerOf returns where an error is.
func pointerOf(err error) string {
	var e *document.Error
	if errors.As(err, &e) {
		return e.Pointer
	}
	return ""
}

// many repeats a text, with a number in it.
func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}
