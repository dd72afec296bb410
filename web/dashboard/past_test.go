package dashboard

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// since is a past that began so long ago, with the same traffic in each step.
func since(ago time.Duration) func(web.SeriesQuery) web.Series {
	return func(q web.SeriesQuery) web.Series {
		step, begin := time.Duration(q.Step), time.Now().Add(-ago)
		line := web.SeriesLine{Route: "stock"}
		for at := q.From.UTC().Truncate(step); at.Before(q.To); at = at.Add(step) {
			if at.Add(step).After(begin) {
				line.Points = append(line.Points, web.SeriesPoint{At: at, Legacy: web.SeriesSide{Requests: 30}, Service: web.SeriesSide{Requests: 10}})
			}
		}
		s := web.Series{Step: q.Step, Lines: []web.SeriesLine{line}}
		if q.ByRoute {
			s.Lines = append(s.Lines, web.SeriesLine{Route: "facade:customers", Points: line.Points}, web.SeriesLine{Points: line.Points[:1]})
		}
		return s
	}
}

func TestPastGrowsUp(t *testing.T) {
	for _, tt := range []struct {
		ago, step time.Duration
		word      string
	}{{10 * time.Minute, time.Minute, "minute"}, {5 * time.Hour, time.Minute, "minute"}, {20 * time.Hour, time.Hour, "hour"}, {70 * time.Hour, time.Hour, "hour"}, {30 * day, day, "day"}} {
		s := good()
		s.series = since(tt.ago)
		p, err := readPast(t.Context(), s, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		a := areaOf(p, nil)
		if p.Step != tt.step || a == nil || a.Unit() != tt.word {
			t.Errorf("after %s steps are of %s", tt.ago, p.Step)
			continue
		}
		if n := tt.ago / tt.step; len(p.Points) < int(n)-1 || len(p.Points) > int(n)+2 {
			t.Errorf("after %s there are %d points of %s", tt.ago, len(p.Points), tt.step)
		}
		if a.Last != .25 || !strings.HasPrefix(a.Service, "M0.0 75.0L") || strings.Count(a.Service, "M") != 1 {
			t.Errorf("after %s the area is %.60s, last %g", tt.ago, a.Service, a.Last)
		}
		if _, facade := p.Routes["facade:customers"]; facade {
			t.Error("what services ask counts as what clients do")
		}
	}
}

// TestPastIsReadOnce holds that the past is read by one, and that pages of many routes don't wait for it.
func TestPastIsReadOnce(t *testing.T) {
	s := many(pastAtOnce)
	asked := 0
	series := since(30 * day)
	s.series = func(q web.SeriesQuery) web.Series {
		if q.ByRoute {
			asked++
		}
		return series(q)
	}
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	if _, page := get(t, h, "/"); !strings.Contains(page, "Reading what was") || asked != 0 {
		t.Errorf("a page of many routes read the past %d times", asked)
	}
	s.routes = s.routes[:7]
	for range 3 {
		if _, page := get(t, h, "/"); strings.Contains(page, "Reading what was") {
			t.Error("the past isn't there")
		}
	}
	if asked != 1 {
		t.Errorf("the past was read %d times", asked)
	}
}

func TestRemainders(t *testing.T) {
	s := good()
	served := map[string]moved{"stock": {0, 500}, "orders-read": {300, 100}, "": {100, 0}, "gone": {20, 0}}
	for i := range 12 {
		served["x"+strings.Repeat("x", i)] = moved{Legacy: 1}
	}
	all := remaindersOf(served, s.routes)
	if len(all) != maxRemainders || all[0].Name != "orders-read" || all[0].Phase == nil || all[1].Name != "paths that no route takes" || all[2].Name != "gone (gone)" {
		t.Errorf("they are %+v", all)
	}
	if last := all[len(all)-1]; last.Name != "7 more routes" || last.Requests != 7 {
		t.Errorf("the rest is %+v", last)
	}
	if all[0].W != "100.00%" || all[0].Of < .29 || all[0].Of > .3 {
		t.Errorf("the largest is %s wide, and %g of all", all[0].W, all[0].Of)
	}
}

func TestParties(t *testing.T) {
	s := good()
	all := partiesOf(s.routes, map[string]moved{"stock": {50, 150}}, "owner", func(r *web.Route) string { return r.Owner })
	if len(all) != 2 || all[0].Name != "team stock" || all[0].Done != 2 || all[0].Routes != 2 || all[0].Share != .75 || all[1].Name != "" || all[1].Any {
		t.Errorf("they are %+v", all)
	}
	_, page := get(t, as(identity(web.RoleView), New(Config{System: s, Logger: quiet()})), strings.ReplaceAll(all[0].Link, "&amp;", "&"))
	if diff := cmp.Diff([]string{"stock", "reviews"}, shownRows(page)); diff != "" {
		t.Errorf("%s shows (-want +got):\n%s", all[0].Link, diff)
	}
}

// TestWrongComesFirst holds that the last changes come first while something is urgent, and not else.
func TestWrongComesFirst(t *testing.T) {
	s := good()
	h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet()}))
	_, page := get(t, h, "/")
	if !strings.Contains(page, "Something is wrong") || strings.Index(page, `id="changes"`) > strings.Index(page, `id="headline"`) {
		t.Error("something is wrong, and the changes don't come first")
	}
	for range 12 { // of which each is listed
		to := strangler.At(strangler.PhaseShadow)
		if s.routes[0].Phase == strangler.PhaseShadow {
			to = strangler.At(strangler.PhaseLegacy)
		}
		if err := s.move(&s.routes[0], to, web.Actor{Name: "ben"}, "", false); err != nil {
			t.Fatal(err)
		}
	}
	if _, page = get(t, h, "/"); strings.Count(page, `<li id="change-`) != lastChangesWrong {
		t.Errorf("%d changes are listed", strings.Count(page, `<li id="change-`))
	}
	s.services, s.config.Problem = nil, ""
	s.legacy.Endpoints = nil
	_, page = get(t, h, "/")
	if strings.Contains(page, "Something is wrong") || strings.Index(page, `id="changes"`) < strings.Index(page, `id="headline"`) || strings.Count(page, `id="changes"`) != 1 {
		t.Error("nothing is wrong, and yet the changes come first")
	}
}

