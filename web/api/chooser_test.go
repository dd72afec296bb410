package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// follow has a Chooser follow a until the test ends.
func follow(t *testing.T, a *admin) *Chooser {
	t.Helper()
	c := NewChooser(a.client("view-secret"), a.server.log)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Follow(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
	})
	return c
}

func TestChooserFollows(t *testing.T) {
	a := newAdmin(t, tokens...)
	c := NewChooser(a.client("view-secret"), a.server.log)
	if got := c.Choose(t.Context(), "orders-read", "17"); got != shadow.Legacy || c.Shadows("orders-read") {
		t.Errorf("before anything is known: %s", got)
	}
	c = follow(t, a)
	<-c.Known()
	share := func() (n int) {
		for key := range 1000 {
			if c.Choose(t.Context(), "orders-read", fmt.Sprint(key)) == shadow.Service {
				n++
			}
		}
		return n
	}
	if n := share(); n < 200 || n > 300 { // more than three standard deviations
		t.Errorf("at 25 %% the service has %d of 1000 keys", n)
	}
	if !c.Shadows("orders-read") || c.Shadows("a/b <i>%") || c.Shadows("no such route") || c.Choose(t.Context(), "no such route", "1") != shadow.Legacy {
		t.Error("what is shadowed isn't what is in phase shadow or canary")
	}
	moved := a.routes[0]
	moved.Phase, moved.Weight, moved.Version = strangler.PhaseLive, strangler.FullWeight, 8
	eventually(t, "the move arrives", func() bool {
		a.publish(web.Event{Type: "stats", Data: a.stats}) // whatever comes first has it look
		a.publish(web.Event{Type: "route", Data: moved})
		return share() == 1000
	})
	a.mu.Lock() // what a reload added stands in no event of its own
	a.routes = append(a.routes, web.Route{Name: "fresh", Phase: strangler.PhaseLive, Weight: strangler.FullWeight, Version: 1})
	a.mu.Unlock()
	a.publish(web.Event{Type: "config", Data: a.config})
	eventually(t, "a reload is looked at", func() bool { return c.Choose(t.Context(), "fresh", "17") == shadow.Service })
	a.publish(web.Event{Type: "route", Data: moved})
	eventually(t, "the move is known again", func() bool { return share() == 1000 })
	old := moved
	old.Phase, old.Weight, old.Version = strangler.PhaseLegacy, 0, 7
	other := a.routes[1]
	other.Phase, other.Weight, other.Version = strangler.PhaseShadow, 0, 2
	a.publish(web.Event{Type: "route", Data: old})
	a.publish(web.Event{Type: "route", Data: other})
	eventually(t, "the other route's move arrives", func() bool { return c.Shadows(other.Name) })
	if n := share(); n != 1000 {
		t.Errorf("an older event moved the route: %d", n)
	}
}

// What was known stays in force when the proxy goes.
func TestChooserKeepsWhatIsKnown(t *testing.T) {
	a := newAdmin(t, tokens...)
	a.routes[0].Phase, a.routes[0].Weight = strangler.PhaseLive, strangler.FullWeight
	c := follow(t, a)
	<-c.Known()
	a.end() // all streams
	a.http.CloseIdleConnections()
	eventually(t, "the log says so", func() bool { return strings.Contains(a.log.String(), "the proxy isn't followed") })
	if got := c.Choose(t.Context(), "orders-read", "17"); got != shadow.Service {
		t.Errorf("without the proxy the route is at %s", got)
	}
}
