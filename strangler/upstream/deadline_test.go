package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestDeadlinesOfOneConnection sends requests one after the other over one kept connection, some
// with a time-out for the first byte and some without, some with an upload that takes its time:
// each has its own and nobody else's.
func TestDeadlinesOfOneConnection(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	t.Cleanup(srv.Close)
	const short = 200 * time.Millisecond
	tr := transport(t, Config{URLs: []*url.URL{parse(t, srv.URL)}})
	bounded, unbounded := tr.With(Policy{Timeouts: Timeouts{FirstByte: short}}), tr.With(Policy{})
	upload := func(g http.RoundTripper, body io.Reader) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := g.RoundTrip(r)
		finish(t, resp, err)
	}
	resp, err := bounded.RoundTrip(get(t.Context()))
	finish(t, resp, err)
	upload(unbounded, &slowBody{pieces: 4, pause: short / 2}) // of unknown length
	resp, err = bounded.RoundTrip(get(t.Context()))
	finish(t, resp, err)
	upload(bounded, strings.NewReader(strings.Repeat("x", 100<<10)))
	r := get(t.Context())
	r.URL.Path = "/hang"
	begun := time.Now()
	_, err = bounded.RoundTrip(r)
	if wantKind(t, err, KindTimeout); time.Since(begun) > 5*time.Second {
		t.Errorf("after %s", time.Since(begun))
	}
}

// TestUpgradedConnectionHasNoTimeout has one whose both ends say nothing for longer than an answer
// may take to begin.
func TestUpgradedConnectionHasNoTimeout(t *testing.T) {
	const pause = 300 * time.Millisecond
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
		time.Sleep(pause)
		b := make([]byte, 5)
		if _, err := io.ReadFull(rw, b); err != nil {
			t.Error(err)
		}
		time.Sleep(pause)
		_, _ = conn.Write(b)
	}))
	t.Cleanup(srv.Close)
	for name, to := range map[string]Timeouts{"first byte": {FirstByte: 100 * time.Millisecond}, "all": {FirstByte: 100 * time.Millisecond, Request: 100 * time.Millisecond, Idle: 100 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			tr := transport(t, Config{URLs: []*url.URL{parse(t, srv.URL)}, Policy: Policy{Timeouts: to}})
			r := get(t.Context())
			r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"raw"}}
			resp, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			time.Sleep(pause / 2)
			if _, err := io.WriteString(resp.Body.(io.Writer), "hello"); err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(resp.Body); string(got) != "hello" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
