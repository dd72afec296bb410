package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 6 << 20: 400, 8 << 20: 300, 12 << 20: 200, 24 << 20: 100, 1 << 40: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes: %d %%, want %d %%", live, got, want)
		}
	}
}

// TestCollectorAdapts lets the live heap grow and shrink.
func TestCollectorAdapts(t *testing.T) {
	before := debug.SetGCPercent(123)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	c := newCollector()
	percent := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			runtime.GC()
			// Asking debug would set it, perhaps just when the collector does.
			said := []metrics.Sample{{Name: "/gc/gogc:percent"}}
			metrics.Read(said)
			now := said[0].Value.Uint64()
			if now == uint64(want) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d %%, want %d %%", now, want)
			}
		}
	}
	percent(mostPercent)
	large := make([]byte, 64<<20)
	percent(leastPercent)
	runtime.KeepAlive(large)
	large = nil
	percent(mostPercent)
	c.stop()
	percent(123)
}
