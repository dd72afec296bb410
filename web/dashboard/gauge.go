package dashboard

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// gateView is what the evidence says about a gate, as numbers and as a picture.
type gateView struct {
	web.GateReading
	Sign    sign
	Name    string
	Means   string // what is measured
	Numbers string // what the picture shows, in words
	Picture *gauge // nil: the gate is off
}

// gateWords says what each gate measures.
var gateWords = map[string][2]string{
	"divergence": {"Divergence", "compared answers that differ and aren't expected"},
	"errors":     {"Errors", "the service's share of failures less legacy's"},
	"latency":    {"Latency", "the service's p99 against legacy's"},
	"skipped":    {"Skipped", "sampled requests that could not be compared"},
}

var gateSigns = map[string]sign{
	"open":   {"calm", "advise", "not known yet"},
	"holds":  {"good", "done", "holds"},
	"broken": {"bad", "broken", "broken"},
	"off":    {"off", "off", "off"},
}

func gateViewOf(g web.GateReading) gateView {
	v := gateView{GateReading: g, Sign: sign{"calm", "advise", cut(visible(g.State), maxWord)}, Name: cut(visible(g.Gate), maxWord)}
	if s, ok := gateSigns[g.State]; ok {
		v.Sign = s
	}
	if w, ok := gateWords[g.Gate]; ok {
		v.Name, v.Means = w[0], w[1]
	}
	if g.State == "off" {
		return v
	}
	v.Numbers, v.Picture = gateNumbers(g), newGauge(g)
	return v
}

// gateNumbers is the picture in words. Bounds are rounded outwards, so that none is shown closer than
// it is.
func gateNumbers(g web.GateReading) string {
	var parts []string
	if seen, ok := number(g.Estimate); ok {
		parts = append(parts, "seen "+gateNumber(g.Gate, seen, math.Round))
	} else {
		parts = append(parts, "nothing seen yet")
	}
	lower, from := number(g.Lower)
	upper, to := number(g.Upper)
	to = to && !math.IsInf(upper, 0)
	from = from && !math.IsInf(lower, 0)
	switch {
	case from && to:
		parts = append(parts, "it lies between "+gateNumber(g.Gate, lower, math.Floor)+" and "+gateNumber(g.Gate, upper, math.Ceil))
	case from:
		parts = append(parts, "it is at least "+gateNumber(g.Gate, lower, math.Floor))
	case to:
		parts = append(parts, "it is at most "+gateNumber(g.Gate, upper, math.Ceil))
	}
	return strings.Join(append(parts, "the gate is "+gateNumber(g.Gate, g.Limit, math.Round)), "; ")
}

func number(x *float64) (float64, bool) {
	if x == nil || math.IsNaN(*x) {
		return 0, false
	}
	return *x, true
}

// gateNumber writes a value of a gate in its unit, with three digits.
func gateNumber(gate string, x float64, round func(float64) float64) string {
	switch gate {
	case "latency":
		return digits(x, round) + "×"
	case "errors":
		return digits(x*100, round) + " pp"
	}
	return digits(x*100, round) + "%"
}

