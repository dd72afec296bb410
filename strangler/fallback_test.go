package strangler

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// echoes answers with a request's method and body.
var echoes = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Side", "legacy")
	_, _ = io.WriteString(w, r.Method+" "+string(body))
})

func TestFallback(t *testing.T) {
	resets := func(t *testing.T) Upstream {
		return rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
			_, _ = readHead(r)
			_ = conn.(*net.TCPConn).SetLinger(0)
		})
	}
	hangs := func(t *testing.T) Upstream {
		u := upstreamOf(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}))
		u.Transport.(*http.Transport).ResponseHeaderTimeout = 50 * time.Millisecond
		return u
	}
	status := func(code int) func(*testing.T) Upstream {
		return func(t *testing.T) Upstream { return upstreamOf(t, says(code, "the service's own")) }
	}
	long := strings.Repeat("x", keptForFallback+1)
	full := long[:keptForFallback]
	for name, c := range map[string]struct {
		service   func(*testing.T) Upstream
		method    string // empty: GET
		body      string
		edit      func(*Route)
		translate error
		held      int64
		status    int // 0: legacy answered
		failure   string
	}{
		"refuses the connection":    {service: refusing, failure: failConnect},
		"resets":                    {service: resets, failure: failBroken},
		"hangs":                     {service: hangs, failure: failTimeout},
		"502":                       {service: status(502), failure: "status 502"},
		"503":                       {service: status(503), failure: "status 503"},
		"504":                       {service: status(504), failure: "status 504"},
		"500 is an answer":          {service: status(500), status: 500},
		"404 is an answer":          {service: status(404), status: 404},
		"translator gives up":       {service: status(200), translate: errors.New("no such field"), failure: failTranslate},
		"POST that was never sent":  {service: status(200), method: "POST", body: full + full, held: 256 << 10, translate: neverSent{}, failure: FailureUntranslatable},
		"POST too large to keep":    {service: status(200), method: "POST", body: full + full, translate: neverSent{}, status: 502, failure: FailureUntranslatable},
		"POST, nobody says unsent":  {service: status(200), method: "POST", body: "abc", translate: errors.New("no such field"), status: 502, failure: failTranslate},
		"not sent, no fallback":     {service: status(200), method: "POST", body: "abc", edit: func(r *Route) { r.Fallback = false }, translate: neverSent{}, status: 502, failure: FailureUntranslatable},
		"not sent, no return":       {service: status(200), method: "POST", body: "abc", edit: func(r *Route) { r.Return = ReturnNever }, translate: neverSent{}, status: 502, failure: FailureUntranslatable},
		"not sent, retired":         {service: status(200), method: "POST", body: "abc", edit: func(r *Route) { r.Start = At(PhaseRetired) }, translate: neverSent{}, status: 502, failure: FailureUntranslatable},
		"PUT with a body":           {service: status(503), method: "PUT", body: "abc", failure: "status 503"},
		"a body just small enough":  {service: status(503), method: "PUT", body: full, failure: "status 503"},
		"a body too large to keep":  {service: status(503), method: "PUT", body: long, status: 503, failure: "status 503"},
		"a reset with a body":       {service: resets, method: "PUT", body: "abc", failure: failBroken},
		"POST is not repeated":      {service: status(503), method: "POST", body: "abc", status: 503, failure: "status 503"},
		"POST to nobody":            {service: refusing, method: "POST", body: "abc", status: 502, failure: failConnect},
		"POST that may be repeated": {service: status(503), method: "POST", body: "abc", edit: func(r *Route) { r.Repeat = RepeatIdempotent }, failure: "status 503"},
		"GET that may not":          {service: refusing, edit: func(r *Route) { r.Repeat = RepeatNever }, status: 502, failure: failConnect},
		"no fallback":               {service: refusing, edit: func(r *Route) { r.Fallback = false }, status: 502, failure: failConnect},
		"a time-out told":           {service: hangs, edit: func(r *Route) { r.Fallback = false }, status: 504, failure: failTimeout},
		"no return":                 {service: status(503), edit: func(r *Route) { r.Return = ReturnNever }, status: 503, failure: "status 503"},
		"retired":                   {service: status(503), edit: func(r *Route) { r.Start = At(PhaseRetired) }, status: 503, failure: "status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newObservations()
			rt := Route{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseLive), Fallback: true}
			if c.edit != nil {
				c.edit(&rt)
			}
			cfg := Config{Observe: o.seeing, Legacy: upstreamOf(t, echoes), Services: map[string]Upstream{"s": c.service(t)}, Routes: []Route{rt}}
			if c.translate != nil {
				cfg.Translate = func(Route) func(http.RoundTripper) http.RoundTripper {
					return func(http.RoundTripper) http.RoundTripper {
						return roundTrip(func(r *http.Request) (*http.Response, error) {
							if r.Body != nil {
								_, _ = io.Copy(io.Discard, r.Body) // as one that translates it would
							}
							return nil, c.translate
						})
					}
				}
				cfg.Buffer = func(Route) int64 { return c.held }
			}
			address, _ := front(t, cfg)
			method := c.method
			if method == "" {
				method = "GET"
			}
			req, _ := http.NewRequest(method, address+"/r", strings.NewReader(c.body))
			resp, err := client(t).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body := bodyOf(t, resp)
			d := o.next(t).Decision
			if d.Failure != c.failure {
				t.Errorf("failure %q, want %q", d.Failure, c.failure)
			}
			if c.status == 0 {
				if want := method + " " + c.body; body != want || resp.Header.Get("X-Side") != "legacy" {
					t.Errorf("answer of %d bytes %.40q, want legacy's %.40q", len(body), body, want)
				}
				if !d.FellBack || d.Served() != SideLegacy {
					t.Errorf("decision %+v: want it to say that legacy served", d)
				}
				return
			}
			if resp.StatusCode != c.status || d.FellBack {
				t.Errorf("status %d, fell back %v; want %d without", resp.StatusCode, d.FellBack, c.status)
			}
			if strings.Contains(body, "127.0.0.1") {
				t.Errorf("answer %q tells internals", body)
			}
			if own := c.status == 502 || resp.StatusCode == 504 && c.failure == failTimeout; own && !strings.Contains(body, `service "s"`) {
				t.Errorf("answer %q doesn't say which side failed", body)
			}
		})
	}
}

