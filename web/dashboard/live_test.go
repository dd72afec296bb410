package dashboard

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// quick is a dashboard whose streams don't take their time.
func quick(ctx context.Context, s web.System) *dashboard {
	d := &dashboard{Config: Config{System: s, Logger: quiet(), Context: ctx}, files: newAssets(), seats: make(chan struct{}, 2), pace: 5 * time.Millisecond, beat: 20 * time.Millisecond}
	d.templates = sync.OnceValue(d.files.templates)
	return d
}

// listen opens a stream and returns its messages; it ends with the test.
func listen(t *testing.T, server *httptest.Server, path string) (next func() string, end func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("status %d, %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	r := bufio.NewReader(resp.Body)
	next = func() string {
		var b strings.Builder
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				if err != io.EOF {
					t.Errorf("read stream: %v", err)
				}
				return "end"
			}
			if line == "\n" {
				return b.String()
			}
			b.WriteString(line)
		}
	}
	return next, func() { cancel(); resp.Body.Close() }
}

func TestStream(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := good()
	server := httptest.NewServer(as(identity(web.RoleView), quick(ctx, s).routes()))
	defer server.Close()
	next, end := listen(t, server, "/live/")
	defer end()
	message := func() string {
		t.Helper()
		for {
			if m := next(); !strings.HasPrefix(m, ":") {
				return m
			}
		}
	}
	first := message()
	for _, id := range []string{"headline", "attention", "changes", "rows"} {
		if !strings.Contains(first, `id="`+id+`"`) {
			t.Errorf("the first message lacks #%s", id)
		}
	}
	if strings.Contains(first, "<form") {
		t.Error("who may only view gets controls")
	}
	if beat := next(); beat != ": still here\n" {
		t.Errorf("got %q while nothing happens, want a heartbeat", beat)
	}
	s.change("groups", func() { s.groups = s.groups[:1] })
	changed := message()
	if !strings.Contains(changed, `id="attention"`) || strings.Contains(changed, `id="rows"`) {
		t.Errorf("after a change of groups came %s", changed)
	}
	s.change("route", func() { s.routes[0].Phase = strangler.PhaseShadow })
	if changed := message(); !strings.Contains(changed, `id="rows"`) || !strings.Contains(changed, `id="headline"`) {
		t.Errorf("after a move came %s", changed)
	}
	cancel() // the daemon shuts down
	for {
		if m := next(); m == "end" {
			break
		} else if !strings.HasPrefix(m, ":") {
			t.Fatalf("got %q after the end", m)
		}
	}
	server.Client().CloseIdleConnections()
}

func TestStreamsOfAllPages(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pages := quick(ctx, hostile())
	pages.seats = make(chan struct{}, 20) // a stream that was left gives its seat back a little later
	server := httptest.NewServer(as(identity(web.RoleOperate), pages.routes()))
	defer server.Close()
	for path, id := range map[string]string{"/": "headline", "/routes/orders-read": "move", "/groups": "group-list", "/groups/g1": "group-facts",
		"/journal": "entries", "/services": "service-list", "/config": "machinery"} {
		t.Run(path, func(t *testing.T) {
			next, end := listen(t, server, "/live"+path)
			defer end()
			next() // the welcome
			m := next()
			if !strings.Contains(m, `id="`+id+`"`) {
				t.Errorf("no #%s in %.300s", id, m)
			}
			if strings.Contains(m, "<script>alert") || strings.Contains(m, "\r") {
				t.Errorf("strangers' text is more than text in %.300s", m)
			}
		})
	}
}

func TestRowsGoOneByOneInALargeTable(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := good()
	for range smallTable {
		s.routes = append(s.routes, s.routes[0])
		s.routes[len(s.routes)-1].Name = "r" + strings.Repeat("x", len(s.routes))
	}
	server := httptest.NewServer(as(identity(web.RoleOperate), quick(ctx, s).routes()))
	defer server.Close()
	next, end := listen(t, server, "/live/")
	defer end()
	for strings.HasPrefix(next(), ":") {
	}
	s.change("stats", func() { s.stats.Routes[5].Fallbacks = 4711 })
	for {
		m := next()
		if strings.HasPrefix(m, ":") {
			continue
		}
		if strings.Count(m, "<tr") != 1 || !strings.Contains(m, "4,711") {
			t.Errorf("one row changed, and %d came: %.500s", strings.Count(m, "<tr"), m)
		}
		return
	}
}

func TestStreamsAreBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(as(identity(web.RoleView), quick(ctx, good()).routes()))
	defer server.Close()
	for range 2 {
		_, end := listen(t, server, "/live/")
		defer end()
	}
	resp, err := server.Client().Get(server.URL + "/live/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

func TestMessageIsOneEvent(t *testing.T) {
	got := message("live", "<p>a\r\n\n  b\rc</p>\n")
	if want := "event: live\ndata: <p>a\ndata: bc</p>\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
