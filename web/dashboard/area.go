package dashboard

import (
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// area is the share of the traffic that services serve, over time: a stack of both sides, drawn on
// the server, in a box of 1000 by 100.
type area struct {
	Legacy, Service string // paths
	Marks           []areaMark
	Ticks           []areaTick
	From            time.Time
	Step            time.Duration
	First, Last     float64 // the services' share, 0 to 1
	Rows            []areaRow
}

type areaMark struct {
	X, Word, Text, Anchor string
}

type areaTick struct {
	X, Anchor string
	At        time.Time
}

// areaRow is a step in the table beneath.
type areaRow struct {
	At              time.Time
	Service, Legacy int64
}

// Share returns the services' share, 0 to 1.
func (r areaRow) Share() float64 {
	return share{Legacy: float64(r.Legacy), Service: float64(r.Service)}.Of()
}

// Unit is how long a step is, in a word.
func (a *area) Unit() string {
	switch {
	case a.Step >= day:
		return "day"
	case a.Step >= time.Hour:
		return "hour"
	}
	return "minute"
}

const areaMarks = 12

// areaOf draws the past; nil: there is too little of it for a picture.
func areaOf(p *past, entries []web.Entry) *area {
	if p == nil || len(p.Points) < 2 {
		return nil
	}
	points := p.Points
	begin, end := points[0].At, points[len(points)-1].At
	long := end.Sub(begin).Seconds()
	x := func(at time.Time) float64 { return 1000 * at.Sub(begin).Seconds() / long }
	a := &area{From: begin, Step: p.Step}
	var edge []string // of the services' share, from left to right
	var legacy, service strings.Builder
	known := false
	flush := func(last float64) { // what is drawn ends where nothing happened
		if len(edge) == 0 {
			return
		}
		fmt.Fprintf(&service, "M%s L%.1f 100 %sz", strings.Join(edge, "L"), last, closing(edge[0], "100"))
		fmt.Fprintf(&legacy, "M%s L%.1f 0 %sz", strings.Join(edge, "L"), last, closing(edge[0], "0"))
		edge = edge[:0]
	}
	last := 0.0
	for i := range points {
		s := share{Legacy: float64(points[i].Legacy.Requests), Service: float64(points[i].Service.Requests)}
		a.Rows = append(a.Rows, areaRow{points[i].At, points[i].Service.Requests, points[i].Legacy.Requests})
		if !s.Any() {
			flush(last)
			continue
		}
		if !known {
			a.First, known = s.Of(), true
		}
		a.Last = s.Of()
		last = x(points[i].At)
		edge = append(edge, fmt.Sprintf("%.1f %.1f", last, 100-100*s.Of()))
	}
	flush(last)
	a.Legacy, a.Service = legacy.String(), service.String()
	for i, n := 0, 4; i <= n; i++ {
		t := areaTick{X: fmt.Sprintf("%d%%", 100*i/n), Anchor: "middle", At: begin.Add(time.Duration(i) * end.Sub(begin) / time.Duration(n))}
		if i == 0 {
			t.Anchor = "start"
		} else if i == n {
			t.Anchor = "end"
		}
		a.Ticks = append(a.Ticks, t)
	}
	a.mark(entries, begin, x)
	return a
}

// mark adds the newest moves, those apart enough for their words.
func (a *area) mark(entries []web.Entry, begin time.Time, x func(time.Time) float64) {
	free := 1000.0
	for _, e := range entries { // newest first
		if len(a.Marks) == areaMarks {
			return
		}
		if e.Kind != "moved" || e.After == nil || e.At.Before(begin) || e.How == "undo" {
			continue
		}
		at := min(1000, x(e.At))
		m := areaMark{X: fmt.Sprintf("%.1f%%", at/10), Text: visible(e.Route) + " to " + e.After.String(), Anchor: "middle"}
		if at <= free {
			m.Word = cut(visible(e.Route), 14) + " " + e.After.String()
			free = at - 190
			if at > 900 {
				m.Anchor = "end"
			} else if at < 100 {
				m.Anchor = "start"
			}
		}
		a.Marks = append(a.Marks, m)
	}
}

// closing goes back to where an edge began, along the box's rim at y.
func closing(first, y string) string {
	at, _, _ := strings.Cut(first, " ")
	return "L" + at + " " + y
}
