package dashboard

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// sign is how a rollout or a gate does, as colour, icon and word at once.
type sign struct{ Tone, Icon, Word string }

// stateSigns are those of a rollout's states.
var stateSigns = map[string]sign{
	web.RolloutRunning:  {"good", "run", "running"},
	web.RolloutAdvising: {"calm", "advise", "advising"},
	web.RolloutPaused:   {"warn", "pause", "paused"},
	web.RolloutStopped:  {"warn", "stop", "stopped"},
	web.RolloutResting:  {"warn", "rest", "resting"},
	web.RolloutDone:     {"good", "done", "done"},
}

// signOf returns the sign of a rollout. What is frozen says so where it would move otherwise.
func signOf(r *web.Rollout) sign {
	if r.Frozen != "" && (r.State == web.RolloutRunning || r.State == web.RolloutAdvising) {
		return sign{"cold", "frozen", "frozen"}
	}
	if s, ok := stateSigns[r.State]; ok {
		return s
	}
	return sign{"calm", "advise", cut(visible(r.State), maxWord)}
}

// maxWord is how long a word may be that isn't known here.
const maxWord = 24

// stateCount is how many rollouts do alike.
type stateCount struct {
	sign
	Count int
}

// countStates counts rollouts by their sign, in the order of their states.
func countStates(rollouts []web.Rollout) []stateCount {
	counts := make(map[sign]int)
	for i := range rollouts {
		counts[signOf(&rollouts[i])]++
	}
	var all []stateCount
	for s, n := range counts {
		all = append(all, stateCount{s, n})
	}
	rank := func(s stateCount) int { // what is frozen, or not known here, comes first
		return slices.IndexFunc(web.RolloutStates(), func(state string) bool { return stateSigns[state] == s.sign })
	}
	slices.SortFunc(all, func(a, b stateCount) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Word, b.Word)) })
	return all
}

// The places of a step, seen from where a rollout stands.
const (
	stepPast = "past"
	stepNow  = "now"
	stepNext = "next"
)

// stepPlaces says of each step whether it is past, now or next. A route that somebody moved between
// two steps has none that is now.
func stepPlaces(r *web.Rollout) []string {
	places := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		switch c := s.Compare(r.Position); {
		case c < 0:
			places[i] = stepPast
		case c == 0:
			places[i] = stepNow
		default:
			places[i] = stepNext
		}
	}
	return places
}

// nextStep returns the step after where a rollout stands; nil: there is none.
func nextStep(r *web.Rollout) *strangler.Position {
	if at := slices.Index(stepPlaces(r), stepNext); at >= 0 {
		return &r.Steps[at]
	}
	return nil
}

// stepBar is a rollout in a line of a list.
type stepBar struct {
	sign
	Person          bool
	Width           int
	Past, Now, Next string // the segments, as paths
	Title           string
}

// barWidth is how wide a bar gets, pixels; with many steps each gets less.
const barWidth = 96

func stepBarOf(r *web.Rollout) *stepBar {
	b := &stepBar{sign: signOf(r), Person: r.Person}
	pitch := min(12, max(4, barWidth/max(1, len(r.Steps))))
	b.Width = pitch*len(r.Steps) - 2
	paths := map[string]*string{stepPast: &b.Past, stepNow: &b.Now, stepNext: &b.Next}
	for i, place := range stepPlaces(r) {
		*paths[place] += fmt.Sprintf("M%d 0h%dv8h-%d", i*pitch, pitch-2, pitch-2)
	}
	var title []string
	why := r.Why
	if r.Advice() {
		why = "advice: " + why
	}
	for _, s := range []string{r.Frozen, stateWhy(r), why} {
		if s != "" && !slices.Contains(title, s) {
			title = append(title, s)
		}
	}
	if f := forecast(r); f != "" {
		title = append(title, "forecast: "+f)
	}
	b.Title = cut(visible(strings.Join(title, " · ")), 300)
	return b
}

func stateWhy(r *web.Rollout) string {
	if r.StateWhy == "" {
		return ""
	}
	return r.State + ": " + r.StateWhy
}

// rolloutPanel is a rollout on the page of one of its routes.
type rolloutPanel struct {
	web.Rollout
	Here   string // the route whose page it is
	Sign   sign
	Places []string // of the steps
	Asks   string   // what the evidence asks for, in a word or two
	Then   string   // when it goes on at the earliest; empty: not by itself
	Next   *strangler.Position
	Parts  []rolloutPart
}

// rolloutPart is what was seen of one of its routes.
type rolloutPart struct {
	Route    string
	Here     bool
	Evidence *web.RolloutEvidence // nil: none
	Gates    []gateView
}

// rolloutOf returns the rollout that a route belongs to; nil: it has none.
func rolloutOf(rollouts []web.Rollout, route string) *web.Rollout {
	at := slices.IndexFunc(rollouts, func(r web.Rollout) bool { return slices.Contains(r.Routes, route) })
	if at < 0 {
		return nil
	}
	return &rollouts[at]
}

