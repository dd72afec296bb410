package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

type rolloutList struct {
	Rollouts []web.Rollout `json:"rollouts"`
	Freeze   *web.Freeze   `json:"freeze,omitempty"` // absent: nothing is frozen
}

// SteerRequest tells a rollout something.
type SteerRequest struct {
	Reason  string `json:"reason,omitempty"`
	Version string `json:"service_version,omitempty"` // of the service, in your word; to resume
	Force   bool   `json:"force,omitempty"`           // to promote and abort
	Actor   string `json:"actor,omitempty"`           // counts only where there are no tokens

	IfVersion int64 `json:"-"` // the client sends it as If-Match; 0: any
}

// FreezeRequest asks for promotions to be frozen.
type FreezeRequest struct {
	Until  time.Time `json:"until,omitzero"` // zero: until they are thawed
	Reason string    `json:"reason,omitempty"`
	Actor  string    `json:"actor,omitempty"` // counts only where there are no tokens
}

// ThawRequest asks for promotions to be made again.
type ThawRequest struct {
	Reason string `json:"reason,omitempty"`
	Actor  string `json:"actor,omitempty"` // counts only where there are no tokens
}

type freezeAnswer struct {
	Freeze *web.Freeze `json:"freeze,omitempty"` // absent: nothing is frozen
}

func (s *server) rollouts(w http.ResponseWriter, _ *http.Request) {
	s.write(w, rolloutList{s.system.Rollouts(), s.system.Freeze()})
}

// rollout answers with one. Its ETag is the version of the route that the path names, read before
// all else: where the route moves meanwhile it is too old, and a steering that depends on it is
// refused rather than made on what nobody has seen.
func (s *server) rollout(w http.ResponseWriter, r *http.Request) {
	versions := s.system.Routes()
	one, name, err := s.rolloutOf(web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if i := slices.IndexFunc(versions, func(route web.Route) bool { return route.Name == name }); i >= 0 {
		w.Header().Set("ETag", etag(versions[i]))
	}
	s.write(w, one)
}

// rolloutOf returns the rollout of the route, or else the unit, of that name, and which route it is:
// of a unit the first.
func (s *server) rolloutOf(name string) (web.Rollout, string, error) {
	rollouts := s.system.Rollouts()
	var names []string
	for _, one := range rollouts {
		if slices.Contains(one.Routes, name) {
			return one, name, nil
		}
		names = append(names, one.Unit)
	}
	for _, route := range s.system.Routes() {
		if route.Name == name {
			return web.Rollout{}, "", &web.NotFoundError{What: "rollout of route", Name: name + ": it has none in the configuration"}
		}
		names = append(names, route.Name)
	}
	for _, one := range rollouts {
		if one.Unit == name && len(one.Routes) > 0 {
			return one, one.Routes[0], nil
		}
	}
	return web.Rollout{}, "", &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}

func (s *server) steer(w http.ResponseWriter, r *http.Request) {
	var in SteerRequest
	if !s.read(w, r, &in) {
		return
	}
	version, err := ifMatch(r)
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	what := web.PathParam(r, "what")
	if err = web.CheckWords(in.Reason, in.Actor); err == nil {
		err = checkSteer(what, &in)
	}
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	_, route, err := s.rolloutOf(web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	rollout, err := s.system.Steer(r.Context(), web.Steering{Route: route, What: what, Version: in.Version, Reason: in.Reason,
		Force: in.Force, IfVersion: version, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, rollout)
}

// checkSteer says what is wrong with a request, and tidies its version.
func checkSteer(what string, in *SteerRequest) (err error) {
	switch {
	case !slices.Contains(web.Steers(), what):
		return fmt.Errorf("a rollout can be told to pause, resume, promote or abort, not to %q", what)
	case in.Version != "" && what != web.SteerResume:
		return fmt.Errorf("service_version goes with resume, not with %s", what)
	case in.Force && what != web.SteerPromote && what != web.SteerAbort:
		return fmt.Errorf("force goes with promote and abort, not with %s, which no guard stands in the way of", what)
	case in.Version != "":
		if in.Version, err = web.ServiceVersion(in.Version); err != nil {
			return fmt.Errorf("read service_version: %w", err)
		}
	}
	return nil
}

func (s *server) freeze(w http.ResponseWriter, r *http.Request) {
	var in FreezeRequest
	if !s.read(w, r, &in) {
		return
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	actor := web.IdentityFrom(r.Context()).Actor(in.Actor)
	f, err := s.system.SetFreeze(r.Context(), web.Freeze{Until: in.Until.UTC(), Reason: in.Reason, Actor: actor.Name, Verified: actor.Verified})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, freezeAnswer{&f})
}

func (s *server) thaw(w http.ResponseWriter, r *http.Request) {
	var in ThawRequest
	if !s.read(w, r, &in) {
		return
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	if err := s.system.Thaw(r.Context(), web.IdentityFrom(r.Context()).Actor(in.Actor), in.Reason); err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, freezeAnswer{s.system.Freeze()})
}
