package dashboard

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// The bounds of a page with the largest answers that are recorded: its HTML, and how long a server
// works on it. A machine that is busy with other tests may take so many times that.
const (
	largestPage = 1 << 20
	longestDraw = 300 * time.Millisecond
	busy        = 4
)

// largeAnswers are two answers of some size with differences in them, of each kind of layout.
var largeAnswers = []struct {
	name, media string
	body        func(size int, other bool) string
	differences []shadow.Difference
	want        []string // that is shown whatever the size
}{
	{"a long list", "application/json", func(size int, other bool) string {
		var b strings.Builder
		b.WriteString(`{"items":[`)
		n := size / 100
		for i := range n {
			price := i * 7
			if other && (i == 3 || i == n/2 || i == n-2) {
				price++
			}
			fmt.Fprintf(&b, `{"id":%d,"name":"item <%d> & co","price":%d,"tags":["new","sale"],"stock":{"here":%d,"there":0}},`, i, i, price, i%90)
		}
		return b.String() + `{}],"total":` + fmt.Sprint(n) + `}`
	}, nil, []string{`&#34;id&#34;: 3,`, `&#34;price&#34;: <mark>21</mark>`, `&#34;price&#34;: <mark>22</mark>`, "lines without difference", "Download"}},
	{"a list of numbers", "application/json", func(size int, other bool) string {
		b := strings.Repeat("12345,", size/6)
		if other {
			b = "0," + b
		}
		return "[" + b + "1]"
	}, []shadow.Difference{{Pointer: "", Kind: shadow.KindLength, Legacy: []byte("10"), Service: []byte("11")}}, []string{"Download"}},
	{"one long text in JSON", "application/json", func(size int, other bool) string {
		end := "x"
		if other {
			end = "y"
		}
		return `{"text":"` + strings.Repeat("né\\n", size/5) + end + `"}`
	}, []shadow.Difference{{Pointer: "/text", Pattern: "/text", Kind: shadow.KindValue, Legacy: []byte(`"n…"`), Service: []byte(`"n…"`)}}, []string{"Download"}},
	{"many long texts", "application/json", func(size int, other bool) string {
		b := strings.Repeat(`"`+strings.Repeat("<p class='x'>", 110)+`",`, size/1440)
		if other {
			b = `"other",` + b
		}
		return "[" + b + "1]"
	}, []shadow.Difference{{Pointer: "", Kind: shadow.KindLength, Legacy: []byte("10"), Service: []byte("11")}}, []string{"Download"}},
	{"all of it is missing", "application/json", func(size int, other bool) string {
		if other {
			return "{}"
		}
		return `{"gone":{"list":[` + strings.Repeat(`{"a":1,"b":"<&>"},`, size/18) + `0]}}`
	}, []shadow.Difference{{Pointer: "/gone", Pattern: "/gone", Kind: shadow.KindMissing, Legacy: []byte(`{…`)}}, []string{"Download"}},
	{"many lines", "text/plain", func(size int, other bool) string {
		var b strings.Builder
		n := size / 50
		for i := range n {
			if other && (i == 10 || i == n-10) {
				b.WriteString("a changed line\n")
			}
			fmt.Fprintf(&b, "line %d says \"nothing\" <of> much use to anybody\n", i)
		}
		return b.String()
	}, nil, []string{"a changed line", "lines without difference", "Download"}},
	{"lines that are all others", "text/plain", func(size int, other bool) string {
		var b strings.Builder
		for i := range size / 20 {
			fmt.Fprintf(&b, "%t \"%d\" '<&>'\n", other, i)
		}
		return b.String()
	}, nil, []string{"Download"}},
	{"one long line", "text/plain", func(size int, other bool) string {
		b := []byte(strings.Repeat("0123456789", size/10))
		if other {
			copy(b[len(b)/3:], "differs")
		}
		return string(b)
	}, nil, []string{"<mark>differs</mark>", "Download"}},
	{"XML without line breaks", "application/xml", func(size int, other bool) string {
		var b strings.Builder
		n := size / 60
		for i := range n {
			price := i
			if other && i == n-5 {
				price = 4711
			}
			fmt.Fprintf(&b, `<item id="%d"><name>a &amp; b</name><price>%d</price></item>`, i, price)
		}
		return "<items>" + b.String() + "</items>"
	}, nil, []string{"4711", "lines without difference", "Download"}},
	{"a page", "text/html", func(size int, other bool) string {
		var b strings.Builder
		n := size / 60
		for i := range n {
			word := "word"
			if other && i == n-5 {
				word = "changed"
			}
			fmt.Fprintf(&b, "<p class=\"c%d\"><b>some</b> <i>%s</i> and more\n", i, word)
		}
		return "<html><body>" + b.String() + "</body></html>"
	}, nil, []string{"<mark>change</mark>d", "lines without difference", "Download"}},
	{"bytes", "image/png", nil, nil, []string{"binary", "Download"}},
}

