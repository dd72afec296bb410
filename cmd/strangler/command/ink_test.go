package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

func parsed(t *testing.T, text string) (*document.Document, format.Format) {
	t.Helper()
	f, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Decode([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	return d, f
}

// Members with another name are coloured, at every depth, and nothing else is.
func TestInk(t *testing.T) {
	before, _ := parsed(t, `{"A":1,"L":[{"same":1,"B":2}]}`)
	after, f := parsed(t, `{"a":1,"L":[{"same":1.50,"b/c":"\u001b[31m"}],"e":{},"f":[]}`)
	var out bytes.Buffer
	ink(true).body(&out, nil, after, f, renamed(before, after))
	const cyan, end = "\x1b[36m", "\x1b[0m"
	want := "{\n  " + cyan + `"a"` + end + ": " + cyan + "1" + end + ",\n" +
		`  "L": [` + "\n    {\n" + `      "same": 1.50,` + "\n      " + cyan + `"b/c"` + end + ": " + cyan + `"\u001b[31m"` + end + "\n    }\n  ],\n  " +
		cyan + `"e"` + end + ": {},\n  " + cyan + `"f"` + end + ": []\n}\n"
	if out.String() != want {
		t.Errorf("got\n%q\nwant\n%q", out.String(), want)
	}
	out.Reset()
	ink(false).body(&out, nil, after, f, renamed(before, after))
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("without a terminal there is colour: %q", &out)
	}
}

// What isn't JSON is printed as it is, but can't control the terminal.
func TestInkOfTexts(t *testing.T) {
	f, err := format.New(format.Config{Name: format.XML})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ink(true).body(&out, []byte("<a>\r\n\x1b[2J</a>\r\n"), nil, f, nil)
	if got, want := out.String(), "<a>\n\uFFFD[2J</a>\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoColour(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("CLICOLOR_FORCE", "")
	t.Setenv("TERM", "xterm")
	if !inkOn(true) || inkOn(false) {
		t.Error("there is to be colour on a terminal, and only there")
	}
	if inkFor(&bytes.Buffer{}) {
		t.Error("a buffer is no terminal")
	}
	t.Setenv("CLICOLOR_FORCE", "1")
	if !inkOn(false) {
		t.Error("there is no colour in spite of CLICOLOR_FORCE")
	}
	t.Setenv("CLICOLOR_FORCE", "0")
	if inkOn(false) {
		t.Error("there is colour because of CLICOLOR_FORCE=0")
	}
	t.Setenv("TERM", "dumb")
	if inkOn(true) {
		t.Error("there is colour on a terminal that has none")
	}
	t.Setenv("CLICOLOR_FORCE", "1")
	t.Setenv("NO_COLOR", "1")
	if inkOn(true) {
		t.Error("there is colour in spite of NO_COLOR")
	}
}

// An identifier's stand-in is always the same, comes back as itself, and is another in another table.
func TestStandIns(t *testing.T) {
	a, b := newStandIns("a"), newStandIns("b")
	for _, id := range []string{"17", "0017", ""} {
		there, _ := a.ToService(t.Context(), id)
		again, _ := a.ToService(t.Context(), id)
		other, _ := b.ToService(t.Context(), id)
		back, _ := a.ToLegacy(t.Context(), there)
		if there != again || there == other || back != id {
			t.Errorf("%q becomes %s, then %s, in another table %s, and comes back as %q", id, there, again, other, back)
		}
	}
	there, _ := a.ToLegacy(t.Context(), "8c1d7c1e-0000-7000-8000-000000000000")
	if back, _ := a.ToService(t.Context(), there); back != "8c1d7c1e-0000-7000-8000-000000000000" || len(there) != 9 {
		t.Errorf("the service's becomes %s and comes back as %s", there, back)
	}
}
