package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// notice says at a control what became of a change.
type notice struct {
	Status int // of HTTP
	OK     bool
	Title  string
	Detail string
	Else   string // what goes on all the same; empty: nothing else is concerned
	Force  bool   // force gets past it
}

// noticeOf says what an error means for the person at the control.
func noticeOf(err error) *notice {
	var (
		unknown   *strangler.UnknownRouteError
		missing   *web.NotFoundError
		nobody    *rollout.UnknownError
		conflict  *journal.ConflictError
		refused   *rollout.RefusedError
		invalid   *rollout.InvalidError
		nothing   *journal.NothingToUndoError
		disk      *journal.WriteError
		ledger    *web.UnwritableError
		senseless *web.InvalidError
		busy      *web.BusyError
		unread    *unreadError
		tooLarge  *http.MaxBytesError
	)
	detail := visible(err.Error())
	switch {
	case errors.As(err, &unknown):
		return &notice{Status: http.StatusNotFound, Title: "There is no such route", Detail: visible(unknown.Error())}
	case errors.As(err, &nobody):
		return &notice{Status: http.StatusNotFound, Title: "No route belongs to it", Detail: visible(nobody.Error())}
	case errors.As(err, &missing):
		return &notice{Status: http.StatusNotFound, Title: "Not found", Detail: visible(missing.Error())}
	case errors.As(err, &conflict):
		return &notice{Status: http.StatusConflict, Title: "Somebody moved it meanwhile",
			Detail: fmt.Sprintf("Route %s is at version %d now; you saw version %d. Nothing was changed. Look at where it stands, then decide again.",
				visible(conflict.Route), conflict.Have, conflict.Want)}
	case errors.As(err, &refused):
		return &notice{Status: http.StatusConflict, Title: "A guard refused it", Force: refused.Force,
			Detail: fmt.Sprintf("Route %s: %s.", visible(refused.Route), why(refused.Why))}
	case errors.As(err, &invalid):
		return &notice{Status: http.StatusUnprocessableEntity, Title: "That move makes no sense", Detail: detail}
	case errors.As(err, &nothing):
		return &notice{Status: http.StatusConflict, Title: "There is nothing to undo", Detail: detail}
	case errors.As(err, &senseless):
		return &notice{Status: http.StatusUnprocessableEntity, Title: "That makes no sense", Detail: detail}
	case errors.As(err, &busy):
		return &notice{Status: http.StatusServiceUnavailable, Title: "Not now", Detail: detail}
	case errors.As(err, &disk), errors.As(err, &ledger):
		return &notice{Status: http.StatusServiceUnavailable, Title: "It could not be written, and nothing changed", Detail: detail}
	case errors.As(err, &unread):
		return &notice{Status: http.StatusServiceUnavailable, Title: unread.Title(), Detail: unread.Detail(), Else: unread.Else()}
	case errors.As(err, &tooLarge):
		return &notice{Status: http.StatusRequestEntityTooLarge, Title: "That form is too large", Detail: detail}
	case errors.Is(err, errForm):
		return &notice{Status: http.StatusBadRequest, Title: "That form can't be read", Detail: detail}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &notice{Status: http.StatusServiceUnavailable, Title: "It took too long", Detail: "Look at where the route stands before you try again."}
	}
	return &notice{Status: http.StatusInternalServerError, Title: "It did not work", Detail: detail}
}

// errForm says that a form's field makes no sense.
var errForm = errors.New("read form")

const maxForm = 64 << 10 // bytes

// parseForm reads a form and its reason, which is the journal's as the API's is.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errForm, err)
	}
	if err := web.CheckWords(r.PostForm.Get("reason"), ""); err != nil {
		return fmt.Errorf("%w: %w", errForm, err)
	}
	return nil
}

// position reads where a form wants a route.
func position(r *http.Request) (strangler.Position, error) {
	phase, err := strangler.ParsePhase(r.PostForm.Get("to"))
	if err != nil {
		return strangler.Position{}, fmt.Errorf("%w: %w", errForm, err)
	}
	if phase != strangler.PhaseCanary {
		return strangler.At(phase), nil
	}
	weight, err := strangler.ParseWeight(strings.TrimSpace(r.PostForm.Get("weight")))
	if err != nil {
		return strangler.Position{}, fmt.Errorf("%w: %w", errForm, err)
	}
	to := strangler.Canary(weight)
	if err := to.Validate(); err != nil {
		return strangler.Position{}, fmt.Errorf("%w: %w", errForm, err)
	}
	return to, nil
}

func version(r *http.Request) (int64, error) {
	v, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64)
	if err != nil || v < 1 {
		return 0, fmt.Errorf("%w: it doesn't say which version you saw; load the page again", errForm)
	}
	return v, nil
}

