package api

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// eventually waits for what happens on other goroutines.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not so after 10 s: " + what)
		}
	}
}

// listen opens a stream of events and returns its lines, which end when the stream does.
func (a *admin) listen(ctx context.Context, headers ...string) (*http.Response, <-chan string) {
	a.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", a.url+"/api/v1/events", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	lines := make(chan string, 1024)
	go func() {
		defer close(lines)
		defer w.Body.Close()
		s := bufio.NewScanner(w.Body)
		for s.Buffer(nil, maxEvent); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return w, lines
}

// next returns the next line, or fails.
func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case line, ok := <-lines:
		if !ok {
			t.Fatal("the stream ended")
		}
		return line
	case <-time.After(10 * time.Second):
		t.Fatal("no line in 10 s")
	}
	return ""
}

func TestEvents(t *testing.T) {
	a := newAdmin(t)
	began := time.Now()
	w, lines := a.listen(t.Context())
	if got := w.Header.Get("Content-Type"); w.StatusCode != http.StatusOK || got != "text/event-stream" {
		t.Fatalf("status %d, Content-Type %q", w.StatusCode, got)
	}
	if got := next(t, lines) + next(t, lines); got != "retry: 1000" {
		t.Errorf("greeting %q", got)
	}
	eventually(t, "the stream subscribes", func() bool {
		return a.publish(web.Event{Type: "route", Data: a.routes[1]}) == 1
	})
	if got := next(t, lines); got != "event: route" {
		t.Errorf("line %q", got)
	}
	data := next(t, lines)
	if !strings.HasPrefix(data, `data: {"name":"a/b \u003ci\u003e%",`) || next(t, lines) != "" {
		t.Errorf("line %q, then not an empty one", data)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the first event took %v", took)
	}
	a.publish(web.Event{Type: "stats", Data: web.Stats{}})
	next(t, lines)
	if data := next(t, lines); !strings.Contains(data, `"routes":[]`) {
		t.Errorf("a nil list in an event: %s", data)
	}
	next(t, lines)
	a.publish(web.Event{Type: "rollout", Data: web.Rollout{Name: "orders-read"}})
	if got := next(t, lines); got != "event: rollout" {
		t.Errorf("line %q", got)
	}
	if data := next(t, lines); !strings.Contains(data, `"gates":[]`) || strings.Contains(data, "null") {
		t.Errorf("a rollout in an event: %s", data)
	}
	next(t, lines)
	a.publish(web.Event{Type: "bad", Data: func() {}}) // can't be encoded: it is logged and left out
	a.publish(web.Event{Type: "groups", Data: struct{}{}})
	if got := next(t, lines); got != "event: groups" || !strings.Contains(a.log.String(), "encode event") {
		t.Errorf("line %q, log %s", got, a.log)
	}

	a.end() // the daemon shuts down
	for range lines {
	}
	eventually(t, "the stream gives its seat back", func() bool { return len(a.server.seats) == 0 && a.publish(web.Event{}) == 0 })
}

func TestEventsHeartbeat(t *testing.T) {
	a := newAdmin(t)
	a.server.heartbeat = time.Millisecond
	_, lines := a.listen(t.Context())
	next(t, lines)
	next(t, lines)
	for range 3 {
		if got := next(t, lines); got != ": still here" || next(t, lines) != "" {
			t.Errorf("line %q", got)
		}
	}
}

func TestEventsBounded(t *testing.T) {
	a := newAdmin(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	for range maxSubscribers {
		a.listen(ctx)
	}
	got := a.ask("GET", "/api/v1/events", "")
	if p := got.problem(t); got.StatusCode != http.StatusServiceUnavailable || p.Code != web.CodeTooMany || got.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %d %+v %v", got.StatusCode, p, got.Header)
	}
	leave()
	eventually(t, "seats are free again", func() bool { return len(a.server.seats) == 0 })
	if _, lines := a.listen(t.Context()); next(t, lines) == "" {
		t.Error("no stream when the others have left")
	}
}

// TestEventsSlowSubscriber holds that one who doesn't read holds nobody up, and is let go.
func TestEventsSlowSubscriber(t *testing.T) {
	a := newAdmin(t)
	a.server.writeTimeout = time.Second
	slow, err := net.Dial("tcp", strings.TrimPrefix(a.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(slow, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", strings.TrimPrefix(a.url, "http://"))
	eventually(t, "the slow one subscribes", func() bool { return a.publish(web.Event{}) == 1 })
	_, lines := a.listen(t.Context())
	heard := make(chan string, 2)
	go func() {
		for line := range lines {
			if kind, ok := strings.CutPrefix(line, "event: "); ok {
				select {
				case heard <- kind:
				default:
				}
			}
		}
	}()
	eventually(t, "both subscribe", func() bool { return a.publish(web.Event{}) == 2 })
	big := web.Event{Type: "big", Data: strings.Repeat("x", 1<<20)}
	eventually(t, "the slow one is let go", func() bool { time.Sleep(5 * time.Millisecond); return a.publish(big) == 1 })
	for end := time.After(10 * time.Second); ; {
		select {
		case kind := <-heard:
			if kind == "big" {
				return
			}
		case <-end:
			t.Fatal("the other heard nothing")
		}
	}
}
