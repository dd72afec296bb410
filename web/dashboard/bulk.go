package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// bulkPage says what moving several routes will do and asks. They move in one change of the journal, all
// or none; those that go back in one as well, but for what may not.
var bulkPage = page{name: "bulk", build: func(q *query) (view, error) {
	v, err := buildBulk(q, q.URL.Query())
	if err == nil && v.Back && len(v.Moves) > 0 { // who has confirmed it doesn't wait for the past
		load := loadOf(q, v.Gains)
		v.Load = &load
	}
	return v, err
}}

type bulkView struct {
	frame
	Back   bool // it is a rollback
	To     strangler.Position
	Moves  []bulkMove
	Stay   []bulkMove  // with why
	Gains  float64     // requests per second that change sides
	Load   *legacyLoad // of a rollback that is asked about
	Reason string
	Notice *notice
	Done   bool
	OK     int
}

// bulkMove is a route and what becomes of it.
type bulkMove struct {
	Route     web.Route
	Unit      []string // what moves with it
	PerSecond float64
	Why       string // it doesn't move; empty: it does
	Result    *notice
}

// maxBulk is how many routes move at once.
const maxBulk = 200

func buildBulk(q *query, form url.Values) (*bulkView, error) {
	v := &bulkView{frame: frame{Title: "Move routes", Section: "routes"}, Back: form.Get("do") == "rollback", Reason: form.Get("reason")}
	to := form.Get("to")
	if v.Back && to != strangler.PhaseShadow.String() {
		to = strangler.PhaseLegacy.String()
	}
	if to == strangler.PhaseCanary.String() {
		to = form.Get("weight") + "%"
	}
	var err error
	if v.To, err = strangler.ParsePosition(to); err == nil {
		err = v.To.Validate()
	}
	if err != nil {
		return nil, &web.InvalidError{Why: fmt.Sprintf("where to? %v", err)}
	}
	if v.To.Phase == strangler.PhaseRetired {
		return nil, &web.InvalidError{Why: "routes retire one by one, each with the evidence that nothing needs legacy any more"}
	}
	names := form["route"]
	if len(names) == 0 {
		return nil, &web.InvalidError{Why: "choose at least one route in the table"}
	}
	if len(names) > maxBulk {
		return nil, &web.InvalidError{Why: fmt.Sprintf("at most %d routes move at once", maxBulk)}
	}
	routes := q.System.Routes()
	definitions := q.System.Config().Definitions
	rows := rowsOf(routes, q.System.Stats())
	moving := make(map[string]bool)
	for _, name := range names {
		at := slices.IndexFunc(rows, func(r routeRow) bool { return r.Name == name })
		if at < 0 {
			return nil, unknownRoute(name, routes)
		}
		row := rows[at]
		if row.Unit != "" && moving[row.Unit] {
			continue // it moves with the one before
		}
		m := bulkMove{Route: row.Route, PerSecond: row.Stats.Service.PerSecond}
		if !v.Back {
			m.PerSecond = shifting(row, v.To)
		}
		for _, other := range rows {
			if row.Unit != "" && other.Unit == row.Unit && other.Name != name {
				m.Unit = append(m.Unit, other.Name)
				if v.Back {
					m.PerSecond += other.Stats.Service.PerSecond
				} else {
					m.PerSecond += shifting(other, v.To)
				}
			}
		}
		at0 := strangler.Position{Phase: row.Phase, Weight: row.Weight}
		definition := strangler.Route{Name: name, Unit: row.Unit, Service: row.Service, Return: returnOf(definitions[name])}
		switch err := rollout.Check(definition, at0, v.To, false); {
		case at0 == v.To:
			m.Why = "it stands there already"
		case v.Back && at0.Compare(v.To) < 0:
			m.Why = "it is not beyond it"
		case err != nil:
			n := noticeOf(err)
			m.Why = n.Detail
		}
		if m.Why != "" {
			v.Stay = append(v.Stay, m)
			continue
		}
		moving[row.Unit] = row.Unit != ""
		v.Moves = append(v.Moves, m)
		v.Gains += m.PerSecond
	}
	return v, nil
}

// shifting is how many requests per second would change sides.
func shifting(r routeRow, to strangler.Position) float64 {
	all := r.Stats.Legacy.PerSecond + r.Stats.Service.PerSecond
	change := (weightOf(to) - weightOf(strangler.Position{Phase: r.Phase, Weight: r.Weight})) * all
	return max(change, -change)
}

