package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// received is what an application was asked.
func received(r *http.Request) string {
	text, err := io.ReadAll(r.Body)
	return fmt.Sprintf("%s %s %s %s %d %v", r.Method, r.RequestURI, r.Header.Get("Content-Type"), r.Header.Get("X-Till"), len(text), err)
}

// TestUntranslatableIsNotSent sends what has no counterpart, by methods that may not be repeated. The service
// never hears of it, so that legacy answers what it would have been asked without the proxy; and where the
// service was asked, or legacy may not be, nobody does.
func TestUntranslatableIsNotSent(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/whoami" {
			http.Error(w, "no", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"legacy":"`, received(r), `"}`)
	})
	var asked atomic.Int64
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return // and nothing is to be said
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"unheard of"}`)
	})
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: ["%s/v2"]}}
translators:
  order:
    fields:
      - {legacy: STS_CD, service: status, values: {O: open, S: shipped}}
      - {legacy: TXT, service: text}
    unknown: drop
  lines: {legacy: {format: ndjson}, service: {format: ndjson}, include: [order], unknown: drop}
  wide:
    legacy: {format: ndjson}
    service: {format: ndjson}
    fields:
      - {legacy: STS_CD, service: status, values: {O: open, S: shipped}}
      - {legacy: TXT, service: a_text_whose_name_is_so_long_that_each_of_the_lines_which_have_it_becomes_longer_than_the_line_that_it_is_made_of_was}
    unknown: drop
sessions: {shop: {cookie: SID, lookup: {url: /whoami}, issue: {jwt: {issuer: shop, audience: orders, claims: {sub: /USR}}}}}
routes:
  - {name: plain, match: {path: /cgi/ord}, service: orders, start: live, translate: {with: order, path: {legacy: /cgi/ord, service: /orders}}}
  - {name: small, match: {path: /small}, service: orders, start: live, translate: {with: order, buffer: 100KiB}}
  - {name: none, match: {path: /none}, service: orders, start: live, fallback: none, translate: {with: order}}
  - {name: owns, match: {path: /owns}, service: orders, start: live, return: never, translate: {with: order}}
  - {name: lines, match: {path: /lines}, service: orders, start: live, translate: {request: lines, buffer: 128KiB}}
  - {name: wide, match: {path: /wide}, service: orders, start: live, translate: {request: wide}}
  - {name: who, match: {path: /who}, service: orders, start: live, translate: {session: shop}}
`, legacy.URL, service.URL))

	const good, bad = `{"STS_CD":"O","TXT":%q}`, `{"STS_CD":"Z","TXT":%q}`
	order := func(form string, size int) string { return fmt.Sprintf(form, strings.Repeat("x", size-len(form))) }
	const most = 1 << 20 // what buffer is when nobody says it
	list := func(lines, wrong int) string {
		var b strings.Builder
		for i := range lines {
			if i == wrong {
				fmt.Fprintf(&b, bad+"\n", "here")
			} else {
				fmt.Fprintf(&b, good+"\n", strings.Repeat("y", 100))
			}
		}
		return b.String()
	}
	for _, tt := range []struct {
		name, method, path, body string
		chunked                  bool
		cookie                   string
		status                   int
		legacy                   bool // legacy answers, else nobody
		sent                     int64
	}{
		{name: "a value without counterpart", method: "POST", path: "/cgi/ord?x=%7e1;2", body: order(bad, 100), status: 200, legacy: true},
		{name: "a body longer than what is read at once", method: "POST", path: "/cgi/ord", body: order(bad, 500<<10), status: 200, legacy: true},
		{name: "one as long as buffer", method: "POST", path: "/cgi/ord", body: order(bad, most), status: 200, legacy: true},
		{name: "in chunks", method: "POST", path: "/cgi/ord", body: order(bad, 500<<10), chunked: true, status: 200, legacy: true},
		{name: "PATCH", method: "PATCH", path: "/cgi/ord", body: order(bad, 100), status: 200, legacy: true},
		{name: "PUT over 64 KiB", method: "PUT", path: "/cgi/ord", body: order(bad, 500<<10), status: 200, legacy: true},
		{name: "not well-formed", method: "POST", path: "/cgi/ord", body: `{"STS_CD":`, status: 200, legacy: true},
		{name: "a session that nobody could be asked about", method: "POST", path: "/who", body: "abc", cookie: "SID=1", status: 200, legacy: true},
		{name: "longer than buffer", method: "POST", path: "/cgi/ord", body: order(bad, most+1), status: 413},
		{name: "longer than buffer, in chunks", method: "POST", path: "/small", body: order(bad, 300<<10), chunked: true, status: 413},
		{name: "fallback none", method: "POST", path: "/none", body: order(bad, 100), status: 502},
		{name: "return never", method: "POST", path: "/owns", body: order(bad, 100), status: 502},
		{name: "an answer that can't be translated", method: "POST", path: "/cgi/ord", body: order(good, 100), status: 502, sent: 1},
		{name: "a list with a mistake before anything is sent", method: "POST", path: "/lines", body: list(500, 400), chunked: true, status: 200, legacy: true},
		{name: "a list as long as buffer that becomes longer", method: "POST", path: "/wide", body: list(8300, 8299), chunked: true, status: 200, legacy: true},
		{name: "a list with a mistake behind what was sent", method: "POST", path: "/lines", body: list(20000, 19000), chunked: true, status: 502, sent: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := asked.Load()
			var from io.Reader = strings.NewReader(tt.body)
			if tt.chunked {
				from = struct{ io.Reader }{from}
			}
			req, err := http.NewRequest(tt.method, s.URL+tt.path, from)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			if tt.path == "/lines" || tt.path == "/wide" {
				req.Header.Set("Content-Type", "application/x-ndjson")
			}
			req.Header.Set("X-Till", "7")
			if tt.cookie != "" {
				req.Header.Set("Cookie", tt.cookie)
			}
			resp, err := s.Client.Do(req)
			got, err := body(resp, err)
			if err != nil {
				t.Fatal(err)
			}
			want, why := "", "why=phase"
			if tt.legacy {
				want = fmt.Sprintf(`{"legacy":"%s %s %s 7 %d <nil>"}`, tt.method, tt.path, req.Header.Get("Content-Type"), len(tt.body))
				why = "why=fallback"
			}
			if resp.StatusCode != tt.status || want != "" && got != want {
				t.Errorf("%d %.300q, want %d %s", resp.StatusCode, got, tt.status, want)
			}
			if header := resp.Header.Get("X-Strangler"); !strings.HasSuffix(header, why) {
				t.Errorf("X-Strangler %q, want %s", header, why)
			}
			if sent := asked.Load() - before; sent != tt.sent {
				t.Errorf("the service was asked %d times, want %d", sent, tt.sent)
			}
		})
	}
	if x := s.explain(t, "POST", "/cgi/ord"); !strings.HasPrefix(x.Fallback, "no: ") || !strings.Contains(x.Fallback, "what can't be translated isn't sent at all") {
		t.Errorf("explain says of the fallback: %q", x.Fallback)
	}
}