// large is good with a divergence of such answers as the newest example of its first group.
func large(i, size int) *system {
	tt := largeAnswers[i]
	s := good()
	header := map[string][]string{"Content-Type": {tt.media}}
	answer := func(other bool) *web.Answer {
		if tt.body == nil {
			return &web.Answer{Status: 200, Headers: header, Body: strings.Repeat("AAAA", size/4), Binary: true, Size: int64(size)}
		}
		body := tt.body(size, other)
		return &web.Answer{Status: 200, Headers: header, Body: body, Size: int64(len(body))}
	}
	d := web.Divergence{ID: "d9", Group: "g1", Route: "orders-read", Method: "GET", Path: "/api/orders", At: noon, Verdict: shadow.Diverged, Served: shadow.Legacy,
		Differences: tt.differences, Legacy: answer(false), Service: answer(true)}
	switch {
	case i == 0:
		n := size / 100
		for _, at := range []int{3, n / 2, n - 2} {
			d.Differences = append(d.Differences, shadow.Difference{Pointer: fmt.Sprintf("/items/%d/price", at), Pattern: "/items/*/price", Kind: shadow.KindValue,
				Legacy: fmt.Append(nil, at*7), Service: fmt.Append(nil, at*7+1)})
		}
	case d.Differences == nil:
		d.Differences = []shadow.Difference{{Kind: shadow.KindBody}}
	}
	d.Service.Untranslated = d.Legacy // which is laid out, too
	s.divergences = append(s.divergences, d)
	s.groups[0].Examples = slices.Insert(s.groups[0].Examples, 0, d.ID)
	return s
}

// TestLargeAnswers holds that two answers of 10 MiB are shown with what differs, in a page that a browser
// can take, and without a server's working long on it.
func TestLargeAnswers(t *testing.T) {
	for i, tt := range largeAnswers {
		t.Run(tt.name, func(t *testing.T) {
			h := as(identity(web.RoleOperate), New(Config{System: large(i, 10<<20), Logger: quiet()}))
			get(t, h, "/divergences/d1") // templates are parsed once
			fastest := time.Hour
			var body string
			for range 3 {
				began := time.Now()
				_, body = get(t, h, "/divergences/d9")
				if fastest = min(fastest, time.Since(began)); fastest < longestDraw {
					break
				}
			}
			t.Logf("%d bytes, %s", len(body), fastest)
			if len(body) > largestPage {
				t.Errorf("the page has %d bytes", len(body))
			}
			if fastest > busy*longestDraw && !testing.Short() { // which is with the race detector
				t.Errorf("it took %s", fastest)
			}
			for _, want := range tt.want {
				if !strings.Contains(body, want) {
					t.Errorf("it doesn't say %s", want)
				}
			}
		})
	}
}

