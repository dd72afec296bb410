package format

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
)

// TestWhatIsWrittenIsRead holds for any texts, those that are hard on a format among them: a list
// of records that can be written is read as the same.
func TestWhatIsWrittenIsRead(t *testing.T) {
	text := rapid.OneOf(
		rapid.StringMatching(`[a"\\,;&=%+ §\r\n\t{}:-]{0,12}`),
		rapid.SampledFrom([]string{"", "0", "-1", "\uFEFF", "é€", "\x00", "😀", "--", "\u0085", "\r", "\n", `\u0041`, " a "}),
		rapid.String(),
	)
	columns := []Column{{Name: "a"}, {Name: "b,\"c\"\n"}}
	for _, test := range []struct {
		name    string
		config  Config
		refuses bool // some texts
	}{
		{"json", Config{Name: JSON}, false},
		{"json in latin1", Config{Name: JSON, Charset: "ISO-8859-1"}, false},
		{"ndjson", Config{Name: NDJSON}, false},
		{"csv", Config{Name: CSV, Header: true}, false},
		{"csv with columns", Config{Name: CSV, Header: true, Columns: columns, Newline: "\r\n"}, false},
		{"csv by position", Config{Name: CSV, Columns: columns, Delimiter: "§"}, false},
		{"csv in quotes", Config{Name: CSV, Columns: columns, Quote: "always"}, false},
		{"csv in windows-1252", Config{Name: CSV, Columns: columns, Charset: "windows-1252"}, true},
		{"form", Config{Name: Form}, false},
		{"form in Shift_JIS", Config{Name: Form, Charset: "Shift_JIS"}, true},
		{"multipart", Config{Name: Multipart}, true},
		{"multipart in latin1", Config{Name: Multipart, Charset: "ISO-8859-1"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config)
			rapid.Check(t, func(t *rapid.T) {
				b := document.NewBuilder(nil, 0)
				record := func() {
					b.Object()
					for _, c := range columns {
						b.Name(c.Name)
						b.String(text.Draw(t, c.Name))
					}
					b.End()
				}
				if test.config.Name == Form || test.config.Name == Multipart {
					b.Repeats(true)
					b.Object()
					for range rapid.IntRange(0, 5).Draw(t, "members") {
						b.Name(text.Draw(t, "name"))
						b.String(text.Draw(t, "text"))
					}
					b.End()
				} else {
					b.Array()
					for range rapid.IntRange(0, 5).Draw(t, "records") {
						record()
					}
					b.End()
				}
				d, err := b.Document()
				if err != nil {
					t.Fatal(err)
				}
				body, err := f.Append(nil, d.Root())
				if err != nil {
					if !test.refuses {
						t.Fatal(err)
					}
					return
				}
				again, err := f.Decode(append([]byte(nil), body...), ContentTypeOf(f, body))
				if err != nil {
					t.Fatalf("%q can't be read: %v", body, err)
				}
				if got, want := dump(again.Root()), dump(d.Root()); got != want {
					t.Fatalf("%s is written as %q and read as %s", want, body, got)
				}
			})
		})
	}
}
