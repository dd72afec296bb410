package rollout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

func position(t *testing.T, s string) strangler.Position {
	t.Helper()
	p, err := strangler.ParsePosition(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Every way from every position to every other, for every return: "." is free, "force" wants
// it, "never" is refused with force too.
func TestCheckEveryWay(t *testing.T) {
	tests := map[strangler.Return]string{
		strangler.ReturnFree: `
			from\to legacy shadow 10%   50%   live  retired
			legacy  .      .      .     .     .     force
			shadow  .      .      .     .     .     force
			10%     .      .      .     .     .     force
			50%     .      .      .     .     .     force
			live    .      .      .     .     .     .
			retired force  force  force force force .`,
		strangler.ReturnConfirm: `
			from\to legacy shadow 10%   50%   live  retired
			legacy  .      .      .     .     .     force
			shadow  .      .      .     .     .     force
			10%     force  force  .     .     .     force
			50%     force  force  force .     .     force
			live    force  force  force force .     .
			retired force  force  force force force .`,
		strangler.ReturnNever: `
			from\to legacy shadow 10%   50%   live  retired
			legacy  .      .      .     .     .     force
			shadow  .      .      .     .     .     force
			10%     never  never  .     .     .     force
			50%     never  never  never .     .     force
			live    never  never  never never .     .
			retired never  never  never never force .`,
	}
	for ret, table := range tests {
		rows := strings.Split(strings.TrimSpace(table), "\n")
		columns := strings.Fields(rows[0])[1:]
		for _, row := range rows[1:] {
			cells := strings.Fields(row)
			for i, want := range cells[1:] {
				from, to := cells[0], columns[i]
				t.Run(ret.String()+" "+from+" to "+to, func(t *testing.T) {
					route := strangler.Route{Name: "r", Service: "s", Return: ret}
					plain := rollout.Check(route, position(t, from), position(t, to), false)
					forced := rollout.Check(route, position(t, from), position(t, to), true)
					if got := outcome(t, plain, forced); got != want {
						t.Errorf("got %q, want %q (without force: %v; with: %v)", got, want, plain, forced)
					}
				})
			}
		}
	}
}

// outcome tells which of the three a way is, and fails where an error doesn't say the same.
func outcome(t *testing.T, plain, forced error) string {
	t.Helper()
	var refused *rollout.RefusedError
	switch {
	case plain == nil && forced == nil:
		return "."
	case !errors.As(plain, &refused):
		t.Fatalf("not a refusal: %v", plain)
	case refused.Force != (forced == nil):
		t.Fatalf("it says force=%v, yet with force: %v", refused.Force, forced)
	case forced == nil:
		return "force"
	}
	return "never"
}

func TestCheckMessages(t *testing.T) {
	tests := []struct {
		name     string
		route    strangler.Route
		from, to strangler.Position
		force    bool
		want     string
	}{
		{"no service, and force is no help",
			strangler.Route{Name: "r"}, strangler.Position{}, strangler.At(strangler.PhaseShadow), true,
			`route "r": it has no service, so it can't go to shadow; give it one in the configuration first`},
		{"a weight that is none",
			strangler.Route{Name: "r", Service: "s"}, strangler.Position{}, strangler.Canary(0), true,
			`route "r": a canary's weight is 0.01% to 99.99%, not 0%; for none use shadow or legacy`},
		{"a phase with a weight that isn't its own",
			strangler.Route{Name: "r", Service: "s"}, strangler.Position{}, strangler.Position{Phase: strangler.PhaseLive, Weight: 3}, false,
			`route "r": phase live has weight 100%, not 0.03%`},
		{"the service owns the data",
			strangler.Route{Name: "r", Service: "s", Return: strangler.ReturnNever}, strangler.Canary(500), strangler.Canary(499), true,
			`route "r": its service owns the data (return: never), so its traffic can't go back to legacy; --force doesn't help, the definition has to change first`},
		{"all that force gets past is named",
			strangler.Route{Name: "r", Service: "s", Return: strangler.ReturnConfirm}, strangler.At(strangler.PhaseRetired), strangler.Canary(500), false,
			`route "r": it is retired, and legacy may no longer have it; also sending its traffic back to legacy wants confirmation (return: confirm); --force does it all the same`},
		{"only live retires",
			strangler.Route{Name: "r", Service: "s"}, strangler.Canary(500), strangler.At(strangler.PhaseRetired), false,
			`route "r": it stands at 5%, and only a live route retires; --force does it all the same`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := rollout.Check(tt.route, tt.from, tt.to, tt.force)
			if err == nil {
				t.Fatal("nothing stood in the way")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckWithoutService(t *testing.T) {
	route := strangler.Route{Name: "r"}
	for _, phase := range strangler.Phases() {
		to := strangler.At(phase)
		if phase == strangler.PhaseCanary {
			to = strangler.Canary(1)
		}
		err := rollout.Check(route, strangler.Position{}, to, true)
		var invalid *rollout.InvalidError
		if got, want := errors.As(err, &invalid), phase != strangler.PhaseLegacy; got != want {
			t.Errorf("to %s: invalid is %v, want %v (%v)", to, got, want, err)
		}
	}
	tombstone := strangler.Route{Name: "r", Gone: "/elsewhere"}
	for to, want := range map[string]string{"shadow": "invalid", "50%": "invalid", "live": "invalid", "retired": "."} {
		err := rollout.Check(tombstone, strangler.Position{}, position(t, to), false)
		var invalid *rollout.InvalidError
		if got := map[bool]string{true: "invalid", false: "."}[errors.As(err, &invalid)]; got != want || err != nil && got == "." {
			t.Errorf("with an answer for when it is gone, to %s: %v, want %s", to, err, want)
		}
	}
	retired := strangler.At(strangler.PhaseRetired)
	if got := outcome(t, rollout.Check(tombstone, retired, strangler.Position{}, false), rollout.Check(tombstone, retired, strangler.Position{}, true)); got != "force" {
		t.Errorf("back from there wants %s, want force", got)
	}
	if err := rollout.Check(route, strangler.At(strangler.PhaseLive), strangler.Position{}, false); err != nil {
		t.Errorf("a route that lost its service can't go home: %v", err)
	}
}
