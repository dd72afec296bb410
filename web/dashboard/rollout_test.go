package dashboard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

func TestStepPlaces(t *testing.T) {
	tests := []struct {
		name string
		at   strangler.Position
		want string
		next string
	}{
		{"before the first", strangler.At(strangler.PhaseLegacy), "next next next next next next", "shadow"},
		{"on the first", strangler.At(strangler.PhaseShadow), "now next next next next next", "1%"},
		{"in the middle", strangler.Canary(500), "past past now next next next", "25%"},
		{"between two, where somebody put it", strangler.Canary(1000), "past past past next next next", "25%"},
		{"on the last", strangler.At(strangler.PhaseLive), "past past past past past now", ""},
		{"beyond the last", strangler.At(strangler.PhaseRetired), "past past past past past past", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &web.Rollout{Steps: rollout.DefaultSteps(), Position: tt.at}
			if diff := cmp.Diff(tt.want, strings.Join(stepPlaces(r), " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			next := ""
			if n := nextStep(r); n != nil {
				next = n.String()
			}
			if next != tt.next {
				t.Errorf("the next step is %q, want %q", next, tt.next)
			}
		})
	}
}

func TestStepBar(t *testing.T) {
	r := goodRollouts()[0]
	r.Steps = r.Steps[1:5] // 1%, 5%, 25%, 50%
	b := stepBarOf(&r)
	want := stepBar{sign: sign{"good", "run", "running"}, Width: 46, Past: "M0 0h10v8h-10M12 0h10v8h-10", Now: "M24 0h10v8h-10", Next: "M36 0h10v8h-10",
		Title: r.Why + " · forecast: at least 40 min"}
	if diff := cmp.Diff(&want, b, cmp.AllowUnexported(stepBar{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Frozen = "promotions are frozen by ben"
	if b := stepBarOf(&r); b.Word != "frozen" || b.Tone != "cold" || !strings.HasPrefix(b.Title, "promotions are frozen by ben · holding") {
		t.Errorf("frozen, it is %q in %q, titled %q", b.Word, b.Tone, b.Title)
	}
	r.State, r.StateWhy = web.RolloutPaused, "lunch"
	if b := stepBarOf(&r); b.Word != "paused" || !strings.Contains(b.Title, "paused: lunch") {
		t.Errorf("paused, it is %q titled %q", b.Word, b.Title)
	}
	r.Steps = nil
	for n := range 60 {
		r.Steps = append(r.Steps, strangler.Canary(strangler.Weight(n+1)))
		if b := stepBarOf(&r); b.Width > 4*60 || b.Width < 2 {
			t.Errorf("%d steps are %d px wide", n+1, b.Width)
		}
	}
}

// TestStatesHaveSigns holds that no state is without colour, icon and word, and that the icons are there.
func TestStatesHaveSigns(t *testing.T) {
	_, page := get(t, as(identity(web.RoleView), New(Config{System: good(), Logger: quiet()})), "/")
	icons := []sign{signOf(&web.Rollout{State: web.RolloutRunning, Frozen: "x"})}
	for _, state := range web.RolloutStates() {
		s := signOf(&web.Rollout{State: state})
		if s.Word != state || s.Tone == "" {
			t.Errorf("state %s has the sign %+v", state, s)
		}
		icons = append(icons, s)
	}
	for _, state := range []rollout.State{rollout.StateOpen, rollout.StateHolds, rollout.StateBroken, rollout.StateOff} {
		s, ok := gateSigns[string(state)]
		if !ok {
			t.Errorf("gate state %s has no sign", state)
		}
		icons = append(icons, s)
	}
	for _, s := range icons {
		if !strings.Contains(page, `<symbol id="i-`+s.Icon+`"`) {
			t.Errorf("there is no icon %q", s.Icon)
		}
	}
}

func TestRoughly(t *testing.T) {
	for seconds, want := range map[float64]string{.2: "1 s", 59: "59 s", 61: "1 min 1 s", 2400: "40 min", 3600: "1 h", 12_000: "3 h 20 min", 40_000: "11 h",
		86_400: "1 d", 200_000: "2 d 7 h", 40 * 86_400: "40 d", 1e12: "a year"} {
		if got := roughly(seconds); got != want {
			t.Errorf("%v seconds are %q, want %q", seconds, got, want)
		}
	}
}

// between returns what stands from one text on to the next.
func between(t *testing.T, page, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, from)
	part, _, ended := strings.Cut(rest, to)
	if !ok || !ended {
		t.Fatalf("there is no %s … %s on the page", from, to)
	}
	return part
}

func TestOverviewShowsRollouts(t *testing.T) {
	s := good()
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	_, page := get(t, h, "/routes")
	for _, name := range []string{"orders-read", "orders-list"} { // those of a unit have one together
		row := between(t, page, `<tr id="row-`+name+`"`, "</tr>")
		for _, want := range []string{`class="stepbar r-good"`, `<path class="now" d="M36 0h10v8h-10"/>`, `href="#i-run"`, "running</span>", "forecast: at least 40 min"} {
			if !strings.Contains(row, want) {
				t.Errorf("the row of %s lacks %q", name, want)
			}
		}
	}
	if row := between(t, page, `<tr id="row-reviews"`, "</tr>"); strings.Contains(row, "stepbar") {
		t.Error("a route without a rollout has a step bar")
	}
	if row := between(t, page, `<tr id="row-catalogue-search"`, "</tr>"); !strings.Contains(row, "wants a person") || !strings.Contains(row, `title="resting: divergence`) {
		t.Error("a route that wants a person doesn't say so")
	}
	_, page = get(t, h, "/")
	needs := between(t, page, `<section id="attention"`, "</section>")
	if !strings.Contains(needs, `href="/routes/catalogue-search#rollout">catalogue-search: the rollout rests at shadow</a><p>divergence of catalogue-search is above 2.1 %`) {
		t.Errorf("nothing tells that a rollout rests: %s", needs)
	}
	if strings.Index(needs, "urgent") > strings.Index(needs, "the rollout rests") {
		t.Error("a rollout that rests stands before what is urgent")
	}
	head := between(t, page, `<section id="headline"`, "</section>")
	for _, state := range []string{"running", "advising", "resting", "done"} {
		if !strings.Contains(head, state+"</span> <b>1</b>") {
			t.Errorf("the headline doesn't count who is %s", state)
		}
	}
	s.rollouts = nil
	if _, page := get(t, h, "/"); strings.Contains(page, "stepbar") || strings.Contains(page, "<h3>Rollouts") {
		t.Error("without rollouts there are still some on the page")
	}
}

func TestWaitingRollouts(t *testing.T) {
	base := web.Rollout{Name: "r", Routes: []string{"r"}, Position: strangler.Canary(500), Why: "because"}
	with := func(edit func(*web.Rollout)) web.Rollout { r := base; edit(&r); return r }
	tests := []struct {
		name    string
		rollout web.Rollout
		want    string
	}{
		{"running", with(func(r *web.Rollout) { r.State = web.RolloutRunning }), ""},
		{"paused by somebody, who knows it", with(func(r *web.Rollout) { r.State = web.RolloutPaused }), ""},
		{"too long on a step", with(func(r *web.Rollout) { r.State, r.Person = web.RolloutRunning, true }), "r: the rollout wants a person at 5% / because"},
		{"moved by hand", with(func(r *web.Rollout) { r.State, r.StateWhy = web.RolloutStopped, "shifted" }), "r: the rollout is stopped at 5% / shifted"},
		{"went back", with(func(r *web.Rollout) { r.State = web.RolloutResting }), "r: the rollout rests at 5% / because"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			for _, a := range waitingRollouts([]web.Rollout{tt.rollout}) {
				got = a.Title + " / " + a.Detail
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	var many []web.Rollout
	for range 500 {
		many = append(many, tests[2].rollout)
	}
	if all := waitingRollouts(many); len(all) != manyRollouts+1 || !strings.HasPrefix(all[manyRollouts].Title, "497 more") {
		t.Errorf("of 500 that wait %d are named, and the last says %q", len(all), all[len(all)-1].Title)
	}
}

func TestRolloutPanel(t *testing.T) {
	s := good()
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
	panel := func(route string) string {
		t.Helper()
		_, page := get(t, h, "/routes/"+route)
		return between(t, page, `<section id="rollout"`, "</section>")
	}
	for route, wants := range map[string][]string{
		"orders-read": {"of unit orders", `<li class="step now r-good" aria-current="step">25%</li>`, `<li class="step past">5%</li>`, `<li class="step next">50%</li>`, "running</span>",
			`<span class="tag">hold</span> holding at 25 %`, "at least 40 min until every gate can hold", "Wants a person at", "Evidence of orders-read", "212 compared, 0 diverged unexpectedly",
			"service version <b>2.3.1</b> · trial 2", "not known yet</span>", "212 observations, at least 2,783 more good ones until it holds", "no divergence in 212 comparisons",
			`<details id="gates-orders-list">`, "broken</span>", "off</span>", "service version not known", `id="steer-pause"`, "Promote to 50%…", "Abort, back now…"},
		"catalogue-search": {"resting</span>", "It wants a person.", "resting since", "by rollout", "“divergence of catalogue-search is above 2.1 %", "Rests until", `id="steer-resume"`, "Promote to 1%…"},
		"catalogue-page":   {"advising</span>", `<li class="step next to">shadow</li>`, "advice: go on to shadow", "auto: false", "which is none of its steps", "Nothing is known about its gates yet"},
		"stock":            {"done</span>", `<li class="step now r-good" aria-current="step">live</li>`, "nothing more", "Abort, back now…"},
	} {
		got := panel(route)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the panel doesn't say %q", route, want)
			}
		}
	}
	if at := strings.Index(panel("orders-list"), `<details id="gates-orders-read">`); at < 0 {
		t.Error("on the page of the other route of the unit this one isn't folded")
	}
	for route, absent := range map[string]string{"orders-read": `id="steer-resume"`, "catalogue-search": `id="steer-abort"`, "stock": `id="steer-promote"`} {
		if strings.Contains(panel(route), absent) {
			t.Errorf("%s: the panel has %s, which does nothing there", route, absent)
		}
	}
	if panel("reviews") != ` class="gone">` {
		t.Errorf("a route without a rollout has a panel: %s", panel("reviews"))
	}
	s.rollouts[0].Frozen, s.rollouts[0].State = "outside of its window until 09:00", web.RolloutRunning
	if got := panel("orders-read"); !strings.Contains(got, "frozen</span>") || !strings.Contains(got, "Nothing is promoted at present: outside of its window until 09:00") {
		t.Error("the panel doesn't say that nothing is promoted, and why")
	}
}

// TestPanelSaysWhatIsAdvice holds that it is where nobody is going to do it, and nowhere else.
func TestPanelSaysWhatIsAdvice(t *testing.T) {
	for _, tt := range []struct {
		state, action string
		want          bool
	}{
		{web.RolloutRunning, "promote", false}, {web.RolloutAdvising, "promote", true}, {web.RolloutPaused, "promote", true},
		{web.RolloutStopped, "rollback", true}, {web.RolloutResting, "promote", true},
		{web.RolloutAdvising, "hold", false}, {web.RolloutPaused, "hold", false}, {web.RolloutResting, "stop", false}, {web.RolloutDone, "done", false},
	} {
		t.Run(tt.state+", "+tt.action, func(t *testing.T) {
			s := good()
			r := &s.rollouts[0]
			r.State, r.Action, r.Auto = tt.state, tt.action, tt.state != web.RolloutAdvising
			_, page := get(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), "/routes/orders-read")
			panel := between(t, page, `<section id="rollout"`, "</section>")
			if got := strings.Contains(panel, `<span class="tag">advice: `); got != tt.want {
				t.Errorf("the panel says so: %t, want %t", got, tt.want)
			}
			if title := stepBarOf(r).Title; strings.Contains(title, "advice: holding") != tt.want {
				t.Errorf("the bar's title is %q", title)
			}
		})
	}
}

// TestPanelOfWhatIsHeld has somebody pause a rollout that only advises: it doesn't look as if it was they
// who have it advise, and can be resumed.
func TestPanelOfWhatIsHeld(t *testing.T) {
	s := good()
	r := &s.rollouts[2] // of catalogue-page
	r.StateSince, r.StateActor, r.StateWhy = noon, "anna", "lunch"
	_, page := get(t, as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()})), "/routes/catalogue-page")
	panel := between(t, page, `<section id="rollout"`, "</section>")
	for text, want := range map[string]bool{"<dt>Held since</dt>": true, ", by anna: “lunch”": true, "advising since": false, `id="steer-resume"`: true, `id="steer-pause"`: false} {
		if strings.Contains(panel, text) != want {
			t.Errorf("%q is there: %t: %s", text, !want, panel)
		}
	}
}

