package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

// triageForm is what somebody thinks of a group.
type triageForm struct {
	State  string
	Reason string
	Notice *notice
}

// triage puts a group into another state.
func (d *dashboard) triage(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	form := &triageForm{State: r.PostForm.Get("state"), Reason: r.PostForm.Get("reason")}
	if err == nil && !slices.Contains(web.GroupStates(), form.State) {
		err = fmt.Errorf("%w: no state %q: it is open, expected or fixed", errForm, form.State)
	}
	if err == nil {
		_, err = d.System.Triage(r.Context(), web.Triage{Group: groupID(q), State: form.State, Reason: form.Reason, Actor: actor(w, r)})
	}
	if err == nil {
		form = &triageForm{Notice: &notice{Status: http.StatusOK, OK: true, Title: "It is " + form.State + " now", Detail: "The ledger has it."}}
	} else {
		form.Notice = noticeOf(err)
	}
	d.triaged(w, q, form)
}

// triaged answers a change made on a group's page: htmx gets the facts with the form, others the
// page, after a success through a redirect.
func (d *dashboard) triaged(w http.ResponseWriter, q *query, form *triageForm) {
	enhanced := q.Header.Get("HX-Request") == "true"
	if form.Notice.OK && !enhanced {
		http.Redirect(w, q.Request, groupPath(groupID(q))+"#group-facts", http.StatusSeeOther)
		return
	}
	v, err := d.buildGroup(q)
	if err != nil {
		d.problem(w, q, err)
		return
	}
	d.log(form.Notice, q)
	g, ok := v.(*groupView)
	if !ok {
		d.problem(w, q, errors.New("draw group: it is another page"))
		return
	}
	g.Form, g.Who = *form, viewerOf(q.Request)
	if g.Who.Name == "" {
		g.Who.Name = cleanName(q.PostForm.Get("actor"))
	}
	if enhanced {
		d.write(w, form.Notice.Status, "group", "group-decision", g)
		return
	}
	d.answer(w, q, form.Notice.Status, page{name: "group"}, g)
}

func groupID(q *query) string { return web.PathParam(q.Request, "id") }
