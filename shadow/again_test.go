package shadow_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// shop is a side whose answers are made by a function of the call's number, from 1.
type shop struct {
	calls  atomic.Int64
	answer func(call int64, r *http.Request) string
}

// ServeHTTP implements http.Handler.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, s.answer(s.calls.Add(1), r))
}

func answers(f func(call int64, r *http.Request) string) *shop { return &shop{answer: f} }

// byJSON is package compare's Comparer without rules.
func byJSON(t testing.TB) shadow.Comparer {
	t.Helper()
	c, err := compare.New(compare.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// again is a point whose sides are asked again as often as is of use.
func again(t testing.TB, legacy, service http.Handler) shadow.Point {
	t.Helper()
	return shadow.Point{
		Route: "orders", Serves: shadow.Legacy, Sample: 1, Compare: byJSON(t),
		Other: to(t, serve(t, service)), Self: to(t, serve(t, legacy)),
		LegacyExtra: shadow.Extra{Share: 10, PerSecond: 1e6},
	}
}

// places writes differences as "kind pattern", and why they are noise.
func places(differences []shadow.Difference) []string {
	var all []string
	for _, d := range differences {
		line := string(d.Kind) + " " + d.Pattern
		if d.Noise != "" {
			line += " (" + d.Noise + ")"
		}
		all = append(all, line)
	}
	return all
}

// settled serves one request through p and returns what was recorded when nobody is asked any more.
func settled(t *testing.T, p shadow.Point, h http.Handler, r *http.Request) shadow.Comparison {
	t.Helper()
	var m memory
	s := start(t, shadow.Config{Recorder: &m})
	s.Around(p)(h).ServeHTTP(httptest.NewRecorder(), r)
	wait(t, s)
	stop(t, s) // an exchange is counted before it is recorded
	if list := m.all(); len(list) == 1 {
		return list[0]
	}
	t.Fatalf("recorded %d comparisons, want 1: %+v", len(m.all()), m.all())
	return shadow.Comparison{}
}

// wait waits until nothing is pending.
func wait(t *testing.T, s *shadow.Shadow) {
	t.Helper()
	for range 2000 {
		var pending int64
		for _, c := range s.Counts() {
			pending += c.Pending
		}
		if pending == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("still pending after 10 s: %+v", s.Counts())
}

// TestControl sends a hundred requests to a legacy application whose answers differ from
// themselves in one place, and to a service with the same noise and a mistake in every fourth.
func TestControl(t *testing.T) {
	var made atomic.Int64
	answer := func(wrong bool) string {
		total := "12.50"
		if wrong {
			total = "1250"
		}
		return fmt.Sprintf(`{"total":%s,"rev":%d}`, total, made.Add(1)) // a number that is never the same
	}
	legacy := answers(func(int64, *http.Request) string { return answer(false) })
	service := answers(func(call int64, _ *http.Request) string { return answer(call%4 == 0) })
	p := again(t, legacy, service)
	p.Control = 0.1
	var m memory
	// Where no time passes legacy's latency can't rise, whatever the machine does.
	now := time.Now()
	s := start(t, shadow.Config{Recorder: &m, Now: func() time.Time { return now }})
	proxy := serve(t, s.Around(p)(legacy))
	const requests = 200
	for range requests {
		resp, err := http.Get(proxy.URL + "/orders/7")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	stop(t, s)

	counts := s.Counts()["orders"]
	if counts.Diverged < requests/4 || counts.Diverged > requests/4+5 || counts.Noise != requests-counts.Diverged {
		t.Errorf("of %d requests, a quarter of them wrong, %d diverged and %d are noise", requests, counts.Diverged, counts.Noise)
	}
	places := s.Evidence()["orders"].Noise
	want := []shadow.Place{{Pattern: "/rev", Kind: shadow.KindValue, Known: shadow.KnownNoise, Legacy: 1, Service: 1},
		{Pattern: "/total", Kind: shadow.KindValue, Known: shadow.KnownCounts, Service: places[1].Service}}
	if d := cmp.Diff(want, places); d != "" {
		t.Errorf("what was learnt (-want +got):\n%s", d)
	}
	// While the route was young legacy was asked twice each time, then for a tenth.
	if calls := legacy.calls.Load() - requests; calls < 90 || calls > 100+40 {
		t.Errorf("legacy was asked again %d times, want about 100 and a tenth of the rest", calls)
	}
	diverged := 0
	for _, c := range m.all() {
		if c.Verdict == shadow.Diverged && c.Differences[0].Pattern == "/total" {
			diverged++
		}
	}
	if diverged != requests/4 {
		t.Errorf("of %d mistakes %d were recorded as the first difference", requests/4, diverged)
	}
}

// TestControlKnowsConstants: an id that looks like noise is none where legacy always gives the
// same.
func TestControlKnowsConstants(t *testing.T) {
	legacy := answers(func(int64, *http.Request) string { return `{"owner":"5f0c7a52-53b5-4ce5-9d6c-2a5bd0f1a1aa"}` })
	service := answers(func(call int64, _ *http.Request) string {
		return fmt.Sprintf(`{"owner":"5f0c7a52-53b5-4ce5-9d6c-%012x"}`, call)
	})
	p := again(t, legacy, service)
	p.Control = 1
	c := settled(t, p, legacy, httptest.NewRequest("GET", "/orders/7", nil))
	if d := cmp.Diff([]string{"value /owner"}, places(c.Differences)); c.Verdict != shadow.Diverged || d != "" {
		t.Errorf("verdict %s, differences (-want +got):\n%s", c.Verdict, d)
	}
}

// TestRecheck asks both sides again after a difference.
func TestRecheck(t *testing.T) {
	constant := func(body string) func(int64, *http.Request) string {
		return func(int64, *http.Request) string { return body }
	}
	until := func(call int64, before, then string) func(int64, *http.Request) string {
		return func(n int64, _ *http.Request) string {
			if n <= call {
				return before
			}
			return then
		}
	}
	const old, new = `{"stock":3,"name":"a"}`, `{"stock":2,"name":"a"}`
	for _, tt := range []struct {
		name            string
		legacy, service func(int64, *http.Request) string
		point           func(*shadow.Point)
		request         func(*http.Request)
		verdict         shadow.Verdict
		differences     []string
		asked           int64 // legacy, with the client's request
	}{
		{"the service was late", constant(new), until(1, old, new), nil, nil, shadow.Lag, []string{"value /stock (lag)"}, 2},
		{"legacy was late", until(1, old, new), constant(new), nil, nil, shadow.Lag, []string{"value /stock (lag)"}, 2},
		{"the service is wrong", constant(new), constant(old), nil, nil, shadow.Diverged, []string{"value /stock"}, 2},
		{"late in one place, wrong in another", constant(new), until(1, `{"stock":3,"name":"b"}`, `{"stock":2,"name":"b"}`), nil, nil,
			shadow.Diverged, []string{"value /name", "value /stock (lag)"}, 2},
		{"legacy never says the same", func(n int64, _ *http.Request) string { return fmt.Sprintf(`{"stock":%d,"name":"a"}`, n) }, constant(old), nil, nil,
			shadow.Noise, []string{"value /stock (legacy)"}, 2},
		{"the service fails the second time", constant(new), until(1, old, `{`), nil, nil, shadow.Diverged, []string{"value /stock"}, 2},
		{"not with a session", constant(new), until(1, old, new), nil,
			func(r *http.Request) { r.Header.Set("Cookie", "sid=1") }, shadow.Diverged, []string{"value /stock"}, 1},
		{"with a session, where the route says so", constant(new), until(1, old, new), func(p *shadow.Point) { p.WithSession = true },
			func(r *http.Request) { r.Header.Set("Cookie", "sid=1") }, shadow.Lag, []string{"value /stock (lag)"}, 2},
		{"not what may not be repeated", constant(new), until(1, old, new), func(p *shadow.Point) {
			p.Repeatable = func(string) bool { return false }
			p.Sandbox = p.Other
		}, nil, shadow.Diverged, []string{"value /stock"}, 1},
		{"not beyond the budget", constant(new), until(1, old, new), func(p *shadow.Point) { p.LegacyExtra = shadow.Extra{} }, nil,
			shadow.Diverged, []string{"value /stock"}, 1},
		{"switched off", constant(new), until(1, old, new), func(p *shadow.Point) { p.Recheck = 0 }, nil, shadow.Diverged, []string{"value /stock"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			legacy, service := answers(tt.legacy), answers(tt.service)
			p := again(t, legacy, service)
			p.Recheck = 10 * time.Millisecond
			if tt.point != nil {
				tt.point(&p)
			}
			r := httptest.NewRequest("GET", "/orders/7", nil)
			if tt.request != nil {
				tt.request(r)
			}
			c := settled(t, p, legacy, r)
			if d := cmp.Diff(tt.differences, places(c.Differences)); c.Verdict != tt.verdict || d != "" {
				t.Errorf("verdict %s, want %s; differences (-want +got):\n%s", c.Verdict, tt.verdict, d)
			}
			if got := legacy.calls.Load(); got != tt.asked {
				t.Errorf("legacy was asked %d times, want %d", got, tt.asked)
			}
		})
	}
}

// TestRecheckBothDirections: whoever served, legacy's value is legacy's, also after a second look.
func TestRecheckBothDirections(t *testing.T) {
	legacy := answers(func(int64, *http.Request) string { return `{"v":"legacy"}` })
	service := answers(func(int64, *http.Request) string { return `{"v":"service"}` })
	p := again(t, service, legacy)
	p.Serves, p.Recheck, p.Control = shadow.Service, time.Millisecond, 1
	c := settled(t, p, service, httptest.NewRequest("GET", "/orders/7", nil))
	if len(c.Differences) != 1 || string(c.Differences[0].Legacy) != `"legacy"` || string(c.Differences[0].Service) != `"service"` {
		t.Errorf("verdict %s, differences %+v", c.Verdict, c.Differences)
	}
	if got := legacy.calls.Load(); got != 3 {
		t.Errorf("legacy was asked %d times, want 3: a copy, a control, a recheck", got)
	}
	if got := service.calls.Load(); got != 2 {
		t.Errorf("the service was asked %d times, want 2: the client's request and a recheck", got)
	}
}

// TestRecheckEndsWithClose: what still waits to be asked again is settled by what is known.
func TestRecheckEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		s := start(t, shadow.Config{Recorder: &m})
		p := shadow.Point{Route: "orders", Serves: shadow.Legacy, Sample: 1, Compare: byJSON(t), Recheck: time.Hour,
			Other: direct(text(`[2]`)), Self: direct(text(`[1]`)), LegacyExtra: shadow.Extra{Share: 2, PerSecond: 1e6}}
		h := s.Around(p)(text(`[1]`))
		for range 3 {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}
		synctest.Wait()
		if c := s.Counts()["orders"]; c.Pending != 3 {
			t.Errorf("%d exchanges are pending, want 3: %+v", c.Pending, c)
		}
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		for _, c := range m.all() {
			if c.Verdict != shadow.Diverged || len(c.Differences) != 1 {
				t.Errorf("verdict %s with %v, want diverged", c.Verdict, c.Differences)
			}
		}
		if n := len(m.all()); n != 3 {
			t.Errorf("%d comparisons were recorded, want 3", n)
		}
		time.Sleep(2 * time.Hour) // the timers end
	})
}

// TestAskingAgainSparesSessions: a client with a session notices nothing of controls and rechecks,
// since its session isn't used.
func TestAskingAgainSparesSessions(t *testing.T) {
	legacy := &phpLike{sessions: map[string]*sync.Mutex{}}
	p := again(t, legacy, text("no"))
	p.Control, p.Recheck = 1, time.Millisecond
	s := start(t, shadow.Config{})
	proxy := serve(t, s.Around(p)(legacy))
	sid := legacy.login()
	for range 50 {
		r, _ := http.NewRequest("GET", proxy.URL, nil)
		r.Header.Set("Cookie", "sid="+sid)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Fatalf("the session is gone: status %d", resp.StatusCode)
		}
		sid = resp.Cookies()[0].Value
	}
	stop(t, s)
	if copies := legacy.copies(); len(copies) > 0 {
		t.Errorf("legacy was asked again: %q", copies)
	}
}

// TestAskingAgainKeepsItsBudget: of a thousand requests that all diverge, legacy gets no more than
// its share again.
func TestAskingAgainKeepsItsBudget(t *testing.T) {
	legacy := answers(func(n int64, _ *http.Request) string { return fmt.Sprintf(`[%d,1]`, n) })
	service := answers(func(n int64, _ *http.Request) string { return fmt.Sprintf(`[-%d,2]`, n) })
	p := again(t, legacy, service)
	p.Control, p.Recheck, p.LegacyExtra = 1, time.Millisecond, shadow.Extra{Share: 0.1, PerSecond: 1e6}
	s := start(t, shadow.Config{Queue: 4096})
	h := s.Around(p)(legacy)
	const requests = 1000
	for i := range requests {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if i%10 == 0 {
			wait(t, s)
		}
	}
	wait(t, s)
	if extra := legacy.calls.Load() - requests; extra > requests/10 || extra < requests/20 {
		t.Errorf("legacy was asked again %d times for %d requests, want up to 10 %%", extra, requests)
	}
}
