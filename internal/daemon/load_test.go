package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// stands are the positions that a route has had, each from when its change may have been in
// force at the earliest until when it may have been at the latest.
type stands struct {
	mu   sync.Mutex
	list []stand
}

type stand struct {
	at       strangler.Position
	from, to time.Time // to is zero while it may be in force
}

// begin notes that a change is asked for, acknowledged that its predecessors are over.
func (s *stands) begin(at strangler.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, stand{at: at, from: time.Now()})
}

func (s *stands) acknowledged() {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.list) - 2; i >= 0 && s.list[i].to.IsZero(); i-- {
		s.list[i].to = now
	}
}

// had reports whether the route may have stood in that phase at some time between two others,
// and so that a client's bucket was that side's.
func (s *stands) had(phase, side string, bucket int, from, to time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.list) - 1; i >= 0; i-- {
		one := s.list[i]
		if !one.to.IsZero() && one.to.Before(from) {
			return false // as all before it
		}
		if one.from.Before(to) && one.at.Phase.String() == phase && sideOf(one.at, bucket) == side {
			return true
		}
	}
	return false
}

// sideOf says who answers a bucket: the service has those below the weight, which is all of
// them from live on and none before canary.
func sideOf(at strangler.Position, bucket int) string {
	if bucket < int(at.Weight) {
		return "service"
	}
	return "legacy"
}

// TestChangeUnderLoad moves a route back and forth while requests flow: none fails, and each is
// answered by the side that the position, which the debug header tells, was for; a position
// that the route had while the request was under way.
func TestChangeUnderLoad(t *testing.T) { changeUnderLoad(t, 2*time.Second) }

// TestSoakChangeUnderLoad is the same for longer.
func TestSoakChangeUnderLoad(t *testing.T) {
	if !*soak {
		t.Skip("takes a minute; run it with -soak")
	}
	changeUnderLoad(t, time.Minute)
}

// loadKeys is how many different cohort keys the requests have.
const loadKeys = 500

func changeUnderLoad(t *testing.T, length time.Duration) {
	const requestsPerSecond, shiftsPerSecond = 1000, 100
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL))
	s.Client.Transport.(*http.Transport).MaxConnsPerHost = 64

	shifts := []web.Route{s.shift(t, "orders-read", "50%")}
	had := &stands{list: []stand{{at: strangler.Canary(5000), from: time.Now()}}}
	var buckets [loadKeys]int
	for who := range buckets {
		x, err := s.Explain(web.Explain{URL: fmt.Sprintf("/orders/1?who=%d", who)})
		if err != nil {
			t.Fatal(err)
		}
		buckets[who] = x.Bucket
	}
	until := time.Now().Add(length)
	var work sync.WaitGroup
	work.Go(func() {
		tick := time.NewTicker(time.Second / shiftsPerSecond)
		defer tick.Stop()
		version := shifts[0].Version
		for ; time.Now().Before(until); <-tick.C {
			to := strangler.Canary(strangler.Weight(1 + len(shifts)*3571%9999)) // never the same twice in a row
			if n := len(shifts) % 6; n < 3 {
				to = strangler.At([]strangler.Phase{strangler.PhaseShadow, strangler.PhaseLive, strangler.PhaseLegacy}[n])
			}
			had.begin(to)
			moved, err := s.API.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: to.Phase, Weight: &to.Weight})
			if err != nil {
				t.Errorf("shift: %v", err)
				return
			}
			had.acknowledged()
			if moved.Version <= version {
				t.Errorf("version %d comes after %d", moved.Version, version)
			}
			version = moved.Version
			shifts = append(shifts, moved)
		}
	})
	var answered, wrong atomic.Int64
	tick := time.NewTicker(time.Second / requestsPerSecond)
	defer tick.Stop()
	for n := 0; time.Now().Before(until); n++ {
		<-tick.C
		work.Go(func() {
			if why := oneUnderLoad(s, had, n, buckets[n%loadKeys]); why != "" && wrong.Add(1) <= 10 {
				t.Error(why)
			}
			answered.Add(1)
		})
	}
	work.Wait()
	t.Logf("%d requests and %d shifts in %s", answered.Load(), len(shifts), length)
	if wrong.Load() > 0 || answered.Load() < 100 || len(shifts) < 10 {
		t.Errorf("%d of %d requests were wrong, %d shifts", wrong.Load(), answered.Load(), len(shifts))
	}
	s.checkJournal(t, shifts)
}

// oneUnderLoad sends one request and says what is wrong with its answer.
func oneUnderLoad(s *system, had *stands, n, bucket int) string {
	began := time.Now()
	resp, err := s.Client.Get(fmt.Sprintf("%s/orders/%d?who=%d", s.URL, n, n%loadKeys))
	if err != nil {
		return "request: " + err.Error()
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	ended := time.Now()
	var side, phase, why string
	decision := resp.Header.Get("X-Strangler")
	_, scanned := fmt.Sscanf(strings.ReplaceAll(decision, ";", ""), "route=orders-read side=%s phase=%s why=%s", &side, &phase, &why)
	switch want := fmt.Sprintf("%s GET /orders/%d?who=%d", side, n, n%loadKeys); {
	case err != nil || resp.StatusCode != http.StatusOK || string(text) != want:
		return fmt.Sprintf("request %d: %s %q, %v; header %q", n, resp.Status, text, err, decision)
	case scanned != nil:
		return fmt.Sprintf("request %d: header %q: %v", n, decision, scanned)
	case !had.had(phase, side, bucket, began, ended):
		return fmt.Sprintf("request %d: header %q, but the route stood nowhere like that between %s and %s", n, decision, began, ended)
	}
	return ""
}

// checkJournal holds the journal against the changes that were acknowledged.
func (s *system) checkJournal(t *testing.T, acknowledged []web.Route) {
	t.Helper()
	entries := map[int64]web.Entry{}
	for before := int64(0); ; {
		page, err := s.API.Journal(t.Context(), web.EntryQuery{Route: "orders-read", Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			entries[e.Version] = e
			before = e.Seq
		}
		if before == 1 {
			break
		}
	}
	for _, route := range acknowledged {
		e, ok := entries[route.Version]
		if !ok || e.After == nil || e.After.Phase != route.Phase || e.After.Weight != route.Weight || !e.At.Equal(route.Since) {
			t.Fatalf("acknowledged %+v, but the journal has %+v", route, e)
		}
	}
	if len(entries) != len(acknowledged)+1 {
		t.Errorf("%d entries for %d changes", len(entries), len(acknowledged))
	}
}

// TestNextRequest looks that a change is in force for the very next request.
func TestNextRequest(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL))
	for range 50 {
		for _, to := range []string{"live", "legacy"} {
			s.shift(t, "orders-read", to)
			want := map[string]string{"live": "service", "legacy": "legacy"}[to]
			if _, body, decision := s.get(t, "/orders/7"); !strings.HasPrefix(body, want) {
				t.Fatalf("after shift to %s: %q, %q", to, body, decision)
			}
		}
	}
}
