package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/strangler-fig/toolkit/acl/document"
)

// dump writes a value so that two that differ in anything are written differently.
func dump(v document.Value) string {
	var b strings.Builder
	if v.Repeats() {
		b.WriteString("repeats ")
	}
	dumpTo(&b, v)
	return b.String()
}

func dumpTo(b *strings.Builder, v document.Value) {
	switch v.Kind() {
	case document.Object:
		b.WriteString("{")
		for name, member := range v.Members() {
			fmt.Fprintf(b, "%q:", name)
			dumpTo(b, member)
			b.WriteString(" ")
		}
		b.WriteString("}")
	case document.Array:
		b.WriteString("[")
		for e := range v.Elements() {
			dumpTo(b, e)
			b.WriteString(" ")
		}
		b.WriteString("]")
	case document.String:
		fmt.Fprintf(b, "%q", v.Bytes())
	default:
		fmt.Fprintf(b, "%s(%s)", v.Kind(), v.Bytes())
	}
}

// variant is a format with options, and how its bodies are announced when they are read.
type variant struct {
	name        string
	config      Config
	contentType string
	seeds       []string
	// mayRefuse says that what is read can't always be written: in multipart a header field can
	// hold what we don't write there; a line of fixed width can begin with a byte order mark
	// behind the byte order mark, or with what would be one in UTF-8; and in the sets of East Asia some bytes are characters for
	// which their encoders know none.
	mayRefuse bool
}

