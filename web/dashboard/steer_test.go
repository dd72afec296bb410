package dashboard

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// TestSteerAsks says what a person reads before telling a rollout something.
func TestSteerAsks(t *testing.T) {
	tests := []struct {
		name, path string
		want       []string
		absent     string
	}{
		{"pause", "/routes/orders-read/rollout/pause", []string{"Pause the rollout of orders?", "<b>orders-list</b>", "stays at <b>25%</b>", "survives a restart"}, "service_version"},
		{"resume, with a version", "/routes/catalogue-search/rollout/resume", []string{"from <b>shadow</b>", "(it is 5; another one begins the evidence anew)", `name="service_version"`}, "only advises"},
		{"pause what only advises", "/routes/catalogue-page/rollout/pause", []string{"It only advises, so that nothing moves by itself as it is"}, ""},
		{"resume what only advises", "/routes/catalogue-page/rollout/resume", []string{"It only advises", "(optional; a new one"}, ""},
		{"promote: a quarter more of 14.3/s, and what isn't shown", "/routes/orders-read/rollout/promote", []string{"Promote orders to 50%?", "canary 25%", "canary 50%", "about <b>3.6 requests/s</b> more",
			"Not shown to hold", "orders-read, Divergence (not known yet): seen 0%; it lies between 0% and 1.4%; the gate is 0.1%", "orders-list, Divergence (broken)"}, "orders-read, Errors"},
		{"promote where nothing is left", "/routes/stock/rollout/promote", []string{"there is nothing to promote it to"}, "<button class="},
		{"promote where all holds", "/routes/catalogue-page/rollout/promote", []string{"Every gate is shown to hold"}, "Not shown"},
		{"abort", "/routes/orders-read/rollout/abort", []string{"goes back from <b>25%</b> now", "Legacy takes over about <b>3.6 requests/s</b>", `class="primary danger">Abort, back now`}, ""},
		{"abort where there is no traffic to take back", "/routes/catalogue-search/rollout/abort", []string{"no traffic goes back", `class="primary">Abort<`}, "takes over"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, page := get(t, as(identity(web.RoleOperate), New(Config{System: good(), Logger: quiet()})), tt.path)
			ask := between(t, page, `<div class="ask">`, "</main>")
			for _, want := range tt.want {
				if !strings.Contains(ask, want) {
					t.Errorf("status %d, it doesn't say %q: %s", status, want, ask)
				}
			}
			if tt.absent != "" && strings.Contains(ask, tt.absent) {
				t.Errorf("it says %q", tt.absent)
			}
		})
	}
}

func TestSteer(t *testing.T) {
	anna := web.Actor{Name: "anna", Verified: true}
	tests := []struct {
		name, path, form string
		status           int
		want             string // in the answer, where it is a page
		asked            *web.Steering
		stands, state    string // orders, afterwards
	}{
		{"pause", "/routes/orders-read/rollout/pause", "confirm=yes&version=3&reason=lunch", 303, "",
			&web.Steering{Route: "orders-read", What: "pause", Reason: "lunch", Actor: anna, IfVersion: 3}, "25%", "paused"},
		{"resume with a version", "/routes/orders-list/rollout/resume", "confirm=yes&version=3&service_version=+2.4+", 303, "",
			&web.Steering{Route: "orders-list", What: "resume", Version: "2.4", Actor: anna, IfVersion: 3}, "25%", "running"},
		{"promote", "/routes/orders-read/rollout/promote", "confirm=yes&version=3", 303, "",
			&web.Steering{Route: "orders-read", What: "promote", Actor: anna, IfVersion: 3}, "50%", "running"},
		{"abort", "/routes/orders-read/rollout/abort", "confirm=yes&version=3&reason=wrong+totals", 303, "",
			&web.Steering{Route: "orders-read", What: "abort", Reason: "wrong totals", Actor: anna, IfVersion: 3}, "shadow", "stopped"},
		{"without confirmation", "/routes/orders-read/rollout/abort", "version=3", 400, "wants its confirmation", nil, "25%", "running"},
		{"without the version seen", "/routes/orders-read/rollout/abort", "confirm=yes", 400, "which version you saw", nil, "25%", "running"},
		{"somebody was faster", "/routes/orders-read/rollout/promote", "confirm=yes&version=2&reason=kept+text", 409, "kept text",
			&web.Steering{Route: "orders-read", What: "promote", Reason: "kept text", Actor: anna, IfVersion: 2}, "25%", "running"},
		{"no further step", "/routes/stock/rollout/promote", "confirm=yes&version=3", 422, "at its last step",
			&web.Steering{Route: "stock", What: "promote", Actor: anna, IfVersion: 3}, "25%", "running"},
		{"a guard refuses, force is offered", "/routes/stock/rollout/abort", "confirm=yes&version=3", 409, `name="force"`,
			&web.Steering{Route: "stock", What: "abort", Actor: anna, IfVersion: 3}, "25%", "running"},
		{"force", "/routes/stock/rollout/abort", "confirm=yes&version=3&force=yes", 303, "",
			&web.Steering{Route: "stock", What: "abort", Force: true, Actor: anna, IfVersion: 3}, "25%", "running"},
		{"a version belongs to resume", "/routes/orders-read/rollout/pause", "confirm=yes&version=3&service_version=7", 303, "",
			&web.Steering{Route: "orders-read", What: "pause", Actor: anna, IfVersion: 3}, "25%", "paused"},
		{"a version that drives terminals", "/routes/orders-read/rollout/resume", "confirm=yes&version=3&service_version=%1b%5B2J", 400, "U&#43;001B", nil, "25%", "running"},
		{"a version that turns the direction of writing", "/routes/orders-read/rollout/resume", "confirm=yes&version=3&service_version=2.4%E2%80%AE", 400, "U&#43;202E", nil, "25%", "running"},
		{"a version that is a book", "/routes/orders-read/rollout/resume", "confirm=yes&version=3&service_version=" + strings.Repeat("x", 201), 400, "over 200 bytes", nil, "25%", "running"},
		{"a reason that drives terminals", "/routes/orders-read/rollout/pause", "confirm=yes&version=3&reason=%1b%5B2J", 400, "control character", nil, "25%", "running"},
		{"nothing that it can be told", "/routes/orders-read/rollout/dance", "confirm=yes&version=3", 404, "Not found", nil, "25%", "running"},
		{"no such route", "/routes/nope/rollout/pause", "confirm=yes&version=3", 404, "no such route", nil, "25%", "running"},
		{"a route without a rollout", "/routes/reviews/rollout/pause", "confirm=yes&version=3", 404, "no rollout of route reviews", nil, "25%", "running"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			status, body := post(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), tt.path, tt.form, false)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("status %d, want %d and %q in %s", status, tt.status, tt.want, body)
			}
			if status >= 400 && !strings.Contains(body, `role="alert"`) {
				t.Error("there is no alert")
			}
			var asked *web.Steering
			if len(s.steered) > 0 {
				asked = &s.steered[0]
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("what was asked (-want +got):\n%s", diff)
			}
			r := s.Rollouts()[0]
			if r.Position.String() != tt.stands || r.State != tt.state {
				t.Errorf("it stands at %s and is %s, want %s and %s", r.Position, r.State, tt.stands, tt.state)
			}
		})
	}
}

