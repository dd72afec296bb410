package dashboard

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

// pin keeps the answers of a divergence for those who will follow the link to it. A script gets an empty
// answer, or a status that says no; others get the page, which says it.
func (d *dashboard) pin(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	id := web.PathParam(r, "id")
	err := parseForm(w, r)
	if err == nil {
		err = d.System.Pin(r.Context(), id, actor(w, r))
	}
	switch {
	case err != nil:
		d.problem(w, q, err)
	case r.Header.Get("HX-Request") == "true":
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Redirect(w, r, divergenceLink(id, r.PostForm.Get("group")), http.StatusSeeOther)
	}
}

// divergenceLink is the link to a divergence that people send one another: with its group, which there is for
// longer than the divergence.
func divergenceLink(id, group string) string {
	link := "/divergences/" + url.PathEscape(id)
	if group != "" {
		link += "?group=" + url.QueryEscape(group)
	}
	return link
}

// Link is the link to the divergence.
func (v *exampleView) Link() string { return divergenceLink(v.ID, v.Group) }

// pinned notes whether an example is kept for who took its link.
func (v *exampleView) pinned(g *web.Group) {
	v.Pinned, v.Pins, v.MaxPins = slices.Contains(g.Pinned, v.ID), len(g.Pinned), web.MaxPinned
}

// gone shows what there is in the place of a divergence that is no more on record: of its group, if the link
// names that, the nearest example.
func (d *dashboard) gone(w http.ResponseWriter, q *query, err error) bool {
	group := q.URL.Query().Get("group")
	if group == "" || !errors.As(err, new(*web.NotFoundError)) {
		return false
	}
	http.Redirect(w, q.Request, groupPath(group)+"?example="+url.QueryEscape(web.PathParam(q.Request, "id"))+"#example", http.StatusFound)
	return true
}

// nearest adds the example of its group that is nearest to a divergence whose answers aren't kept.
func (d *dashboard) nearest(q *query, v *divergenceView) error {
	group, err := q.System.Group(q.Context(), v.Example.Group)
	if errors.As(err, new(*web.NotFoundError)) {
		return nil // the page says what there is all the same
	}
	if err != nil {
		return err
	}
	v.Group = &group
	v.Example.pinned(&group)
	if v.Example.Kept || v.Example.Withheld {
		return nil
	}
	shown := &groupView{Group: group}
	if err := d.showExample(q, shown, v.Example.ID, ""); err != nil {
		return err
	}
	v.Nearest = shown.Example
	return nil
}
