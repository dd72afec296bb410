package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (out T, err error) {
	for name, values := range query {
		if values[0] == "" {
			query.Del(name)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	err = c.call(ctx, http.MethodGet, path, nil, nil, &out)
	return out, err
}

// count writes a number for a query, where 0 is left to the server.
func count(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// version returns the header that lets a change pass only at that version of a route; 0: at any.
func version(n int64) http.Header {
	header := make(http.Header)
	if n != 0 {
		header.Set("If-Match", strconv.Quote(strconv.FormatInt(n, 10)))
	}
	return header
}

// Routes returns all routes, in the configuration's order.
func (c *Client) Routes(ctx context.Context) ([]web.Route, error) {
	l, err := get[routeList](ctx, c, "/routes", nil)
	return l.Routes, err
}

// Route returns one route.
func (c *Client) Route(ctx context.Context, name string) (web.Route, error) {
	return get[web.Route](ctx, c, "/routes/"+url.PathEscape(name), nil)
}

// Shift moves a route.
func (c *Client) Shift(ctx context.Context, name string, in ShiftRequest) (out web.Route, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPut, "/routes/"+url.PathEscape(name)+"/phase", version(in.IfVersion), in, &out)
	return out, err
}

// Undo takes a route one step back and returns the routes that moved.
func (c *Client) Undo(ctx context.Context, name string, in UndoRequest) ([]web.Route, error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out routeList
	err := c.call(ctx, http.MethodPost, "/routes/"+url.PathEscape(name)+"/undo", version(in.IfVersion), in, &out)
	return out.Routes, err
}

// Rollback takes routes back.
func (c *Client) Rollback(ctx context.Context, in web.Rollback) (out web.RollbackResult, err error) {
	actor := in.Actor.Name
	if actor == "" {
		actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/rollback", nil, rollbackRequest{in, actor}, &out)
	return out, err
}

// Rollouts returns the rollouts of all routes that have one, and what freezes them; nil: nothing.
func (c *Client) Rollouts(ctx context.Context) ([]web.Rollout, *web.Freeze, error) {
	l, err := get[rolloutList](ctx, c, "/rollouts", nil)
	return l.Rollouts, l.Freeze, err
}

// Rollout returns that of a route, or of a unit.
func (c *Client) Rollout(ctx context.Context, route string) (web.Rollout, error) {
	return get[web.Rollout](ctx, c, "/rollouts/"+url.PathEscape(route), nil)
}

// Steer tells the rollout of a route, or of a unit, something: one of web.Steers.
func (c *Client) Steer(ctx context.Context, route, what string, in SteerRequest) (out web.Rollout, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/rollouts/"+url.PathEscape(route)+"/"+url.PathEscape(what), version(in.IfVersion), in, &out)
	return out, err
}

// Freeze keeps all promotions from being made.
func (c *Client) Freeze(ctx context.Context, in FreezeRequest) (web.Freeze, error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out freezeAnswer
	err := c.call(ctx, http.MethodPost, "/freeze", nil, in, &out)
	if out.Freeze == nil {
		return web.Freeze{}, err
	}
	return *out.Freeze, err
}

// Thaw ends that, also where there is nothing to end.
func (c *Client) Thaw(ctx context.Context, in ThawRequest) error {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out freezeAnswer
	return c.call(ctx, http.MethodPost, "/thaw", nil, in, &out)
}

// Divergences returns divergences, newest first, without their answers.
func (c *Client) Divergences(ctx context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	l, err := get[divergenceList](ctx, c, "/divergences", url.Values{"route": {q.Route}, "group": {q.Group}, "after": {q.After}, "limit": {count(int64(q.Limit))}})
	return l.Divergences, err
}

// Divergence returns one divergence, with its answers where the token's role allows it.
func (c *Client) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	return get[web.Divergence](ctx, c, "/divergences/"+url.PathEscape(id), nil)
}

// Groups returns the groups of a route and in a state; empty: all.
func (c *Client) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	l, err := get[groupList](ctx, c, "/groups", url.Values{"route": {route}, "state": {state}})
	return l.Groups, err
}

// Group returns one group.
func (c *Client) Group(ctx context.Context, id string) (web.Group, error) {
	return get[web.Group](ctx, c, "/groups/"+url.PathEscape(id), nil)
}

// RouteEvidence returns what is known of a route's comparisons.
func (c *Client) RouteEvidence(ctx context.Context, route string) (web.RouteEvidence, error) {
	return get[web.RouteEvidence](ctx, c, "/routes/"+url.PathEscape(route)+"/evidence", nil)
}

// Triage puts a group into another state, and returns it.
func (c *Client) Triage(ctx context.Context, group string, in TriageRequest) (out web.Group, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPut, "/groups/"+url.PathEscape(group)+"/state", nil, in, &out)
	return out, err
}