// TestAbortWhatOnlyAdvises says that it goes back all the same.
func TestAbortWhatOnlyAdvises(t *testing.T) {
	s := good()
	s.rollouts[0].Auto = false
	_, page := get(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), "/routes/orders-read/rollout/abort")
	for _, want := range []string{"It goes back from <b>25%</b> now", "It only advises: nothing else moves it."} {
		if !strings.Contains(page, want) {
			t.Errorf("it doesn't say %q: %s", want, page)
		}
	}
}

// TestAbortThatIsRefused names pause where nothing else helps: the rollout goes on.
func TestAbortThatIsRefused(t *testing.T) {
	const hint = "Its rollout isn&#39;t stopped by that; Pause leaves its moves to people."
	for _, tt := range []struct {
		name, what string
		force      bool
		want       bool
	}{
		{"for good", "abort", false, true},
		{"and force gets past it", "abort", true, false},
		{"a promotion", "promote", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := good()
			s.fails = &rollout.RefusedError{Route: "orders-read", Why: "return: never", Force: tt.force}
			status, body := post(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), "/routes/orders-read/rollout/"+tt.what, "confirm=yes&version=3", false)
			if status != http.StatusConflict || strings.Contains(body, hint) != tt.want {
				t.Errorf("status %d, want %t for %q in %s", status, tt.want, hint, body)
			}
		})
	}
}

// TestSteerIsForOperators holds that others see neither buttons nor effects.
func TestSteerIsForOperators(t *testing.T) {
	for _, role := range []web.Role{web.RoleView, web.RoleEvidence, web.RoleOperate} {
		t.Run(string(role), func(t *testing.T) {
			s := good()
			s.freeze = &web.Freeze{At: noon, Actor: "ben", Reason: "month's end"}
			h := as(identity(role), New(Config{System: s, Logger: quiet()}))
			may := role == web.RoleOperate
			for path, control := range map[string]string{"/routes/orders-read": `id="steer-pause"`, "/": `id="freeze-link"`, "/journal": `id="thaw"`,
				"/freeze": "<button", "/thaw": "<button", "/routes/orders-read/rollout/promote": "<button"} {
				_, page := get(t, h, path)
				_, page, _ = strings.Cut(page, `<div id="freeze"`) // behind the way out, which is everybody's
				if got := strings.Contains(page, control); got != may {
					t.Errorf("%s has %s: %v, want %v", path, control, got, may)
				}
			}
			for _, path := range []string{"/routes/orders-read/rollout/pause", "/freeze", "/thaw"} {
				if status, _ := post(t, h, path, "confirm=yes&version=3&for=1h", false); (status != http.StatusForbidden) != may {
					t.Errorf("POST %s: status %d", path, status)
				}
			}
			if acted := len(s.steered) > 0 || s.freeze == nil; acted != may {
				t.Errorf("something happened: %v, want %v", acted, may)
			}
		})
	}
}

func TestSteerFails(t *testing.T) {
	s := good()
	s.fails = errors.New("write journal: no space left on device")
	var logged strings.Builder
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: textLogger(&logged)}))
	status, body := post(t, h, "/routes/orders-read/rollout/abort", "confirm=yes&version=3", false)
	if status != http.StatusInternalServerError || !strings.Contains(body, "no space left") || !strings.Contains(logged.String(), "no space left") {
		t.Errorf("status %d, logged %q", status, logged.String())
	}
	if got := s.Rollouts()[0].Position; got != strangler.Canary(2500) {
		t.Errorf("it stands at %s", got)
	}
}
