package shadow

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func TestScrub(t *testing.T) {
	s, err := newScrubber(nil, []string{`\bK-[0-9]{4}\b`})
	if err != nil {
		t.Fatal(err)
	}
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4"
	tests := []struct{ name, text, want string }{
		{"nothing", `{"total": 12.5, "at": "2026-05-04T12:00:00Z"}`, `{"total": 12.5, "at": "2026-05-04T12:00:00Z"}`},
		{"an address", `{"to":"ada@example.com"}`, `{"to":"[redacted e-mail]"}`},
		{"two addresses", `ada@example.com, b.c+d@mail.example.org.`, `[redacted e-mail], [redacted e-mail].`},
		{"an address in markup", `<a href="mailto:ada@example.com">`, `<a href="mailto:[redacted e-mail]">`},
		{"no address", `a @ b, @home, x@localhost, @@`, `a @ b, @home, x@localhost, @@`},
		{"an address at both ends", `a@b.c`, `[redacted e-mail]`},
		{"a bearer token", `Authorization: Bearer abcdefghijklmnop.qrs`, `Authorization: Bearer [redacted token]`},
		{"in small letters", `bearer ABCDEFGHIJKLMNOPQRSTUVWX`, `bearer [redacted token]`},
		{"a bearer of news", `the bearer of this`, `the bearer of this`},
		{"a bearer at the end", `the bearer `, `the bearer `},
		{"a web token", `{"t":"` + jwt + `","u":1}`, `{"t":"[redacted token]","u":1}`},
		{"two of them", jwt + " " + jwt, `[redacted token] [redacted token]`},
		{"what begins like one", `eyJhbGciOiJIUzI1NiJ9 eyJ`, `eyJhbGciOiJIUzI1NiJ9 eyJ`},
		{"a card in a text", `{"card":"4111 1111 1111 1111"}`, `{"card":"[redacted card]"}`},
		{"with hyphens", `5500-0000-0000-0004.`, `[redacted card].`},
		{"a card as a number", `{"card":4111111111111111,"n":[5500000000000004]}`, `{"card":"[redacted card]","n":["[redacted card]"]}`},
		{"American Express", `AmEx 378282246310005`, `AmEx [redacted card]`},
		{"a card alone, which is JSON", `378282246310005`, `"[redacted card]"`},
		{"a card, and what stands behind it", `4111111111111111 123 12/29, 4111 1111 1111 1111 2029`, `[redacted card] 123 12/29, [redacted card] 2029`},
		{"two cards", `4111111111111111 5500000000000004`, `[redacted card] [redacted card]`},
		{"a card in a query", `?card=4111%201111%201111%201111&card=4111+1111+1111+1111`, `?card=[redacted card]&card=[redacted card]`},
		{"an address in a query", `?email=anna%40example.com&b=1`, `?email=[redacted e-mail]&b=1`},
		{"an address behind something encoded", `?to=mailto%3Aanna%40example.com`, `?to=[redacted e-mail]`},
		{"an address in escaped JSON", `{"to":"anna\u0040example.com"}`, `{"to":"[redacted e-mail]"}`},
		{"an address in escaped HTML", `anna&#64;example.com`, `[redacted e-mail]`},
		{"a bearer token in a query", `?auth=Bearer%20abcdefghijklmnop.qrs`, `?auth=Bearer%20[redacted token]`},
		{"a wrong check digit", `4111111111111112`, `4111111111111112`},
		{"part of a longer number", `94111111111111111 41111111111111110000000`, `94111111111111111 41111111111111110000000`},
		{"microseconds", `1777897800123456`, `1777897800123456`},
		{"a decimal", `4111111111111111.5`, `4111111111111111.5`},
		{"a telephone number", `+49 30 1234567`, `+49 30 1234567`},
		{"an ISBN", `9783161484100`, `9783161484100`},
		{"a UUID", `4d9bb2f2-1f0c-4b50-9f0e-411111111111`, `4d9bb2f2-1f0c-4b50-9f0e-411111111111`},
		{"a pattern of one's own", `customer K-1234, K-12345`, `customer [redacted], K-12345`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			given := []byte(tt.text)
			if got := string(s.text(given)); got != tt.want {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if string(given) != tt.text {
				t.Error("what was given is written over")
			}
		})
	}
}