// Rules returns what counts on a route; empty: on all.
func (c *Client) Rules(ctx context.Context, route string) ([]web.Rule, error) {
	l, err := get[ruleList](ctx, c, "/rules", url.Values{"route": {route}})
	return l.Rules, err
}

// PreviewRules tells what rules would make of the past, and changes nothing.
func (c *Client) PreviewRules(ctx context.Context, in RulesRequest) (out web.RuleEffect, err error) {
	err = c.call(ctx, http.MethodPost, "/rules/preview", nil, in, &out)
	return out, err
}

// AddRules puts rules in force, and tells what they make of the past.
func (c *Client) AddRules(ctx context.Context, in RulesRequest) (out web.RuleEffect, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/rules", nil, in, &out)
	return out, err
}

// DropRule ends a rule of the journal, and returns all that are left.
func (c *Client) DropRule(ctx context.Context, id string, in DropRequest) ([]web.Rule, error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out ruleList
	err := c.call(ctx, http.MethodPost, "/rules/"+url.PathEscape(id)+"/drop", nil, in, &out)
	return out.Rules, err
}

// Journal returns entries, newest first.
func (c *Client) Journal(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	l, err := get[entryList](ctx, c, "/journal", url.Values{"route": {q.Route}, "before": {count(q.Before)}, "limit": {count(int64(q.Limit))}})
	return l.Entries, err
}

// VerifyJournal has the chain of hashes of the journal's entries computed anew, and a head that was
// kept looked for in it; empty: none.
func (c *Client) VerifyJournal(ctx context.Context, head string) (web.JournalProof, error) {
	return get[web.JournalProof](ctx, c, "/journal/verify", url.Values{"head": {head}})
}

// RoutesAt returns the table as it was, or of it one route.
func (c *Client) RoutesAt(ctx context.Context, route string, at time.Time) ([]web.Route, error) {
	l, err := get[routeList](ctx, c, "/journal", url.Values{"route": {route}, "at": {at.Format(time.RFC3339Nano)}})
	return l.Routes, err
}

// ExportState returns where routes stand, for ImportState of another proxy.
func (c *Client) ExportState(ctx context.Context) (web.State, error) {
	return get[web.State](ctx, c, "/state", nil)
}

// ImportState has routes stand as they do elsewhere, and returns what changed.
func (c *Client) ImportState(ctx context.Context, in StateRequest) (out web.StateChange, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/state", nil, in, &out)
	return out, err
}

// Stats returns the figures since the proxy started.
func (c *Client) Stats(ctx context.Context) (web.Stats, error) {
	return get[web.Stats](ctx, c, "/stats", nil)
}

// Services returns all services and how they do.
func (c *Client) Services(ctx context.Context) ([]web.Service, error) {
	services, _, err := c.Upstreams(ctx)
	return services, err
}

// Upstreams returns all services and the legacy application, and how they do.
func (c *Client) Upstreams(ctx context.Context) (services []web.Service, legacy web.Service, err error) {
	l, err := get[serviceList](ctx, c, "/services", nil)
	return l.Services, l.Legacy, err
}

// Config returns which configuration is in force.
func (c *Client) Config(ctx context.Context) (web.ConfigState, error) {
	return get[web.ConfigState](ctx, c, "/config", nil)
}

// Explain tells what would happen to a request.
func (c *Client) Explain(ctx context.Context, in web.Explain) (out web.Explanation, err error) {
	err = c.call(ctx, http.MethodPost, "/explain", nil, in, &out)
	return out, err
}

// Compare hands in both sides' answers of exchanges that never passed the proxy, at most 100, and
// returns what came of each, in their order.
func (c *Client) Compare(ctx context.Context, list ...GivenExchange) ([]web.Judgement, error) {
	var out judgementList
	err := c.call(ctx, http.MethodPost, "/comparisons", nil, ComparisonsRequest{list}, &out)
	return out.Comparisons, err
}

// Decide returns which sides keys are on, at most 1,000, in their order. A program that asks often
// follows the proxy with a Chooser instead.
func (c *Client) Decide(ctx context.Context, list ...Choice) ([]web.Decision, error) {
	var out decisionList
	err := c.call(ctx, http.MethodPost, "/decisions", nil, DecisionsRequest{list}, &out)
	return out.Decisions, err
}
