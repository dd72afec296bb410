package shadow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestInOrder sends the requests of some clients, and looks at the order in which a service gets
// their copies that takes a different time for each.
func TestInOrder(t *testing.T) {
	const clients, requests = 5, 20
	var mu sync.Mutex
	var under int
	got, at := map[string][]string{}, map[string]int{}
	service := func(w http.ResponseWriter, r *http.Request) {
		client, n, _ := strings.Cut(r.URL.Path[1:], "/")
		mu.Lock()
		got[client] = append(got[client], n)
		at[client]++
		if at[client] > 1 {
			t.Errorf("two copies of client %s are under way", client)
		}
		under = max(under, len(at))
		mu.Unlock()
		time.Sleep(time.Duration(len(n)+len(client)*3) * 100 * time.Microsecond)
		mu.Lock()
		at[client]--
		if at[client] == 0 {
			delete(at, client)
		}
		mu.Unlock()
		text("yes")(w, r)
	}
	p := point(direct(service))
	p.InOrder = func(r *http.Request) string {
		client, _, _ := strings.Cut(r.URL.Path[1:], "/")
		return client
	}
	s := start(t, shadow.Config{})
	h := s.Around(p)(text("yes"))
	var want []string
	for n := range requests {
		want = append(want, fmt.Sprint(n))
		for client := range clients {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", fmt.Sprintf("/%d/%d", client, n), nil))
		}
	}
	stop(t, s)
	for client := range clients {
		if got := got[fmt.Sprint(client)]; !slices.Equal(got, want) {
			t.Errorf("client %d: copies came as %v", client, got)
		}
	}
	if under < 2 {
		t.Error("clients waited for one another")
	}
	if c := s.Counts()["orders"]; c.Match != clients*requests {
		t.Errorf("%+v, want all to match", c)
	}
}

// TestInOrderIsBounded: a key whose first copy hangs holds no more than its route's share of the
// queue, and Close gives all of them up.
func TestInOrderIsBounded(t *testing.T) {
	p := point(roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}))
	p.InOrder = func(*http.Request) string { return "one" }
	s := start(t, shadow.Config{Queue: 20, Logger: quiet})
	h := s.Around(p)(text("yes"))
	for range 50 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	if queue, _, _, _ := s.Load(); queue > 10 {
		t.Errorf("%d copies wait, want 10 at most", queue)
	}
	if c := s.Counts()["orders"]; c.Reasons[shadow.SkipQueueFull] < 39 {
		t.Errorf("%+v, want what found no room counted", c)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("nothing was given up")
	}
	if c := s.Counts()["orders"]; c.Pending != 0 || c.Sampled != 50 {
		t.Errorf("%+v, want nothing pending", c)
	}
}
