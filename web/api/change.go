package api

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// ShiftRequest asks for a route to stand elsewhere.
type ShiftRequest struct {
	Phase  strangler.Phase   `json:"phase"`
	Weight *strangler.Weight `json:"weight,omitempty"` // percent; needed for canary, else follows from the phase
	Reason string            `json:"reason,omitempty"`
	Force  bool              `json:"force,omitempty"`
	Actor  string            `json:"actor,omitempty"` // counts only where there are no tokens
	web.RetireEvidence

	IfVersion int64 `json:"-"` // the client sends it as If-Match; 0: any
}

// UndoRequest asks for one step back.
type UndoRequest struct {
	Reason string `json:"reason,omitempty"`
	Force  bool   `json:"force,omitempty"`
	Actor  string `json:"actor,omitempty"` // counts only where there are no tokens

	IfVersion int64 `json:"-"` // the client sends it as If-Match; 0: any
}

type rollbackRequest struct {
	web.Rollback
	Actor string `json:"actor,omitempty"`
}

func (s *server) shift(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ShiftRequest
		Phase *strangler.Phase `json:"phase"` // its zero value is a phase: absence has to show
	}
	if !s.readUpTo(w, r, maxRetire, &in) {
		return
	}
	version, err := ifMatch(r)
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	to, err := target(in.Phase, in.Weight)
	if err == nil {
		err = cmp.Or(checkEvidence(to, in.RetireEvidence), web.CheckWords(in.Reason, in.Actor))
	}
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	move := web.Move{Route: web.PathParam(r, "name"), To: to, Reason: in.Reason, Force: in.Force,
		IfVersion: version, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor), RetireEvidence: in.RetireEvidence}
	if to.Phase == strangler.PhaseRetired {
		s.retireOne(w, r, move)
		return
	}
	route, err := s.system.Shift(r.Context(), move)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(route))
	s.write(w, route)
}

// target returns the position that a phase and perhaps a weight name.
func target(phase *strangler.Phase, weight *strangler.Weight) (strangler.Position, error) {
	switch {
	case phase == nil:
		return strangler.Position{}, errors.New("phase is missing; it is legacy, shadow, canary, live or retired")
	case *phase == strangler.PhaseCanary && weight == nil:
		return strangler.Position{}, errors.New("weight is missing; a canary's is a number of percent such as 25")
	}
	to := strangler.At(*phase)
	if weight != nil {
		to.Weight = *weight
	}
	return to, to.Validate()
}

func (s *server) undo(w http.ResponseWriter, r *http.Request) {
	var in UndoRequest
	if !s.read(w, r, &in) {
		return
	}
	version, err := ifMatch(r)
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	routes, err := s.system.Undo(r.Context(), web.Undo{Route: web.PathParam(r, "name"), Reason: in.Reason, Force: in.Force,
		IfVersion: version, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, routeList{routes})
}

func (s *server) rollback(w http.ResponseWriter, r *http.Request) {
	var in rollbackRequest
	if !s.read(w, r, &in) {
		return
	}
	if version, err := ifMatch(r); err != nil || version != 0 {
		invalid(w, http.StatusBadRequest, "a rollback moves routes whatever their versions; leave If-Match out")
		return
	}
	if err := checkRollback(in); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	in.Rollback.Actor = web.IdentityFrom(r.Context()).Actor(in.Actor)
	result, err := s.system.Rollback(r.Context(), in.Rollback)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, result)
}

func checkRollback(in rollbackRequest) error {
	named := 0
	for _, is := range []bool{in.Route != "", len(in.Routes) > 0, in.Unit != "", in.Service != "", in.All} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		return errors.New("say what goes back: exactly one of route, routes, unit, service or all")
	case len(in.Routes) > maxMoves:
		return fmt.Errorf("%d routes are to go back; at most %d do at once, or all", len(in.Routes), maxMoves)
	case in.To != strangler.PhaseLegacy && in.To != strangler.PhaseShadow:
		return fmt.Errorf("a rollback goes to legacy or shadow, not %s", in.To)
	}
	return web.CheckWords(in.Reason, in.Actor)
}
