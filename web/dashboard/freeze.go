package dashboard

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// freezePage and thawPage say what freezing, or thawing, all promotions does and ask.
var (
	freezePage = page{name: "freeze", dialog: "ask", build: func(q *query) (view, error) { return buildFreeze(q, q.URL.Query(), false), nil }}
	thawPage   = page{name: "freeze", dialog: "ask", build: func(q *query) (view, error) { return buildFreeze(q, q.URL.Query(), true), nil }}
)

type freezeView struct {
	frame
	Thaw    bool
	Spans   []span
	For     string // the span chosen
	Until   string // as typed
	Reason  string
	Running int // rollouts that would move by themselves
	Notice  *notice
}

// span is how long promotions are frozen.
type span struct {
	Name, Text string
	length     time.Duration // 0: until somebody thaws them
}

var spans = []span{{"thawed", "until somebody thaws them", 0}, {"1h", "1 hour", time.Hour}, {"8h", "8 hours", 8 * time.Hour},
	{"1d", "1 day", 24 * time.Hour}, {"3d", "3 days", 3 * 24 * time.Hour}}

func buildFreeze(q *query, form url.Values, thaw bool) *freezeView {
	v := &freezeView{frame: frame{Title: "Freeze promotions", Section: "overview"}, Thaw: thaw, Spans: spans,
		For: form.Get("for"), Until: form.Get("until"), Reason: form.Get("reason")}
	if thaw {
		v.Title = "Thaw promotions"
	}
	if v.For == "" {
		v.For = spans[0].Name
	}
	for _, r := range q.System.Rollouts() {
		if r.State == web.RolloutRunning {
			v.Running++
		}
	}
	return v
}

// freezeUntil reads until when a form freezes: a time, if there is one, else the span from now on.
func freezeUntil(form url.Values, now time.Time) (time.Time, error) {
	if until := strings.TrimSpace(form.Get("until")); until != "" {
		at, err := parseTime(until)
		if err != nil {
			return at, fmt.Errorf("%w: %w", errForm, err)
		}
		if !at.After(now) {
			return at, fmt.Errorf("%w: %s is over already", errForm, at.Format("2006-01-02 15:04 UTC"))
		}
		return at, nil
	}
	for _, s := range spans {
		if s.Name != form.Get("for") {
			continue
		}
		if s.length == 0 {
			return time.Time{}, nil
		}
		return now.Add(s.length).UTC().Truncate(time.Second), nil
	}
	return time.Time{}, fmt.Errorf("%w: it doesn't say until when", errForm)
}

// freeze keeps all promotions from being made.
func (d *dashboard) freeze(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	var until time.Time
	if err == nil {
		until, err = freezeUntil(r.PostForm, time.Now())
	}
	if err == nil {
		by := actor(w, r)
		_, err = d.System.SetFreeze(r.Context(), web.Freeze{Until: until, Reason: r.PostForm.Get("reason"), Actor: by.Name, Verified: by.Verified})
	}
	d.frozen(w, q, freezePage, false, err)
}

// thaw ends a freeze.
func (d *dashboard) thaw(w http.ResponseWriter, r *http.Request) {
	q := d.query(r)
	err := parseForm(w, r)
	if err == nil {
		err = d.System.Thaw(r.Context(), actor(w, r), r.PostForm.Get("reason"))
	}
	d.frozen(w, q, thawPage, true, err)
}

// frozen answers both: after a success through a redirect, else with the page.
func (d *dashboard) frozen(w http.ResponseWriter, q *query, p page, thaw bool, err error) {
	if err == nil {
		http.Redirect(w, q.Request, "/", http.StatusSeeOther)
		return
	}
	v := buildFreeze(q, q.PostForm, thaw)
	v.Notice = noticeOf(err)
	d.log(v.Notice, q)
	d.answer(w, q, v.Notice.Status, p, v)
}
