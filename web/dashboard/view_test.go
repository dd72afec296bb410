package dashboard

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// drawn writes lines as a person reads them: > marks a difference, | is within one, ~ stands
// for what only the other side has.
func drawn(lines []bodyLine) string {
	var b strings.Builder
	for _, l := range lines {
		switch {
		case l.Pad:
			b.WriteString("=")
		case l.Ghost:
			b.WriteString("~ ")
		case l.Kind != "":
			b.WriteString("> ")
		case l.Inside:
			b.WriteString("| ")
		default:
			b.WriteString("  ")
		}
		b.WriteString(l.Text)
		if l.Kind != "" {
			b.WriteString(" # " + string(l.Kind))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestJSONLines(t *testing.T) {
	diff := func(pointer string, kind shadow.Kind) shadow.Difference {
		return shadow.Difference{Pointer: pointer, Kind: kind}
	}
	tests := []struct {
		name, body  string
		differences []shadow.Difference
		side        shadow.Side
		want        string
	}{
		{"a value", `{"a":1,"b":[true,null]}`, []shadow.Difference{diff("/b/1", shadow.KindValue)}, shadow.Legacy, `
  {
    "a": 1,
    "b": [
      true,
>     null # value
    ]
  }
`},
		{"the whole body", `1e400`, []shadow.Difference{diff("", shadow.KindType)}, shadow.Service, `
> 1e400 # type
`},
		{"missing is marked where it is", `{"a":{"b":1}}`, []shadow.Difference{diff("/a", shadow.KindMissing)}, shadow.Legacy, `
  {
>   "a": { # missing
|     "b": 1
|   }
  }
`},
		{"and named where it isn't", `{}`, []shadow.Difference{diff("/a", shadow.KindMissing)}, shadow.Service, `
  {
~   "a"
  }
`},
		{"extra element", `[1]`, []shadow.Difference{diff("/1", shadow.KindExtra)}, shadow.Legacy, `
  [
    1
~   [1]
  ]
`},
		{"another order marks the list, not each element", `[2,1]`, []shadow.Difference{diff("", shadow.KindOrder)}, shadow.Legacy, `
> [ # order
    2,
    1
  ]
`},
		{"names with slash and tilde", `{"a/b~":1}`, []shadow.Difference{diff("/a~1b~0", shadow.KindValue)}, shadow.Legacy, `
  {
>   "a/b~": 1 # value
  }
`},
		{"an element that stands elsewhere on the service's side", `[{"id":2,"n":5},{"id":1,"n":7}]`,
			[]shadow.Difference{{Pointer: "/0/n", Pattern: "/*/n", Kind: shadow.KindValue, Legacy: []byte("6"), Service: []byte("7")}}, shadow.Service, `
  [
    {
      "id": 2,
      "n": 5
    },
    {
      "id": 1,
>     "n": 7 # value
    }
  ]
`},
		{"empty containers stay on a line", `{"a":{},"b":[]}`, nil, shadow.Legacy, `
  {
    "a": {},
    "b": []
  }
`},
		{"duplicate names and exact numbers", `{"a":9007199254740993,"a":1.0}`, nil, shadow.Legacy, `
  {
    "a": 9007199254740993,
    "a": 1.0
  }
`},
		{"what hides is visible", "{\"a\":\"\u202e\\u200b\xff</pre>\"}", nil, shadow.Legacy, `
  {
    "a": "⟨U+202E⟩⟨U+200B⟩�</pre>"
  }
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, ok := jsonLines(tt.body, tt.differences, tt.side)
			if !ok {
				t.Fatal("it isn't taken for JSON")
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), drawn(lines)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNotJSON(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "blank": " \n", "cut": `{"a":1`, "text": "hello", "too deep": strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2),
		"more than one value": `{} {}`,
	} {
		if lines, ok := jsonLines(body, nil, shadow.Legacy); ok {
			t.Errorf("%s is taken for JSON: %s", name, drawn(lines))
		}
	}
}

func TestTextLines(t *testing.T) {
	left, right := textLines("a\nb\nc\nd\n", "a\nc\nx\nd\ne\n")
	if diff := cmp.Diff("  a\n> b # body\n  c\n=\n  d\n=\n", drawn(left)); diff != "" {
		t.Errorf("legacy (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("  a\n=\n  c\n> x # body\n  d\n> e # body\n", drawn(right)); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
}

// TestViewIsBounded holds that no more is drawn of a body than a page has room for, what differs first, and
// that what isn't is counted.
func TestViewIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		pointer    string
		all        int64 // lines
	}{
		{"a list of many numbers", "[" + strings.Repeat("0,", 100_000) + strings.Repeat("9", 10_000) + "]", "/99990", 100_003},
		{"what is special in HTML", `{"a":[` + strings.Repeat(`"<&>'+",`, 20_000) + `"\""],"b":1}`, "/b", 20_006},
		{"it differs as a whole", `{"a":[` + strings.Repeat("0,", 50_000) + `0],"b":1}`, "/a", 50_006},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines, ok := jsonLines(tt.body, []shadow.Difference{{Pointer: tt.pointer, Kind: shadow.KindMissing}}, shadow.Legacy)
			if !ok || len(lines) > layoutLines {
				t.Fatalf("ok %v, %d lines", ok, len(lines))
			}
			v := viewOf(lines, &web.Answer{Body: tt.body, Size: int64(len(tt.body))})
			var all int64
			drawn, marked := 0, 0
			for _, p := range v.Parts {
				if !p.Folded {
					all += int64(len(p.Lines))
				}
				all += p.Count
				for _, l := range p.Lines {
					drawn += l.cost()
					if l.Kind != "" {
						marked++
					}
					if p.Folded && l.Kind != "" {
						t.Error("a line that differs is folded away")
					}
					if n := utf8.RuneCountInString(l.Text); n > maxLine+2*maxDepth {
						t.Errorf("a line of %d characters", n)
					}
				}
			}
			if all != tt.all || drawn > maxDrawn || marked != 1 || !v.Cut {
				t.Errorf("%d of %d lines in %d bytes, %d marked, cut %t", all, tt.all, drawn, marked, v.Cut)
			}
		})
	}
}

// TestScatteredDifferences holds that a body which is too long to draw, with differences all over it, is shown up to
// some place, and that the rest is one fold.
func TestScatteredDifferences(t *testing.T) {
	var legacy, service strings.Builder
	for i := range 900 {
		line := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", 250))
		legacy.WriteString(line)
		if i%12 == 0 {
			line = "other " + line
		}
		service.WriteString(line)
	}
	left, right := bodyViews(web.Divergence{Differences: []shadow.Difference{{Kind: shadow.KindBody}},
		Legacy: &web.Answer{Body: legacy.String()}, Service: &web.Answer{Body: service.String()}})
	for side, v := range map[shadow.Side]bodyView{shadow.Legacy: left, shadow.Service: right} {
		lines := int64(0)
		for _, p := range v.Parts {
			lines += max(p.Count, int64(len(p.Lines)))
		}
		if last := v.Parts[len(v.Parts)-1]; !v.Cut || !last.Folded || !last.Differs || lines != 900 {
			t.Errorf("%s: %d lines, cut: %t, and at the end %d, with differences: %t", side, lines, v.Cut, last.Count, last.Differs)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		count(0): "0", count(-1234): "-1,234", count(1234567): "1,234,567", count(999): "999",
		percent(0): "0%", percent(.00001): "<0.1%", percent(.293): "29.3%", percent(.99999): ">99.9%", percent(1): "100%",
		shareText(1): "100 %", shareText(.0761): "7.6 %", shareText(0): "0 %", rate(.004): "<0.01", rate(.5): "0.50", rate(12.34): "12.3", rate(12345): "12,345",
		milliseconds(0): "–", milliseconds(3.25): "3.2 ms", milliseconds(180.4): "180 ms", milliseconds(12_000): "12.0 s",
		size(512): "512 B", size(48 << 20): "48.0 MiB", ratio(1, 0): "", ratio(1, 4): "25%",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// FuzzBodies holds that whatever the two sides answered can be laid out, in bounds and visible.
func FuzzBodies(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, "{}", "/a/1/b", "missing")
	f.Add("a\nb", "a\r\nc", "", "body")
	f.Add("<a><b c='1'>x</b></a>", "<a><b c='2'>y</b></a>", "/a/b/@c", "value")
	f.Add("<ul><li>1<li>2</ul>", "<p id=x>", "/html/body/ul/li/1", "missing")
	f.Add("[[[\u202e", "\xff\x00", "/~2/é", "extra")
	f.Fuzz(func(t *testing.T, legacy, service, pointer, kind string) {
		for _, media := range []string{"", "application/xml", "text/html"} {
			header := map[string][]string{"Content-Type": {media}}
			d := web.Divergence{Differences: []shadow.Difference{{Pointer: pointer, Pattern: pointer, Kind: shadow.Kind(kind), Legacy: []byte(`"x"`), Service: []byte(service)}},
				Legacy: &web.Answer{Body: legacy, Headers: header}, Service: &web.Answer{Body: service, Headers: header}}
			left, right := bodyViews(d)
			for _, v := range []bodyView{left, right} {
				for _, p := range v.Parts {
					for _, l := range p.Lines {
						whole := ""
						for _, piece := range l.Pieces() {
							whole += piece.Text
						}
						if whole != l.Text || !utf8.ValidString(l.Text) || strings.ContainsFunc(l.Text, hidden) {
							t.Errorf("a line that hides something: %q, in pieces %q", l.Text, whole)
						}
					}
				}
			}
		}
	})
}
