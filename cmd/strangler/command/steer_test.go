package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

func TestSteer(t *testing.T) {
	actor := web.Actor{Name: osUser()}
	tests := []struct {
		name, args     string
		status         int
		want           *web.Steering // nil: it never gets there
		stdout, stderr string
	}{
		{"pause", "pause orders-read --reason lunch --if-version 7", 0, &web.Steering{What: "pause", Reason: "lunch", IfVersion: 7},
			"orders-read is at 5%, paused by " + osUser() + " since 2026-05-04 12:00:00: lunch\n", ""},
		{"resume", "resume orders-read --service-version v8", 0, &web.Steering{What: "resume", Version: "v8"},
			"orders-read is at 5%, running\nholding at 5%: divergence is below 1.4%, the gate wants 0.1%\n", ""},
		{"promote", "promote orders-read", 0, &web.Steering{What: "promote"},
			"orders-read is at 25%, running\nholding at 5%: divergence is below 1.4%, the gate wants 0.1%\n", ""},
		{"abort, got past a guard", "abort orders-read --force", 0, &web.Steering{What: "abort", Force: true}, "orders-read is at shadow, stopped\n", ""},
		{"what never goes back still moves on", "abort orders-read --reason never", 6, &web.Steering{What: "abort", Reason: "never"}, "",
			"return: never; its rollout isn't stopped by that, but by: strangler rollout pause orders-read\n"},
		{"a guard", "abort orders-read", 6, &web.Steering{What: "abort"}, "", "--force does it all the same\n"},
		{"changed meanwhile", "pause orders-read --if-version 6", 5, &web.Steering{What: "pause", IfVersion: 6}, "", "version 7, not 6"},
		{"a version that there never is", "pause orders-read --if-version 0", 2, nil, "", "versions begin with 1"},
		{"an empty version of the service", "resume orders-read --service-version=", 2, nil, "", "the version is blank; leave it out"},
		{"one that can't be seen", "resume orders-read --service-version=v\u202e8", 2, nil, "", "U+202E"},
		{"resume, which nothing guards", "resume orders-read --force", 2, nil, "", "there is no flag --force"},
		{"pause, which nothing guards", "pause orders-read --force", 2, nil, "", "there is no flag --force"},
		{"a version of the service for pause", "pause orders-read --service-version v8", 2, nil, "", "there is no flag --service-version"},
		{"a reason that isn't for the journal", "pause orders-read --reason " + strings.Repeat("x", 1001), 2, nil, "", "at most 1000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSystem(t)
			status, stdout, stderr := s.run(t, append([]string{"rollout"}, strings.Fields(tt.args)...)...)
			if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("status %d, want %d; %q, want %q; errors %q", status, tt.status, stdout, tt.stdout, stderr)
			}
			var want []web.Steering
			if tt.want != nil {
				tt.want.Route, tt.want.Actor = "orders-read", actor
				want = []web.Steering{*tt.want}
			}
			if diff := cmp.Diff(want, s.steers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, stdout, _ := newSystem(t).run(t, "rollout", "promote", "orders-read", "-o", "json"); !strings.Contains(stdout, `"weight": 25`) {
		t.Errorf("as JSON: %s", stdout)
	}
}

// TestSteerAdvising says of what only advises that it moves nothing, whatever it is told.
func TestSteerAdvising(t *testing.T) {
	const advises = "it only advises (auto: false), so that nothing moves by itself either way; what it is told counts when auto is true\n"
	tests := []struct {
		name string
		of   web.Rollout
		what string
		want string
	}{
		{"pause", web.Rollout{Name: "a", State: web.RolloutAdvising, StateActor: "anna", StateSince: noon, StateWhy: "lunch", Action: "hold", Why: "holding"}, web.SteerPause,
			"a is at legacy, advising (auto: false), and held by anna since 2026-05-04 12:00:00: lunch\n" + advises + "holding\n"},
		{"resume", web.Rollout{Name: "a", State: web.RolloutAdvising, Action: "promote", Why: "promoting"}, web.SteerResume, "a is at legacy, advising (auto: false)\n" + advises + "advice: promoting\n"},
		{"abort, which goes back all the same", web.Rollout{Name: "a", State: web.RolloutAdvising, StateActor: "anna", StateWhy: "aborted", Action: "hold", Why: "holding"}, web.SteerAbort,
			"a is at legacy, advising (auto: false), and held by anna: aborted\nholding\n"},
		{"pause of one that is done", web.Rollout{Name: "a", State: web.RolloutDone}, web.SteerPause, "a is at legacy, done\n" + advises},
		{"pause of one that moves", web.Rollout{Name: "a", Auto: true, State: web.RolloutPaused}, web.SteerPause, "a is at legacy, paused\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			newSystem(t) // for its zone
			var out bytes.Buffer
			printSteered(&out, tt.of, tt.what)
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
