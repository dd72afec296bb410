package dashboard

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// routesPage is the table of routes: filtered, sorted and paged on the server, so that 2,000 of them
// are as light as 50.
var routesPage = page{name: "routes", build: buildRoutes, live: func(v view) []fragment {
	t := v.(*routesView)
	parts := []fragment{{"found", t}, {"live-rows", tableOf{t}}}
	for i := range t.Rows {
		parts = append(parts, fragment{"live-row", rowOf{&t.Rows[i], t.Who}})
	}
	if t.CatchAll.Shown {
		parts = append(parts, fragment{"live-catch-all", t})
	}
	return parts
}}

// tableOf is a table as a whole, which is sent where other rows are in it, or in another order.
type tableOf struct{ *routesView }

func (t tableOf) stamp() string {
	var b strings.Builder
	for _, r := range t.Rows {
		b.WriteString(r.Name + "\n")
	}
	return b.String()
}

// rowOf is a row by itself, and who looks at it.
type rowOf struct {
	*tableRow
	Who viewer
}

func (r rowOf) key() string { return r.Name }

type routesView struct {
	frame
	Q, Sort string
	Down    bool
	Back    reach
	Page    int // from 1
	Pages   int
	All     int // routes there are
	Found   int // by the filter
	From    int // the first that is shown, from 1
	Rows    []tableRow
	CatchAll
	Columns []column
	Here    string // the address of what is shown
	Next    string
	Prev    string
}

// CatchAll is what no route takes.
type CatchAll struct {
	Shown    bool
	NoLegacy bool
	Stats    web.RouteStats
	Sparks   rowSparks
}

// column is a head of the table, and the address that sorts by it.
type column struct {
	Name, Title string
	Link        string
	Order       string // ascending, descending or empty
	Num         bool
}

type tableRow struct {
	routeRow
	Sparks rowSparks
}

// rowSparks are the pictures of a row.
type rowSparks struct {
	Known                                   bool
	Requests, Failures, Latency, Divergence spark
	// What they come to over the whole time: percent, milliseconds at worst; NaN: nothing.
	LegacyFailed, ServiceFailed, Diverged float64
	LegacyP99, ServiceP99                 float64
}

// pageRoutes is how many rows a page has.
const pageRoutes = 50

var tableColumns = []column{{Name: "name", Title: "Route"}, {Name: "phase", Title: "Phase"}, {Name: "split", Title: "Split now"},
	{Name: "rate", Title: "Requests/s", Num: true}, {Name: "failures", Title: "Failures", Num: true}, {Name: "latency", Title: "p99", Num: true}, {Name: "divergence", Title: "Diverged", Num: true}}

func buildRoutes(q *query) (view, error) {
	ask := q.URL.Query()
	v := &routesView{frame: frame{Title: "Routes", Section: "routes", Within: true}, Q: cut(strings.TrimSpace(ask.Get("q")), 200),
		Sort: ask.Get("sort"), Down: ask.Get("down") == "1", Back: reachOf(ask.Get("span"))}
	stats, routes := q.System.Stats(), q.System.Routes()
	v.All = len(routes)
	rows := rowsOf(routes, stats)
	words := wordsOf(v.Q)
	rows = slices.DeleteFunc(rows, func(r routeRow) bool { return !r.has(words) })
	v.Found = len(rows)
	v.sort(rows)
	v.Pages = max(1, (len(rows)+pageRoutes-1)/pageRoutes)
	v.Page, _ = strconv.Atoi(ask.Get("page")) // anything else is the first
	v.Page = min(v.Pages, max(1, v.Page))
	begin := (v.Page - 1) * pageRoutes
	rows = rows[begin:min(len(rows), begin+pageRoutes)]
	v.From = begin + 1
	rollouts := q.System.Rollouts()
	of := make(map[string]*web.Rollout)
	for i := range rollouts {
		for _, name := range rollouts[i].Routes {
			of[name] = &rollouts[i]
		}
	}
	for _, r := range rows {
		if known := of[r.Name]; known != nil {
			r.Rollout = stepBarOf(known)
		}
		v.Rows = append(v.Rows, tableRow{routeRow: r})
	}
	v.CatchAll = CatchAll{Shown: v.Page == v.Pages && len(words) == 0, NoLegacy: q.System.Legacy().Absent}
	for _, s := range stats.Routes {
		if s.Route == "" {
			v.CatchAll.Stats = s
		}
	}
	v.links()
	return v, v.spark(q)
}

