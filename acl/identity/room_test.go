package identity_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// TestNoRoom says that a lookup which finds no room waits no longer than its time-out, and isn't sent.
func TestNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, func(c *identity.Config) { c.Lookup.AtATime = 1 })
		m.status.Store(0)
		go m.ask(t, "a")
		synctest.Wait()
		time.Sleep(time.Second)
		go m.ask(t, "b") // it has the room when a has timed out
		synctest.Wait()
		_, err := m.ask(t, "c")
		var e *identity.Error
		if !errors.As(err, &e) || !e.Timeout() || !strings.Contains(err.Error(), "too many lookups are on their way: 1") {
			// The room may have come free in the moment in which c's time ran out.
			if err == nil || !strings.Contains(err.Error(), "no answer within 2s") {
				t.Errorf("%v", err)
			}
		}
		if err := m.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if stats := m.Stats(); stats.Lookups+stats.Full != 3 || stats.Failures != 3 || int64(stats.Lookups) != m.lookups.Load() {
			t.Errorf("%+v, %d sent", stats, m.lookups.Load())
		}
	})
}

// TestAbandoned says that a lookup for which nobody waits any more isn't sent, that one of two who wait may
// leave, and that who comes afterwards is served.
func TestAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, func(c *identity.Config) { c.Lookup.AtATime = 1 })
		m.status.Store(0)
		go m.ask(t, "a")
		synctest.Wait()
		m.status.Store(200)
		time.Sleep(500 * time.Millisecond)
		var group sync.WaitGroup
		leave := func(id string) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, "GET", "http://service/", nil)
			req.Header.Set("Cookie", cookie+"="+id)
			if _, err := m.through.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", id, err)
			}
		}
		stay := func(id string) {
			if token, err := m.ask(t, id); err != nil || token == "" {
				t.Errorf("%s: token %q, %v", id, token, err)
			}
		}
		group.Go(func() { leave("b") })
		group.Go(func() { leave("c") })
		group.Go(func() { stay("c") })
		group.Go(func() { leave("d") })
		time.Sleep(1200 * time.Millisecond)
		if stats := m.Stats(); stats.Abandoned != 2 || stats.Lookups != 1 {
			t.Errorf("after b and d have left: %+v", stats)
		}
		group.Go(func() { stay("d") })
		group.Wait()
		if stats := m.Stats(); stats.Abandoned != 2 || stats.Lookups != 3 || stats.Failures != 1 || m.lookups.Load() != 3 {
			t.Errorf("%+v, %d sent", stats, m.lookups.Load())
		}
		if err := m.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLine says that only so many lookups wait: further ones fail at once.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newInMemory(t, func(c *identity.Config) { c.Lookup.AtATime = 2 })
		m.status.Store(0)
		for i := range 2 + 2*16 {
			go m.ask(t, fmt.Sprint(i))
		}
		synctest.Wait()
		began := time.Now()
		_, err := m.ask(t, "one more")
		if err == nil || !strings.Contains(err.Error(), "too many lookups are on their way: 2, and 32 wait") || time.Since(began) != 0 {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if stats := m.Stats(); stats.Full != 1 || stats.Lookups != 2 {
			t.Errorf("%+v", stats)
		}
		if err := m.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}
