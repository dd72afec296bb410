package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// RetireRequest asks for routes to retire together. Exactly one of Routes, Unit and Service is given.
type RetireRequest struct {
	web.Retire
	Actor string `json:"actor,omitempty"` // counts only where there are no tokens
}

// maxRetire bounds a request to retire in bytes: a log's summary may name many callers.
const maxRetire = 4 << 20

// movedRoute is the answer to a move: where the route stands and, if it has just retired, the report.
type movedRoute struct {
	web.Route
	Report *web.Report `json:"report,omitempty"`
}

func (s *server) retire(w http.ResponseWriter, r *http.Request) {
	var in RetireRequest
	if !s.readUpTo(w, r, maxRetire, &in) {
		return
	}
	version, err := ifMatch(r)
	if err == nil && version != 0 && len(in.Routes) != 1 {
		err = errors.New("several routes retire whatever their versions; leave If-Match out")
	}
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := checkRetire(in); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	in.IfVersion = version
	in.Retire.Actor = web.IdentityFrom(r.Context()).Actor(in.Actor)
	result, err := s.system.Retire(r.Context(), in.Retire)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, result)
}

func checkRetire(in RetireRequest) error {
	named := 0
	for _, is := range []bool{len(in.Routes) > 0, in.Unit != "", in.Service != ""} {
		if is {
			named++
		}
	}
	if named != 1 {
		return errors.New("say what retires: exactly one of routes, unit or service")
	}
	if err := in.RetireEvidence.Check(); err != nil {
		return err
	}
	return web.CheckWords(in.Reason, in.Actor)
}

// retireOne answers a move to retired.
func (s *server) retireOne(w http.ResponseWriter, r *http.Request, m web.Move) {
	result, err := s.system.Retire(r.Context(), web.Retire{Routes: []string{m.Route}, Reason: m.Reason, Force: m.Force,
		RetireEvidence: m.RetireEvidence, Actor: m.Actor, IfVersion: m.IfVersion})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var answer movedRoute
	for _, route := range result.Moved {
		if route.Name == m.Route {
			answer.Route = route
		}
	}
	for i, report := range result.Reports {
		if report.Route == m.Route {
			answer.Report = &result.Reports[i]
		}
	}
	w.Header().Set("ETag", etag(answer.Route))
	s.write(w, answer)
}

// checkEvidence reports evidence for a retirement that doesn't go with a move.
func checkEvidence(to strangler.Position, e web.RetireEvidence) error {
	if to.Phase != strangler.PhaseRetired && (e.ProxyOnly || e.AccessLog != nil) {
		return errors.New("proxy_only and access_log go with phase retired; leave them out")
	}
	return e.Check()
}

func (s *server) retirement(w http.ResponseWriter, r *http.Request) {
	answer, err := s.system.Retirement(r.Context(), web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, answer)
}

// Retire retires routes together, or none of them.
func (c *Client) Retire(ctx context.Context, in RetireRequest) (out web.Retired, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/retire", version(in.IfVersion), in, &out)
	return out, err
}

// Retirement returns what stands in the way of a route's retiring.
func (c *Client) Retirement(ctx context.Context, route string) (web.Retirement, error) {
	return get[web.Retirement](ctx, c, "/routes/"+url.PathEscape(route)+"/retirement", nil)
}
