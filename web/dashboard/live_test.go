package dashboard

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// quick is a dashboard whose streams don't take their time.
func quick(ctx context.Context, s web.System) *dashboard {
	d := &dashboard{Config: Config{System: s, Logger: quiet(), Context: ctx}, files: newAssets(), seats: make(chan struct{}, 2), pace: 5 * time.Millisecond, beat: 20 * time.Millisecond}
	d.template = d.files.templates()
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
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
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
	for _, id := range []string{"headline", "attention", "changes", "weeks", "fig", "remains"} {
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
	if !strings.Contains(changed, `id="attention"`) || strings.Contains(changed, `id="headline"`) {
		t.Errorf("after a change of groups came %s", changed)
	}
	s.change("route", func() { s.routes[0].Phase = strangler.PhaseShadow })
	if changed := message(); !strings.Contains(changed, `id="fig"`) || !strings.Contains(changed, `id="headline"`) {
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
	for path, id := range map[string]string{"/": "headline", "/routes": "rows", "/routes/orders-read": "move", "/groups": "group-list", "/groups/g1": "group-facts",
		"/journal": "entries", "/services": "service-list", "/config": "machinery"} {
		t.Run(path, func(t *testing.T) {
			next, end := listen(t, server, "/live"+path)
			defer end()
			m := next()
			for strings.HasPrefix(m, ":") { // the welcome
				m = next()
			}
			if !strings.Contains(m, `id="`+id+`"`) {
				t.Errorf("no #%s in %.300s", id, m)
			}
			if strings.Contains(m, "<script>alert") || strings.Contains(m, "\r") {
				t.Errorf("strangers' text is more than text in %.300s", m)
			}
		})
	}
}

// TestRowsAreOfThePage holds that a stream of the table has the rows that its page has.
func TestRowsAreOfThePage(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := many(120)
	server := httptest.NewServer(as(identity(web.RoleOperate), quick(ctx, s).routes()))
	defer server.Close()
	next, end := listen(t, server, "/live/routes?page=2&q=route")
	defer end()
	m := next()
	for strings.HasPrefix(m, ":") {
		m = next()
	}
	if n := strings.Count(m, `id="row-`); n != pageRoutes {
		t.Errorf("%d rows came, want %d", n, pageRoutes)
	}
	s.change("stats", func() { s.stats.Routes[70].Service.PerSecond = 4711 })
	for m = next(); strings.HasPrefix(m, ":"); m = next() {
	}
	if !strings.Contains(m, "4,711") || strings.Contains(m, `id="found"`) {
		t.Errorf("after a change of one row came %.500s", m)
	}
}

// counted counts how often the journal is read.
type counted struct {
	*system
	read atomic.Int64
}

func (c *counted) Entries(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	c.read.Add(1)
	return c.system.Entries(ctx, q)
}

// TestManyDashboardsAreOneReading holds that however many look at a page, it is read and drawn once,
// and that all of them are told.
func TestManyDashboardsAreOneReading(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &counted{system: good()}
	d := quick(ctx, c)
	d.seats = make(chan struct{}, 50)
	server := httptest.NewServer(as(web.Identity{Role: web.RoleView}, d.routes()))
	defer server.Close()
	var all []func() string
	for range 50 {
		next, end := listen(t, server, "/live/")
		defer end()
		all = append(all, next)
	}
	told := func(what string) {
		t.Helper()
		for i, next := range all {
			m := next()
			for strings.HasPrefix(m, ":") {
				m = next()
			}
			if !strings.Contains(m, what) {
				t.Fatalf("dashboard %d was told %.300s", i, m)
			}
		}
	}
	told(`id="headline"`)
	before := c.read.Load()
	if before != 1 {
		t.Errorf("50 dashboards read the journal %d times", before)
	}
	c.change("route", func() { c.routes[0].Phase = strangler.PhaseShadow })
	told(`id="headline"`)
	if n := c.read.Load() - before; n != 1 {
		t.Errorf("after a move 50 dashboards read the journal %d times", n)
	}
	c.mu.Lock()
	watchers := len(c.watchers)
	c.mu.Unlock()
	if watchers != 1 {
		t.Errorf("50 dashboards listen %d times", watchers)
	}
	cancel()
	for _, next := range all {
		for next() != "end" {
		}
	}
	server.Client().CloseIdleConnections()
	if len(d.rooms.by) != 0 {
		t.Errorf("%d rooms are left with nobody in it", len(d.rooms.by))
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
