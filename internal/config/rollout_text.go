package config

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// Unshadowed says why no request of the route is ever shadowed; empty: some are.
func (r *Route) Unshadowed() string {
	reads := func(method string) bool {
		return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
	}
	switch {
	case r.Sample == 0:
		return "shadow.sample is 0%"
	case r.Repeat == strangler.RepeatNever:
		return "its requests may not be sent twice (repeat: never)"
	case r.Sandbox != "":
		return ""
	case r.Repeat == strangler.RepeatIdempotent, len(r.Match.Methods) > 0 && !slices.ContainsFunc(r.Match.Methods, reads):
		return "a copied write is a second write and no shadow.sandbox is named"
	}
	return ""
}

// Uncompared says why no answers of the route are ever compared; empty: some are.
func (r *Route) Uncompared() string {
	if why := r.Unshadowed(); why != "" {
		return why
	}
	if r.Capture == shadow.CaptureNone {
		return "answers that are not held are not compared (capture: none)"
	}
	return ""
}

// PlanText says in a line how the route is to walk; empty: it has no rollout.
func (r *Route) PlanText() string {
	p := r.Rollout
	if p == nil {
		return ""
	}
	var b strings.Builder
	steps := make([]string, len(p.Steps))
	for i, step := range p.Steps {
		steps[i] = step.String()
	}
	if r.Unit != "" {
		fmt.Fprintf(&b, "with unit %s, ", r.Unit)
	}
	fmt.Fprintf(&b, "%s, %s to %s on each", strings.Join(steps, " → "), durationText(p.Hold), durationText(p.MaxHold))
	if p.Window != nil {
		fmt.Fprintf(&b, ", in %s", p.Window)
	}
	var asked []string
	for _, gate := range []struct {
		name, phrase string
		is           rollout.Gate
	}{
		{"divergence", "divergence below ", p.Gates.Divergence}, {"errors", "errors below ", p.Gates.Errors},
		{"latency", "latency below ", p.Gates.Latency}, {"max_skipped", "at most %s skipped", p.Gates.MaxSkipped},
	} {
		switch text := gateText(gate.name, gate.is); {
		case gate.is.Off:
		case strings.Contains(gate.phrase, "%s"):
			asked = append(asked, strings.Replace(gate.phrase, "%s", text, 1))
		default:
			asked = append(asked, gate.phrase+text)
		}
	}
	if len(asked) == 0 {
		b.WriteString("; no gate asks for anything")
	} else {
		b.WriteString("; wants " + strings.Join(asked, ", "))
	}
	if p.Distinct > 0 {
		fmt.Fprintf(&b, "; a request that is repeated within %s counts once", durationText(p.Distinct))
	}
	breakable := !p.Gates.Divergence.Off || !p.Gates.Errors.Off || !p.Gates.Latency.Off // skips only hold it
	switch {
	case !p.Auto:
		b.WriteString("; only advised")
	case !breakable && r.Unit != "":
		b.WriteString("; none of its own gates takes the unit back")
	case !breakable:
		b.WriteString("; nothing takes it back by itself")
	case p.OnFail == rollout.FailHold && r.Return != strangler.ReturnFree:
		fmt.Fprintf(&b, "; a broken gate stops it and asks for a person, as return is %s", r.Return)
	case p.OnFail == rollout.FailHold:
		b.WriteString("; a broken gate stops it and asks for a person")
	default:
		fmt.Fprintf(&b, "; a broken gate rolls it back, and it rests %s", durationText(p.Cooldown))
	}
	for _, hook := range p.Webhooks {
		fmt.Fprintf(&b, "; %s is asked or told", hook.Shown())
	}
	return b.String()
}

// shownPlan is a plan as a definition has it: all of it, in the words of the file, secrets left out.
// The window is the route's own.
func shownPlan(p *rollout.Plan, window bool) any {
	if p == nil {
		return nil
	}
	steps := make([]string, len(p.Steps))
	for i, step := range p.Steps {
		steps[i] = step.String()
	}
	gates := map[string]string{}
	for name, form := range gateForms {
		gates[name] = gateText(name, *form.of(&p.Gates))
	}
	shown := map[string]any{
		"auto": p.Auto, "steps": steps, "hold": durationText(p.Hold), "max_hold": durationText(p.MaxHold), "gates": gates,
		"on_fail": "rollback", "cooldown": durationText(p.Cooldown), "distinct": "off",
	}
	if p.Distinct > 0 {
		shown["distinct"] = durationText(p.Distinct)
	}
	if p.OnFail == rollout.FailHold {
		shown["on_fail"] = "hold"
	}
	if window {
		shown["window"] = windowText(p.Window)
	}
	var hooks []any
	for _, hook := range p.Webhooks {
		hooks = append(hooks, map[string]any{"url": hook.Shown(), "on": sortedOn(hook)})
	}
	if hooks != nil {
		shown["webhooks"] = hooks
	}
	return shown
}

// shownRollout is what holds for all rollouts together, as `strangler diff` shows it.
func shownRollout(r Rollout) any {
	shown := map[string]any{"alpha": percentText(r.Alpha), "run_length": r.RunLength, "window": windowText(r.Window)}
	if r.Notify != "" {
		shown["notify"] = rollout.Webhook{URL: r.Notify}.Shown()
	}
	return shown
}

func sortedOn(hook rollout.Webhook) []rollout.Occasion {
	on := slices.Clone(hook.On)
	slices.Sort(on)
	return on
}

func stepsText(steps []strangler.Position) string { return fmt.Sprint(steps) }

func windowText(w *rollout.Window) string {
	if w == nil {
		return "always"
	}
	return w.String()
}

// gateText writes a gate as it is read.
func gateText(name string, g rollout.Gate) string {
	switch {
	case g.Off:
		return "off"
	case name == "latency":
		return strconv.FormatFloat(g.Limit, 'f', -1, 64) + "x"
	}
	return strconv.FormatFloat(math.Round(g.Limit*1e12)/1e10, 'f', -1, 64) + gateForms[name].unit
}

// durationText writes a duration as a person does: 10m, 3d, 1d12h.
func durationText(d time.Duration) string {
	const day = 24 * time.Hour
	text := ""
	if d >= day {
		text, d = strconv.FormatInt(int64(d/day), 10)+"d", d%day
		if d == 0 {
			return text
		}
	}
	rest := d.String()
	if strings.HasSuffix(rest, "m0s") {
		rest = strings.TrimSuffix(rest, "0s")
	}
	if strings.HasSuffix(rest, "h0m") {
		rest = strings.TrimSuffix(rest, "0m")
	}
	return text + rest
}