func TestJournalTellsOfRollouts(t *testing.T) {
	s := good()
	live := strangler.At(strangler.PhaseLive)
	for _, how := range []string{"shift", "promote", "rollback", "undo"} {
		s.entries = append(s.entries, web.Entry{Seq: int64(len(s.entries) + 1), At: noon, Kind: "moved", How: how, Route: "stock", Before: &live, After: &live, Actor: "anna"})
	}
	for _, steering := range []string{`{"state":"paused"}`, `{}`, `{"service_version":"v2"}`, `{"state":"resting","until":"2026-03-04T13:00:00Z"}`, `{"state":"<b>\u0007"}`, `"else"`} {
		s.entries = append(s.entries, web.Entry{Seq: int64(len(s.entries) + 1), At: noon, Kind: "steered", Steering: []byte(steering), Route: "stock", Actor: "anna"})
	}
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	_, page := get(t, h, "/journal")
	row := func(seq int) string { return between(t, page, fmt.Sprintf(`<tr id="entry-%d">`, seq), "</tr>") }
	for seq, wants := range map[int][]string{
		6:  {`<span class="muted">all routes</span>`, "promotions frozen", "ben <small class=\"muted\">(unverified)", "month&#39;s end"},
		7:  {`<span class="muted">all routes</span>`, "promotions thawed"},
		8:  {`href="/routes/catalogue-search"`, "rollout resumed", "(unverified)", "repaired"},
		10: {`<small class="muted">promoted</small>`}, 11: {`<small class="muted">rolled back</small>`}, 12: {`<small class="muted">undone</small>`},
		13: {"rollout paused<"}, 14: {"rollout resumed<"}, 15: {"rollout resumed with v2<"}, 16: {"rollout resting until 2026-03-04 13:00 UTC<"}, 17: {"rollout &lt;b&gt;"}, 18: {"rollout resumed<"},
	} {
		for _, want := range wants {
			if got := row(seq); !strings.Contains(got, want) {
				t.Errorf("entry %d doesn't say %q: %s", seq, want, got)
			}
		}
	}
	if got := row(9); strings.Contains(got, `<small class="muted">shift`) || strings.Contains(got, "promoted") {
		t.Errorf("a plain shift says %s", got)
	}
}