// TestDownloadAnswers holds that all of a recorded answer can be had, by those who may read it, as it was.
func TestDownloadAnswers(t *testing.T) {
	bodies := map[string]string{"legacy": `{"a":"\u202e<b>"}`, "untranslated": "<a/>", "service": "\x00\xff"}
	s := good()
	s.divergences = append(s.divergences, web.Divergence{ID: "d9", Group: "g1", Route: "orders-read",
		Legacy: &web.Answer{Body: bodies["legacy"], Headers: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}},
		Service: &web.Answer{Body: "AP8=", Binary: true, Headers: map[string][]string{"Content-Type": {"text/html"}},
			Untranslated: &web.Answer{Body: bodies["untranslated"]}}}, web.Divergence{ID: "d8", Group: "g1", Route: "orders-read"})
	h := as(identity(web.RoleEvidence), New(Config{System: s, Logger: quiet()}))
	for side, want := range bodies {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/divergences/d9/"+side, nil))
		if got := w.Body.String(); w.Code != 200 || got != want || w.Header().Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), `attachment; filename="d9-`+side+`.`) {
			t.Errorf("%s: status %d, %q, %v", side, w.Code, got, w.Header())
		}
	}
	for _, path := range []string{"/divergences/d9/nobody", "/divergences/d8/legacy", "/divergences/dx/legacy", "/divergences/d8/untranslated"} {
		if status, _ := get(t, h, path); status != 404 {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if status, _ := get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), "/divergences/d9/legacy"); status != 403 {
		t.Errorf("who may only look has status %d", status)
	}
}

// marked returns the texts of the lines that differ and are drawn.
func marked(v bodyView) (all []string) {
	for _, p := range v.Parts {
		for _, l := range p.Lines {
			if l.Kind != "" {
				all = append(all, strings.TrimSpace(l.Text))
			}
		}
	}
	return all
}

// TestMovedInLargeAnswers holds that a value which differs is found in a large list in any order, wherever it stands
// there and however it is written, and that it takes no longer where there are many.
func TestMovedInLargeAnswers(t *testing.T) {
	const elements, moved = 6000, 4000
	for name, tt := range map[string]struct{ value, written, drawn string }{
		"plain":      {`"lost and found"`, `"lost and found"`, `"name": "lost and found",`},
		"escaped":    {`"caf\u00e9 \u003c1"`, `"café \u003c1"`, `"name": "café <1",`}, // as JSON within JSON has it
		"a number":   {`4711.0`, `4711.0`, `"name": 4711.0,`},
		"an escaped": {`"say \"hi\""`, `"say \u0022hi\""`, `"name": "say \"hi\"",`},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for i := range elements {
				written := fmt.Sprintf(`"n%d"`, i)
				if i == moved {
					written = tt.written
				}
				fmt.Fprintf(&b, `{"id":%d,"name":%s,"a":[1,2,3],"b":{"c":"d, e","f":null}},`, i, written)
			}
			body := `{"items":[` + b.String() + `{}]}`
			d := web.Divergence{Legacy: &web.Answer{Body: body}, Service: &web.Answer{Body: body}, Differences: []shadow.Difference{
				{Pointer: "/items/2900/name", Pattern: "/items/*/name", Kind: shadow.KindValue, Legacy: []byte(`"x"`), Service: []byte(tt.value)}}}
			for i := range 900 {
				d.Differences = append(d.Differences, shadow.Difference{Pointer: fmt.Sprintf("/items/%d/name", i), Pattern: "/items/*/name", Kind: shadow.KindValue,
					Legacy: []byte(`"x"`), Service: fmt.Appendf(nil, `"elsewhere %d"`, i)})
			}
			lines, ok := jsonLines(body, d.Differences[:1], shadow.Service)
			if got := marked(viewOf(lines, d.Service)); !ok || len(got) != 1 || got[0] != tt.drawn {
				t.Errorf("marked is %q, want %q", got, tt.drawn)
			}
			began := time.Now()
			bodyViews(d)
			if took := time.Since(began); took > busy*longestDraw && !testing.Short() {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestLongPage holds that no page is said to be alike where only its begin could be laid out.
func TestLongPage(t *testing.T) {
	page := func(class string) *web.Answer {
		return &web.Answer{Headers: map[string][]string{"Content-Type": {"text/html"}},
			Body: "<html><body>" + strings.Repeat("<div><br></div>\n", 4500) + `<p class="` + class + `">x</p></body></html>`}
	}
	d := web.Divergence{Legacy: page("1"), Service: page("4711"), Differences: []shadow.Difference{
		{Pointer: "/html/body/p/@class", Pattern: "/html/body/p/@class", Kind: shadow.KindValue, Legacy: []byte(`"1"`), Service: []byte(`"4711"`)}}}
	if _, service := bodyViews(d); len(marked(service)) != 1 {
		t.Errorf("marked is %q", marked(service))
	}
}
