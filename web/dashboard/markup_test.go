package dashboard

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/web"
)

// compared returns two answers as a divergence, with the differences that package compare finds.
func compared(t *testing.T, media, legacy, service string, rules compare.Rules) web.Divergence {
	t.Helper()
	c, err := compare.New(rules)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(body string) *shadow.Answer {
		return &shadow.Answer{Status: 200, Header: map[string][]string{"Content-Type": {media}}, Body: []byte(body), Size: int64(len(body))}
	}
	differences, err := c.Compare(answer(legacy), answer(service))
	if err != nil {
		t.Fatal(err)
	}
	view := func(body string) *web.Answer {
		return &web.Answer{Status: 200, Headers: map[string][]string{"Content-Type": {media}}, Body: body, Size: int64(len(body))}
	}
	return web.Divergence{Differences: differences, Legacy: view(legacy), Service: view(service)}
}

// all writes a view as drawn does, with what differs within a line between [ and ].
func all(v bodyView) string {
	var lines []bodyLine
	for _, p := range v.Parts {
		for _, l := range p.Lines {
			var b strings.Builder
			for _, piece := range l.Pieces() {
				if piece.Hot {
					b.WriteString("[" + piece.Text + "]")
				} else {
					b.WriteString(piece.Text)
				}
			}
			l.Text = b.String()
			lines = append(lines, l)
		}
	}
	return drawn(lines)
}