// shift moves a route.
func (d *dashboard) shift(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	name := routeName(q)
	err := parseForm(w, r)
	var to strangler.Position
	var seen int64
	if err == nil {
		to, err = position(r)
	}
	if err == nil {
		seen, err = version(r)
	}
	if err == nil {
		_, err = d.System.Shift(r.Context(), web.Move{Route: name, To: to, IfVersion: seen, Force: r.PostForm.Get("force") == "yes",
			Reason: r.PostForm.Get("reason"), Actor: actor(w, r), RetireEvidence: vouched(to, r)})
	}
	if err == nil {
		n := &notice{Status: http.StatusOK, OK: true, Title: "Moved to " + to.String(), Detail: "On disk, and in effect for the next request." + d.stopped([]string{name})}
		d.changed(w, q, nil, n)
		return
	}
	phase, _ := strangler.ParsePhase(r.PostForm.Get("to")) // else legacy is ticked
	form := &shiftForm{Phase: phase, Weight: r.PostForm.Get("weight"), Reason: r.PostForm.Get("reason"), Notice: noticeOf(err)}
	form.OfferForce = form.Notice.Force
	form.OfferProxyOnly = form.Notice.Force && phase == strangler.PhaseRetired
	d.changed(w, q, form, form.Notice)
}

// vouched is what a form says of callers that go around the proxy.
func vouched(to strangler.Position, r *http.Request) web.RetireEvidence {
	return web.RetireEvidence{ProxyOnly: to.Phase == strangler.PhaseRetired && r.PostForm.Get("proxy-only") == "yes"}
}

// undo takes a route one step back in the journal.
func (d *dashboard) undo(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	name := routeName(q)
	err := parseForm(w, r)
	var seen int64
	if err == nil {
		seen, err = version(r)
	}
	var routes []web.Route
	if err == nil {
		routes, err = d.System.Undo(r.Context(), web.Undo{Route: name, IfVersion: seen, Reason: r.PostForm.Get("reason"),
			Actor: actor(w, r), Force: r.PostForm.Get("force") == "yes"})
	}
	var n *notice
	if err != nil {
		n = noticeOf(err)
	} else {
		n = &notice{Status: http.StatusOK, OK: true, Title: "One step back", Detail: standing(routes) + d.stopped(namesOf(routes))}
	}
	if r.PostForm.Get("from") == "overview" {
		d.changedOverview(w, q, n)
		return
	}
	d.changed(w, q, nil, n)
}

func standing(routes []web.Route) string {
	var all []string
	for _, r := range routes {
		all = append(all, fmt.Sprintf("%s stands at %s", visible(r.Name), strangler.Position{Phase: r.Phase, Weight: r.Weight}))
	}
	return strings.Join(all, "; ") + "."
}

func namesOf(routes []web.Route) []string {
	names := make([]string, len(routes))
	for i, r := range routes {
		names[i] = r.Name
	}
	return names
}

// stopped says that the rollout of routes that a person moved is stopped; empty: none is.
func (d *dashboard) stopped(routes []string) string {
	names := stoppedRollouts(d.System.Rollouts(), routes)
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" The rollout of %s is stopped; Resume lets it go on.", cut(visible(strings.Join(names, ", ")), 160))
}

// stoppedRollouts returns the names of those rollouts of routes that are stopped.
func stoppedRollouts(rollouts []web.Rollout, routes []string) (names []string) {
	for _, r := range rollouts {
		of := slices.ContainsFunc(r.Routes, func(name string) bool { return slices.Contains(routes, name) })
		if of && r.State == web.RolloutStopped {
			names = append(names, r.Name)
		}
	}
	return names
}

// changed answers a change made on a route's page: htmx gets the controls, others the page, after
// a success through a redirect.
func (d *dashboard) changed(w http.ResponseWriter, q *query, form *shiftForm, n *notice) {
	enhanced := q.Header.Get("HX-Request") == "true"
	if n.OK && !enhanced {
		http.Redirect(w, q.Request, routePath(routeName(q))+"#stands", http.StatusSeeOther)
		return
	}
	v, err := buildRoute(q, form)
	if err != nil {
		d.problem(w, q, err)
		return
	}
	d.log(n, q)
	v.Form.Notice, v.Who, v.Unread = n, viewerOf(q.Request), q.unread
	if v.Who.Name == "" {
		v.Who.Name = cleanName(q.PostForm.Get("actor"))
	}
	if enhanced {
		d.write(w, n.Status, "route", "move", v)
		return
	}
	d.answer(w, q, n.Status, routePage, v)
}

func (d *dashboard) changedOverview(w http.ResponseWriter, q *query, n *notice) {
	enhanced := q.Header.Get("HX-Request") == "true"
	if n.OK && !enhanced {
		http.Redirect(w, q.Request, "/#changes", http.StatusSeeOther)
		return
	}
	v, err := buildOverview(q, n)
	if err != nil {
		d.problem(w, q, err)
		return
	}
	d.log(n, q)
	v.Who, v.Unread = q.Who, q.unread
	if enhanced {
		d.write(w, n.Status, "overview", "changes", v)
		return
	}
	d.answer(w, q, n.Status, overviewPage, v)
}

// log keeps what no page can explain further.
func (d *dashboard) log(n *notice, q *query) {
	if n.Status == http.StatusInternalServerError {
		d.Logger.Error("change from the dashboard", "path", q.URL.Path, "error", n.Detail)
	}
}
