package format

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

// decodeTo returns the JSON of a body.
func decodeTo(t *testing.T, f Format, body, contentType string) string {
	t.Helper()
	d, err := f.Decode([]byte(body), contentType)
	if err != nil {
		t.Fatal(err)
	}
	text, err := appendJSON(nil, d.Root())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// value returns the value of a JSON text.
func value(t testing.TB, text string) document.Value {
	t.Helper()
	d, err := decodeJSON([]byte(text), "text")
	if err != nil {
		t.Fatal(err)
	}
	return d.Root()
}

// TestBodies holds what each format reads, and what it writes for the same; where written is
// empty it is the body itself.
func TestBodies(t *testing.T) {
	people := []Column{{Name: "id", Width: 6, Align: "right", Pad: "0"}, {Name: "name", Width: 8}, {Name: "n", Width: 4, Align: "right"}}
	for _, test := range []struct {
		name                string
		config              Config
		contentType         string
		body, json, written string
	}{
		{"ndjson", Config{Name: NDJSON}, "", "{\"a\":1}\r\n\n [2]\n\"x\"", `[{"a":1},[2],"x"]`, "{\"a\":1}\n[2]\n\"x\"\n"},
		{"ndjson of nothing", Config{Name: NDJSON}, "", "", `[]`, ""},

		{"form", Config{Name: Form}, "", "a=1&b=%C3%A4+%2B&c%5B%5D=", `{"a":"1","b":"ä +","c[]":""}`, ""},
		{"form that repeats", Config{Name: Form}, "", "a=1&b=2&a=3", `{"a":["1","3"],"b":"2"}`, "a=1&a=3&b=2"},
		{"form as people write it", Config{Name: Form}, "", "&a&&b==ä b&", `{"a":"","b":"=ä b"}`, "a=&b=%3D%C3%A4+b"},
		{"form of nothing", Config{Name: Form}, "", "", `{}`, ""},
		{"form in latin1", Config{Name: Form, Charset: "ISO-8859-1"}, "", "na%EFf=%E9", `{"naïf":"é"}`, ""},
		{"form in the announced set", Config{Name: Form}, "application/x-www-form-urlencoded; charset=windows-1252", "a=%80", `{"a":"€"}`, "a=%E2%82%AC"},

		{"csv", Config{Name: CSV, Header: true}, "", "id,name\n1,\"Smith, \"\"Jo\"\"\"\n2,\n", `[{"id":"1","name":"Smith, \"Jo\""},{"id":"2","name":""}]`, ""},
		{"csv of carriage returns", Config{Name: CSV, Header: true, Newline: "\r\n"}, "", "id,name\r\n1,\"two\r\nlines\"\r\n", `[{"id":"1","name":"two\r\nlines"}]`, ""},
		{"csv without a last line break", Config{Name: CSV, Header: true}, "", "\uFEFFid\n\n1", `[{"id":"1"}]`, "id\n1\n"},
		{"csv by position", Config{Name: CSV, Delimiter: ";", Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", "1;2,5\n", `[{"a":"1","b":"2,5"}]`, ""},
		{"csv by tabs", Config{Name: CSV, Delimiter: "\t", Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", "1\t\"x\ty\"\n", `[{"a":"1","b":"x\ty"}]`, ""},
		{"csv always in quotes", Config{Name: CSV, Header: true, Quote: "always"}, "", "\"a\",\"b\"\n\"1\",\"\"\n", `[{"a":"1","b":""}]`, ""},
		{"csv of one empty cell", Config{Name: CSV, Header: true}, "", "a\n\"\"\n", `[{"a":""}]`, ""},
		{"csv of a header", Config{Name: CSV, Header: true, Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", "a,b\n", `[]`, ""},
		{"csv of columns in another order", Config{Name: CSV, Header: true, Columns: []Column{{Name: "a"}, {Name: "b"}}}, "", "b,a\n1,2\n", `[{"a":"2","b":"1"}]`, "a,b\n2,1\n"},
		{"csv of nothing", Config{Name: CSV, Header: true}, "", "", `[]`, ""},
		{"csv in windows-1252", Config{Name: CSV, Header: true, Charset: "windows-1252", Delimiter: "§"}, "", "a\xa7b\n\x80\xa7\xfc\n", `[{"a":"€","b":"ü"}]`, ""},
		{"csv in the announced set", Config{Name: CSV, Header: true}, "text/csv; charset=latin1", "a\n\xfc\n", `[{"a":"ü"}]`, "a\nü\n"},

		{"csv in UTF-8 that is announced in another set", Config{Name: CSV, Header: true}, "text/csv; charset=windows-1252", "\uFEFFa\n€\n", `[{"a":"€"}]`, "a\n€\n"},
		{"csv in UTF-8 where another set is usual", Config{Name: CSV, Header: true, Charset: "windows-1252"}, "", "\uFEFFa\n€\n", `[{"a":"€"}]`, "a\n\x80\n"},
		{"csv that begins as a mark", Config{Name: CSV, Charset: "windows-1252", Columns: []Column{{Name: "name"}}}, "", "\"\xef\xbb\xbf\"\n", `[{"name":"ï»¿"}]`, ""},
		{"csv that begins as a mark with its delimiter", Config{Name: CSV, Charset: "windows-1252", Delimiter: "»", Columns: []Column{{Name: "name"}, {Name: "n"}}}, "", "\"\xef\"\xbb\xbf\n", `[{"name":"ï","n":"¿"}]`, ""},
		{"json in UTF-8 where another set is usual", Config{Name: JSON, Charset: "windows-1252"}, "application/json; charset=windows-1252", "\uFEFF\"€\"", `"€"`, "\"\x80\""},

		{"fixed width", Config{Name: FixedWidth, Columns: people}, "", "000012Jürgen     5\n-00012            \n", `[{"id":"12","name":"Jürgen","n":"5"},{"id":"-12","name":"","n":""}]`, ""},
		{"fixed width of short lines", Config{Name: FixedWidth, Columns: people}, "", "000000Ann\r\n", `[{"id":"0","name":"Ann","n":""}]`, "000000Ann         \n"},
		{"fixed width in latin1", Config{Name: FixedWidth, Charset: "ISO-8859-1", Columns: people[1:2], Newline: "\r\n"}, "", "J\xfcrgen  \r\n", `[{"name":"Jürgen"}]`, ""},

		{"multipart", Config{Name: Multipart}, "multipart/form-data; boundary=xx", strings.ReplaceAll(`--xx
Content-Disposition: form-data; name="title"

Größe
--xx
Content-Disposition: form-data; name="tag"

a
--xx
Content-Disposition: form-data; name="tag"

b
--xx
Content-Disposition: form-data; name="notes"; filename="no \"tes\".txt"
Content-Type: text/plain

two
lines
--xx
Content-Disposition: form-data; name="scan"; filename="scan.bin"

`, "\n", "\r\n") + "\x00\xff\r\n--xx\r\nContent-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--xx--\r\n",
			`{"title":"Größe","tag":["a","b"],"notes":{"filename":"no \"tes\".txt","content_type":"text/plain","content":"two\r\nlines"},"scan":{"filename":"scan.bin","content":"AP8=","encoding":"base64"},"meta":{"content_type":"application/json","content":"{}"}}`, ""},
		{"multipart of nothing", Config{Name: Multipart}, "multipart/form-data; boundary=xx", "--xx--\r\n", `{}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config)
			if got := decodeTo(t, f, test.body, test.contentType); got != test.json {
				t.Errorf("(-want +got)\n%s", cmp.Diff(test.json, got))
			}
			want := test.written
			if want == "" {
				want = test.body
			}
			got, err := f.Append([]byte("before"), value(t, test.json))
			if err != nil {
				t.Fatal(err)
			}
			written := strings.TrimPrefix(string(got), "before")
			if test.config.Name == Multipart {
				_, boundary, _ := strings.Cut(ContentTypeOf(f, []byte(written)), "boundary=")
				want = strings.ReplaceAll(want, "--xx", "--"+boundary)
			}
			if written != want {
				t.Errorf("(-want +got)\n%s", cmp.Diff(want, written))
			}
		})
	}
}

// TestDecodeErrors holds what each format refuses, and where it says that it is.
func TestDecodeErrors(t *testing.T) {
	header, two := Config{Name: CSV, Header: true}, Config{Name: CSV, Columns: []Column{{Name: "a"}, {Name: "b"}}}
	fixed := Config{Name: FixedWidth, Columns: []Column{{Name: "id", Width: 3, Pad: "0", Align: "right"}, {Name: "x", Width: 2, Align: "right"}, {Name: "y/z", Width: 2}}}
	const parts = "multipart/form-data; boundary=b"
	for _, test := range []struct {
		name                       string
		config                     Config
		contentType, body, message string
	}{
		{"ndjson", Config{Name: NDJSON}, "", "{}\n\n{\"a\":x}", `at /1/a: a value can't begin with 'x', at byte 6 of the line`},
		{"ndjson of two in a line", Config{Name: NDJSON}, "", "{} {}", `at /0: something stands behind the value, at byte 4 of the line`},
		{"ndjson of a text over lines", Config{Name: NDJSON}, "", "\"a\nb\"", `at /0: a text has the control character '\n' in it, which must be escaped, at byte 3 of the line`},
		{"form escape", Config{Name: Form}, "", "a=1&b/c=%zz", `at /b~1c: "%zz" isn't an escape of two hexadecimal digits; a % itself is %25`},
		{"form escape that is cut", Config{Name: Form}, "", "a=%4", `at /a: "%4" isn't an escape`},
		{"form escape in a name", Config{Name: Form}, "", "a=1&%=2", `in the name of pair 2: "%" isn't an escape`},
		{"form that isn't UTF-8", Config{Name: Form}, "", "a=%FF", `at /a: the body isn't UTF-8`},
		{"form name that isn't UTF-8", Config{Name: Form}, "", "%FF=1", `in the name of pair 1: the body isn't UTF-8`},
		{"form in an unknown set", Config{Name: Form}, "a/b; charset=klingon", "a=1", `the character set "klingon" isn't known`},
		{"form bytes that the set lacks", Config{Name: Form, Charset: "windows-1255"}, "", "a=%D9", `at /a: the body isn't windows-1255: it has bytes`},
		{"csv of too few", header, "", "a,b,c\n1,2,3\n1\n", `at /1: the record has 1 cell, and there are 3 columns`},
		{"csv of too many", two, "", "1,2,3\n", `at /0: the record has 3 cells, and there are 2 columns`},
		{"csv quote in a cell", two, "", "1,x\"y\"\n", `at /0/b: a quote stands in a cell that doesn't begin with one`},
		{"csv text behind a quote", two, "", "\"1\"x,2\n", `at /0/a: 'x' stands behind the quote that closes the cell`},
		{"csv quote that isn't closed", two, "", "1,2\n1,\"2\n1,2", `at /1: a quote is never closed`},
		{"csv columns that are the same", header, "", "a,b,a\n", `in the header: the column "a" stands twice`},
		{"csv column of a long name", header, "", "a," + strings.Repeat("x", 1025) + "\n", `in the header: the name of column 2 has 1025 bytes, and at most 1024 are read`},
		{"csv columns of long names", header, "", many("%064d"+strings.Repeat("x", 936)+",", 66) + "a\n", `in the header: the names have 66001 bytes together, and at most 65536 are read`},
		{"csv header that isn't closed", header, "", "a,\"b", `in the header: a quote is never closed`},
		{"csv column that is missing", Config{Name: CSV, Header: true, Columns: two.Columns}, "", "a\n", `in the header: the column "b" is missing`},
		{"csv column that nobody knows", Config{Name: CSV, Header: true, Columns: two.Columns}, "", "a,b,c\n", `in the header: the column "c" isn't one`},
		{"csv that isn't UTF-8", header, "", "a\n\xfc\n", `the body isn't UTF-8: the byte 0xFC is no part of a character there, at byte 3; what set is it in?`},
		{"csv of 7 bits", Config{Name: CSV, Header: true, Charset: "US-ASCII"}, "", "a\n\xfc\n", `the body isn't US-ASCII`},
		{"fixed width too short", fixed, "", "00112yz\n001\n00\n", `at /2/id: the line ends in this column: it has 2 characters, and the columns 7`},
		{"fixed width that lacks what isn't padding", fixed, "", "0011", `at /0/x: the line ends in this column: it has 4 characters`},
		{"fixed width too long", fixed, "", "0011234567", `at /0: the line has 10 characters, and the columns 7`},
		{"fixed width with a carriage return", fixed, "", "001\r234", `at /0: a carriage return stands in the line`},
		{"multipart without a boundary", Config{Name: Multipart}, "multipart/form-data", "", `has no boundary`},
		{"multipart of another boundary", Config{Name: Multipart}, parts, "--c--", `isn't in the body`},
		{"multipart that is cut", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx", `the body ends in part 1`},
		{"multipart without a name", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", `part 1: its Content-Disposition has no name`},
		{"multipart without a header", Config{Name: Multipart}, parts, "--b\r\n\r\nx\r\n--b--", `part 1: it has no Content-Disposition`},
		{"multipart of lines that are no header", Config{Name: Multipart}, parts, "--b\r\nhello\r\n\r\nx\r\n--b--", `part 1: "hello" isn't a header field`},
		{"csv with a mark that isn't UTF-8", header, "text/csv; charset=windows-1252", "\uFEFFa\n\x80\n", `the body isn't UTF-8: the byte 0x80 is no part of a character there, at byte 3`},
		{"ndjson of a line of \\v", Config{Name: NDJSON}, "", "1\n\v\n", `at /1: a value can't begin with '\v', at byte 1 of the line`},
		{"multipart of two names", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b\r\n\r\nx\r\n--b--", `part 1: it has Content-Disposition twice`},
		{"multipart of two types", Config{Name: Multipart}, parts, "--b\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\nx\r\n--b--", `part 1: it has Content-Type twice`},
		{"multipart text that isn't UTF-8", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xfc\r\n--b--", `at /a: the body isn't UTF-8`},
		{"multipart of an extended filename", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a; filename*=utf-8''gr%C3%BCn\r\n\r\nx\r\n--b--", `part 1: its Content-Disposition has filename*, which forms don't have`},
		{"multipart of an extended name", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a; Name*0=b\r\n\r\nx\r\n--b--", `part 1: its Content-Disposition has Name*0, which forms don't have`},
		{"multipart of a long name", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=" + strings.Repeat("a", 1025) + "\r\n\r\nx\r\n--b--", `part 1: its name is longer than 1024 bytes`},
		{"multipart of a long filename", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a; filename=" + strings.Repeat("a", 1025) + "\r\n\r\nx\r\n--b--", `at /a: its filename is longer than 1024 bytes`},
		{"multipart of a line that only begins as the last", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--y\r\n", `the body ends in part 1`},
		{"multipart of two codings", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--", `part 1: it has Content-Transfer-Encoding twice`},
		{"multipart of a bad escape", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nx=ZZ\r\n--b--", `at /a: "=ZZ" isn't an escape of quoted-printable`},
		{"multipart in an unknown coding", Config{Name: Multipart}, parts, "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: zip\r\n\r\nx\r\n--b--", `at /a: the transfer encoding "zip" isn't known`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := mustNew(t, test.config).Decode([]byte(test.body), test.contentType)
			if !errors.As(err, new(*document.Error)) || !strings.HasPrefix(err.Error(), test.message) && !strings.Contains(err.Error(), test.message) {
				t.Errorf("got  %v\nwant %s", err, test.message)
			}
		})
	}
}

// TestAppendErrors holds what can't be written in a format, and where it says that it is.
func TestAppendErrors(t *testing.T) {
	fixed := Config{Name: FixedWidth, Columns: []Column{{Name: "id", Width: 3, Pad: "0", Align: "right"}, {Name: "x", Width: 2}, {Name: "y", Width: 2, Pad: "*"}}}
	for _, test := range []struct {
		name          string
		config        Config
		json, message string
	}{
		{"form of an array", Config{Name: Form}, `[1]`, `a form is an object, and this is an array`},
		{"form that nests", Config{Name: Form}, `{"a":{"b":1}}`, `at /a: an object can't be written here`},
		{"form that nests in an array", Config{Name: Form}, `{"a":[1,[2]]}`, `at /a/1: an array can't be written here`},
		{"form of null", Config{Name: Form}, `{"a":null}`, `at /a: null can't be written in this format; say what stands for it (absent)`},
		{"form in a set that lacks it", Config{Name: Form, Charset: "ISO-8859-1"}, `{"a":"5 €"}`, `at /a: ISO-8859-1 has no character '€' (U+20AC)`},
		{"form name in a set that lacks it", Config{Name: Form, Charset: "ISO-8859-1"}, `{"€":"5"}`, `at /€: in the name: ISO-8859-1 has no character`},
		{"csv of a list of texts", Config{Name: CSV, Header: true}, `[{"a":1},"x"]`, `at /1: a record is an object, and this is a text`},
		{"csv that nests", Config{Name: CSV, Header: true}, `[{"a":[]}]`, `at /0/a: an array can't be written here`},
		{"csv of another column", Config{Name: CSV, Header: true}, `[{"a":1},{"b":2}]`, `at /1/b: there is no column for it; the columns are "a"`},
		{"csv in a set that lacks it", Config{Name: CSV, Header: true, Charset: "windows-1252"}, `[{"a":"ő"}]`, `at /0/a: windows-1252 has no character 'ő' (U+0151)`},
		{"csv of one record", Config{Name: CSV, Header: true}, `{"a":null}`, `at /a: null can't be written`},
		{"csv of an empty record", Config{Name: CSV, Header: true}, `[{}]`, `at /0: the first record has no members`},
		{"fixed width too wide", fixed, `[{"id":"1234"}]`, `at /0/id: the text has 4 characters, and the column 3`},
		{"fixed width of nothing where zeros pad", fixed, `[{"x":"1"}]`, `at /0/id: "" would be read as "0", since the column is padded with "0"`},
		{"fixed width of a mark", Config{Name: FixedWidth, Columns: []Column{{Name: "a", Width: 2}}}, `[{"a":"\uFEFF"}]`, `at /0/a: the body can't begin with a byte order mark of its own`},
		{"fixed width of a mark in another set", Config{Name: FixedWidth, Charset: "windows-1252", Columns: []Column{{Name: "a", Width: 1}, {Name: "b", Width: 2}}}, `[{"a":"ï","b":"»¿"}]`, `at /0/a: the body can't begin with a byte order mark of its own`},
		{"fixed width of padding", fixed, `[{"id":"1","y":"*"}]`, `at /0/y: "*" would be read as "", since the column is padded with "*"`},
		{"fixed width over lines", fixed, `[{"id":"1","x":"\n"}]`, `at /0/x: the text has a line break in it`},
		{"ndjson of nothing", Config{Name: NDJSON}, ``, `there is no value to write`},
		{"form of nothing", Config{Name: Form}, ``, `there is no value to write`},
		{"csv of nothing", Config{Name: CSV, Header: true}, ``, `there is no value to write`},
		{"multipart of an object", Config{Name: Multipart}, `{"a":{"b":1}}`, `at /a/b: a part has nothing of this name`},
		{"multipart without content", Config{Name: Multipart}, `{"a":{"filename":"x"}}`, `at /a: a part that is an object needs content`},
		{"multipart of bad base64", Config{Name: Multipart}, `{"a":{"filename":"x","content":"?","encoding":"base64"}}`, `at /a/content: it isn't base64`},
		{"multipart in another encoding", Config{Name: Multipart}, `{"a":{"filename":"x","content":"?","encoding":"rot13"}}`, `at /a/encoding: "rot13" isn't known`},
		{"multipart that would break its header", Config{Name: Multipart}, `{"a\r\nX: y":"1"}`, `in the name: '\r' can't stand in a header field`},
		{"multipart that would break its header by a file name", Config{Name: Multipart}, `{"a":{"filename":"\n","content":""}}`, `at /a/filename: '\n' can't stand`},
		{"multipart that would break its header by a type", Config{Name: Multipart}, `{"a":[{"content_type":"a/b\r\nX: y","content":""}]}`, `at /a/0/content_type: "a/b\r\nX: y" isn't a content type`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := document.Value{}
			if test.json != "" {
				v = value(t, test.json)
			}
			got, err := mustNew(t, test.config).Append([]byte("before"), v)
			if !errors.As(err, new(*document.Error)) || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got  %v\nwant %s", err, test.message)
			}
			if string(got) != "before" {
				t.Errorf("%q is left behind", got)
			}
		})
	}
}

// TestNewProblems holds that all that is wrong with options is told, with the option's name.
func TestNewProblems(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"no format", Config{}, []string{`format: "" isn't a format; it is json, ndjson, xml, soap, form, multipart, csv, fixed-width`}},
		{"json", Config{Name: JSON, Delimiter: ",", Header: true, ContentType: "json"}, []string{
			"delimiter: the format json doesn't know this", "header: the format json doesn't know this",
			`content_type: "json" isn't a content type such as text/csv; charset=utf-8`,
		}},
		{"form", Config{Name: Form, Charset: "latin-99", Root: "a", Namespaces: map[string]string{"a": "b"}, Declaration: true, CDATA: []string{"x"}, Version: "1.1", Action: "x", Quote: "always", Columns: []Column{{}}, Newline: "\n"}, []string{
			"root: the format form", "namespaces: the format form", "declaration: the format form", "cdata: the format form", "version: the format form", "action: the format form",
			"quote: the format form", "columns: the format form", "newline: the format form", `charset: the character set "latin-99" isn't known; use an IANA name`,
		}},
		{"sets that aren't safe", Config{Name: Form, Charset: "UTF-16"}, []string{"charset: the character set UTF-16 doesn't contain ASCII as it is"}},
		{"csv", Config{Name: CSV, Delimiter: ",,", Quote: "never", Newline: "\r"}, []string{
			`quote: "never" isn't known`, `delimiter: ",," isn't one character`, `newline: "\r" isn't known; it is "\n" or "\r\n"`, "columns: nothing names the columns",
		}},
		{"csv of bad columns", Config{Name: CSV, Delimiter: `"`, Columns: []Column{{Name: "a", Width: 3}, {Name: ""}, {Name: "a"}}}, []string{
			`delimiter: "\"" isn't one character`, "columns[0]: width, align and pad are for fixed-width", "columns[1].name: a column needs a name", `columns: the column "a" stands twice`,
		}},
		{"a delimiter that the set lacks", Config{Name: CSV, Header: true, Charset: "ISO-8859-1", Delimiter: "€"}, []string{"delimiter: ISO-8859-1 has no character '€'"}},
		{"fixed width", Config{Name: FixedWidth}, []string{"columns: there are none"}},
		{"fixed width of bad columns", Config{Name: FixedWidth, Charset: "US-ASCII", Columns: []Column{{Name: "a"}, {Name: "b", Width: 1, Align: "middle", Pad: "xx"}, {Name: "c", Width: 1, Pad: "ä"}}}, []string{
			"columns[0].width: 0 isn't a width", `columns[1].align: "middle" isn't known`, `columns[1].pad: "xx" isn't one character`, "columns[2].pad: US-ASCII has no character",
		}},
		{"two sets", Config{Name: CSV, Header: true, ContentType: "text/csv; charset=latin1"}, []string{"content_type: it names the character set latin1, and bodies are written in UTF-8"}},
		{"another set than UTF-16", Config{Name: XML, Charset: "UTF-16", ContentType: "application/xml; charset=utf-8"}, []string{"content_type: it names the character set utf-8, and bodies are written in UTF-16"}},
		{"UTF-16 where another set is written", Config{Name: SOAP, ContentType: "text/xml; charset=utf-16"}, []string{"content_type: it names the character set utf-16, and bodies are written in UTF-8"}},
		{"multipart", Config{Name: Multipart, ContentType: "multipart/form-data; boundary=x"}, []string{"content_type: the boundary is made anew"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.config)
			var p Problems
			if !errors.As(err, &p) {
				t.Fatalf("got %v, want Problems", err)
			}
			got := make([]string, len(p))
			for i, one := range p {
				got[i] = one.Option + ": " + one.Message
				if i < len(test.want) && strings.HasPrefix(got[i], test.want[i]) {
					got[i] = test.want[i]
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestContentTypes(t *testing.T) {
	columns := []Column{{Name: "a", Width: 1}}
	for _, test := range []struct {
		config Config
		want   string
		reads  []string
	}{
		{Config{Name: JSON}, "application/json", []string{"text/json"}},
		{Config{Name: NDJSON}, "application/x-ndjson", []string{"application/jsonl"}},
		{Config{Name: Form}, "application/x-www-form-urlencoded", nil},
		{Config{Name: Form, Charset: "latin1"}, "application/x-www-form-urlencoded; charset=ISO-8859-1", nil},
		{Config{Name: Multipart}, "multipart/form-data", []string{"multipart/form-data; boundary=x"}},
		{Config{Name: CSV, Header: true}, "text/csv", []string{"application/csv", "Text/CSV; charset=;;"}},
		{Config{Name: CSV, Header: true, Delimiter: "\t", Charset: "windows-1252"}, "text/tab-separated-values; charset=windows-1252", []string{"text/csv"}},
		{Config{Name: CSV, Header: true, ContentType: "text/plain"}, "text/plain", []string{"text/csv"}},
		{Config{Name: CSV, Header: true, ContentType: "text/plain; charset=latin1", Charset: "ISO-8859-1"}, "text/plain; charset=latin1", nil},
		{Config{Name: FixedWidth, Columns: columns}, "text/plain; charset=utf-8", nil},
		{Config{Name: FixedWidth, Columns: columns, Charset: "cp850"}, "text/plain; charset=IBM850", nil},
	} {
		f := mustNew(t, test.config)
		if got := f.ContentType(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.config.Name, got, test.want)
		}
		for _, c := range append(test.reads, f.ContentType()) {
			if !f.Accepts(c) {
				t.Errorf("%s isn't read as %s", c, test.config.Name)
			}
		}
		if f.Accepts("") || f.Accepts("image/png") {
			t.Errorf("%s reads anything", test.config.Name)
		}
	}
}

// TestConcurrent holds that a Format can be used by many at a time.
func TestConcurrent(t *testing.T) {
	for _, v := range variants() {
		f := mustNew(t, v.config)
		t.Run(v.name, func(t *testing.T) {
			for i := range 4 {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					for range 20 {
						for _, s := range v.seeds {
							if d, err := f.Decode([]byte(s), v.contentType); err == nil {
								f.Append(nil, d.Root())
							}
						}
					}
				})
			}
		})
	}
}
