package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// routePage says where a route stands and moves it.
var routePage = page{
	name:  "route",
	build: func(q *query) (view, error) { return buildRoute(q, nil) },
	live: func(v view) []fragment {
		parts := []fragment{{"stands", v}, {"rollout", v}, {"figures", v}, {"evidence", v}, {"compared", v}, {"history", v}}
		if v.base().Who.Operate {
			parts = append(parts, fragment{"move", v})
		}
		return parts
	},
}

type routeView struct {
	frame
	Row         routeRow
	Form        shiftForm
	Unit        []string // the other routes of its unit
	Groups      []groupRow
	Verdicts    []verdictCount
	Reasons     []reasonCount
	Changes     []change
	Undo        *undoOffer // nil: there is nothing to undo
	Compared    web.RouteEvidence
	Rollout     *rolloutPanel    // nil: it has none
	Definition  string           // as in force, pretty JSON
	Retirement  *web.Retirement  // nil: it isn't its turn yet, or never will be
	Translation *web.Translation // nil: nothing is translated
	Explain     explainForm
	Effect      *effect       // of what the form has; nil: it stands there already
	Weights     []string      // that a slider stops at, percent
	Settings    *settingsView // nil: they are as of when the page was loaded
	Export      exportForm
}

// shiftForm is the controls as last sent, or as the route stands.
type shiftForm struct {
	Phase      strangler.Phase
	Weight     string // percent, for canary
	Reason     string
	OfferForce bool // a guard refused, and force gets past it
	// OfferProxyOnly: and so it does if nobody can go around the proxy.
	OfferProxyOnly bool
	Notice         *notice
}

type verdictCount struct {
	Name  string
	Count int64
	Share string
	X, W  string // place and width in the bar
}

type reasonCount struct {
	Reason string
	Count  int64
}

func routeName(q *query) string { return web.PathParam(q.Request, "name") }

func buildRoute(q *query, form *shiftForm) (*routeView, error) {
	name := routeName(q)
	routes := q.System.Routes()
	at := slices.IndexFunc(routes, func(r web.Route) bool { return r.Name == name })
	if at < 0 {
		return nil, unknownRoute(name, routes)
	}
	r := routes[at]
	v := &routeView{frame: frame{Title: visible(name), Section: "routes"}, Row: rowsOf(routes[at:at+1], q.System.Stats())[0]}
	for _, other := range routes {
		if r.Unit != "" && other.Unit == r.Unit && other.Name != name {
			v.Unit = append(v.Unit, other.Name)
		}
	}
	if form == nil {
		form = formOf(q)
	}
	if form != nil {
		v.Form = *form
	} else {
		v.Form = shiftForm{Phase: r.Phase}
	}
	if v.Form.Weight == "" {
		v.Form.Weight = "10"
		if r.Phase == strangler.PhaseCanary {
			v.Form.Weight = strconv.FormatFloat(r.Weight.Percent(), 'f', -1, 64)
		}
	}
	v.Effect = v.effectOf(q, rowsOf(routes, q.System.Stats()))
	v.Export = exportFormOf(routePath(name))
	v.Rollout = rolloutPanelOf(rolloutOf(q.System.Rollouts(), name), name)
	v.Weights = weightsOf(v.Rollout)
	v.countVerdicts()
	groups, err := q.System.Groups(q.Context(), name, "")
	if err = q.without(err); err != nil {
		return nil, fmt.Errorf("read groups of route %q: %w", name, err)
	}
	v.Groups = groupRows(groups, routes)
	v.Compared, err = q.System.RouteEvidence(q.Context(), name)
	if err = q.without(err); err != nil {
		return nil, fmt.Errorf("read evidence of route %q: %w", name, err)
	}
	// What follows is as of when the page was loaded: it changes seldom, and takes the ledger some work.
	if !q.streaming() {
		settings, err := q.System.Settings(name)
		if err != nil {
			return nil, fmt.Errorf("read settings of route %q: %w", name, err)
		}
		v.Settings = settingsOf(settings)
		v.Translation, err = translationOf(q, name)
		if err = q.without(err); err != nil {
			return nil, err
		}
	}
	if !q.streaming() && (r.Phase == strangler.PhaseLive || r.Phase == strangler.PhaseLegacy && r.Service == "") {
		retirement, err := q.System.Retirement(q.Context(), name)
		known := err == nil
		if err = q.without(err); err != nil {
			return nil, fmt.Errorf("read what keeps route %q from retiring: %w", name, err)
		}
		if known && retirement.Invalid == "" {
			v.Retirement = &retirement
		}
	}
	entries, err := q.System.Entries(q.Context(), web.EntryQuery{Route: name, Limit: 20})
	if err = q.without(err); err != nil {
		return nil, fmt.Errorf("read journal of route %q: %w", name, err)
	}
	v.Changes = changesOf(entries, routes, 20)
	if v.Undo, err = undoOf(q.System, name); err != nil {
		return nil, err
	}
	v.Definition = pretty(q.System.Config().Definitions[name])
	v.explain(q)
	return v, nil
}

// usualWeights are the weights that are offered of a route without a rollout, percent.
var usualWeights = []string{"1", "5", "10", "25", "50", "75"}

// weightsOf returns the weights of a rollout's steps, or the usual ones.
func weightsOf(r *rolloutPanel) (weights []string) {
	if r != nil {
		for _, step := range r.Steps {
			if step.Phase == strangler.PhaseCanary {
				weights = append(weights, strconv.FormatFloat(step.Weight.Percent(), 'f', -1, 64))
			}
		}
	}
	if len(weights) == 0 {
		return usualWeights
	}
	return weights
}

func unknownRoute(name string, routes []web.Route) error {
	names := make([]string, len(routes))
	for i, r := range routes {
		names[i] = r.Name
	}
	return &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}

func (v *routeView) countVerdicts() {
	c := v.Row.Stats.Comparisons
	v.Verdicts = []verdictCount{
		{Name: shadow.Match.String(), Count: c.Match}, {Name: shadow.Noise.String(), Count: c.Noise}, {Name: shadow.Lag.String(), Count: c.Lag},
		{Name: shadow.Diverged.String(), Count: c.Diverged}, {Name: shadow.Failed.String(), Count: c.Failed},
		{Name: shadow.Skipped.String(), Count: c.Skipped}, {Name: "pending", Count: c.Pending},
	}
	x := 0.0
	for i := range v.Verdicts {
		n := &v.Verdicts[i]
		n.Share = ratio(n.Count, c.Sampled)
		w := 0.0
		if c.Sampled > 0 {
			w = 100 * float64(n.Count) / float64(c.Sampled)
		}
		n.X, n.W = fmt.Sprintf("%.3f%%", x), fmt.Sprintf("%.3f%%", w)
		x += w
	}
	for reason, n := range c.Reasons {
		v.Reasons = append(v.Reasons, reasonCount{reason, n})
	}
	slices.SortFunc(v.Reasons, func(a, b reasonCount) int {
		if a.Count != b.Count {
			return int(min(1, max(-1, b.Count-a.Count)))
		}
		return bytes.Compare([]byte(a.Reason), []byte(b.Reason))
	})
}

// pretty indents JSON for reading; what isn't JSON stays as it is.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return visible(string(raw))
	}
	return visible(b.String())
}