func variants() []variant {
	columns := []Column{{Name: "id", Width: 4, Align: "right", Pad: "0"}, {Name: "name", Width: 6}, {Name: "n", Width: 3, Align: "right"}, {Name: "x", Width: 2, Pad: "*"}}
	spaces := []Column{{Name: "id", Width: 4}, {Name: "name", Width: 6, Align: "right"}}
	return []variant{
		{"json", Config{Name: JSON}, "", []string{`{"a":[1,-2.5e3,"\u00e4\ud83d\ude00",null,true]}`, `[{"a":1},[],{}]`, "[1 ,2]x", `"\ud800"`, "[[[[", "\uFEFF[]", "[\uFEFF1]"}, false},
		{"ndjson", Config{Name: NDJSON}, "", []string{"{\"a\":1}\n\n[2]\r\n3", "1 2\n", "\uFEFF{}\n", "\uFEFF\uFEFF0"}, false},
		{"json latin1", Config{Name: JSON, Charset: "ISO-8859-1"}, "", []string{"[\"\xe4\\u20ac\\ud83d\\ude00\"]"}, false},
		{"ndjson sjis", Config{Name: NDJSON, Charset: "Shift_JIS"}, "", []string{"\"\x93\xfa\"\n\"\\u00e4\""}, false},
		{"form", Config{Name: Form}, "", []string{"a=1&b=%C3%A4+x&a=2&c[d]=&e", "a=%zz", "&&=&", "a=%ff"}, false},
		{"form latin1", Config{Name: Form, Charset: "ISO-8859-1"}, "", []string{"a=%E4\xe4", "a=%80"}, false},
		{"form sjis", Config{Name: Form, Charset: "Shift_JIS"}, "", []string{"a=%93%fa", "a=\xb1"}, true},
		{"multipart", Config{Name: Multipart}, "multipart/form-data; boundary=b", []string{
			"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--b--\r\n",
			"--b--", "pre\n--b \nContent-Disposition:form-data;name=a\nContent-Transfer-Encoding: quoted-printable\n\n=41\n--b--",
		}, true},
		{"multipart latin1", Config{Name: Multipart, Charset: "windows-1252"}, "multipart/form-data; boundary=b", []string{
			"--b\r\nContent-Disposition: form-data; name=\"\xe4\"\r\n\r\n\x80\r\n--b--\r\n",
		}, true},
		{"csv header", Config{Name: CSV, Header: true}, "", []string{"a,b\n1,\"x\"\"y\n\"\r\n\n,\n", "a,a\n", "a\n\"\"\n", "a,b\n1\n", "a\nx\"\n"}, false},
		{"csv latin1", Config{Name: CSV, Charset: "ISO-8859-1", Delimiter: "»", Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", []string{"\"\xef\"\xbb\xbf\n", "\uFEFFa»b\n"}, true},
		{"csv columns", Config{Name: CSV, Delimiter: "§", Quote: "always", Newline: "\r\n", Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", []string{"1§2\r\n\"x§\"§\n", "1\n"}, false},
		{"csv one column", Config{Name: CSV, Columns: []Column{{Name: "a"}}}, "", []string{"\"\"\n\nx\r", "\"\uFEFF\""}, false},
		{"csv both", Config{Name: CSV, Header: true, Delimiter: ";", Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", []string{"b;a\n1;2\n", "a\n", ""}, false},
		{"csv 1252", Config{Name: CSV, Header: true, Delimiter: ";"}, "text/csv; charset=windows-1252", []string{"a\n\x80;\n", "\x80\nx"}, false},
		{"csv gb18030", Config{Name: CSV, Header: true, Charset: "gb18030"}, "", []string{"a\n\x84\x31\x95\x33", "\xc4\xe3\n\xba\xc3"}, true},
		{"fixed", Config{Name: FixedWidth, Columns: columns}, "", []string{"0001Anna    1x*\n", "-012Jürgen 12**\r\n", "short\n", strings.Repeat("x", 20)}, true},
		{"fixed spaces", Config{Name: FixedWidth, Newline: "\r\n", Columns: spaces}, "", []string{"ab\n\n  ab     x\n", "a     \n", "\uFEFF\uFEFFbcd"}, true},
		{"fixed latin1", Config{Name: FixedWidth, Charset: "ISO-8859-1", Columns: spaces}, "", []string{"\xe4\xf6\xfc", "\n\xef\xbb\xbfx", "\uFEFF€"}, true},
	}
}

// FuzzFormats holds, of any bytes in any format: they are a document or an error. What is read can
// be written, and read again it is the same. Read record by record it is the same as at once.
func FuzzFormats(f *testing.F) {
	all := variants()
	formats := make([]Format, len(all))
	for i, v := range all {
		formats[i] = mustNew(f, v.config)
		for _, s := range v.seeds {
			f.Add(byte(i), []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, body []byte) {
		v, format := all[int(which)%len(all)], formats[int(which)%len(all)]
		d, err := format.Decode(bytes.Clone(body), v.contentType)
		if r, ok := format.(Records); ok {
			sameRecords(t, r, body, v.contentType, d, err)
		}
		if err != nil {
			if !errors.As(err, new(*document.Error)) {
				t.Errorf("%s: %v isn't a *document.Error", v.name, err)
			}
			return
		}
		written, err := format.Append(nil, d.Root())
		if err != nil {
			if !v.mayRefuse {
				t.Fatalf("%s: %s can't be written: %v", v.name, dump(d.Root()), err)
			}
			return
		}
		again, err := format.Decode(bytes.Clone(written), ContentTypeOf(format, written))
		if err != nil {
			t.Fatalf("%s: %q can't be read again: %v", v.name, written, err)
		}
		if got, want := dump(again.Root()), dump(d.Root()); got != want {
			t.Fatalf("%s: %s became %q, and that %s", v.name, want, written, got)
		}
	})
}

func sameRecords(t *testing.T, f Records, body []byte, contentType string, whole *document.Document, wholeErr error) {
	if errors.Is(wholeErr, errCells) || bytes.Count(body, []byte("[")) > 500 || bytes.Count(body, []byte(`:{`)) > 500 {
		return // what is too much at once isn't record by record
	}
	if wholeErr == nil && whole.Root().Kind() != document.Array {
		return
	}
	var got, want []string
	r := f.Read(iotest.HalfReader(bytes.NewReader(body)), contentType, 0)
	for {
		d, err := r.Next()
		if err == io.EOF {
			if wholeErr != nil {
				t.Fatalf("record by record %q is good, at once %v", body, wholeErr)
			}
			break
		}
		if err != nil {
			if wholeErr == nil {
				t.Fatalf("at once %q is good, record by record %v", body, err)
			}
			if _, again := r.Next(); again != err {
				t.Fatalf("after %v came %v", err, again)
			}
			return
		}
		got = append(got, dump(d.Root()))
	}
	for e := range whole.Root().Elements() {
		want = append(want, dump(e))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("record by record %q is %q, at once %q", body, got, want)
	}
}
