package command

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// A gate's bar stands at the end of a line, and is shorter where that is: down to nothing.
const (
	gateBarWidth    = 20
	minGateBarWidth = 5
)

// page is what one is printed on.
type page struct {
	bars  bool // they are for terminals
	width int  // of a line, in characters; 0: as many as it takes
}

// labelWidth is what is before a labelled text.
const labelWidth = len("wants a person") + columnGap

// minTextWidth is how much of a text a line has at least.
const minTextWidth = 20

// wrapped breaks text into lines behind what takes some of their width.
func (p page) wrapped(text string, taken int) []string {
	if p.width <= 0 {
		return []string{text}
	}
	return wrap(text, max(p.width-taken, minTextWidth))
}

// printRollout prints all that there is to say about one.
func printRollout(w io.Writer, r web.Rollout, p page, now time.Time) {
	say := func(label, text string) {
		for _, line := range p.wrapped(text, labelWidth) {
			row(w, label, line)
			label = ""
		}
	}
	if r.Unit == "" {
		say("route", r.Name)
	} else {
		say("unit", r.Unit+": "+strings.Join(r.Routes, ", "))
	}
	say("steps", stepsText(r))
	say("at", r.Position.String()+" since "+when(r.Since))
	say("state", stateText(r))
	if r.Person {
		say("wants a person", "now")
	}
	say("next", nextText(r))
	if r.Frozen != "" {
		say("frozen", strings.TrimPrefix(r.Frozen, "frozen ")) // the label says so
	}
	if r.HoldsUntil.After(now) {
		say("holds until", when(r.HoldsUntil))
	}
	if r.Forecast > 0 {
		say("forecast", "at least "+spanText(r.Forecast)+" until every gate can be shown to hold")
	}
	if !r.PersonAt.IsZero() && !r.Person {
		say("wants a person", "at "+when(r.PersonAt)+", if nothing is shown until then")
	}
	for _, e := range r.Evidence {
		say("evidence", evidenceText(e))
	}
	if p.bars {
		row(w, "the whole", fmt.Sprintf("%s %.0f %%", barText(whole(r, now), barWidth), math.Floor(100*whole(r, now))))
	}
	printGates(w, r, p)
}

func evidenceText(e web.RolloutEvidence) string {
	text := fmt.Sprintf("%s: %d compared, %d diverged", e.Route, e.Compared, e.Diverged)
	if !e.Since.IsZero() {
		text += ", since " + when(e.Since)
	}
	if e.Version != "" {
		text += ", of version " + e.Version
	}
	if e.Trial > 1 {
		text += fmt.Sprintf(", trial %d", e.Trial)
	}
	return text
}

func printGates(w io.Writer, r web.Rollout, p page) {
	if len(r.Gates) == 0 {
		return
	}
	rows := [][]string{{"GATE", "STATE", "LIMIT", "SEEN", "BETWEEN", "COUNT", "NEEDS"}}
	for _, g := range r.Gates {
		cells := []string{g.Gate, g.State, "-", "-", "-", "-", "-"} // a row with fewer cells would end the columns
		if g.State != string(rollout.StateOff) {
			cells = []string{g.Gate, g.State, measure(g.Gate, g.Limit), measureOrDash(g.Gate, g.Estimate), between(g), fmt.Sprint(g.Count), needText(g)}
		}
		rows = append(rows, cells)
	}
	if len(r.Routes) > 1 {
		rows[0] = append([]string{"ROUTE"}, rows[0]...)
		for i, g := range r.Gates {
			rows[i+1] = append([]string{g.Route}, rows[i+1]...)
		}
	}
	bar := gateBarWidth
	if p.width > 0 {
		bar = min(bar, p.width-widthBut(rows, -1)-columnGap-len("[]"))
	}
	row(w)
	for i, cells := range rows {
		if p.bars && i > 0 && bar >= minGateBarWidth {
			if share, known := progressOf(r.Gates[i-1]); known {
				cells = append(cells, barText(share, bar))
			}
		}
		if i == 0 {
			heading(w, anys(cells)...)
			continue
		}
		row(w, anys(cells)...)
	}
	printWhys(w, r, p)
}

// printWhys says of each gate that isn't shown to hold why, where what comes next hasn't said it.
func printWhys(w io.Writer, r web.Rollout, p page) {
	separated := false
	for _, g := range r.Gates {
		undecided := g.State == string(rollout.StateOpen) || g.State == string(rollout.StateBroken)
		if !undecided || g.Why == "" || strings.Contains(r.Why, g.Why) {
			continue
		}
		if !separated {
			separated = true
			row(w)
		}
		name := g.Gate
		if len(r.Routes) > 1 {
			name = g.Route + ", " + name
		}
		const indent = "  "
		for i, line := range p.wrapped(name+": "+g.Why, len(indent)) {
			if i > 0 {
				fmt.Fprint(w, indent)
			}
			fmt.Fprintln(w, printable(line))
		}
	}
}

// anys returns cells as row takes them.
func anys(cells []string) []any {
	all := make([]any, len(cells))
	for i, cell := range cells {
		all[i] = cell
	}
	return all
}

// measure writes a gate's figure as the configuration does: 0.1%, 0.5pp, 1.3x.
func measure(gate string, v float64) string {
	switch gate {
	case "latency":
		return digits(v) + "x"
	case "errors":
		return digits(100*v) + "pp"
	}
	return digits(100*v) + "%"
}

// digits writes a number with at most three that say something.
func digits(v float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 2, 64), 64) // what it wrote it reads
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func measureOrDash(gate string, v *float64) string {
	if v == nil {
		return "-"
	}
	return measure(gate, *v)
}

// between is where a figure can be said to lie.
func between(g web.GateReading) string {
	switch {
	case g.Lower != nil && g.Upper != nil:
		return measure(g.Gate, *g.Lower) + " to " + measure(g.Gate, *g.Upper)
	case g.Lower != nil:
		return "above " + measure(g.Gate, *g.Lower)
	case g.Upper != nil:
		return "below " + measure(g.Gate, *g.Upper)
	}
	return "-"
}

func needText(g web.GateReading) string {
	if g.Need == 0 {
		return "-"
	}
	return strconv.FormatInt(g.Need, 10)
}

// progressOf says how far a gate is on its way to being shown to hold, 0 to 1, where that can be said.
func progressOf(g web.GateReading) (share float64, known bool) {
	switch {
	case g.State == string(rollout.StateHolds):
		return 1, true
	case g.State == string(rollout.StateOpen) && g.Need > 0:
		return float64(g.Count) / (float64(g.Count) + float64(g.Need)), true
	}
	return 0, false
}

// whole says how far a rollout is, 0 to 1: the steps behind it, and of the present one as much as its
// slowest gate, or its hold, is through.
func whole(r web.Rollout, now time.Time) float64 {
	behind, on := 0, false
	for _, step := range r.Steps {
		on = on || step == r.Position
		if r.Position.Compare(step) > 0 {
			behind++
		}
	}
	ways := len(r.Steps) - 1
	switch {
	case r.State == web.RolloutDone, ways < 1:
		return 1
	case !on: // between two steps, before the first or beyond the last: nothing of the next is behind it
		return float64(min(max(behind-1, 0), ways)) / float64(ways)
	}
	part := 1.0
	for _, g := range r.Gates {
		if share, _ := progressOf(g); g.State != string(rollout.StateOff) {
			part = min(part, share)
		}
	}
	if hold := r.HoldsUntil.Sub(r.Since); hold > 0 {
		part = min(part, max(0, float64(now.Sub(r.Since))/float64(hold)))
	}
	return min(1, (float64(behind)+part)/float64(ways))
}
