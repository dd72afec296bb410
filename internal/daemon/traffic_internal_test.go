package daemon

import (
	"testing"
	"unsafe"
)

// TestTrafficLines holds how a route's figures lie in a processor's cache, which sizes of their parts decide.
func TestTrafficLines(t *testing.T) {
	const line = 64
	var s sideTraffic
	for what, at := range map[string]uintptr{
		"a side's figures":  unsafe.Sizeof(s),
		"the recent counts": unsafe.Offsetof(s.lately),
		"one of them":       unsafe.Sizeof(latelySlot{}),
	} {
		if at%line != 0 {
			t.Errorf("%s: %d bytes, which are no whole lines", what, at)
		}
	}
	if end := unsafe.Offsetof(s.durations) + unsafe.Offsetof(s.durations.counts) + 5*unsafe.Sizeof(s.durations.counts[0]); end > line {
		t.Errorf("durations up to %s are counted beyond the first line", durationBounds[4])
	}
}
