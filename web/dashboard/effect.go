package dashboard

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// effectPage says what a move would do, for a script that shows it beside the controls; without a script
// the route's page says the same of what its address asks.
var effectPage = page{name: "route", dialog: "effect", build: func(q *query) (view, error) {
	if q.Header.Get("HX-Request") != "true" {
		return buildRoute(q, nil)
	}
	return buildEffect(q)
}}

// buildEffect reads no more than the effect needs: it is asked for while somebody drags a slider.
func buildEffect(q *query) (*routeView, error) {
	name := routeName(q)
	routes := q.System.Routes()
	at := slices.IndexFunc(routes, func(r web.Route) bool { return r.Name == name })
	if at < 0 {
		return nil, unknownRoute(name, routes)
	}
	rows := rowsOf(routes, q.System.Stats())
	v := &routeView{frame: frame{Title: visible(name)}, Row: rows[at]}
	if form := formOf(q); form != nil {
		v.Form = *form
		v.Effect = v.effectOf(q, rows)
	}
	return v, nil
}

// effect is what a move would do, in sentences.
type effect struct {
	To    string
	Lines []string
	Guard string // why it would be refused; empty: it wouldn't
	Force bool   // and whether force gets past it
	Peak  *peak  // of what legacy may have to take; nil: it takes no more, or nothing is on record
}

// peak is the most traffic that there was.
type peak struct {
	Long string // of what
	Days int    // looked at
	Rate string
	At   time.Time
}

// formOf reads a position that an address asks about; nil: it asks about none.
func formOf(q *query) *shiftForm {
	ask := q.URL.Query()
	phase, err := strangler.ParsePhase(ask.Get("to"))
	if err != nil {
		return nil
	}
	return &shiftForm{Phase: phase, Weight: strings.TrimSpace(ask.Get("weight")), Reason: ask.Get("reason")}
}

// effectOf says what a form's move would do; nil: the form names no position.
func (v *routeView) effectOf(q *query, rows []routeRow) *effect {
	to := strangler.At(v.Form.Phase)
	if v.Form.Phase == strangler.PhaseCanary {
		weight, err := strangler.ParseWeight(v.Form.Weight)
		if err != nil {
			return nil
		}
		to = strangler.Canary(weight)
		if to.Validate() != nil {
			return nil
		}
	}
	from := strangler.Position{Phase: v.Row.Phase, Weight: v.Row.Weight}
	e := &effect{To: to.String()}
	if to == from {
		return nil
	}
	definitions := q.System.Config().Definitions
	var legacy, service float64
	names := []string{v.Row.Name}
	for _, row := range rows {
		if row.Name != v.Row.Name && (v.Row.Unit == "" || row.Unit != v.Row.Unit) {
			continue
		}
		legacy, service = legacy+row.Stats.Legacy.PerSecond, service+row.Stats.Service.PerSecond
		if row.Name != v.Row.Name {
			names = append(names, row.Name)
		}
		if e.Guard == "" {
			definition := strangler.Route{Name: row.Name, Service: row.Service, Unit: row.Unit, Return: returnOf(definitions[row.Name])}
			stands := strangler.Position{Phase: row.Phase, Weight: row.Weight}
			if n := refusal(rollout.Check(definition, stands, to, false)); n != nil {
				e.Guard, e.Force = n.Detail, n.Force
			}
		}
	}
	e.Lines = append(trafficLines(from, to, legacy, service), meaning(to)...)
	if to.Weight < from.Weight {
		e.Peak = peakOf(q, names)
	}
	if len(names) > 1 {
		e.Lines = append(e.Lines, fmt.Sprintf("All %d routes of unit %s move together.", len(names), cut(visible(v.Row.Unit), 80)))
	}
	return e
}

