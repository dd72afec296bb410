package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// steerPage says what telling a rollout something will do and asks; the panel's buttons show it in a
// dialog.
var steerPage = page{name: "steer", dialog: "ask", build: func(q *query) (view, error) { return buildSteer(q, q.URL.Query()) }}

type steerView struct {
	frame
	Route   string
	Seen    int64 // the version of the route
	What    string
	Rollout *rolloutPanel
	Verb    string              // what is asked, in words
	Button  string              // the same on the button
	Danger  bool                // it takes traffic back
	To      *strangler.Position // where its routes go by that; nil: nowhere, or back
	Gains   float64             // requests per second that the service takes over or, by an abort, legacy
	Unshown []gateView          // the gates that aren't shown to hold
	Service string              // the service's version, as typed
	Known   string              // the service's version, as far as known
	Reason  string
	Force   bool // ask for it
	Notice  *notice
}

func buildSteer(q *query, form url.Values) (*steerView, error) {
	name, what := routeName(q), web.PathParam(q.Request, "what")
	routes := q.System.Routes()
	at := slices.IndexFunc(routes, func(r web.Route) bool { return r.Name == name })
	if at < 0 {
		return nil, unknownRoute(name, routes)
	}
	r := rolloutOf(q.System.Rollouts(), name)
	if r == nil {
		return nil, &web.NotFoundError{What: "rollout of route", Name: name}
	}
	v := &steerView{Route: name, Seen: routes[at].Version, What: what, Rollout: rolloutPanelOf(r, name),
		Service: form.Get("service_version"), Reason: form.Get("reason")}
	of := "the rollout of " + cut(visible(r.Name), 160)
	switch what {
	case web.SteerPause:
		v.Verb, v.Button = "Pause "+of, "Pause"
	case web.SteerResume:
		v.Verb, v.Button = "Resume "+of, "Resume"
		for _, e := range r.Evidence {
			if e.Route == name {
				v.Known = e.Version
			}
		}
	case web.SteerPromote:
		v.Verb, v.Button, v.To = "Promote "+cut(visible(r.Name), 160), "Promote", v.Rollout.Next
		if v.To != nil {
			v.Verb, v.Button = v.Verb+" to "+v.To.String(), v.Button+" to "+v.To.String()
		}
		for _, g := range r.Gates {
			if g.State == "open" || g.State == "broken" {
				v.Unshown = append(v.Unshown, gateViewOf(g))
			}
		}
	case web.SteerAbort:
		v.Verb, v.Button, v.Danger = "Abort "+of, "Abort", v.Rollout.Back()
		if v.Danger {
			v.Button = "Abort, back now"
		}
	default:
		return nil, &web.NotFoundError{What: "page", Name: q.URL.Path}
	}
	v.frame = frame{Title: v.Verb, Section: "overview"}
	v.countTraffic(rowsOf(routes, q.System.Stats()))
	return v, nil
}

// countTraffic says how much traffic changes sides, as measured over the last minute.
func (v *steerView) countTraffic(rows []routeRow) {
	for _, row := range rows {
		if !slices.Contains(v.Rollout.Routes, row.Name) {
			continue
		}
		s := row.Stats
		switch {
		case v.To != nil:
			share := (v.To.Weight.Percent() - v.Rollout.Position.Weight.Percent()) / 100
			v.Gains += share * (s.Legacy.PerSecond + s.Service.PerSecond)
		case v.What == web.SteerAbort:
			v.Gains += s.Service.PerSecond
		}
	}
}

// steer tells a rollout something.
func (d *dashboard) steer(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	s := web.Steering{Route: routeName(q), What: web.PathParam(r, "what")}
	err := parseForm(w, r)
	if err == nil {
		s.IfVersion, err = version(r)
	}
	if err == nil && r.PostForm.Get("confirm") != "yes" {
		err = fmt.Errorf("%w: it wants its confirmation", errForm)
	}
	if err == nil && s.What == web.SteerResume {
		s.Version, err = serviceVersion(r.PostForm)
	}
	v, readErr := buildSteer(q, r.PostForm) // what can't be asked can't be done
	if readErr != nil {
		d.problem(w, q, readErr)
		return
	}
	if err == nil {
		s.Reason, s.Force, s.Actor = r.PostForm.Get("reason"), r.PostForm.Get("force") == "yes", actor(w, r)
		if _, err = d.System.Steer(r.Context(), s); err == nil {
			http.Redirect(w, r, routePath(s.Route)+"#rollout", http.StatusSeeOther)
			return
		}
		if v, readErr = buildSteer(q, r.PostForm); readErr != nil { // it may stand elsewhere meanwhile
			d.problem(w, q, readErr)
			return
		}
	}
	v.Notice = noticeOf(err)
	v.Force = v.Notice.Force
	if refused, is := errors.AsType[*rollout.RefusedError](err); is && !refused.Force && s.What == web.SteerAbort {
		v.Notice.Detail += " Its rollout isn't stopped by that; Pause leaves its moves to people."
	}
	d.log(v.Notice, q)
	d.answer(w, q, v.Notice.Status, steerPage, v)
}

// serviceVersion reads the service's version; empty: it is as before.
func serviceVersion(form url.Values) (string, error) {
	typed := form.Get("service_version")
	if strings.TrimSpace(typed) == "" {
		return "", nil
	}
	s, err := web.ServiceVersion(typed)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errForm, err)
	}
	return s, nil
}
