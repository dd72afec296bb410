package daemon_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/strangler-fig/toolkit/web"
)

const manyOutcomes = `
legacy: {url: %q}
services:
  orders: {urls: [%q]}
  gone: {urls: ["http://127.0.0.1:1"]}
  slow: {urls: [%q], timeouts: {first_byte: 50ms}}
routes:
  - {name: orders-read, match: {path: "/orders/{id}"}, service: orders, start: shadow}
  - {name: alone, match: {path: /alone}, service: orders, start: live, fallback: none}
  - {name: gone, match: {path: /gone}, service: gone, start: live}
  - {name: slow, match: {path: /slow}, service: slow, start: live, fallback: none}
  - {name: unused, match: {path: /unused}, service: orders}
facades:
  shop:
    listen: 127.0.0.1:0
    routes:
      - path: {legacy: "/cgi/{id}", service: "/customers/{id}"}
`

func startManyOutcomes(t *testing.T, folder string) *system {
	answer := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.URL.Query().Has("fail") {
				w.WriteHeader(http.StatusInternalServerError)
			}
			if r.URL.Query().Has("cut") {
				fmt.Fprint(w, "half")
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
			said := "both"
			if r.URL.Path == "/orders/1" {
				said = name
			}
			fmt.Fprintf(w, `{"said":%q}`, said)
		}
	}
	slow := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	}
	return startIn(t, folder, fmt.Sprintf(manyOutcomes, backend(t, "", answer("legacy")).URL, backend(t, "", answer("service")).URL, backend(t, "", slow).URL))
}

// figures are those of both sides and of comparisons, by name and labels as /metrics has them.
type figures map[string]float64

// scraped returns what /metrics says of what series have, zeros left out.
func (s *system) scraped(t *testing.T) figures {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(s.metrics(t)))
	if err != nil {
		t.Fatal(err)
	}
	all := figures{}
	for _, name := range []string{"strangler_requests_total", "strangler_failures_total", "strangler_failure_classes_total", "strangler_fallbacks_total", "strangler_comparisons_total"} {
		for _, m := range families[name].GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			all.add(m.GetCounter().GetValue(), name, labels["route"], labels["side"]+labels["class"]+labels["verdict"])
		}
	}
	return all
}

func (f figures) add(n float64, name, route, what string) {
	if n != 0 {
		f[strings.TrimSpace(fmt.Sprintf("%s %q %s", name, route, what))] += n
	}
}

