package dashboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// rollbackPage says what a rollback will do and asks; the header's button shows it in a dialog.
var rollbackPage = page{name: "rollback", dialog: "ask", build: func(q *query) (view, error) { return buildRollback(q, q.URL.Query()) }}

type rollbackView struct {
	frame
	Target  rollout.Target
	What    string // the target in words
	Back    string // where to go on
	Moves   []rollbackMove
	Shadows []rollbackMove // legacy serves them already; their shadowing ends
	Skipped []rollout.Skipped
	Forced  []string // of those skipped, whom force would take along
	Load    legacyLoad
	Reason  string
	Force   bool // ask for it
	Notice  *notice
	Result  *web.RollbackResult // after it
	Stopped []string            // the rollouts that are stopped then
}

type rollbackMove struct {
	Route     web.Route
	PerSecond float64 // that the service serves now
}

func targetOf(form url.Values) rollout.Target {
	t := rollout.Target{Route: form.Get("route"), Unit: form.Get("unit"), Service: form.Get("service")}
	t.All = t.Route == "" && t.Unit == "" && t.Service == ""
	return t
}

func buildRollback(q *query, form url.Values) (*rollbackView, error) {
	v := &rollbackView{frame: frame{Title: "Roll back", Section: "rollback"}, Target: targetOf(form), Back: "/"}
	switch t := v.Target; {
	case t.Route != "":
		v.What, v.Back = "route "+visible(t.Route), routePath(t.Route)
	case t.Unit != "":
		v.What = "unit " + visible(t.Unit)
	case t.Service != "":
		v.What, v.Back = "service "+visible(t.Service), "/services"
	default:
		v.What = "everything"
	}
	routes, stats, definitions := q.System.Routes(), q.System.Stats(), q.System.Config().Definitions
	rows := make(map[string]routeRow, len(routes))
	standings := make([]rollout.Standing, len(routes))
	for i, row := range rowsOf(routes, stats) {
		rows[row.Name] = row
		standings[i] = rollout.Standing{
			Route:    strangler.Route{Name: row.Name, Unit: row.Unit, Service: row.Service, Return: returnOf(definitions[row.Name])},
			Position: strangler.Position{Phase: row.Phase, Weight: row.Weight},
		}
	}
	moves, skipped, err := rollout.Rollback(standings, v.Target, strangler.PhaseLegacy, false)
	if n := refusal(err); n != nil && n.Force {
		// Say what stands in the way, and show what would happen all the same.
		v.Notice, v.Force = n, true
		moves, skipped, err = rollout.Rollback(standings, v.Target, strangler.PhaseLegacy, true)
	}
	if n := refusal(err); n != nil {
		v.Notice, v.Force, err = n, false, nil
	}
	if err != nil {
		return nil, err
	}
	gains := 0.0
	for _, m := range moves {
		row := rows[m.Route]
		move := rollbackMove{row.Route, row.Stats.Service.PerSecond}
		if row.Phase <= strangler.PhaseShadow {
			v.Shadows = append(v.Shadows, move)
			continue
		}
		v.Moves = append(v.Moves, move)
		gains += move.PerSecond
	}
	if v.Skipped = skipped; len(v.Moves) > 0 {
		v.Load = loadOf(q, gains)
	}
	if len(skipped) > 0 && !v.Force {
		v.Forced = forced(standings, v.Target, moves)
	}
	return v, nil
}

// forced returns the routes that go back with force only.
func forced(standings []rollout.Standing, target rollout.Target, moves []rollout.Move) []string {
	more, _, err := rollout.Rollback(standings, target, strangler.PhaseLegacy, true)
	if err != nil {
		return nil // it was possible without force; with it is the rollback's to say
	}
	var names []string
	for _, m := range more {
		if !slices.ContainsFunc(moves, func(without rollout.Move) bool { return without.Route == m.Route }) {
			names = append(names, m.Route)
		}
	}
	return names
}

func refusal(err error) *notice {
	if err == nil {
		return nil
	}
	if n := noticeOf(err); n.Status == http.StatusConflict {
		return n
	}
	return nil
}

// returnOf reads whether a route may go back from its definition. Where that doesn't say, the
// rollback itself will.
func returnOf(definition json.RawMessage) strangler.Return {
	var d struct {
		Return strangler.Return `json:"return"`
	}
	if err := json.Unmarshal(definition, &d); err != nil {
		return strangler.ReturnFree
	}
	return d.Return
}

// rollback takes routes back and says what it did.
func (d *dashboard) rollback(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	var to strangler.Phase
	var result web.RollbackResult
	err := parseForm(w, r)
	if err == nil {
		if to, err = strangler.ParsePhase(r.PostForm.Get("to")); err != nil {
			err = fmt.Errorf("%w: %w", errForm, err)
		}
	}
	if err == nil && r.PostForm.Get("confirm") != "yes" {
		err = fmt.Errorf("%w: a rollback wants its confirmation", errForm)
	}
	if err == nil {
		t := targetOf(r.PostForm)
		result, err = d.System.Rollback(r.Context(), web.Rollback{Route: t.Route, Unit: t.Unit, Service: t.Service, All: t.All, To: to,
			Reason: r.PostForm.Get("reason"), Force: r.PostForm.Get("force") == "yes", Actor: actor(w, r)})
	}
	v, readErr := buildRollback(q, r.PostForm)
	if readErr != nil {
		d.problem(w, q, readErr)
		return
	}
	v.Reason = r.PostForm.Get("reason")
	if err != nil {
		v.Notice = noticeOf(err)
		v.Force = v.Notice.Force
		d.log(v.Notice, q)
		d.answer(w, q, v.Notice.Status, rollbackPage, v)
		return
	}
	v.Notice, v.Force = nil, false
	v.Result, v.Title = &result, "Rolled back"
	routes := namesOf(result.Moved)
	for _, s := range result.Skipped {
		routes = append(routes, s.Route)
	}
	v.Stopped = stoppedRollouts(d.System.Rollouts(), routes)
	d.answer(w, q, http.StatusOK, rollbackPage, v)
}
