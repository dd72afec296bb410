package command

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

func TestBarText(t *testing.T) {
	for share, want := range map[float64]string{0: "[          ]", 0.0999: "[          ]", 0.1: "[=         ]", 29.0 / 30: "[========= ]", 0.9999: "[========= ]",
		1: "[==========]", 2: "[==========]", -1: "[          ]"} {
		if got := barText(share, 10); got != want {
			t.Errorf("%v is drawn as %s, want %s", share, got, want)
		}
	}
}

// TestReplayBar holds what a terminal shows of a replay, and that nothing else is bothered with it.
func TestReplayBar(t *testing.T) {
	var out bytes.Buffer
	for _, b := range []bar{{&out}, newBar(&out)} { // the second finds no terminal
		b.show(web.ReplayStep{})
		b.show(web.ReplayStep{ReplaySummary: web.ReplaySummary{Of: 30, Done: 29, Fixed: 20, Remains: 8, New: 1}})
		b.clear()
	}
	if diff := cmp.Diff("\r\x1b[K[============================= ] 29 of 30: 20 fixed, 8 remain, 1 new\r\x1b[K", out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
