package strangler

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
)

// TestSlowBody has clients that stop in the middle of a body. Whoever waits for one is let go.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	const idle = 50 * time.Millisecond
	rec, up := newRecorder(t)
	address, _ := front(t, Config{Legacy: up, Limits: Limits{BodyIdle: idle}})
	for name, send := range map[string]string{
		"of a length":             post + "Content-Length: 10\r\n\r\nhello",
		"that has not even begun": post + "Content-Length: 10\r\n\r\n",
		"in chunks":               chunked + "\r\n5\r\nhello\r\n",
		"in a chunk":              chunked + "\r\n5\r\nhel",
		"before its trailers":     chunked + "\r\n5\r\nhello\r\n0\r\n",
		"that was asked for":      post + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, answers := dial(t, address)
			writeRaw(t, conn, "%s", send)
			status, open, err := readAnswer(answers)
			if status == http.StatusContinue {
				status, open, err = readAnswer(answers)
			}
			if status != http.StatusRequestTimeout || open || err != nil {
				t.Errorf("status %d, the connection stays open: %v, %v; want 408 and its end", status, open, err)
			}
			conn.Close()
			if got := rec.take(t); got != nil {
				t.Errorf("the upstream got %q, want nothing that is whole", got)
			}
		})
	}
	t.Run("in HTTP/2", func(t *testing.T) {
		conn, r := dial(t, address)
		writeRaw(t, conn, "%s", http2.ClientPreface)
		if got := startHTTP2(t, conn, r, []string{":method", "POST", ":scheme", "http", ":authority", "h", ":path", "/"}, "hello", false, false); got != "408" {
			t.Errorf("answer %s, want 408", got)
		}
	})
}

// TestSteadyBody sends a body that takes many times as long as it may pause.
func TestSteadyBody(t *testing.T) {
	t.Parallel()
	const idle = 2 * time.Second
	rec, up := newRecorder(t)
	address, _ := front(t, Config{Legacy: up, Limits: Limits{BodyIdle: idle}})
	conn, answers := dial(t, address)
	writeRaw(t, conn, "%sContent-Length: 20\r\n\r\n", post)
	for range 20 {
		writeRaw(t, conn, "x")
		time.Sleep(idle / 10) // in all twice the limit
	}
	if status, open, err := readAnswer(answers); status != 200 || !open || err != nil {
		t.Errorf("status %d, the connection stays open: %v, %v", status, open, err)
	}
	// A read that waits for the next request isn't one for a body.
	time.Sleep(2 * idle)
	writeRaw(t, conn, "%s", next)
	if status, _, err := readAnswer(answers); status != 200 || err != nil {
		t.Errorf("the next request: status %d, %v", status, err)
	}
	want := []string{"POST / HTTP/1.1\nContent-Length: 20\nHost: h\n\n" + strings.Repeat("x", 20), "GET /next HTTP/1.1\nHost: h"}
	if diff := cmp.Diff(want, rec.take(t)); diff != "" {
		t.Errorf("at the upstream (-want +got):\n%s", diff)
	}
}

// TestSlowUpstream has an upstream that takes its time with a body that the client has sent, and
// one that answers, and then waits for the client: neither is the client's fault.
func TestSlowUpstream(t *testing.T) {
	t.Parallel()
	const idle = time.Second
	echo := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			time.Sleep(4 * idle)
		}
		_ = http.NewResponseController(w).EnableFullDuplex()
		_ = http.NewResponseController(w).Flush()
		all, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		_, _ = w.Write(all[len(all)-5:])
	}
	h1 := upstreamOf(t, http.HandlerFunc(echo))
	back := httptest.NewUnstartedServer(http.HandlerFunc(echo))
	back.Config.Protocols = new(http.Protocols)
	back.Config.Protocols.SetUnencryptedHTTP2(true)
	back.Start()
	t.Cleanup(back.Close)
	h2 := upstreamAt(t, strings.Replace(back.URL, "http:", "h2c:", 1))
	for name, c := range map[string]struct {
		up  Upstream
		set func(*http.Protocols)
	}{
		"HTTP/1.1": {h1, func(p *http.Protocols) { p.SetHTTP1(true) }},
		"HTTP/2":   {h2, func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := front(t, Config{Legacy: c.up, Limits: Limits{BodyIdle: idle}})
			client := protocolOnly(t, c.set)
			resp, err := client.Post(address+"/late", "text/plain", strings.NewReader(strings.Repeat("x", 4<<20)+"whole"))
			if err != nil {
				t.Fatal(err)
			}
			if got := bodyOf(t, resp); got != "whole" {
				t.Errorf("the upstream that is late answers %d %q", resp.StatusCode, got)
			}
			r, w := io.Pipe()
			go func() {
				_, _ = io.WriteString(w, "first")
				time.Sleep(4 * idle)
				_, _ = io.WriteString(w, "whole")
				w.Close()
			}()
			if resp, err = client.Post(address+"/early", "text/plain", r); err != nil {
				t.Fatal(err)
			}
			if got := bodyOf(t, resp); got != "whole" {
				t.Errorf("the upstream that answers early answers %d %q", resp.StatusCode, got)
			}
		})
	}
}

