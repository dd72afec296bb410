package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

// readAll returns the JSON of all records, a line each, and the error that ended the reading.
func readAll(t *testing.T, r RecordReader) (string, error) {
	t.Helper()
	var all []byte
	for {
		d, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Errorf("after %v came %v", err, again)
			}
			return string(all), err
		}
		if all, err = appendJSON(all, d.Root()); err != nil {
			t.Fatal(err)
		}
		all = append(all, '\n')
	}
}

// TestRecords holds what is read before an error, and where this is said to be. Bodies come whole
// and byte by byte.
func TestRecords(t *testing.T) {
	header := Config{Name: CSV, Header: true}
	fixed := Config{Name: FixedWidth, Columns: []Column{{Name: "a", Width: 2}, {Name: "b", Width: 1}}}
	for _, test := range []struct {
		name       string
		config     Config
		body, want string
		err        string // empty: io.EOF
	}{
		{"json", Config{Name: JSON}, " [ {\"a\":\"]\\\"}\"} , 1,\n\"x\" ,[ [ ] , 2],true ] \n", "{\"a\":\"]\\\"}\"}\n1\n\"x\"\n[[],2]\ntrue\n", ""},
		{"json of nothing", Config{Name: JSON}, "[ ]", "", ""},
		{"json with a byte order mark", Config{Name: JSON}, "\uFEFF[1]", "1\n", ""},
		{"no body", Config{Name: JSON}, " ", "", "the body is empty; a list of records is an array"},
		{"an object", Config{Name: JSON}, "{}", "", "the body isn't an array, as a list of records is"},
		{"an error in an element", Config{Name: JSON}, `[{"a":1},{"a":{"b/":tru}}]`, "{\"a\":1}\n", "at /1/a/b~1: a value can't begin with 't'; is it true, or a text without its quotes?, at byte 12 of the element"},
		{"cut behind an element", Config{Name: JSON}, `[1,2`, "1\n", "at /1: the body ends too early"},
		{"cut behind a comma", Config{Name: JSON}, `[1,`, "1\n", "at /1: the body ends too early"},
		{"cut in an element", Config{Name: JSON}, `[1,{"a":"`, "1\n", "at /1: the body ends too early"},
		{"cut behind the bracket", Config{Name: JSON}, `[`, "", "at /0: the body ends too early"},
		{"more behind the array", Config{Name: JSON}, `[1] x`, "1\n", "something stands behind the array"},
		{"no comma", Config{Name: JSON}, `[1 2]`, "1\n", "at /0: a comma or ] is missing behind the element"},
		{"two commas", Config{Name: JSON}, `[1,,2]`, "1\n", "at /1: the element is empty"},
		{"a comma in front", Config{Name: JSON}, `[,1]`, "", "at /0: the element is empty"},
		{"a comma behind", Config{Name: JSON}, `[1,]`, "1\n", "at /1: the element is empty"},
		{"another bracket", Config{Name: JSON}, `[[1}]`, "", "at /0: a comma or ] is missing in front of '}', at byte 3 of the element"},
		{"a long element", Config{Name: JSON}, `[1,"` + strings.Repeat("x", 100) + `"]`, "1\n", "at /1: the record is longer than 60 bytes"},
		{"much space", Config{Name: JSON}, `[1` + strings.Repeat(" ", 100) + `,2]`, "1\n2\n", ""},

		{"json that isn't in its set", Config{Name: JSON, Charset: "US-ASCII"}, "[1,\n\xff]", "1\n", "at /1: the body isn't US-ASCII: it has bytes that are no character there"},
		{"json that isn't in its set in a text", Config{Name: JSON, Charset: "US-ASCII"}, "[1,\"\xff\"]", "1\n", "at /1: the body isn't US-ASCII: it has bytes that are no character there"},

		{"ndjson", Config{Name: NDJSON}, "\uFEFF1\n\r\n[2]\r\n{}", "1\n[2]\n{}\n", ""},
		{"ndjson of a bad line", Config{Name: NDJSON}, "1\n\n[2,]\n", "1\n", "at /1/1: a value can't begin with ']', at byte 4 of the line"},
		{"a line of a space that JSON hasn't", Config{Name: NDJSON}, "1\n \v\n2", "1\n", `at /1: a value can't begin with '\v', at byte 2 of the line`},
		{"a line of a no-break space", Config{Name: NDJSON}, "\u00a0\n2", "", `at /0: a value can't begin with '\u00a0', at byte 1 of the line`},
		{"a line of JSON's space", Config{Name: NDJSON}, "1\n \t\r\n2", "1\n2\n", ""},
		{"a long line", Config{Name: NDJSON}, "1\n" + strings.Repeat("2", 61), "1\n", "at /1: the record is longer than 60 bytes"},
		{"a line as long as may be", Config{Name: NDJSON}, "1\n" + strings.Repeat("2", 60) + "\r\n", "1\n" + strings.Repeat("2", 60) + "\n", ""},

		{"csv", header, "a,b\n1,\"x\ny\"\r\n\n,", "{\"a\":\"1\",\"b\":\"x\\ny\"}\n{\"a\":\"\",\"b\":\"\"}\n", ""},
		{"csv of nothing", header, "", "", ""},
		{"csv of a bad header", header, "a,a\n", "", `in the header: the column "a" stands twice`},
		{"csv of a bad record", header, "a,b\n1,2\n1\n", "{\"a\":\"1\",\"b\":\"2\"}\n", "at /1: the record has 1 cell, and there are 2 columns"},
		{"csv of a bad cell", header, "a,b\n1,2\n1,\"2\"3\n", "{\"a\":\"1\",\"b\":\"2\"}\n", "at /1/b: '3' stands behind the quote that closes the cell; a quote in a cell is doubled"},
		{"csv of a quote that isn't closed", header, "a,b\n1,\"2\n", "", "at /0: a quote is never closed"},
		{"csv of a quote that isn't closed for long", header, "a,b\n1,\"2\n" + strings.Repeat("1,2\n", 20), "", "at /0: the record is longer than 60 bytes; is a quote in it never closed?"},
		{"csv of a long header", header, strings.Repeat("a,", 40), "", "in the header: the record is longer than 60 bytes"},
		{"csv that isn't UTF-8", header, "a\n1\n\xfc\n", "{\"a\":\"1\"}\n", "at /1: the body isn't UTF-8: it has bytes that are no character there"},
		{"csv in a set", Config{Name: CSV, Header: true, Charset: "windows-1252"}, "a\n\x80\n", "{\"a\":\"€\"}\n", ""},
		{"csv that isn't in its set", Config{Name: CSV, Header: true, Charset: "US-ASCII"}, "a\n1\n\x80\n", "{\"a\":\"1\"}\n", "at /1: the body isn't US-ASCII: it has bytes that are no character there"},

		{"json in UTF-8 after all", Config{Name: JSON, Charset: "windows-1252"}, "\uFEFF[\"€\"]", "\"€\"\n", ""},
		{"json in UTF-8 after all that isn't", Config{Name: JSON, Charset: "windows-1252"}, "\uFEFF[1,\"\x80\"]", "1\n", "at /1: the body isn't UTF-8: it has bytes that are no character there"},
		{"ndjson in UTF-8 after all", Config{Name: NDJSON, Charset: "windows-1252"}, "\uFEFF\"€\"", "\"€\"\n", ""},
		{"csv in UTF-8 after all", Config{Name: CSV, Header: true, Charset: "windows-1252"}, "\uFEFFa\n€\n\uFFFD\n", "{\"a\":\"€\"}\n{\"a\":\"\uFFFD\"}\n", ""},
		{"csv in UTF-8 after all that isn't", Config{Name: CSV, Header: true, Charset: "windows-1252"}, "\uFEFFa\n1\n\x80\n", "{\"a\":\"1\"}\n", "at /1: the body isn't UTF-8: it has bytes that are no character there"},
		{"fixed width in UTF-8 after all", Config{Name: FixedWidth, Charset: "windows-1252", Columns: fixed.Columns}, "\uFEFF€", "{\"a\":\"€\",\"b\":\"\"}\n", ""},
		{"fixed width of less than a mark", Config{Name: FixedWidth, Charset: "windows-1252", Columns: fixed.Columns}, "\xef\xbb", "{\"a\":\"ï»\",\"b\":\"\"}\n", ""},

		{"fixed width", fixed, "a1x\n\nü\r\nab", "{\"a\":\"a1\",\"b\":\"x\"}\n{\"a\":\"ü\",\"b\":\"\"}\n{\"a\":\"ab\",\"b\":\"\"}\n", ""},
		{"fixed width of a long line", fixed, "a1x\na1xy", "{\"a\":\"a1\",\"b\":\"x\"}\n", "at /1: the line has 4 characters, and the columns 3"},
		{"fixed width that isn't UTF-8", fixed, "\xfc", "", "at /0: the body isn't UTF-8: it has bytes that are no character there"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config).(Records)
			for name, body := range map[string]io.Reader{
				"whole":        strings.NewReader(test.body),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.body)),
			} {
				got, err := readAll(t, f.Read(body, "", 60))
				if got != test.want {
					t.Errorf("%s: (-want +got)\n%s", name, cmp.Diff(test.want, got))
				}
				if whole, wholeErr := f.Decode([]byte(test.body), ""); (wholeErr == nil) != (err == io.EOF) && !strings.Contains(test.err, "longer than") && !strings.Contains(test.err, "isn't an array") {
					t.Errorf("%s: at once %v, %v", name, whole, wholeErr)
				}
				if test.err == "" && err != io.EOF || test.err != "" && (err.Error() != test.err || !errors.As(err, new(*document.Error))) {
					t.Errorf("%s: got  %v\nwant %s", name, err, test.err)
				}
			}
		})
	}
}