// neverSent is an error of a translator that knows that it sent nothing.
type neverSent struct{}

func (neverSent) Error() string { return "no such value" }
func (neverSent) Unsent() bool  { return true }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFallbackDuringUpload has a service that fails while the client is still sending.
func TestFallbackDuringUpload(t *testing.T) {
	address, _ := front(t, Config{
		Legacy: upstreamOf(t, echoes),
		Services: map[string]Upstream{"s": rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
			_, _ = readHead(r)
			_, _ = io.ReadFull(r, make([]byte, 5))
			_, _ = io.WriteString(conn, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
		})},
		Routes: []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseLive), Fallback: true}},
	})
	conn, answer := dial(t, address)
	writeRaw(t, conn, "PUT /r HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nfirst")
	time.Sleep(50 * time.Millisecond) // for the service to fail; either order has to work
	writeRaw(t, conn, "other")
	resp, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body := bodyOf(t, resp); body != "PUT firstother" {
		t.Errorf("answer %q, want the whole body from legacy", body)
	}
}

func TestUpload(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789"), 1000)
	for name, c := range map[string]struct {
		first  int // bytes that the first attempt reads
		oneway bool
	}{
		"nothing was read":    {first: 0},
		"some was read":       {first: 4321},
		"all was read":        {first: len(sent)},
		"read byte by byte":   {first: 777, oneway: true},
		"read past the end":   {first: len(sent) + 1},
		"read up to one less": {first: len(sent) - 1},
	} {
		t.Run(name, func(t *testing.T) {
			var src io.Reader = bytes.NewReader(sent)
			if c.oneway {
				src = iotest.OneByteReader(src)
			}
			up := newUpload(&http.Request{Body: io.NopCloser(src), ContentLength: -1}, keptForFallback)
			first := up.body()
			_, _ = io.ReadFull(first, make([]byte, c.first))
			if !up.rewind() {
				t.Fatal("what was read isn't at hand")
			}
			second, err := io.ReadAll(up.body())
			if err != nil || !bytes.Equal(second, sent) {
				t.Errorf("the second attempt got %d bytes, %v; want all %d", len(second), err, len(sent))
			}
			if n, err := first.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF {
				t.Errorf("the first attempt may still read: %d, %v", n, err)
			}
			up.end()
			if _, err := up.body().Read(make([]byte, 1)); err == nil {
				t.Error("the body may be read after the end")
			}
		})
	}
}

// TestUploadReadUnderWay rewinds while the first attempt waits for the client.
func TestUploadReadUnderWay(t *testing.T) {
	r, w := io.Pipe()
	up := newUpload(&http.Request{Body: r, ContentLength: -1}, keptForFallback)
	first := up.body()
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		_, _ = first.Read(make([]byte, 100))
	}()
	time.Sleep(10 * time.Millisecond) // so that it usually waits; either order has to work
	if !up.rewind() {
		t.Fatal("nothing was read, and it isn't at hand")
	}
	go func() {
		_, _ = io.WriteString(w, "abc")
		_, _ = io.WriteString(w, "def")
		w.Close()
	}()
	all, err := io.ReadAll(up.body())
	if err != nil || string(all) != "abcdef" {
		t.Errorf("the second attempt got %q, %v; want all of it", all, err)
	}
	<-reading
}

// TestUploadSends has a translator read a part of a body before it is sent, and then an upstream the rest.
func TestUploadSends(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789"), 100)
	for name, c := range map[string]struct {
		before, limit, after int // bytes: read until it is sent, kept from then on, read then
		again                bool
	}{
		"nobody may have it again":       {before: 500, limit: 0, after: 1000},
		"nor if none of it was read":     {before: 0, limit: 0, after: 10},
		"little enough":                  {before: 500, limit: 600, after: 50, again: true},
		"more than is kept, before":      {before: 700, limit: 600},
		"more than is kept, then":        {before: 500, limit: 600, after: 200},
		"as much as before":              {before: 900, limit: 1000, after: 100, again: true},
		"all of it, and it may be again": {before: 1000, limit: 1000, after: 10, again: true},
	} {
		t.Run(name, func(t *testing.T) {
			up := newUpload(&http.Request{Body: io.NopCloser(bytes.NewReader(sent)), ContentLength: -1}, int64(len(sent)))
			first := up.body()
			got := make([]byte, len(sent))
			n, _ := io.ReadFull(first, got[:c.before])
			up.sends(int64(c.limit))
			more, _ := io.ReadFull(first, got[n:min(n+c.after, len(sent))])
			if n += more; !bytes.Equal(got[:n], sent[:n]) {
				t.Errorf("the first attempt got other bytes: %q", got[:n])
			}
			if again := up.rewind(); again != c.again {
				t.Fatalf("another attempt is possible: %t, want %t", again, c.again)
			}
			second := first
			if c.again {
				second, n = up.body(), 0
			}
			rest, err := io.ReadAll(second)
			if err != nil || !bytes.Equal(rest, sent[n:]) {
				t.Errorf("%d bytes and %v, want the %d that are left", len(rest), err, len(sent)-n)
			}
		})
	}
}
