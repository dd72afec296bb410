package dashboard

import (
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// asked counts what is asked of a system that costs much.
type asked struct {
	web.System
	stats, config int
}

func (a *asked) Stats() web.Stats {
	a.stats++
	return web.Stats{Routes: []web.RouteStats{{Route: "worked out again"}}}
}

func (a *asked) Config() web.ConfigState {
	a.config++
	return web.ConfigState{}
}

// TestMemoryTakesFiguresFromEvents holds that a room works nothing out that an event brings, and that what
// it remembers goes when it may be another.
func TestMemoryTakesFiguresFromEvents(t *testing.T) {
	s := &asked{}
	m := &memory{System: s}
	told := web.Event{Type: "stats", Data: web.Stats{Routes: []web.RouteStats{{Route: "told"}}}}
	for _, step := range []struct {
		event         web.Event
		route         string
		stats, config int // asked for so far
	}{
		{web.Event{Type: "route"}, "worked out again", 1, 1},
		{told, "told", 1, 1},
		{web.Event{Type: "groups"}, "told", 1, 1}, // which comes with it
		{web.Event{Type: "rollout"}, "told", 1, 1},
		{web.Event{Type: "config"}, "worked out again", 2, 2},
		{told, "told", 2, 2},
		{web.Event{Type: "stats"}, "worked out again", 3, 2},
	} {
		m.forget(step.event)
		for range 2 {
			if got := m.Stats().Routes[0].Route; got != step.route {
				t.Errorf("after %s the figures are those that were %s", step.event.Type, got)
			}
			m.Config()
		}
		if s.stats != step.stats || s.config != step.config {
			t.Errorf("after %s it asked %d and %d times, want %d and %d", step.event.Type, s.stats, s.config, step.stats, step.config)
		}
	}
}