func rolloutPanelOf(r *web.Rollout, here string) *rolloutPanel {
	if r == nil {
		return nil
	}
	p := &rolloutPanel{Rollout: *r, Here: here, Sign: signOf(r), Places: stepPlaces(r), Next: nextStep(r), Asks: asks(r), Then: forecast(r)}
	for _, name := range r.Routes {
		part := rolloutPart{Route: name, Here: name == here}
		if at := slices.IndexFunc(r.Evidence, func(e web.RolloutEvidence) bool { return e.Route == name }); at >= 0 {
			part.Evidence = &r.Evidence[at]
		}
		for _, g := range r.Gates {
			if g.Route == name {
				part.Gates = append(part.Gates, gateViewOf(g))
			}
		}
		if part.Here { // whose page it is comes first
			p.Parts = slices.Insert(p.Parts, 0, part)
		} else {
			p.Parts = append(p.Parts, part)
		}
	}
	return p
}

// StepOf returns how a step is shown.
func (p *rolloutPanel) StepOf(i int) string {
	if p.Places[i] == stepNow {
		return stepNow + " r-" + p.Sign.Tone
	}
	if p.To != nil && p.Steps[i] == *p.To {
		return p.Places[i] + " to"
	}
	return p.Places[i]
}

// Between reports that it stands where no step is.
func (p *rolloutPanel) Between() bool { return !slices.Contains(p.Places, stepNow) }

// Controls are the things that it can be told now.
func (p *rolloutPanel) Controls() []string {
	var all []string
	switch {
	case p.Held():
		all = append(all, web.SteerResume)
	case p.State == web.RolloutRunning, p.State == web.RolloutAdvising:
		all = append(all, web.SteerPause)
	case p.Waits():
		all = append(all, web.SteerResume)
	}
	if p.Next != nil {
		all = append(all, web.SteerPromote)
	}
	moves := p.State == web.RolloutRunning || p.State == web.RolloutAdvising || p.State == web.RolloutPaused
	if moves || p.Back() {
		all = append(all, web.SteerAbort)
	}
	return all
}

// Held reports that it would wait for somebody if it did more than advise.
func (p *rolloutPanel) Held() bool { return p.State == web.RolloutAdvising && !p.StateSince.IsZero() }

// Waits reports that somebody, or what was seen, keeps it from going on.
func (p *rolloutPanel) Waits() bool {
	return p.State == web.RolloutPaused || p.State == web.RolloutStopped || p.State == web.RolloutResting
}

// Back reports that there is traffic that an abort brings back to legacy.
func (p *rolloutPanel) Back() bool {
	return p.Position.Phase == strangler.PhaseCanary || p.Position.Phase == strangler.PhaseLive
}

// asks says what the evidence asks for.
func asks(r *web.Rollout) string {
	to := ""
	if r.To != nil {
		to = " to " + r.To.String()
	}
	switch r.Action {
	case "hold":
		return "hold"
	case "promote":
		return "go on" + to
	case "rollback":
		return "go back" + to
	case "stop":
		return "stop"
	case "done":
		return "nothing more"
	}
	return cut(visible(r.Action), maxWord)
}

// forecast says how long it takes at least; empty: that can't be said, or nothing is missing.
func forecast(r *web.Rollout) string {
	if r.Forecast <= 0 || math.IsNaN(r.Forecast) || r.Action != "hold" {
		return ""
	}
	return "at least " + roughly(r.Forecast)
}

// roughly writes how long something takes, in at most two units.
func roughly(seconds float64) string {
	const day = 24 * 60 * 60
	if seconds >= 365*day {
		return "a year"
	}
	d := time.Duration(math.Ceil(seconds)) * time.Second
	units := []struct {
		name string
		of   time.Duration
	}{{"d", day * time.Second}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	for i, u := range units {
		if d < u.of && u.of > time.Second {
			continue
		}
		s := fmt.Sprintf("%d %s", d/u.of, u.name)
		if i+1 < len(units) && d/u.of < 10 {
			if rest := d % u.of / units[i+1].of; rest > 0 {
				s += fmt.Sprintf(" %d %s", rest, units[i+1].name)
			}
		}
		return s
	}
	return ""
}

// manyRollouts is up to how many rollouts that want a person are named one by one.
const manyRollouts = 3

// waitingRollouts lists the rollouts that want a person.
func waitingRollouts(rollouts []web.Rollout) []attention {
	var all []attention
	more := 0
	for i := range rollouts {
		r := &rollouts[i]
		waits := r.Person || r.State == web.RolloutResting || r.State == web.RolloutStopped
		if !waits || len(r.Routes) == 0 {
			continue
		}
		if len(all) == manyRollouts {
			more++
			continue
		}
		what := "the rollout wants a person"
		if r.State == web.RolloutResting || r.State == web.RolloutStopped {
			what = map[string]string{web.RolloutResting: "the rollout rests", web.RolloutStopped: "the rollout is stopped"}[r.State]
		}
		detail := r.Why
		if r.StateWhy != "" {
			detail = r.StateWhy
		}
		all = append(all, attention{Title: fmt.Sprintf("%s: %s at %s", cut(visible(r.Name), 160), what, r.Position),
			Detail: firstLine(detail), Link: routePath(r.Routes[0]) + "#rollout"})
	}
	if more > 0 {
		all = append(all, attention{Title: fmt.Sprintf("%s more rollouts want a person", count(int64(more))),
			Detail: "They rest, are stopped, or have waited too long; the table of routes says which.", Link: "/routes"})
	}
	return all
}