// weightOf is the share that the service serves there, 0 to 1.
func weightOf(p strangler.Position) float64 {
	switch p.Phase {
	case strangler.PhaseCanary:
		return p.Weight.Percent() / 100
	case strangler.PhaseLive, strangler.PhaseRetired:
		return 1
	}
	return 0
}

// bulk moves routes and says of each what became of it.
func (d *dashboard) bulk(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	if err == nil && r.PostForm.Get("confirm") != "yes" {
		err = fmt.Errorf("%w: moving several routes wants its confirmation", errForm)
	}
	var v *bulkView
	if err == nil {
		v, err = buildBulk(q, r.PostForm)
	}
	if err != nil {
		d.problem(w, q, err)
		return
	}
	by := actor(w, r)
	v.Done, v.Title = true, "Moved routes"
	switch {
	case len(v.Moves) == 0:
		v.Notice = &notice{Status: http.StatusOK, Title: "There is nothing to move", Detail: "Somebody may have moved them meanwhile."}
	case v.Back:
		err = d.bulkBack(q, v, by)
	default:
		err = d.bulkShift(q, v, by)
	}
	if err != nil {
		d.problem(w, q, err)
		return
	}
	status := http.StatusOK
	for _, n := range append([]*notice{v.Notice}, resultsOf(v.Moves)...) {
		if n != nil && n.Status != http.StatusOK {
			status = n.Status
			d.log(n, q)
		}
	}
	d.answer(w, q, status, bulkPage, v)
}

func resultsOf(moves []bulkMove) []*notice {
	all := make([]*notice, len(moves))
	for i, m := range moves {
		all[i] = m.Result
	}
	return all
}

// moved says of a route that it moved.
func (v *bulkView) moved(m *bulkMove) {
	v.OK++
	m.Result = &notice{Status: http.StatusOK, OK: true, Title: "Moved"}
}

// bulkShift moves them all, or none, and says of each what stood in its way.
func (d *dashboard) bulkShift(q *query, v *bulkView, by web.Actor) error {
	move := web.MoveMany{To: v.To, Reason: v.Reason, Actor: by}
	for _, m := range v.Moves {
		// The version that the page with the question showed: whoever moved it meanwhile knew more.
		seen, err := strconv.ParseInt(q.PostForm.Get("version:"+m.Route.Name), 10, 64)
		if err != nil || seen < 1 {
			return fmt.Errorf("%w: it doesn't say which version you saw; load the page again", errForm)
		}
		move.Routes = append(move.Routes, web.RouteSeen{Name: m.Route.Name, Version: seen})
	}
	_, err := d.System.ShiftMany(q.Context(), move)
	refused, is := errors.AsType[*web.RefusedMovesError](err)
	if err != nil && !is {
		return err
	}
	for i := range v.Moves {
		m := &v.Moves[i]
		if err == nil {
			v.moved(m)
			continue
		}
		at := slices.IndexFunc(refused.Routes, func(r web.RefusedMove) bool { return r.Route == m.Route.Name })
		if at < 0 {
			continue // it could have moved, and stays with the others
		}
		m.Result = &notice{Status: http.StatusConflict, Title: "A guard refused it", Detail: visible(refused.Routes[at].Detail)}
		if refused.Routes[at].Code == web.CodeConflict {
			m.Result.Title = "Somebody moved it meanwhile"
		}
	}
	return nil
}

// bulkBack sends back those that may go, together, and says of the others why not.
func (d *dashboard) bulkBack(q *query, v *bulkView, by web.Actor) error {
	back := web.Rollback{To: v.To.Phase, Reason: v.Reason, Actor: by}
	for _, m := range v.Moves {
		back.Routes = append(back.Routes, m.Route.Name)
	}
	result, err := d.System.Rollback(q.Context(), back)
	if err != nil {
		return err
	}
	if !result.Durable {
		v.Notice = &notice{Status: http.StatusOK, Title: "It is not in the journal yet", Detail: "It is in effect, and the proxy goes on trying. " + visible(result.Problem)}
	}
	for i := range v.Moves {
		m := &v.Moves[i]
		if slices.ContainsFunc(result.Moved, func(r web.Route) bool { return r.Name == m.Route.Name }) {
			v.moved(m)
		} else if at := slices.IndexFunc(result.Skipped, func(s web.Skipped) bool { return s.Route == m.Route.Name }); at >= 0 {
			m.Result = &notice{Status: http.StatusConflict, Title: "It was left alone", Detail: visible(result.Skipped[at].Why)}
		}
	}
	return nil
}
