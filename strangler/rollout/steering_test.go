package rollout_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func TestSteeringIsShort(t *testing.T) {
	long := strings.Repeat("ä", 10_000)
	got := rollout.Steering{}.Paused(rollout.Author{Name: "anna", Why: long}, time.Now()).Why
	if len(got) > 510 || !strings.HasPrefix(long, strings.TrimSuffix(got, "…")) || got == "" {
		t.Errorf("the reason is %d bytes long: %.20s…", len(got), got)
	}
}

func TestSteering(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	anna := rollout.Author{Name: "anna", Verified: true, Why: "so"}
	resting := rollout.Steering{}.Rested(anna, now, time.Hour, "v1")
	tests := []struct {
		name      string
		of        rollout.Steering
		mode      rollout.Mode
		anew      bool   // its evidence begins anew
		version   string // in somebody's word
		refreshed string // the versions that, two hours later, let it go on by itself
	}{
		{"nobody said anything", rollout.Steering{}, rollout.ModeRunning, false, "", ""},
		{"paused", rollout.Steering{}.Paused(anna, now), rollout.ModePaused, false, "", ""},
		{"paused and resumed: what was seen counts", rollout.Steering{}.Paused(anna, now).Resumed(anna, now, "", false), rollout.ModeRunning, false, "", ""},
		{"moved by hand", rollout.Steering{}.Stopped(anna, now), rollout.ModeStopped, false, "", ""},
		{"moved by hand and resumed", rollout.Steering{}.Stopped(anna, now).Resumed(anna, now, "", false), rollout.ModeRunning, false, "", ""},
		{"resumed with a gate that is broken still", rollout.Steering{}.Stopped(anna, now).Resumed(anna, now, "", true), rollout.ModeRunning, true, "", ""},
		{"a gate broke: another version goes on", resting, rollout.ModeResting, false, "", "v2"},
		{"a gate broke, and nobody knows with which version: any that followed on another", rollout.Steering{}.Rested(anna, now, time.Hour, ""), rollout.ModeResting, false, "", "v1 v2"},
		{"resumed after a gate broke: it would be broken still", resting.Resumed(anna, now, "", false), rollout.ModeRunning, true, "", ""},
		{"resumed with another version", rollout.Steering{}.Resumed(anna, now, "v7", false), rollout.ModeRunning, true, "v7", ""},
		{"resumed with the same version again", rollout.Steering{Version: "v7"}.Resumed(anna, now, "v7", false), rollout.ModeRunning, false, "v7", ""},
		{"paused while it rests", resting.Paused(anna, now), rollout.ModePaused, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, err := json.Marshal(tt.of)
			if err != nil {
				t.Fatal(err)
			}
			var kept rollout.Steering
			if err := json.Unmarshal(text, &kept); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.of, kept); diff != "" {
				t.Errorf("as it is kept (-want +got):\n%s", diff)
			}
			if kept.State != tt.mode || !kept.Begun.IsZero() != tt.anew || kept.Version != tt.version {
				t.Errorf("%+v", kept)
			}
			for _, version := range []string{"", "v1", "v2"} {
				if kept.Refreshed(version, now.Add(time.Minute)) {
					t.Errorf("version %q goes on before it has rested", version)
				}
				if got, want := kept.Refreshed(version, now.Add(2*time.Hour)), version != "" && strings.Contains(tt.refreshed, version); got != want {
					t.Errorf("version %q goes on after it has rested: %v", version, got)
				}
			}
		})
	}
}
