package daemon

import (
	"log/slog"
	"net/http"
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