// TestNoLimits takes what the defaults refuse.
func TestNoLimits(t *testing.T) {
	rec, up := newRecorder(t)
	address, _ := front(t, Config{Legacy: up, Limits: Limits{Headers: -1, BodyIdle: -1}})
	conn, answers := dial(t, address)
	writeRaw(t, conn, "%s%sContent-Length: 5\r\n\r\n", post, strings.Repeat("X-A: 1\r\n", 2*defaultHeaders))
	writeRaw(t, conn, "hello")
	if status, _, err := readAnswer(answers); status != 200 || err != nil {
		t.Errorf("status %d, %v", status, err)
	}
	conn.Close()
	if got := rec.take(t); len(got) != 1 {
		t.Errorf("the upstream got %q", got)
	}
}

// TestCatchAllLimit bounds the bodies of what no route wants, and not those of a route.
func TestCatchAllLimit(t *testing.T) {
	address, _ := front(t, Config{
		Legacy: upstreamOf(t, says(200, "")),
		Routes: []Route{{Name: "r", Match: Match{Path: "/r"}}},
		Limits: Limits{MaxBody: 3},
	})
	for path, want := range map[string]int{"/r": 200, "/other": 413} {
		for _, body := range []io.Reader{strings.NewReader("four"), io.MultiReader(strings.NewReader("four"))} {
			resp, err := client(t).Post(address+path, "text/plain", body)
			if err != nil {
				t.Fatal(err)
			}
			if bodyOf(t, resp); resp.StatusCode != want {
				t.Errorf("%s is answered %d, want %d", path, resp.StatusCode, want)
			}
		}
	}
}

// TestHeadTimeouts has clients that send nothing, half a head, and nothing behind an answer.
func TestHeadTimeouts(t *testing.T) {
	t.Parallel()
	p, err := New(Config{Legacy: upstreamOf(t, says(200, "")), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	const short, long = 100 * time.Millisecond, 20 * time.Second
	for name, c := range map[string]struct {
		cfg  ServerConfig
		send string
		want string
	}{
		"nothing":               {ServerConfig{HeaderTimeout: short, IdleTimeout: long}, "", ""},
		"half a head":           {ServerConfig{HeaderTimeout: short, IdleTimeout: long}, "GET / HTTP/1.1\r\nHos", "HTTP/1.1 400 "},
		"nothing behind":        {ServerConfig{HeaderTimeout: long, IdleTimeout: short}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK"},
		"half a head behind":    {ServerConfig{HeaderTimeout: short, IdleTimeout: long}, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHos", "HTTP/1.1 200 OK"},
		"an HTTP/2 preface":     {ServerConfig{HeaderTimeout: long, IdleTimeout: short}, http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00", "\x00"},
		"a head that is larger": {ServerConfig{HeaderBytes: 1000}, "GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 8000), "HTTP/1.1 431 "},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			c.cfg.Logger = quiet
			s := NewServer(p, c.cfg)
			served := make(chan struct{})
			go func() { defer close(served); _ = s.Serve(Frugal{Listener: l}) }()
			defer func() { s.Close(); <-served }()
			conn, r := dial(t, "http://"+l.Addr().String())
			writeRaw(t, conn, "%s", c.send)
			got, err := io.ReadAll(bufio.NewReader(r))
			if err != nil || !strings.HasPrefix(string(got), c.want) || c.want == "" && len(got) > 0 {
				t.Errorf("answer %.100q, %v; want %q and the connection's end", got, err, c.want)
			}
		})
	}
}