func TestRouteCharts(t *testing.T) {
	s := good()
	s.series = since(30 * time.Minute)
	h := as(identity(web.RoleView), New(Config{System: s, Logger: quiet()}))
	status, body := get(t, h, "/data/routes/orders-read?span=1h")
	var data chartData
	if err := json.Unmarshal([]byte(body), &data); err != nil || status != http.StatusOK {
		t.Fatalf("status %d, error %v: %.300s", status, err, body)
	}
	if n := len(data.At); n < 30 || n > 33 || data.Step != 60 || data.At[0] != data.Begin {
		t.Errorf("%d points of %d s from %d", n, data.Step, data.Begin)
	}
	names := []string{}
	for _, c := range data.Charts {
		names = append(names, c.Name)
		for _, l := range c.Lines {
			if len(l.Values) != len(data.At) {
				t.Errorf("%s has %d values of %d moments", l.Name, len(l.Values), len(data.At))
			}
		}
	}
	if diff := cmp.Diff([]string{"requests", "failures", "latency", "divergence"}, names); diff != "" {
		t.Errorf("charts (-want +got):\n%s", diff)
	}
	if first := data.Charts[0].Lines[0].Values[0]; first == nil || *first != 30 {
		t.Errorf("at first there are %v requests a minute", first)
	}
	if said := data.Charts[0].Said; !strings.HasPrefix(said, "legacy: last ") || !strings.Contains(said, "/min; service: last ") {
		t.Errorf("in words: %s", said)
	}
}

func TestMilestones(t *testing.T) {
	to := strangler.Canary(2500)
	from := strangler.At(strangler.PhaseShadow)
	entries := []web.Entry{ // newest first
		{At: noon, Kind: "moved", How: "rollback", Before: &to, After: &from, Actor: "anna", Reason: "too slow"},
		{At: noon.Add(-time.Minute), Kind: "steered"},
		{At: noon.Add(-time.Hour), Kind: "moved", Before: &from, After: &to},
		{At: noon.Add(-2 * time.Hour), Kind: "changed"},
	}
	want := []milestone{{noon.Add(-time.Hour).Unix(), "25%", "from shadow to 25%"}, {noon.Unix(), "shadow", "from 25% to shadow, rolled back, by anna: “too slow”"}}
	if diff := cmp.Diff(want, milestonesOf(entries, noon.Add(-90*time.Minute))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