func TestMarkup(t *testing.T) {
	const xml, page = "application/xml", "text/html; charset=utf-8"
	tests := []struct {
		name, media, legacy, service string
		rules                        compare.Rules
		left, right                  string
	}{
		{"a text", xml, `<order><id>17</id><total currency="EUR">41.98</total></order>`, `<order><id>17</id><total currency="EUR">41.97</total></order>`, compare.Rules{}, `
  <order>
    <id>17</id>
>   <total currency="EUR">[41.98]</total> # value
  </order>
`, `
  <order>
    <id>17</id>
>   <total currency="EUR">[41.97]</total> # value
  </order>
`},
		{"an attribute, with other prefixes and blanks", xml, "<a:o xmlns:a='urn:x'>\n <a:t c='EUR'/></a:o>", `<b:o xmlns:b="urn:x"><b:t c="USD"></b:t></b:o>`, compare.Rules{}, `
  <o xmlns="urn:x">
>   <t c="[EUR]"></t> # value
  </o>
`, `
  <o xmlns="urn:x">
>   <t c="[USD]"></t> # value
  </o>
`},
		{"one of a list is missing", xml, `<o><i>1</i><i>2</i><note/></o>`, `<o><i>1</i></o>`, compare.Rules{Ignore: []string{"/o/i"}}, `
  <o>
    <i>1</i>
    <i>2</i>
>   <note></note> # missing
  </o>
`, `
  <o>
    <i>1</i>
~   <note>
  </o>
`},
		{"a list of another length", xml, `<o><i>1</i><i>2</i></o>`, `<o><i>1</i></o>`, compare.Rules{}, `
> <o> # length
    <i>1</i>
>   <i>[2]</i> # missing
  </o>
`, `
> <o> # length
    <i>1</i>
~   <i>
  </o>
`},
		{"a list in another order", xml, `<o><i>1</i><i>2</i></o>`, `<o><i>2</i><i>1</i></o>`, compare.Rules{}, `
> <o> # order
    <i>1</i>
    <i>2</i>
  </o>
`, `
> <o> # order
    <i>2</i>
    <i>1</i>
  </o>
`},
		{"elements that are paired by a key", xml, `<o><i id="1"><n>5</n></i><i id="2"><n>6</n></i></o>`, `<o><i id="2"><n>7</n></i><i id="1"><n>5</n></i></o>`,
			compare.Rules{Keyed: map[string]string{"/o/i": "@id"}}, `
  <o>
    <i id="1">
      <n>5</n>
    </i>
    <i id="2">
>     <n>[6]</n> # value
    </i>
  </o>
`, `
  <o>
    <i id="2">
>     <n>[7]</n> # value
    </i>
    <i id="1">
      <n>5</n>
    </i>
  </o>
`},
		{"the rendered source of a page", page, "<title>Shop</title><ul id=books><li>Dune 9,99 EUR</li>\n<li>Emma</li></ul><img src=a.png alt=x>",
			`<html><head><title>Shop</title></head><body><ul id="books"><li>Dune 8,99 EUR<li>Emma</ul><img alt="x" src="b.png"></body></html>`, compare.Rules{}, `
  <html>
    <head>
      <title>Shop</title>
    </head>
    <body>
      <ul id="books">
>       <li>Dune [9],99 EUR</li> # value
        <li>Emma</li>
      </ul>
>     <img src="[a.png]" alt="x"> # value
    </body>
  </html>
`, `
  <html>
    <head>
      <title>Shop</title>
    </head>
    <body>
      <ul id="books">
>       <li>Dune [8],99 EUR</li> # value
        <li>Emma</li>
      </ul>
>     <img alt="x" src="[b.png]"> # value
    </body>
  </html>
`},
		{"what a script says isn't shown, and fields go by their names", page, `<form><input name=a value=1><input name=b value=2></form><script>alert(1)</script>`,
			`<form><input name=b value=3><input name=a value=1></form><script>alert(2)</script>`, compare.Rules{Unordered: []string{"/html/body/form"}}, `
  <html>
    <head></head>
    <body>
      <form>
        <input name="a" value="1">
>       <input name="b" value="[2]"> # value
      </form>
      <script>…</script>
    </body>
  </html>
`, `
  <html>
    <head></head>
    <body>
      <form>
>       <input name="b" value="[3]"> # value
        <input name="a" value="1">
      </form>
      <script>…</script>
    </body>
  </html>
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := compared(t, tt.media, tt.legacy, tt.service, tt.rules)
			left, right := bodyViews(d)
			if diff := cmp.Diff(strings.TrimPrefix(tt.left, "\n"), all(left)); diff != "" {
				t.Errorf("legacy (-want +got):\n%s%+v", diff, d.Differences)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.right, "\n"), all(right)); diff != "" {
				t.Errorf("service (-want +got):\n%s%+v", diff, d.Differences)
			}
		})
	}
}

// TestMarkupFoundOtherwise holds that where a difference was found by a selector the lines that are others
// are marked.
func TestMarkupFoundOtherwise(t *testing.T) {
	d := web.Divergence{Differences: []shadow.Difference{{Pointer: "css:#total", Kind: shadow.KindValue}},
		Legacy:  &web.Answer{Headers: map[string][]string{"content-type": {"text/html"}}, Body: "<p>a</p><p id=total>41.98</p>", Size: 1},
		Service: &web.Answer{Headers: map[string][]string{"content-type": {"text/html"}}, Body: "<p>a</p><p id=total>41.97</p>", Size: 1}}
	left, _ := bodyViews(d)
	if got := all(left); strings.Count(got, "\n>") != 1 || !strings.Contains(got, `>     <p id="total">41.9[8]</p>`) {
		t.Error(got)
	}
}

// TestMarkupIsBounded holds that no page makes work without end: it is shown as text then.
func TestMarkupIsBounded(t *testing.T) {
	for name, body := range map[string]string{
		"formatting elements that aren't closed": strings.Repeat("<b><p>", 20_000),
		"very deep":                              strings.Repeat("<div>", 5_000),
		"very many":                              strings.Repeat("<i></i>", 40_000),
	} {
		for _, media := range []string{"text/html", "application/xml"} {
			d := web.Divergence{Differences: []shadow.Difference{{Pointer: "/html/body", Kind: shadow.KindValue}},
				Legacy:  &web.Answer{Headers: map[string][]string{"Content-Type": {media}}, Body: body, Size: 1},
				Service: &web.Answer{Headers: map[string][]string{"Content-Type": {media}}, Body: body, Size: 1}}
			began := time.Now()
			left, _ := bodyViews(d)
			if took := time.Since(began); took > 10*time.Second { // many times what it takes where nothing else runs
				t.Errorf("%s, %s: %v", media, name, took)
			}
			if len(left.Parts) == 0 {
				t.Errorf("%s, %s: nothing is shown", media, name)
			}
		}
	}
}

func TestMembersInLegacysOrder(t *testing.T) {
	tests := []struct{ name, legacy, service, want string }{
		{"members, and those of members", `{"a":1,"b":{"x":1,"y":2}}`, `{"new":0,"b":{"y":2,"x":1},"a":1.0}`, `{"a":1.0,"b":{"x":1,"y":2},"new":0}`},
		{"elements stay", `[{"a":1,"b":2}]`, `[{"b":2,"a":1},{"b":2,"a":1}]`, `[{"a":1,"b":2},{"b":2,"a":1}]`},
		{"names twice", `{"a":1,"b":2}`, `{"b":1,"b":2,"a":3}`, `{"a":3,"b":1,"b":2}`},
		{"the same already", `{"a":1, "b":2}`, `{ "a": 1, "b": 3 }`, `{ "a": 1, "b": 3 }`},
		{"no JSON", `hello`, `{"b":1,"a":2}`, `{"b":1,"a":2}`},
		{"of another type", `[1]`, `{"b":1,"a":2}`, `{"b":1,"a":2}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, changed := inOrderOf(tt.legacy, tt.service)
			if got != tt.want || changed != (tt.want != tt.service) {
				t.Errorf("got %s, changed: %t; want %s", got, changed, tt.want)
			}
		})
	}
}

func TestDiffering(t *testing.T) {
	for _, tt := range []struct{ own, other, want string }{
		{`"2026-03-04"`, `"2026-03-05"`, "4"},
		{`"Zürich Süd"`, `"Zürich Sud"`, "ü"},
		{`"abc"`, `"xyz"`, `"abc"`},
		{"41.98", "", "41.98"},
		{`"a longer text"`, `"a longer, other text"`, `"a longer text"`},
		{`"a longer, other text"`, `"a longer text"`, ", other"},
	} {
		s := differing(tt.own, tt.other, 0)
		if got := tt.own[s.from:s.to]; got != tt.want {
			t.Errorf("%s and %s differ in %q, want %q", tt.own, tt.other, got, tt.want)
		}
	}
}
