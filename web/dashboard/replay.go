package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// replayGroupPage and replayRoutePage ask how stored requests are sent again, and show what becomes of
// each. With JavaScript it shows while it goes on; without, when it has ended.
var (
	replayGroupPage = page{name: "replay", build: func(q *query) (view, error) { return buildReplay(q, replayedGroup) }}
	replayRoutePage = page{name: "replay", build: func(q *query) (view, error) { return buildReplay(q, replayedRoute) }}
)

// replayTarget finds what is sent again: the replay without its options, what it is called, and its page.
type replayTarget func(*query) (r web.Replay, title, path string, err error)

func replayedGroup(q *query) (web.Replay, string, string, error) {
	g, err := q.System.Group(q.Context(), groupID(q))
	return web.Replay{Group: g.ID}, cut(visible(g.Title), 160), groupPath(groupID(q)), err
}

func replayedRoute(q *query) (web.Replay, string, string, error) {
	name := routeName(q)
	routes := q.System.Routes()
	if !slices.ContainsFunc(routes, func(r web.Route) bool { return r.Name == name }) {
		return web.Replay{}, "", "", unknownRoute(name, routes)
	}
	return web.Replay{Route: name}, cut(visible(name), 160), routePath(name), nil
}

type replayView struct {
	frame
	Of       string // what is sent again, in words
	Back     string // its page
	Against  string
	Rate     string
	Limit    string
	Header   string // one "Name: value" a line
	Outcomes []outcomeCount
	Summary  *web.ReplaySummary // nil: nothing was sent yet
	Rows     []web.Replayed
	More     int // that are not listed
	Notice   *notice
}

// outcomeCount is how many requests came out so.
type outcomeCount struct {
	Name, Text string
	Count      int
}

// outcomeText says what each outcome means.
var outcomeText = map[string]string{
	web.OutcomeFixed:   "differed, and doesn't any more",
	web.OutcomeRemains: "differs as it did",
	web.OutcomeNew:     "differs, but not as it did",
	web.OutcomeSame:    "matched, and still does",
	web.OutcomeSkipped: "can't be sent or compared",
	web.OutcomeFailed:  "a side gave no answer",
}

// maxReplayRows bounds how many outcomes a page lists.
const maxReplayRows = 500

func buildReplay(q *query, target replayTarget) (*replayView, error) {
	_, of, back, err := target(q)
	if err != nil {
		return nil, err
	}
	v := &replayView{frame: frame{Title: "Replay " + of, Section: "groups"}, Of: of, Back: back, Rate: "5", Limit: "200"}
	v.count(web.ReplaySummary{})
	return v, nil
}

func (v *replayView) count(s web.ReplaySummary) {
	v.Outcomes = nil
	for i, n := range []int{s.Fixed, s.Remains, s.New, s.Same, s.Skipped, s.Failed} {
		name := web.Outcomes()[i]
		v.Outcomes = append(v.Outcomes, outcomeCount{name, outcomeText[name], n})
	}
}

// replayOf reads a form's options.
func replayOf(r web.Replay, q *query) (web.Replay, error) {
	form := q.PostForm
	r.Against = strings.TrimSpace(form.Get("against"))
	var err error
	if text := strings.TrimSpace(form.Get("rate")); text != "" {
		if r.Rate, err = strconv.ParseFloat(text, 64); err != nil || r.Rate <= 0 {
			return r, fmt.Errorf("%w: %q is no number of requests a second", errForm, cut(text, 40))
		}
	}
	if text := strings.TrimSpace(form.Get("limit")); text != "" {
		if r.Limit, err = strconv.Atoi(text); err != nil || r.Limit < 1 {
			return r, fmt.Errorf("%w: %q is no number of requests", errForm, cut(text, 40))
		}
	}
	if r.Header, err = parseHeader(form.Get("headers")); err != nil {
		return r, fmt.Errorf("%w: %w", errForm, err)
	}
	return r, nil
}

// mediaSteps is the type of a stream of steps as JSON, one a line.
const mediaSteps = "application/x-ndjson"

// replayStep is a step as the page's script reads it. Texts are visible ones: the script puts them into
// the page as they are.
type replayStep struct {
	web.ReplaySummary
	Row     *replayRow `json:"row,omitempty"`
	Problem *problem   `json:"problem,omitempty"`
}

// problem is a notice as a script reads it.
type problem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