// wordsOf splits a filter; "a b" is one word.
func wordsOf(s string) []string {
	var words []string
	var b strings.Builder
	inside := false
	flush := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	for _, r := range strings.ToLower(s) {
		switch {
		case r == '"':
			inside = !inside
		case r == ' ' && !inside:
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return words
}

// filterWord is a word of a filter, though it has spaces.
func filterWord(s string) string {
	if strings.ContainsAny(s, " \t") {
		return `"` + strings.ReplaceAll(s, `"`, "") + `"`
	}
	return strings.ReplaceAll(s, `"`, "")
}

// has reports whether a row has all words: in its name, what it matches, service, unit, owner or
// phase, or as owner:WORD and the like in just that.
func (r *routeRow) has(words []string) bool {
	if len(words) == 0 {
		return true
	}
	field := func(name string) (string, bool) {
		switch name {
		case "name":
			return r.Name, true
		case "path":
			return r.Match.Path, true
		case "service":
			return r.Service, true
		case "unit":
			return r.Unit, true
		case "owner":
			return r.Owner, true
		case "phase":
			return r.Phase.String(), true
		}
		return "", false
	}
	all := strings.ToLower(strings.Join([]string{r.Name, matchText(r.Match), r.Service, r.Unit, r.Owner, r.Phase.String()}, "\n"))
	for _, w := range words {
		if name, value, ok := strings.Cut(w, ":"); ok {
			if text, known := field(name); known {
				text = strings.ReplaceAll(strings.ToLower(text), `"`, "")
				if text == value || (name == "name" || name == "path") && strings.Contains(text, value) {
					continue
				}
				return false
			}
		}
		if !strings.Contains(all, w) {
			return false
		}
	}
	return true
}

// sort orders rows; equal ones stay in the configuration's order.
func (v *routesView) sort(rows []routeRow) {
	failed := func(r *routeRow) float64 {
		s := r.Stats
		return zero(part(s.Legacy.Failures+s.Service.Failures, s.Legacy.Requests+s.Service.Requests))
	}
	by := map[string]func(a, b *routeRow) int{
		"name": func(a, b *routeRow) int { return strings.Compare(a.Name, b.Name) },
		"phase": func(a, b *routeRow) int {
			return strangler.Position{Phase: a.Phase, Weight: a.Weight}.Compare(strangler.Position{Phase: b.Phase, Weight: b.Weight})
		},
		"split": func(a, b *routeRow) int { return cmp.Compare(a.ServiceShare(), b.ServiceShare()) },
		"rate": func(a, b *routeRow) int {
			return cmp.Compare(a.Stats.Legacy.PerSecond+a.Stats.Service.PerSecond, b.Stats.Legacy.PerSecond+b.Stats.Service.PerSecond)
		},
		"legacy":   func(a, b *routeRow) int { return -cmp.Compare(a.Stats.Legacy.Requests, b.Stats.Legacy.Requests) },
		"failures": func(a, b *routeRow) int { return cmp.Compare(failed(a), failed(b)) },
		"latency": func(a, b *routeRow) int {
			return cmp.Compare(max(a.Stats.Legacy.P99MS, a.Stats.Service.P99MS), max(b.Stats.Legacy.P99MS, b.Stats.Service.P99MS))
		},
		"divergence": func(a, b *routeRow) int {
			return cmp.Compare(diverging(a.Stats.Comparisons), diverging(b.Stats.Comparisons))
		},
	}[v.Sort]
	if by == nil {
		v.Sort = ""
		return
	}
	order := make([]*routeRow, len(rows)) // rows are large: what is moved about is where they are
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortStableFunc(order, func(a, b *routeRow) int {
		if v.Down {
			return -by(a, b)
		}
		return by(a, b)
	})
	sorted := make([]routeRow, len(rows))
	for i, r := range order {
		sorted[i] = *r
	}
	copy(rows, sorted)
}

func zero(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

func diverging(c shadow.Counts) float64 {
	return zero(part(c.Diverged, c.Match+c.Noise+c.Lag+c.Diverged))
}

// links makes the addresses of the table.
func (v *routesView) links() {
	address := func(sort string, down bool, page int) string {
		q := url.Values{}
		for name, value := range map[string]string{"q": v.Q, "sort": sort} {
			if value != "" {
				q.Set(name, value)
			}
		}
		if down {
			q.Set("down", "1")
		}
		if v.Back != reaches[0] {
			q.Set("span", v.Back.Name)
		}
		if page > 1 {
			q.Set("page", strconv.Itoa(page))
		}
		if len(q) == 0 {
			return "/routes"
		}
		return "/routes?" + q.Encode()
	}
	for _, c := range tableColumns {
		// What is most is what one looks for first.
		down := c.Num || c.Name == "split"
		if c.Name == v.Sort {
			c.Order = map[bool]string{true: "descending", false: "ascending"}[v.Down]
			down = !v.Down
		}
		c.Link = address(c.Name, down, 1)
		v.Columns = append(v.Columns, c)
	}
	v.Here = address(v.Sort, v.Down, v.Page)
	if v.Page > 1 {
		v.Prev = address(v.Sort, v.Down, v.Page-1)
	}
	if v.Page < v.Pages {
		v.Next = address(v.Sort, v.Down, v.Page+1)
	}
}

// Views are the rows, each with who looks at it.
func (v *routesView) Views() []rowOf {
	all := make([]rowOf, len(v.Rows))
	for i := range v.Rows {
		all[i] = rowOf{&v.Rows[i], v.Who}
	}
	return all
}

// Till is the last that is shown.
func (v *routesView) Till() int { return v.From - 1 + len(v.Rows) }

// spark reads the series of the rows that are shown.
func (v *routesView) spark(q *query) error {
	var names []string
	for _, r := range v.Rows {
		names = append(names, r.Name)
	}
	if v.CatchAll.Shown {
		names = append(names, "")
	}
	if len(names) == 0 {
		return nil
	}
	now := time.Now().Truncate(seriesFresh) // so that pictures change no more often than figures come in
	step := sparkStep(v.Back.Back)
	from := now.Add(-v.Back.Back).Truncate(step)
	series, err := q.System.Series(q.Context(), web.SeriesQuery{Routes: names, From: from, To: now, Step: web.SeriesStep(step), ByRoute: true})
	if errors.As(err, new(*strangler.UnknownRouteError)) {
		return nil // one went between two readings; the next reading has what is
	} else if err != nil {
		return fmt.Errorf("read series: %w", err)
	}
	lines := make(map[string][]web.SeriesPoint, len(series.Lines))
	for _, l := range series.Lines {
		lines[l.Route] = l.Points
	}
	for i := range v.Rows {
		v.Rows[i].Sparks = sparksOf(lines[v.Rows[i].Name], from, now, step)
	}
	v.CatchAll.Sparks = sparksOf(lines[""], from, now, step)
	return nil
}

// sparkStep makes about 60 points, of what is on record for so long.
func sparkStep(back time.Duration) time.Duration {
	switch {
	case back <= time.Hour:
		return time.Minute
	case back <= 6*time.Hour:
		return 5 * time.Minute
	case back <= 24*time.Hour:
		return 15 * time.Minute
	case back <= 7*day:
		return 6 * time.Hour
	}
	return day
}

func sparksOf(points []web.SeriesPoint, from, now time.Time, step time.Duration) rowSparks {
	if len(points) == 0 {
		return rowSparks{}
	}
	points = dense(points, from, now, step)
	if now.Sub(points[len(points)-1].At) < settled && len(points) > 1 { // it has hardly begun
		points = points[:len(points)-1]
	}
	s := rowSparks{Known: true}
	var sum web.SeriesPoint
	for _, p := range points {
		sum.Legacy.Requests += p.Legacy.Requests
		sum.Legacy.Failed += p.Legacy.Failed
		sum.Service.Requests += p.Service.Requests
		sum.Service.Failed += p.Service.Failed
		sum.Comparisons.Diverged += p.Comparisons.Diverged
		sum.Comparisons.Match += comparedIn(p.Comparisons) - p.Comparisons.Diverged
		s.LegacyP99, s.ServiceP99 = max(s.LegacyP99, p.Legacy.P99MS), max(s.ServiceP99, p.Service.P99MS)
	}
	rate := func(n int64, p *web.SeriesPoint) float64 { return float64(n) / min(step, now.Sub(p.At)).Seconds() }
	s.Requests = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return rate(p.Legacy.Requests, p) }),
		each(points, func(p *web.SeriesPoint) float64 { return rate(p.Service.Requests, p) }), 0)
	s.Failures = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return part(p.Legacy.Failed, p.Legacy.Requests) }),
		each(points, func(p *web.SeriesPoint) float64 { return part(p.Service.Failed, p.Service.Requests) }), 1)
	nothing := func(v float64) float64 {
		if v == 0 {
			return math.NaN()
		}
		return v
	}
	s.Latency = sparkOf(each(points, func(p *web.SeriesPoint) float64 { return nothing(p.Legacy.P99MS) }),
		each(points, func(p *web.SeriesPoint) float64 { return nothing(p.Service.P99MS) }), 0)
	s.Divergence = sparkOf(nil, each(points, func(p *web.SeriesPoint) float64 { return part(p.Comparisons.Diverged, comparedIn(p.Comparisons)) }), 1)
	s.LegacyFailed, s.ServiceFailed = part(sum.Legacy.Failed, sum.Legacy.Requests), part(sum.Service.Failed, sum.Service.Requests)
	s.Diverged = part(sum.Comparisons.Diverged, comparedIn(sum.Comparisons))
	return s
}
