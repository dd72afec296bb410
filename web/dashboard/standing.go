package dashboard

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// remainder is what legacy still serves of a route.
type remainder struct {
	Route    string // empty: what no route takes, or the sum of more
	Link     string
	Name     string
	Phase    *strangler.Phase // nil: it is no route
	Requests int64
	Of       float64 // of all traffic, 0 to 1
	W        string  // of its bar
}

// maxRemainders is how many bars there are; the rest is summed up.
const maxRemainders = 9

// remaindersOf lists what legacy still serves, the largest first.
func remaindersOf(served map[string]moved, routes []web.Route) []remainder {
	known := make(map[string]*web.Route, len(routes))
	for i := range routes {
		known[routes[i].Name] = &routes[i]
	}
	var whole int64
	var all []remainder
	for name, m := range served {
		whole += m.Legacy + m.Service
		if m.Legacy == 0 {
			continue
		}
		r := remainder{Route: name, Name: visible(name), Requests: m.Legacy}
		if name == "" {
			r.Name = "paths that no route takes"
		} else if route := known[name]; route != nil {
			r.Phase, r.Link = &route.Phase, routePath(name)
		} else {
			r.Name += " (gone)"
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b remainder) int {
		return cmp.Or(-cmp.Compare(a.Requests, b.Requests), cmp.Compare(a.Route, b.Route))
	})
	if len(all) > maxRemainders {
		more := remainder{Name: fmt.Sprintf("%d more routes", len(all)-maxRemainders+1), Link: "/routes?sort=legacy"}
		for _, r := range all[maxRemainders-1:] {
			more.Requests += r.Requests
		}
		all = append(all[:maxRemainders-1], more)
	}
	var most int64 = 1
	for _, r := range all {
		most = max(most, r.Requests)
	}
	for i := range all {
		all[i].Of = float64(all[i].Requests) / float64(max(1, whole))
		all[i].W = fmt.Sprintf("%.2f%%", 100*float64(all[i].Requests)/float64(most))
	}
	return all
}

// party is an owner or a unit, and where its routes stand.
type party struct {
	Name   string // empty: none is named
	Link   string
	Routes int
	Done   int
	Phases []phaseCount // of which there are some
	Share  float64      // of its traffic that services serve, 0 to 1
	Any    bool         // there was traffic
}

// partiesOf counts routes by what key says of them, those with most to do first.
func partiesOf(routes []web.Route, served map[string]moved, word string, key func(*web.Route) string) []party {
	var all []party
	at := make(map[string]int)
	counts := make(map[string]map[strangler.Phase]int)
	sums := make(map[string]moved)
	for i := range routes {
		r := &routes[i]
		name := key(r)
		if _, known := at[name]; !known {
			at[name] = len(all)
			p := party{Name: name}
			if name != "" {
				p.Link = "/routes?q=" + queryEscape(word+":"+filterWord(name))
			}
			all = append(all, p)
			counts[name] = make(map[strangler.Phase]int)
		}
		p := &all[at[name]]
		p.Routes++
		if r.Phase >= strangler.PhaseLive {
			p.Done++
		}
		counts[name][r.Phase]++
		m, sum := served[r.Name], sums[name]
		sums[name] = moved{sum.Legacy + m.Legacy, sum.Service + m.Service}
	}
	for i := range all {
		p := &all[i]
		p.Phases = phaseCounts(counts[p.Name], p.Routes)
		s := share{Legacy: float64(sums[p.Name].Legacy), Service: float64(sums[p.Name].Service)}
		p.Share, p.Any = s.Of(), s.Any()
	}
	slices.SortStableFunc(all, func(a, b party) int {
		return cmp.Or(cmp.Compare(map[bool]int{true: 1}[a.Name == ""], map[bool]int{true: 1}[b.Name == ""]),
			-cmp.Compare(a.Routes-a.Done, b.Routes-b.Done), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// phaseCounts are how many routes are in each phase, and where that is in a bar.
func phaseCounts(counts map[strangler.Phase]int, all int) []phaseCount {
	var bar []phaseCount
	x := 0.0
	for _, p := range strangler.Phases() {
		c := phaseCount{Phase: p, Count: counts[p]}
		if all > 0 {
			w := 100 * float64(c.Count) / float64(all)
			c.X, c.W = fmt.Sprintf("%.3f%%", x), fmt.Sprintf("%.3f%%", w)
			x += w
		}
		bar = append(bar, c)
	}
	return bar
}

// figFor is the picture of routes. What changes every second is left out of it: shares are as of the
// last week, and in steps.
func figFor(routes []web.Route, served map[string]moved, service float64) fig {
	f := fig{Service: stepped(service, 50)}
	var whole int64
	for _, m := range served {
		whole += m.Legacy + m.Service
	}
	for _, r := range routes {
		if r.Service == "" && r.Phase == strangler.PhaseLegacy {
			f.Roots = append(f.Roots, figRoot{Name: r.Name, At: strangler.At(r.Phase)})
			continue
		}
		m := served[r.Name]
		of := float64(m.Legacy+m.Service) / float64(max(1, whole))
		f.Roots = append(f.Roots, figRoot{Name: r.Name, At: strangler.Position{Phase: r.Phase, Weight: r.Weight}, Traffic: stepped(of, 20)})
	}
	return f
}

// stepped is a share in so many steps. What is little is not nothing, what is nearly all not all.
func stepped(share float64, steps int) float64 {
	if share <= 0 || share >= 1 {
		return min(1, max(0, share))
	}
	n := int(share*float64(steps) + .5)
	return float64(min(steps-1, max(1, n))) / float64(steps)
}

// figure answers the picture by itself, to be shown around.
func (d *dashboard) figure(w http.ResponseWriter, r *http.Request) {
	v, err := buildOverview(d.query(r), nil)
	if err != nil {
		n := noticeOf(err)
		http.Error(w, n.Title+": "+n.Detail, n.Status)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, string(v.Fig)) // whether the client is still there is its own business
}