func TestScrubberErrors(t *testing.T) {
	if _, err := newScrubber([]string{"card"}, nil); err == nil || !strings.Contains(err.Error(), "cards, emails or bearers") {
		t.Errorf("an unknown kind: %v", err)
	}
	if _, err := newScrubber(nil, []string{"("}); err == nil || !strings.Contains(err.Error(), "pattern:(") {
		t.Errorf("a bad pattern: %v", err)
	}
	none, err := newScrubber([]string{}, nil)
	if err != nil || string(none.text([]byte("a@b.c"))) != "a@b.c" {
		t.Errorf("nothing is to be scrubbed, and is: %v", err)
	}
}

// TestScrubIsLinear scrubs what makes it look often, and in vain.
func TestScrubIsLinear(t *testing.T) {
	s, err := newScrubber(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range []string{"eyJ", "eyJ ", "bearer ", "@", "a@", "a@b", "a.", "4111 1111 ", "4111111111111111,", "4", "4 ", "[4111111111111111 ", "4111111111111111      "} {
		text := []byte(strings.Repeat(unit, 1<<20/len(unit)))
		began := time.Now()
		s.text(text)
		if took := time.Since(began); took > time.Second {
			t.Errorf("1 MiB of %q took %s", unit, took)
		}
	}
}

// TestRedactScrubs holds that scrubbing reaches everything that is kept.
func TestRedactScrubs(t *testing.T) {
	d := mustRedact(t)
	const mail = "ada@example.com"
	if got := d.path("/users/" + mail + "?to=" + mail); strings.Contains(got, mail) {
		t.Errorf("path %s", got)
	}
	if got := d.header(http.Header{"X-User": {mail}, "Location": {"/users/" + mail}}); strings.Contains(got.Get("X-User")+got.Get("Location"), mail) {
		t.Errorf("header %v", got)
	}
	plain, _ := d.body(http.Header{}, []byte("<p>"+mail))
	form := d.requestBody(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, []byte("to="+mail))
	if bytes.Contains(plain, []byte(mail)) || bytes.Contains(form, []byte(mail)) {
		t.Errorf("bodies %s, %s", plain, form)
	}
	packed := gzipped(t, []byte(`{"to":"`+mail+`"}`))
	clear, decoded := d.body(http.Header{"Content-Encoding": {"gzip"}}, packed)
	if !decoded || string(clear) != `{"to":"[redacted e-mail]"}` {
		t.Errorf("coded body %s, %v", clear, decoded)
	}
	same, decoded := d.body(http.Header{"Content-Encoding": {"gzip"}}, gzipped(t, []byte(`{"to":1}`)))
	if decoded || !bytes.Equal(same, gzipped(t, []byte(`{"to":1}`))) {
		t.Error("a body without secrets is changed")
	}
	list := d.differences([]Difference{{Pointer: "/" + mail + "/n", Pattern: "/*/n", Kind: KindValue, Legacy: json.RawMessage(`4111111111111111`), Service: json.RawMessage(`"` + mail + `"`)}}, nil, nil)
	if string(list[0].Legacy) != `"[redacted card]"` || string(list[0].Service) != `"[redacted e-mail]"` || strings.Contains(list[0].Pointer, mail) {
		t.Errorf("difference %+v", list[0])
	}
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// FuzzScrub holds that nothing is left which would be found again, and that JSON stays JSON.
func FuzzScrub(f *testing.F) {
	for _, seed := range []string{`{"a":"ada@example.com","b":4111111111111111}`, "bearer eyJ.eyJ.eyJ@a.b", `[4111111111111111,"4111 1111 1111 1111"]`} {
		f.Add(seed)
	}
	s, err := newScrubber(nil, nil)
	if err != nil {
		f.Fatal(err)
	}
	mail := regexp.MustCompile(`[a-z0-9]@[a-z0-9]+\.[a-z0-9]+`)
	f.Fuzz(func(t *testing.T, text string) {
		clean := s.text([]byte(text))
		if found := mail.Find(clean); found != nil {
			t.Errorf("%q is left of %q", found, text)
		}
		if json.Valid([]byte(text)) {
			if v := s.json(json.RawMessage(text)); !json.Valid(v) {
				t.Errorf("%s is no JSON, and was made of %s", v, text)
			}
		}
	})
}

func BenchmarkScrub(b *testing.B) {
	s, err := newScrubber(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"items":[` + strings.Repeat(`{"id":1777897800123,"name":"Ada Lovelace","at":"2026-05-04T12:00:00Z"},`, 150) + `0]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		s.text(body)
	}
}
