package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
)

func mustNew(t testing.TB, c Config) Format {
	t.Helper()
	f, err := New(c)
	if err != nil {
		t.Fatalf("New(%+v): %v", c, err)
	}
	return f
}

func TestJSONRoundTrip(t *testing.T) {
	f := mustNew(t, Config{Name: JSON})
	for _, test := range []struct{ name, in, want string }{
		{"scalars", ` [ true, false , null,"x",0 ]`, `[true,false,null,"x",0]`},
		{"a scalar alone", `"x"`, `"x"`},
		{"numbers keep their digits", `[1.50,-0,1E+10,12345678901234567890.10]`, `[1.50,-0,1E+10,12345678901234567890.10]`},
		{"order of members", `{"b":1,"a":{"d":[],"c":{}}}`, `{"b":1,"a":{"d":[],"c":{}}}`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\u0000\u001f"`, `"\"\\/\b\f\n\r\tAé€😀\u0000\u001f"`},
		{"escapes among others", `{"a\u0062c\nd":"über \u00e4 länger als acht Bytes\\"}`, `{"abc\nd":"über ä länger als acht Bytes\\"}`},
		{"byte order mark", "\uFEFF{}", `{}`},
		{"empty name", `{"":1}`, `{"":1}`},
		{"many names", `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`, `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}`},
		{"the same names in other objects", `[{"a":1},{"a":{"a":2}}]`, `[{"a":1},{"a":{"a":2}}]`},
		{"space", "\t[\r\n1 ,\n2 ] \n", `[1,2]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := f.Decode([]byte(test.in), "application/json")
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Append([]byte("before"), d.Root())
			if err != nil || string(got) != "before"+test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestJSONErrors(t *testing.T) {
	f := mustNew(t, Config{Name: JSON})
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprintf(`"n%d":0`, i)
	}
	for _, test := range []struct{ name, in, pointer, message string }{
		{"nothing", ``, ``, "the body is empty"},
		{"nothing but space", " \n", ``, "the body is empty"},
		{"cut short", `{"a":[1,`, `/a/1`, "ends too early"},
		{"cut in a text", `{"a":"x`, `/a`, "ends too early"},
		{"cut in an escape", `{"a":"x\`, `/a`, "ends too early"},
		{"more behind", `{} {}`, ``, "something stands behind the value, at byte 4"},
		{"twice", `{"a":{"b":1,"c":2,"b":3}}`, `/a/b`, "stands twice"},
		{"twice by an escape", `{"a":1,"\u0061":2}`, `/a`, "stands twice"},
		{"twice among many", `{"x/y":{` + strings.Join(many, ",") + `,"n7":1}}`, `/x~1y/n7`, "stands twice"},
		{"zero in front", `[1,01]`, `/1`, "zero in front"},
		{"no digits", `[-]`, `/0`, "has no digits"},
		{"no digits behind the point", `[1.]`, `/0`, "behind its point"},
		{"no exponent", `[1e+]`, `/0`, "exponent"},
		{"plus", `[+1]`, `/0`, `can't begin with '+'`},
		{"NaN", `[NaN]`, `/0`, `can't begin with 'N'`},
		{"text without quotes", `{"a":truth}`, `/a`, "text without its quotes"},
		{"trailing comma", `[1,]`, `/1`, `can't begin with ']'`},
		{"trailing comma in an object", `{"a":1,}`, ``, `a name in quotes is missing`},
		{"no comma", `{"a":1 "b":2}`, ``, `a comma or } is missing`},
		{"no colon", `{"a" 1}`, `/a`, `a colon is missing`},
		{"single quotes", `{'a':1}`, ``, `a name in quotes is missing in front of '\''`},
		{"control character", "{\"a\":\"x\ny\"}", `/a`, `control character '\n'`},
		{"control character behind an escape", "{\"a\":\"\\tx\ny\"}", `/a`, `control character '\n'`},
		{"bad escape", `{"a":"\x"}`, `/a`, `backslash in front of 'x'`},
		{"bad digits", `{"a":"\u00g0"}`, `/a`, `hexadecimal`},
		{"high surrogate alone", `{"a":"\ud83dx"}`, `/a`, `surrogate`},
		{"low surrogate alone", `{"a":"\ude00\ud83d"}`, `/a`, `surrogate`},
		{"not UTF-8", "{\"a\":\"caf\xe9\"}", `/a`, `isn't UTF-8`},
		{"not UTF-8 in a name", "{\"caf\xe9\":1}", ``, `in a name: a text isn't UTF-8`},
		{"surrogate in UTF-8", "[\"\xed\xa0\x80\"]", `/0`, `isn't UTF-8`},
		{"too deep", strings.Repeat("[", 600), strings.Repeat("/0", 512), "nests deeper than 512"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := f.Decode([]byte(test.in), "")
			var e *document.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a *document.Error", err)
			}
			if e.Pointer != test.pointer || !strings.Contains(e.Error(), test.message) {
				t.Errorf("got %q at %q, want %q at %q", e.Err, e.Pointer, test.message, test.pointer)
			}
		})
	}
}

