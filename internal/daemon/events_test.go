package daemon_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestEvents watches, and is told of a move, of a reload, of divergences and of the figures.
func TestEvents(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	text := fmt.Sprintf(oneRoute, legacy.URL, service.URL)
	s := start(t, text)
	events := make(chan web.Event, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for event, err := range s.API.Events(t.Context()) {
			if err != nil {
				return
			}
			events <- event
		}
	}()
	defer func() {
		if err := s.end(); err != nil { // it ends the stream
			t.Error(err)
		}
		<-ended
	}()
	next := func(kind string, into any) {
		t.Helper()
		for event := range events {
			if event.Type == kind {
				if err := json.Unmarshal(event.Data.(json.RawMessage), into); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	var stats web.Stats
	next("stats", &stats) // so that it is certain that somebody watches
	var route web.Route
	s.shift(t, "orders-read", "shadow")
	if next("route", &route); route.Name != "orders-read" || route.Phase != strangler.PhaseShadow || route.Version != 2 {
		t.Errorf("told of %+v", route)
	}
	before := len(s.Log.String())
	s.shift(t, "orders-read", "shadow") // to where it stands
	s.shift(t, "orders-read", "30%")
	if next("route", &route); route.Phase != strangler.PhaseCanary || route.Version != 3 {
		t.Errorf("told of %+v", route)
	}
	if got := strings.Count(s.Log.String()[before:], "route moved"); got != 1 {
		t.Errorf("the log tells of %d moves, want 1", got)
	}
	var state web.ConfigState
	s.write(t, "legacy: 7\n")
	if err := s.Reload(t.Context()); err == nil {
		t.Error("a bad file was taken")
	}
	if next("config", &state); state.Problem == "" {
		t.Errorf("told of %+v", state)
	}
	s.reload(t, text)
	var mended web.ConfigState
	if next("config", &mended); mended.Problem != "" || !mended.LoadedAt.After(state.LoadedAt) {
		t.Errorf("told of %+v", mended)
	}
	for i := range 20 {
		s.get(t, fmt.Sprintf("/orders/1?who=%d", i))
	}
	var nothing struct{}
	next("groups", &nothing)
	if next("stats", &stats); len(stats.Routes) != 2 || stats.Routes[0].Comparisons.Diverged == 0 {
		t.Errorf("told of %+v", stats)
	}
}