func digits(x float64, round func(float64) float64) string {
	if x == 0 || math.IsNaN(x) {
		return "0"
	}
	if math.IsInf(x, 0) {
		return strings.Replace(strconv.FormatFloat(x, 'f', 0, 64), "Inf", "∞", 1)
	}
	places := min(6, max(0, 2-int(math.Floor(math.Log10(math.Abs(x))+1e-9))))
	scale := math.Pow(10, float64(places))
	scaled := x * scale
	if near := math.Round(scaled); math.Abs(scaled-near) < 1e-6 { // 0.014 × 100 isn't 1.4, and shall not become 1.41
		scaled = near
	}
	s := strconv.FormatFloat(round(scaled)/scale, 'f', places, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return strings.Replace(s, "-", "−", 1)
}

// gauge is a picture of a gate: the limit as a line, what is beyond it shaded, and the bounds of what
// is known closing in on it. Places are percentages of its width.
type gauge struct {
	Gate     tick
	Beyond   string // how wide what is beyond the gate is
	Interval bool   // there are bounds
	From, W  string
	Caps     []string // the bounds that lie within the picture
	Seen     string   // what was seen; empty: nothing
	Ticks    []tick
}

// tick is a label and where it stands.
type tick struct{ X, Anchor, Text string }

// scale says where in a picture a value has its place. It doesn't depend on what was seen, so that
// the bounds move and the gate stands still.
type scale struct {
	at    func(float64) float64
	from  float64
	to    float64
	zero  bool // what is at or below from is at the left edge, which is called 0
	ticks []float64
}

// scaleOf chooses the scale of a gate. Rates and ratios are as good as unknown at first and end close
// to the gate, so theirs are logarithmic; failures may be fewer than legacy's, so theirs is linear
// about 0 and logarithmic beyond (asinh). Skips are only counted: linear.
func scaleOf(g web.GateReading) scale {
	limit := g.Limit
	if !(limit > 0 && limit < math.MaxFloat64) {
		limit = 0.001
	}
	switch g.Gate {
	case "latency":
		return scale{at: math.Log, from: limit / 4, to: limit * 4, ticks: []float64{.1, .2, .5, 1, 2, 5, 10, 20, 50}}
	case "errors":
		return scale{at: func(x float64) float64 { return math.Asinh(x / limit) }, from: max(-1, -20*limit), to: 1,
			ticks: []float64{0, .0001, .001, .01, .1, 1}}
	case "skipped":
		to := min(1, 4*limit)
		if seen, ok := number(g.Estimate); ok && seen > to {
			to = 1
		}
		return scale{at: func(x float64) float64 { return x }, to: to, ticks: []float64{0, to / 2, to}}
	}
	return scale{at: math.Log, from: min(limit, 1) / 20, to: 1, zero: true, ticks: []float64{.00001, .0001, .001, .01, .1, 1}}
}

// place returns where x has its place, 0 to 100, and whether that is within the picture.
func (s scale) place(x float64) (float64, bool) {
	switch {
	case x <= s.from:
		return 0, x == s.from
	case x >= s.to:
		return 100, x == s.to
	}
	return 100 * (s.at(x) - s.at(s.from)) / (s.at(s.to) - s.at(s.from)), true
}

// tick labels x. apart is how far from the edges a label has to be to stand in the middle.
func (s scale) tick(x, apart float64, text string) tick {
	at, _ := s.place(x)
	anchor := "middle"
	if at < apart {
		anchor = "start"
	} else if at > 100-apart {
		anchor = "end"
	}
	return tick{share100(at), anchor, text}
}

func share100(at float64) string { return strconv.FormatFloat(at, 'f', 2, 64) + "%" }

// tickRoom is how much room a tick's label needs, in percent of the narrowest picture.
const tickRoom = 13

func newGauge(r web.GateReading) *gauge {
	s := scaleOf(r)
	limit, _ := s.place(r.Limit)
	g := &gauge{Gate: s.tick(r.Limit, 20, "gate "+gateNumber(r.Gate, r.Limit, math.Round)), Beyond: share100(100 - limit)}
	lower, from := number(r.Lower)
	upper, to := number(r.Upper)
	if g.Interval = (from || to) && !(from && to && lower > upper); g.Interval {
		left, right := 0.0, 100.0
		if from {
			var within bool
			if left, within = s.place(lower); within {
				g.Caps = append(g.Caps, share100(left))
			}
		}
		if to {
			var within bool
			if right, within = s.place(upper); within {
				g.Caps = append(g.Caps, share100(right))
			}
		}
		g.From, g.W = share100(left), share100(right-left)
	}
	if seen, ok := number(r.Estimate); ok {
		at, _ := s.place(seen)
		g.Seen = share100(at)
	}
	last := math.Inf(-1)
	if s.zero {
		g.Ticks = append(g.Ticks, tick{share100(0), "start", "0"})
		last = 0
	}
	for _, x := range s.ticks {
		at, within := s.place(x)
		if !within || at-last < tickRoom {
			continue
		}
		g.Ticks = append(g.Ticks, s.tick(x, 5, gateNumber(r.Gate, x, math.Round)))
		last = at
	}
	return g
}

// Label is the picture's text alternative.
func (v gateView) Label() string { return fmt.Sprintf("%s: %s", v.Name, v.Numbers) }