// TestRecordsOfBrokenReader holds that what goes wrong with the body's reader is told as it is,
// since it isn't the body's fault.
func TestRecordsOfBrokenReader(t *testing.T) {
	for _, broken := range []error{errors.New("connection lost"), io.ErrUnexpectedEOF, fmt.Errorf("connection lost: %w", io.EOF)} {
		for _, v := range variants() {
			r, ok := mustNew(t, v.config).(Records)
			if !ok {
				continue
			}
			for _, body := range map[string][]string{
				JSON: {"", " ", "[", "[1", "[1 ", "[1,", `[{"a":`, `["`, "[1]"}, NDJSON: {"", "1", "1\n2", "1\n"}, CSV: {"", "a,b", `"`, "\n"}, FixedWidth: {"", "00"},
			}[v.config.Name] {
				records := r.Read(io.MultiReader(strings.NewReader(body), iotest.ErrReader(broken)), v.contentType, 0)
				if _, err := readAll(t, records); err != broken {
					t.Errorf("%s: %s: got %v", v.name, body, err)
				}
			}
		}
	}
}

// TestRecordsInUnknownSet holds that a content type with a set that nobody knows is an error of
// the first record.
func TestRecordsInUnknownSet(t *testing.T) {
	for _, c := range []Config{{Name: CSV, Header: true}, {Name: FixedWidth, Columns: []Column{{Name: "a", Width: 1}}}, {Name: JSON, Charset: "latin1"}, {Name: NDJSON, Charset: "latin1"}} {
		r := mustNew(t, c).(Records).Read(strings.NewReader("[]"), "a/b; charset=klingon", 0)
		if _, err := r.Next(); !errors.As(err, new(*document.Error)) {
			t.Errorf("%s: got %v", c.Name, err)
		}
	}
}