// recorded returns the same of series.
func (s *system) recorded(t *testing.T, step time.Duration) figures {
	t.Helper()
	ask := func(q web.SeriesQuery) web.Series {
		q.Step = web.SeriesStep(step)
		found, err := s.API.Series(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	requests := func(of web.Series) (n int64) {
		for _, line := range of.Lines {
			for _, p := range line.Points {
				n += p.Legacy.Requests + p.Service.Requests
			}
		}
		return n
	}
	found := ask(web.SeriesQuery{ByRoute: true})
	if each, together := requests(found), requests(ask(web.SeriesQuery{})); each != together {
		t.Errorf("all routes together had %d requests, each by itself %d", together, each)
	}
	found.Lines = append(found.Lines, ask(web.SeriesQuery{Routes: []string{"facade:shop"}, ByRoute: true}).Lines...)
	all := figures{}
	for _, line := range found.Lines {
		for _, p := range line.Points {
			for name, side := range map[string]web.SeriesSide{"legacy": p.Legacy, "service": p.Service} {
				all.add(float64(side.Requests), "strangler_requests_total", line.Route, name)
				all.add(float64(side.Failed), "strangler_failures_total", line.Route, name)
				for class, n := range side.Failures {
					all.add(float64(n), "strangler_failure_classes_total", line.Route, name+class)
				}
				if answers := side.Requests; answers > 0 && name == "legacy" && (side.P50MS <= 0 || side.P50MS > side.P90MS || side.P90MS > side.P99MS) {
					t.Errorf("%q: %d answers of %s, with quantiles %g, %g, %g", line.Route, answers, name, side.P50MS, side.P90MS, side.P99MS)
				}
			}
			all.add(float64(p.Fallbacks), "strangler_fallbacks_total", line.Route, "")
			for verdict, n := range map[string]int64{"match": p.Comparisons.Match, "noise": p.Comparisons.Noise, "lag": p.Comparisons.Lag,
				"diverged": p.Comparisons.Diverged, "failed": p.Comparisons.Failed, "skipped": p.Comparisons.Skipped} {
				all.add(float64(n), "strangler_comparisons_total", line.Route, verdict)
			}
		}
	}
	return all
}

// TestSeriesAreTheMetrics sends requests of every outcome, before and after a restart, and while another
// process has the ledger.
func TestSeriesAreTheMetrics(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := startManyOutcomes(t, folder)
	exercise := func(times int) {
		t.Helper()
		want := s.Stats().Routes[0].Comparisons.Sampled + 3*int64(times)
		for range times {
			for _, path := range []string{"/orders/1", "/orders/2", "/orders/2?fail", "/alone", "/alone?fail", "/alone?cut", "/gone", "/slow", "/elsewhere", "/elsewhere?fail"} {
				if resp, err := s.Client.Get(s.URL + path); err == nil {
					_, _ = body(resp, nil)
				}
			}
			if resp, err := s.Client.Get(s.FacadeURL("shop") + "/customers/7"); err == nil {
				_, _ = body(resp, nil)
			}
		}
		eventually(t, "all have ended", func() bool {
			settled := true
			for _, r := range s.Stats().Routes {
				settled = settled && r.Comparisons.Pending == 0
			}
			return settled && s.Stats().Routes[0].Comparisons.Sampled == want
		})
	}
	exercise(3)
	if err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := s.scraped(t)
	for figure, n := range (figures{`strangler_requests_total "" legacy`: 6, `strangler_failure_classes_total "" legacystatus`: 3, `strangler_failure_classes_total "alone" servicestatus`: 3, `strangler_failure_classes_total "gone" serviceconnect`: 3, `strangler_fallbacks_total "gone"`: 3,
		`strangler_failure_classes_total "slow" servicetimeout`: 3, `strangler_failure_classes_total "alone" servicebroken`: 3, `strangler_comparisons_total "orders-read" diverged`: 3,
		`strangler_requests_total "facade:shop" legacy`: 3}) {
		if first[figure] != n {
			t.Errorf("%s is %g, want %g, of %v", figure, first[figure], n, first)
		}
	}
	if diff := cmp.Diff(first, s.recorded(t, time.Minute)); diff != "" {
		t.Errorf("minutes (-/metrics +series):\n%s", diff)
	}

	tx, err := s.ledgerFile(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	exercise(1)
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Sample(soon); err == nil {
		t.Error("it was written, though the file is locked")
	}
	if diff := cmp.Diff(first, s.recorded(t, time.Minute)); diff != "" {
		t.Errorf("while the file is locked (-before +series):\n%s", diff)
	}
	exercise(1)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	all := s.scraped(t)
	if err := s.end(); err != nil { // writes the rest
		t.Fatal(err)
	}

	s = startManyOutcomes(t, folder)
	if diff := cmp.Diff(all, s.recorded(t, time.Minute)); diff != "" {
		t.Errorf("after a restart (-/metrics before +series):\n%s", diff)
	}
	exercise(2)
	if err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	for figure, n := range maps.Clone(s.scraped(t)) {
		all[figure] += n
	}
	for _, step := range []time.Duration{time.Minute, time.Hour} {
		if diff := cmp.Diff(all, s.recorded(t, step)); diff != "" {
			t.Errorf("%s, after both (-sums of /metrics +series):\n%s", step, diff)
		}
	}
	if dropped := s.Stats().Ledger.SamplesDropped; dropped != 0 || !strings.Contains(s.metrics(t), "strangler_ledger_samples_dropped_total 0") {
		t.Errorf("%d samples were dropped", dropped)
	}
}

func TestSeriesNames(t *testing.T) {
	t.Parallel()
	s := startManyOutcomes(t, t.TempDir())
	s.get(t, "/elsewhere")
	s.get(t, "/alone")
	eventually(t, "it has ended", func() bool { return s.Stats().Routes[1].Service.Requests == 1 })
	if err := s.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		q       web.SeriesQuery
		want    string // lines, and the requests of each
		problem string
	}{
		{"all", web.SeriesQuery{}, ":2", ""},
		{"each", web.SeriesQuery{ByRoute: true}, ":1 alone:1", ""},
		{"what no route takes", web.SeriesQuery{Routes: []string{""}}, ":1", ""},
		{"one, by route", web.SeriesQuery{Routes: []string{"alone"}, ByRoute: true}, "alone:1", ""},
		{"one on which nothing happened", web.SeriesQuery{Routes: []string{"unused"}}, ":0", ""},
		{"such, by route", web.SeriesQuery{Routes: []string{"unused"}, ByRoute: true}, "", ""},
		{"a facade that nobody called", web.SeriesQuery{Routes: []string{"facade:shop"}}, ":0", ""},
		{"no route", web.SeriesQuery{Routes: []string{"alone", "aline"}}, "", `no route "aline"; did you mean "alone"?`},
		{"no facade", web.SeriesQuery{Routes: []string{"facade:ship"}}, "", `no route "facade:ship"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := s.API.Series(t.Context(), test.q)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q", err, test.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, line := range found.Lines {
				var n int64
				for _, p := range line.Points {
					n += p.Legacy.Requests + p.Service.Requests
				}
				got = append(got, fmt.Sprint(line.Route, ":", n))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if found.Since.IsZero() || found.From.After(time.Now().Add(-time.Hour)) || found.From.Second() != 0 {
				t.Errorf("from %s, since %s", found.From, found.Since)
			}
		})
	}
	s.reload(t, "legacy: {url: \"http://127.0.0.1:1\"}\n")
	if found, err := s.API.Series(t.Context(), web.SeriesQuery{Routes: []string{"alone"}}); err != nil || len(found.Lines[0].Points) != 1 {
		t.Errorf("a route that is no more: %+v, %v", found, err)
	}
}

// TestSeriesAreReadOnce holds that who asks for what others asked for gets that, until there is more.
func TestSeriesAreReadOnce(t *testing.T) {
	t.Parallel()
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL))
	q := web.SeriesQuery{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour).Truncate(time.Minute), Step: web.SeriesStep(time.Minute), ByRoute: true}
	look := func(q web.SeriesQuery) (line *web.SeriesLine, requests int64) {
		t.Helper()
		found, err := s.Series(t.Context(), q)
		if err != nil || len(found.Lines) != 1 {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, p := range found.Lines[0].Points {
			requests += p.Legacy.Requests
		}
		if !found.To.Equal(q.To) {
			t.Errorf("up to %s, want %s", found.To, q.To)
		}
		return &found.Lines[0], requests
	}
	var before *web.SeriesLine
	for round := range int64(3) {
		s.get(t, "/orders/1")
		eventually(t, "it has ended", func() bool { return s.Stats().Routes[0].Legacy.Requests == round+1 })
		if err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		line, requests := look(q)
		if requests != round+1 || line == before {
			t.Errorf("round %d: %d requests, as before: %v", round, requests, line == before)
		}
		sooner := q
		sooner.To = q.To.Add(-time.Second) // which begins no other minute
		if again, _ := look(sooner); again != line {
			t.Errorf("round %d: it was read again, though nothing was written", round)
		}
		sooner.To = q.To.Add(-time.Minute)
		if other, _ := look(sooner); other == line {
			t.Errorf("round %d: another time is the same", round)
		}
		before = line
	}
}