type replayRow struct {
	Outcome     string             `json:"outcome"`
	Request     string             `json:"request"`
	Link        string             `json:"link,omitempty"` // to the divergence that it was
	Why         string             `json:"why,omitempty"`
	Differences []replayDifference `json:"differences,omitempty"`
}

type replayDifference struct {
	Kind  string `json:"kind"`
	Where string `json:"where"`
}

// replay sends stored requests again, as long as the client waits for it.
func (d *dashboard) replay(p page, target replayTarget) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := d.query(r)
		what, _, _, err := target(q)
		if err != nil {
			d.problem(w, q, err)
			return
		}
		if err = parseForm(w, r); err == nil {
			what, err = replayOf(what, q)
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(d.Context, cancel)()
		what.Actor = actor(w, r)
		q.noteRead(keyGroup, what.Group, keyRoute, what.Route)
		if r.Header.Get("Accept") == mediaSteps {
			if err == nil {
				err = d.streamReplay(ctx, w, what)
			}
			if err != nil {
				n := noticeOf(err)
				d.log(n, q)
				w.Header().Set("Content-Type", mediaSteps)
				w.WriteHeader(n.Status)
				json.NewEncoder(w).Encode(replayStep{Problem: &problem{n.Title, n.Detail}}) // whether the client is still there is its own business
			}
			return
		}
		d.showReplay(ctx, w, q, p, target, what, err)
	}
}

// streamReplay tells each step as it comes. An error after the first ends the stream early, which shows
// in its last step: not all is done. One before it is returned.
func (d *dashboard) streamReplay(ctx context.Context, w http.ResponseWriter, what web.Replay) error {
	rc := http.NewResponseController(w)
	begun := false
	err := d.System.Replay(ctx, what, func(step web.ReplayStep) error {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", mediaSteps)
			w.Header().Set("X-Accel-Buffering", "no") // nginx would hold steps back
			w.Header().Set("Connection", "close")     // the write deadline must not outlive the stream
		}
		line, err := json.Marshal(replayStep{ReplaySummary: step.ReplaySummary, Row: replayRowOf(step.Replayed)})
		if err != nil {
			return err
		}
		// Where deadlines aren't supported a dead client is found out by TCP, later.
		_ = rc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		return rc.Flush()
	})
	if err == nil || ctx.Err() != nil {
		return nil
	}
	if begun {
		d.Logger.Error("replay ended early", "error", err)
		return nil
	}
	return err
}

func replayRowOf(r *web.Replayed) *replayRow {
	if r == nil {
		return nil
	}
	row := &replayRow{Outcome: r.Outcome, Request: cut(visible(r.Method+" "+r.Path), 160), Why: cut(visible(r.Why), 300)}
	if r.Group != "" {
		row.Link = "/divergences/" + queryEscape(r.ID)
	}
	for _, diff := range r.Differences[:min(len(r.Differences), 3)] {
		where := diff.Pointer
		if where == "" {
			where = "the body"
		}
		row.Differences = append(row.Differences, replayDifference{cut(visible(string(diff.Kind)), 40), cut(visible(where), 160)})
	}
	return row
}

// showReplay answers with the page, when all were sent.
func (d *dashboard) showReplay(ctx context.Context, w http.ResponseWriter, q *query, p page, target replayTarget, what web.Replay, err error) {
	v, readErr := buildReplay(q, target)
	if readErr != nil {
		d.problem(w, q, readErr)
		return
	}
	v.Against, v.Rate, v.Limit, v.Header = q.PostForm.Get("against"), q.PostForm.Get("rate"), q.PostForm.Get("limit"), q.PostForm.Get("headers")
	rc := http.NewResponseController(w)
	if err == nil {
		err = d.System.Replay(ctx, what, func(step web.ReplayStep) error {
			_ = rc.SetWriteDeadline(time.Now().Add(time.Minute)) // the page comes when all is done
			v.Summary = &step.ReplaySummary
			switch {
			case step.Replayed == nil:
			case len(v.Rows) < maxReplayRows:
				v.Rows = append(v.Rows, *step.Replayed)
			default:
				v.More++
			}
			return nil
		})
	}
	if ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	status := http.StatusOK
	if err != nil {
		v.Notice = noticeOf(err)
		status = v.Notice.Status
		d.log(v.Notice, q)
	}
	if v.Summary != nil {
		v.count(*v.Summary)
	}
	d.answer(w, q, status, p, v)
}

// Differences returns the first of a row's differences.
func (v *replayView) Differences(r web.Replayed) []shadow.Difference {
	return r.Differences[:min(len(r.Differences), 3)]
}
