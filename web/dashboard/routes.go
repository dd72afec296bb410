package dashboard

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

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