// trafficLines say how many requests change sides, as many as there were over the last minute.
func trafficLines(from, to strangler.Position, legacy, service float64) []string {
	all := legacy + service
	moved := (to.Weight.Percent() - from.Weight.Percent()) / 100 * all
	switch {
	case all == 0 && to.Weight == from.Weight:
		return []string{"No client's answer changes."}
	case all == 0:
		return []string{"There is no traffic at present; " + percent(math.Abs(to.Weight.Percent()-from.Weight.Percent())/100) + " of what comes would change sides."}
	case moved > 0:
		return []string{fmt.Sprintf("About %s would move to the service, so that it serves %s of %s.", pace(moved), pace(to.Weight.Percent()/100*all), pace(all))}
	case moved < 0:
		return []string{fmt.Sprintf("Legacy would take %s more, so that it serves %s of %s.", pace(-moved), pace((1-to.Weight.Percent()/100)*all), pace(all))}
	}
	return []string{fmt.Sprintf("No client's answer changes: legacy and service serve as much of the %s as now.", pace(all))}
}

// meaning says what else a phase means.
func meaning(to strangler.Position) []string {
	switch to.Phase {
	case strangler.PhaseLegacy:
		return []string{"Nothing is compared there."}
	case strangler.PhaseShadow:
		return []string{"Clients get legacy's answer; the service gets a copy of what may be repeated, and both are compared."}
	case strangler.PhaseCanary:
		return []string{"Each client stays on its side; comparing goes on in both directions."}
	case strangler.PhaseLive:
		return []string{"Legacy is asked besides, where that is safe, and both are compared; one step leads back."}
	case strangler.PhaseRetired:
		return []string{"Legacy is never called again, and nothing but force brings the route back."}
	}
	return nil
}

// pace writes a rate in the unit in which it is easiest to grasp.
func pace(perSecond float64) string {
	switch {
	case perSecond <= 0:
		return "0 requests/s"
	case perSecond < 1:
		perMinute := perSecond * 60
		if perMinute < 10 {
			return strconv.FormatFloat(perMinute, 'f', 1, 64) + " requests/min"
		}
		return count(int64(math.Round(perMinute))) + " requests/min"
	}
	return rate(perSecond) + " requests/s"
}

// peakPatience is how long a page waits for the past: what it asks for is needed more.
const peakPatience = 2 * time.Second

// peakOf finds the most traffic that routes had; nil: there is none on record.
func peakOf(q *query, names []string) *peak {
	ctx, cancel := context.WithTimeout(q.Context(), peakPatience)
	defer cancel()
	return q.drawnPeak(web.PeakOf(ctx, q.System, names, func(p web.SeriesPoint) int64 { return p.Legacy.Requests + p.Service.Requests }))
}

// legacyLoad is what a rollback makes legacy bear, beside what it was seen to bear.
type legacyLoad struct {
	Gains, Now float64 // requests per second
	Peak       *peak   // nil: there is none on record
	Beyond     bool    // it becomes more than that
}

// Then is what legacy has after it.
func (l legacyLoad) Then() float64 { return l.Now + l.Gains }

func loadOf(q *query, gains float64) legacyLoad {
	ctx, cancel := context.WithTimeout(q.Context(), peakPatience)
	defer cancel()
	found, err := web.LegacyPeak(ctx, q.System)
	l := legacyLoad{Gains: gains, Now: q.System.Stats().LegacyPerSecond(), Peak: q.drawnPeak(found, err)}
	l.Beyond = l.Peak != nil && l.Then() > found.PerSecond
	return l
}

// drawnPeak is a peak as pages show it. One that can't be read is told as none, and so is one of a part of the time:
// it would be said to be that of all, and what is more than it to be more than there ever was.
func (q *query) drawnPeak(found web.Peak, err error) *peak {
	if err != nil {
		q.Logger.Debug("read the most traffic of the last days", "error", err)
		return nil
	}
	if found.PerSecond == 0 {
		return nil
	}
	return &peak{Long: found.Long(), Days: web.PeakDays, Rate: pace(found.PerSecond), At: found.At}
}