// TestRecordWriters holds what stands between and around records, of none and of several, and
// that a record that is refused leaves nothing behind.
func TestRecordWriters(t *testing.T) {
	both := Config{Name: CSV, Header: true, Columns: []Column{{Name: "a"}, {Name: "b"}}}
	for _, test := range []struct {
		name              string
		config            Config
		none, some, wrong string
	}{
		{"json", Config{Name: JSON}, "[]", `[{"a":"1"},{"a":"2"}]`, ""},
		{"ndjson", Config{Name: NDJSON}, "", "{\"a\":\"1\"}\n{\"a\":\"2\"}\n", ""},
		{"csv", Config{Name: CSV, Header: true}, "", "a\n1\n2\n", `[1]`},
		{"csv by position", Config{Name: CSV, Columns: both.Columns}, "", "1,\n2,\n", `{"a":[]}`},
		{"csv of a header and columns", both, "a,b\n", "a,b\n1,\n2,\n", `{"c":1}`},
		{"fixed width", Config{Name: FixedWidth, Columns: []Column{{Name: "a", Width: 2}}}, "", "1 \n2 \n", `{"a":"123"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config).(Records)
			var b bytes.Buffer
			if err := f.Write(&b).Close(); err != nil || b.String() != test.none {
				t.Errorf("of none: got %q, %v, want %q", &b, err, test.none)
			}
			b.Reset()
			w := f.Write(&b)
			if test.wrong != "" {
				if err := w.Write(value(t, test.wrong)); err == nil || !strings.HasPrefix(err.Error(), "at /0") {
					t.Errorf("got %v", err)
				}
			}
			if err := w.Write(document.Value{}); !errors.As(err, new(*document.Error)) {
				t.Errorf("a missing value: got %v", err)
			}
			for _, s := range []string{`{"a":"1"}`, `{"a":"2"}`} {
				if err := w.Write(value(t, s)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil || b.String() != test.some {
				t.Errorf("got %q, %v, want %q", &b, err, test.some)
			}
			broken := f.Write(writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }))
			if err := broken.Write(value(t, `{"a":"1"}`)); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("got %v", err)
			}
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
