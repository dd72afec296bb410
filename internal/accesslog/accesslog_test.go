package accesslog

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		line string
		want Entry
		err  error
	}{
		{"Apache, common", `10.0.0.1 - - [01/May/2026:14:00:00 +0200] "GET /orders/7?x=1 HTTP/1.1" 200 2326`,
			Entry{Client: "10.0.0.1", Method: "GET", Target: "/orders/7?x=1", Status: 200}, nil},
		{"Apache, combined, with a user", `10.0.0.1 - frank [01/May/2026:12:00:00 +0000] "POST /orders HTTP/1.0" 201 - "http://a/" "Mozilla/4.08 [en] (Win98; I)"`,
			Entry{Client: "10.0.0.1", Method: "POST", Target: "/orders", Status: 201, Agent: "Mozilla/4.08 [en] (Win98; I)"}, nil},
		{"Apache, with the virtual host and its port", `shop.example.com:443 10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "curl/8"`,
			Entry{Client: "10.0.0.1", Host: "shop.example.com:443", Method: "GET", Target: "/", Status: 200, Agent: "curl/8"}, nil},
		{"Apache, with the virtual host alone", `shop.example.com 2001:db8::1 - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1`,
			Entry{Client: "2001:db8::1", Host: "shop.example.com", Method: "GET", Target: "/", Status: 200}, nil},
		{"Apache, which looks names up, behind the virtual host", `shop:80 pc7.example.com - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1`,
			Entry{Client: "pc7.example.com", Host: "shop:80", Method: "GET", Target: "/", Status: 200}, nil},
		{"a user of two words is no virtual host", `pc7.example.com - anna maria [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1`,
			Entry{Client: "pc7.example.com", Method: "GET", Target: "/", Status: 200}, nil},
		{"a user with a bracket", `10.0.0.1 - a[b] [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 401 1`,
			Entry{Client: "10.0.0.1", Method: "GET", Target: "/", Status: 401}, nil},
		{"Apache's escapes", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET /a\"b\\c HTTP/1.1" 200 1 "-" "say \"hi\" \xe2\x82\xac"`,
			Entry{Client: "10.0.0.1", Method: "GET", Target: `/a"b\c`, Status: 200, Agent: `say "hi" €`}, nil},
		{"nginx's escapes, and what it adds", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET /a\x22b HTTP/2.0" 200 1 "-" "x\x22y" "192.0.2.7" rt=0.1`,
			Entry{Client: "10.0.0.1", Method: "GET", Target: `/a"b`, Status: 200, Agent: `x"y`}, nil},
		{"a target with spaces", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET /a b HTTP/1.1" 400 1`,
			Entry{Client: "10.0.0.1", Method: "GET", Target: "/a b", Status: 400}, nil},
		{"HTTP/0.9", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET /a" 200 1`, Entry{Client: "10.0.0.1", Method: "GET", Target: "/a", Status: 200}, nil},
		{"absolute form", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET http://other.example.com/a?b HTTP/1.1" 200 1`,
			Entry{Client: "10.0.0.1", Method: "GET", Host: "other.example.com", Target: "/a?b", Status: 200}, nil},
		{"a request that never came", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "-" 408 - "-" "-"`, Entry{Client: "10.0.0.1", Status: 408}, nil},
		{"TLS to a port without", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "\x16\x03\x01" 400 1`, Entry{Client: "10.0.0.1", Status: 400}, nil},
		{"ALB", `https 2026-05-01T12:00:00.000000Z app/my-alb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/orders/7?a=b HTTP/1.1" "curl/7.46.0" ECDHE-RSA TLSv1.2 arn:aws:x "Root=1-2" "www.example.com" "arn" 1 2026-05-01T12:00:00Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-"`,
			Entry{Client: "192.168.131.39", Method: "GET", Host: "www.example.com:443", Target: "/orders/7?a=b", Status: 200, Agent: "curl/7.46.0"}, nil},
		{"ALB, IPv6, and a target that didn't answer", `h2 2026-05-01T12:00:00.000000Z app/a/5 [2001:db8::1]:2817 - -1 -1 -1 503 - 0 57 "POST http://a:80/ HTTP/2.0" "-" - -`,
			Entry{Client: "2001:db8::1", Method: "POST", Host: "a:80", Target: "/", Status: 503}, nil},
		{"ALB, no request", `http 2026-05-01T12:00:00.000000Z app/a/5 10.0.0.3:1 - -1 -1 -1 400 - 0 57 "- http://a:80- -" "-" - -`, Entry{Client: "10.0.0.3", Status: 400}, nil},
		{"a host that is called as an ALB's line begins", `http - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1`, Entry{Client: "http", Method: "GET", Target: "/", Status: 200}, nil},

		{"an error log", `[Fri May 01 12:00:00 2026] [error] [client 10.0.0.1] "x"`, Entry{}, errTime},
		{"JSON", `{"time":"2026-05-01T12:00:00Z","uri":"/"}`, Entry{}, errFormat},
		{"nothing before the time", `[01/May/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1`, Entry{}, errFormat},
		{"a request that doesn't end", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1 200 1`, Entry{}, errRequest},
		{"no status", `10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET / HTTP/1.1"`, Entry{}, errStatus},
		{"an ALB's line that was cut", `http 2026-05-01T12:00:00.000000Z app/a/5 10.0.0.3:1 - -1`, Entry{}, errFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.line)
			if err != tt.err {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if !got.Time.Equal(noon) {
				t.Errorf("time %s, want %s", got.Time, noon)
			}
			got.Time = time.Time{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParse looks that no line brings the parser down, and that what it reads of a line that it could
// have written is what was written.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"GET", `a"b\`, "/x?y=%20", "10.0.0.1", `[01/May/2026:12:00:00 +0000]`, "\\x", "\\xZZ", "http 2026-05-01T12:00:00Z a b"} {
		f.Add(seed, seed)
	}
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	f.Fuzz(func(t *testing.T, target, agent string) {
		_, _ = Parse(target)
		_, _ = Parse("http 2026-05-01T12:00:00Z " + target)
		target = "/" + target
		if strings.Contains(target, " ") {
			return // what ends a target isn't told
		}
		line := fmt.Sprintf(`10.0.0.1 - - [01/May/2026:12:00:00 +0000] "GET %s HTTP/1.1" 200 1 "-" "%s"`, escape.Replace(target), escape.Replace(agent))
		got, err := Parse(line)
		if err != nil || got.Target != target || got.Agent != noDash(agent) || got.Method != "GET" || got.Status != 200 {
			t.Errorf("%s: %+v, %v; want target %q and agent %q", line, got, err, target, agent)
		}
	})
}

func line(client, target, agent string, at time.Time) string {
	return fmt.Sprintf(`%s - - [%s] "GET %s HTTP/1.1" 200 1 "-" "%s"`, client, at.Format(commonTime), target, agent)
}

func zipped(t *testing.T, text string) io.Reader {
	t.Helper()
	var b bytes.Buffer
	// Two members, as two rotated files that were joined.
	for _, half := range []string{text[:len(text)/2], text[len(text)/2:]} {
		w := gzip.NewWriter(&b)
		_, err := io.WriteString(w, half)
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return &b
}

func TestSurvey(t *testing.T) {
	s := New(Config{
		Since: noon.AddDate(0, 0, -10),
		Own:   []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("2001:db8::/64")},
		Routes: func(e Entry) ([]string, bool) {
			switch e.Target {
			case "/a":
				return []string{"a"}, true
			case "/ab":
				return []string{"a", "b"}, false
			}
			return nil, true
		},
	})
	now := []string{
		line("10.0.0.7", "/a", "strangler", noon),                          // the proxy
		line("::ffff:10.0.0.8", "/a", "strangler", noon),                   // likewise
		line("2001:db8::5", "/a", "strangler", noon),                       // likewise
		line("192.0.2.1", "/a", "cron/1 (nightly)", noon.Add(-time.Hour)),  //
		line("192.0.2.1", "/a", "cron/1 (weekly)", noon.Add(-2*time.Hour)), // the same caller
		line("192.0.2.2", "/ab", "", noon.Add(-3*time.Hour)),               // may be either's
		line("pc.example.com", "/a", "x\x1b[2J", noon.Add(-4*time.Hour)),   // a name
		line("192.0.2.3", "/other", "curl", noon.Add(-5*time.Hour)),        // nobody looks for it
		`192.0.2.3 - - [01/May/2026:08:00:00 +0000] "-" 408 0 "-" "-"`,     // no request
		"what is this", //
		"",             // left out
		line("192.0.2.9", "/a", "old", noon.AddDate(0, 0, -11)) + "\r",    // too long ago to count
		line("192.0.2.9", "/"+strings.Repeat("x", maxLine), "long", noon), // too long
	}
	if err := s.Read("now.log", strings.NewReader(strings.Join(now, "\n"))); err != nil {
		t.Fatal(err)
	}
	then := line("192.0.2.4", "/a", "then", noon.AddDate(0, 0, -5)) + "\n" + line("192.0.2.4", "/a", "then", noon.AddDate(0, 0, -9)) + "\nbad\n"
	if err := s.Read("then.log.gz", zipped(t, then)); err != nil {
		t.Fatal(err)
	}
	want := []Caller{
		{Route: "a", Who: "192.0.2.1 (cron/1)", Count: 2, Last: noon.Add(-time.Hour)},
		{Route: "a", Who: "192.0.2.2", Maybe: true, Count: 1, Last: noon.Add(-3 * time.Hour)},
		{Route: "a", Who: "pc.example.com (x?[2J)", Count: 1, Last: noon.Add(-4 * time.Hour)},
		{Route: "a", Who: "192.0.2.4 (then)", Count: 2, Last: noon.AddDate(0, 0, -5)},
		{Route: "b", Who: "192.0.2.2", Maybe: true, Count: 1, Last: noon.Add(-3 * time.Hour)},
	}
	if diff := cmp.Diff(want, s.Callers()); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
	figures := map[string]int64{"lines": s.Lines, "unread": s.Unread, "own": s.Own, "no request": s.NoRequest}
	if diff := cmp.Diff(map[string]int64{"lines": 15, "unread": 3, "own": 3, "no request": 1}, figures); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if !s.From.Equal(noon.AddDate(0, 0, -11)) || !s.Until.Equal(noon) {
		t.Errorf("it is of %s to %s", s.From, s.Until)
	}
	if from, until := s.Gap(); !from.Equal(noon.AddDate(0, 0, -5).Add(time.Hour)) || !until.Equal(noon.Add(-5*time.Hour)) {
		t.Errorf("the gap is from %s to %s", from, until)
	}
	var bad []string
	for _, u := range s.Bad {
		bad = append(bad, u.Error())
	}
	wantBad := []string{"now.log:10: " + errFormat.Error(), "now.log:13: it is longer than 256 KiB", "then.log.gz:3: " + errFormat.Error()}
	if diff := cmp.Diff(wantBad, bad); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
}

func TestSurveyIsBounded(t *testing.T) {
	s := New(Config{Routes: func(Entry) ([]string, bool) { return []string{"r"}, true }})
	const callers = maxKnown + 1000
	for i := range callers {
		s.add(Entry{Time: noon.Add(time.Duration(i) * time.Second), Client: fmt.Sprint("c", i), Method: "GET"})
	}
	if len(s.callers) > maxKnown+1 {
		t.Errorf("%d callers are held", len(s.callers))
	}
	all := s.Callers()
	var sum int64
	for _, c := range all {
		sum += c.Count
	}
	if len(all) != maxCallers+1 || sum != callers || all[0].Who != Others || !all[0].Last.Equal(noon.Add((callers-1)*time.Second)) {
		t.Errorf("%d callers with %d calls, want %d and %d; the last is %+v", len(all), sum, maxCallers+1, callers, all[0])
	}
}

func TestReadBrokenGzip(t *testing.T) {
	whole, err := io.ReadAll(zipped(t, strings.Repeat(line("10.0.0.1", "/a", "", noon)+"\n", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	err = Read("cut.gz", bytes.NewReader(whole[:len(whole)-20]), func(Entry) {}, func(Unread) {})
	if err == nil || !strings.HasPrefix(err.Error(), "read cut.gz: ") {
		t.Errorf("a file that was cut: %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	text := strings.Repeat(line("10.0.0.1", "/orders/17?x=1", "Mozilla/5.0 (X11; Linux x86_64)", noon)+"\n", 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		_ = Read("x", strings.NewReader(text), func(Entry) {}, func(Unread) {})
	}
}
