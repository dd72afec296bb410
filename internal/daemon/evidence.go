package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// Divergences implements web.Evidence.
func (d *Daemon) Divergences(ctx context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	found, err := d.ledger.Divergences(ctx, ledger.Query{Route: q.Route, Group: q.Group, After: q.After, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	views := make([]web.Divergence, len(found))
	for i, one := range found {
		views[i] = divergenceView(one)
	}
	return views, nil
}

// Divergence implements web.Evidence.
func (d *Daemon) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	found, err := d.ledger.Divergence(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return web.Divergence{}, &web.NotFoundError{What: "divergence", Name: id}
	}
	return divergenceView(found), err
}

// Groups implements web.Evidence.
func (d *Daemon) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	found, err := d.ledger.Groups(ctx, route, state)
	if err != nil {
		return nil, err
	}
	views := make([]web.Group, len(found))
	for i, one := range found {
		views[i] = d.groupView(one)
	}
	return views, nil
}

// Group implements web.Evidence.
func (d *Daemon) Group(ctx context.Context, id string) (web.Group, error) {
	found, err := d.ledger.Group(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		return web.Group{}, d.noGroup(ctx, id)
	}
	if err != nil {
		return web.Group{}, err
	}
	view := d.groupView(found)
	view.Suggested, err = d.suggestions(ctx, found)
	return view, err
}

// noGroup returns the error for an id that no group has, with the group whose id is alike. Where the
// groups can't be read, there is none.
func (d *Daemon) noGroup(ctx context.Context, id string) error {
	groups, _ := d.ledger.Groups(ctx, "", "")
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID
	}
	return &web.NotFoundError{What: "group", Name: id, Near: nearID(id, ids)}
}

// nearID returns the id that was most likely meant: the one that begins so, if only one does, as people
// shorten ids, or else one that differs by a slip of the pen.
func nearID(id string, ids []string) string {
	const least = 4 // characters that tell something
	if len(id) < least {
		return ""
	}
	begin := slices.DeleteFunc(slices.Clone(ids), func(one string) bool { return !strings.HasPrefix(one, id) })
	if len(begin) == 1 {
		return begin[0]
	}
	return strangler.Nearest(id, ids)
}

// suggestionBytes is up to which size, of all together, examples are looked at for suggestions.
const suggestionBytes = 4 << 20

// suggestions returns the rules that most of a group's newest examples suggest.
func (d *Daemon) suggestions(ctx context.Context, g ledger.Group) ([]web.Suggestion, error) {
	const most = 3 // examples to look at
	times, looked := map[web.Suggestion]int{}, 0
	var found []web.Suggestion
	var size int
	for _, id := range g.Examples[:min(most, len(g.Examples))] {
		example, err := d.ledger.Divergence(ctx, id)
		switch {
		case errors.Is(err, ledger.ErrNotFound), err == nil && (example.Legacy == nil || example.Service == nil):
			continue
		case err != nil:
			return nil, err
		}
		if size += len(example.Legacy.Body) + len(example.Service.Body); size > suggestionBytes {
			break // somebody waits for the page
		}
		looked++
		for _, s := range compare.Suggest(example.Legacy, example.Service, example.Differences) {
			suggestion := web.Suggestion{Kind: s.Rule, Pointer: s.Pointer, Value: s.Key}
			if times[suggestion]++; times[suggestion] == 1 {
				found = append(found, suggestion)
			}
		}
	}
	return slices.DeleteFunc(found, func(s web.Suggestion) bool { return times[s]*2 <= looked && looked > 1 }), nil
}

// RouteEvidence implements web.Evidence.
func (d *Daemon) RouteEvidence(ctx context.Context, route string) (web.RouteEvidence, error) {
	if _, err := d.configured(route); err != nil {
		return web.RouteEvidence{}, err
	}
	b, err := d.ledger.Balance(ctx, route)
	if err != nil {
		return web.RouteEvidence{}, err
	}
	return web.RouteEvidence{Route: route, Compared: b.Compared, Diverged: b.Diverged, Expected: b.Expected, Evidence: d.shadow.Evidence()[route]}, nil
}

func divergenceView(d ledger.Divergence) web.Divergence {
	view := web.Divergence{ID: d.ID, Group: d.Group, Route: d.Route, Method: d.Request.Method, Path: d.Request.Path, At: d.At, Verdict: shadow.Diverged,
		Served: d.Served, Differences: d.Differences, More: d.More, Legacy: answerView(d.Legacy), Service: answerView(d.Service)}
	if view.Differences == nil {
		view.Differences = []shadow.Difference{}
	}
	return view
}

// answerView shows a body decoded where it can be: people read JSON, not gzip.
func answerView(a *shadow.Answer) *web.Answer {
	if a == nil {
		return nil
	}
	view := &web.Answer{Status: a.Status, Headers: a.Header, Size: a.Size, LatencyMS: float64(a.Latency.Microseconds()) / 1000}
	if view.Headers == nil {
		view.Headers = map[string][]string{}
	}
	body := a.Body
	if decoded, err := compare.Decoded(a); err == nil {
		body = decoded
	}
	view.Body, view.Binary = textOf(body)
	view.Untranslated = answerView(a.Untranslated)
	return view
}

func (d *Daemon) groupView(g ledger.Group) web.Group {
	view := web.Group{ID: g.ID, Route: g.Route, Title: g.Title(), Count: g.Count, Share: g.Share, Guess: g.Guess, First: g.First, Last: g.Last,
		Noise: d.known(g), State: string(g.State), Since: g.Since, Actor: g.Actor, Verified: g.Verified, Origin: g.Origin, Reason: g.Reason, Reopened: g.Reopened,
		Causes: []web.GroupCause{}, Statuses: [2]int{g.LegacyStatus, g.ServiceStatus}, Examples: g.Examples, Pinned: g.Pinned}
	for _, c := range g.Causes {
		view.Causes = append(view.Causes, web.GroupCause(c))
	}
	for _, day := range g.Days {
		view.Days = append(view.Days, web.GroupDay(day))
	}
	for _, r := range g.Recent {
		view.Recent = append(view.Recent, web.GroupRecent(r))
	}
	if view.Since.IsZero() {
		view.Since = g.First
	}
	if view.Examples == nil {
		view.Examples = []string{}
	}
	return view
}

// known says whether a group is noise, as far as its places are known.
func (d *Daemon) known(g ledger.Group) shadow.Known {
	known := shadow.KnownNoise
	for _, c := range g.Causes {
		switch d.shadow.Known(g.Route, c.Pointer, c.Kind) {
		case shadow.KnownCounts:
			return shadow.KnownCounts // one place that counts is enough
		case shadow.KnownUnknown:
			known = shadow.KnownUnknown
		}
	}
	if len(g.Causes) == 0 {
		return shadow.KnownUnknown
	}
	return known
}
