package daemon

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
)

// TestDoorsAfterTheEnd is a reload that meets the shutdown: what it found open is gone when it puts its
// configuration in force, and it opens nothing that nobody would answer.
func TestDoorsAfterTheEnd(t *testing.T) {
	d := &Daemon{log: slog.New(slog.DiscardHandler), serving: t.Context()}
	wanted := []wantedDoor{{"facades.a.listen", "127.0.0.1:0", http.NotFoundHandler()}}
	open := func() map[string]*door {
		t.Helper()
		fresh, err := d.openDoors(&config.Config{}, wanted)
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	d.useDoors(wanted, open(), time.Second)
	d.answerDoors()
	late := open() // none: it is open already
	d.endDoors(t.Context())
	d.useDoors(wanted, late, time.Second)
	if fresh := open(); len(fresh) > 0 {
		t.Errorf("%d are opened after the end", len(fresh))
	}
	if d.doors.open != nil {
		t.Error("some are in force after the end")
	}
}

// TestDoorsWaitForWhatIsCut holds that what a handler stands on may be closed when the doors are.
func TestDoorsWaitForWhatIsCut(t *testing.T) {
	d := &Daemon{log: slog.New(slog.DiscardHandler), serving: t.Context()}
	begun, ended := make(chan struct{}), atomic.Bool{}
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		time.Sleep(300 * time.Millisecond) // it tidies up
		ended.Store(true)
	})
	wanted := []wantedDoor{{"facades.a.listen", "127.0.0.1:0", slow}}
	fresh, err := d.openDoors(&config.Config{}, wanted)
	if err != nil {
		t.Fatal(err)
	}
	d.useDoors(wanted, fresh, time.Second)
	d.answerDoors()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		if resp, err := http.Get(d.FacadeURL("a")); err == nil {
			resp.Body.Close()
		}
	}()
	<-begun
	grace, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	d.endDoors(grace)
	if !ended.Load() {
		t.Error("the doors have ended and a request hasn't")
	}
	<-asked
}