func TestJSONAppendErrors(t *testing.T) {
	f := mustNew(t, Config{Name: JSON})
	if _, err := f.Append(nil, document.Value{}); err == nil {
		t.Error("a missing value is written")
	}
	b := document.NewBuilder(nil, 0)
	b.Object()
	b.Name("a")
	b.Array()
	b.Null()
	b.String("caf\xe9")
	b.End()
	b.End()
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Append([]byte("x"), d.Root())
	if err == nil || err.Error() != "at /a/1: the text isn't UTF-8" || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestJSONSet holds that another set than UTF-8 is read where a configuration says so, and only
// then, and that what it lacks is escaped.
func TestJSONSet(t *testing.T) {
	f := mustNew(t, Config{Name: JSON, Charset: "ISO-8859-1"})
	for _, test := range []struct{ name, contentType, in, json, out string }{
		{"as configured", "application/json", "[\"\xe4\",\"\\u20ac \\ud83d\\ude00\"]", `["ä","€ 😀"]`, "[\"\xe4\",\"\\u20ac \\ud83d\\ude00\"]"},
		{"as announced", "application/json; charset=utf-8", `["ä"]`, `["ä"]`, "[\"\xe4\"]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decodeTo(t, f, test.in, test.contentType); got != test.json {
				t.Errorf("got %s, want %s", got, test.json)
			}
			if got, err := f.Append(nil, value(t, test.json)); err != nil || string(got) != test.out {
				t.Errorf("got %q, %v, want %q", got, err, test.out)
			}
		})
	}
	if got := f.ContentType(); got != "application/json; charset=ISO-8859-1" {
		t.Errorf("announced as %s", got)
	}
	if _, err := mustNew(t, Config{Name: JSON}).Decode([]byte("[\"\xe4\"]"), "application/json; charset=ISO-8859-1"); err == nil {
		t.Error("a charset in the content type counts by itself")
	}
}

// TestJSONOfRepeats holds that no name is written twice.
func TestJSONOfRepeats(t *testing.T) {
	b := document.NewBuilder(nil, 0)
	b.Repeats(true)
	b.Object()
	for _, v := range []string{"1", "2"} {
		b.Name("a")
		b.String(v)
		b.Name("b" + v)
		b.String("x")
	}
	b.End()
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := mustNew(t, Config{Name: JSON}).Append(nil, d.Root())
	if want := `{"a":["1","2"],"b1":"x","b2":"x"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestJSONAccepts(t *testing.T) {
	f := mustNew(t, Config{Name: JSON, ContentType: "text/html; charset=utf-8"})
	for contentType, want := range map[string]bool{
		"application/json": true, "Application/JSON; charset=utf-8": true, "text/json": true,
		"application/problem+json": true, "text/html": true, "text/plain": false, "": false, "application/xml": false,
	} {
		if f.Accepts(contentType) != want {
			t.Errorf("Accepts(%q) = %v", contentType, !want)
		}
	}
	if got := f.ContentType(); got != "text/html; charset=utf-8" {
		t.Errorf("ContentType() = %q", got)
	}
}

// FuzzJSON holds that what is read is what jsontext reads, and that it is written as jsontext
// would write it, deep nesting and the byte order mark aside.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e3,"\u00e4\ud83d\ude00",null,true]}`, `{"a":1,"\u0061":2}`, `"\ud800"`, `[01]`, `"\u0000\/\b"`, "\"\u007f\u2028\"", `{"":{"":0}}`, `-0`, `[1e400]`,
		`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"a":10}`, "\"\xff\"", " [ ] ", "[\v]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) > document.MaxDepth {
			return
		}
		d, err := decodeJSON(bytes.Clone(text), "text")
		want, wantErr := jsontext.AppendFormat(nil, text, jsontext.PreserveRawStrings(false), jsontext.SpaceAfterColon(false))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got %v, jsontext says %v", text, err, wantErr)
		}
		if err != nil {
			return
		}
		got, err := appendJSON(nil, d.Root())
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q is written as %s, %v, want %s", text, got, err, want)
		}
	})
}

// twoKB is an answer of 2 KB with 20 members, as legacy applications give them.
func twoKB() []byte {
	var b strings.Builder
	b.WriteString(`{"CUST_NO":"0001234","BAL":"123456","CNT":17,"VIP":true,"FAX":null`)
	for i := range 14 {
		fmt.Fprintf(&b, `,"ADDR_LINE%d":"%s"`, i, strings.Repeat("some text of an answer ", 5))
	}
	b.WriteString(`,"NAME":"J\u00fcrgen \"Jay\" Müller"}`)
	return []byte(b.String())
}

func BenchmarkJSONDecode(b *testing.B) {
	f := mustNew(b, Config{Name: JSON})
	text := twoKB()
	body := make([]byte, len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		copy(body, text)
		if _, err := f.Decode(body, ""); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkJSONText is BenchmarkJSONDecode with the tokens of jsontext, which is what an own
// decoder saves.
func BenchmarkJSONText(b *testing.B) {
	text := twoKB()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var reader bytes.Reader
	d := jsontext.NewDecoder(&reader)
	for b.Loop() {
		reader.Reset(text)
		d.Reset(&reader)
		doc := document.NewBuilder(nil, 64)
		doc.Object()
		if _, err := d.ReadToken(); err != nil {
			b.Fatal(err)
		}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				b.Fatal(err)
			}
			doc.Name(name.String())
			value, err := d.ReadToken()
			if err != nil {
				b.Fatal(err)
			}
			doc.String(value.String())
		}
		doc.End()
		if _, err := doc.Document(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSONAppend(b *testing.B) {
	f := mustNew(b, Config{Name: JSON})
	d, err := f.Decode(twoKB(), "")
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = f.Append(buf[:0], d.Root()); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(buf)))
}
