package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

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

	IfVersion int64 `json:"-"` // the client sends it as If-Match; 0: any
}

// UndoRequest asks for one step back.
type UndoRequest struct {
	Reason string `json:"reason,omitempty"`
	Force  bool   `json:"force,omitempty"`
	Actor  string `json:"actor,omitempty"` // counts only where there are no tokens
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
	if !s.read(w, r, &in) {
		return
	}
	if in.Phase == nil {
		invalid(w, http.StatusUnprocessableEntity, "phase is missing; it is legacy, shadow, canary, live or retired")
		return
	}
	to := strangler.At(*in.Phase)
	if in.Weight != nil {
		to.Weight = *in.Weight
	}
	if err := to.Validate(); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	version, err := ifMatch(r)
	if err != nil {
		invalid(w, http.StatusBadRequest, err.Error())
		return
	}
	route, err := s.system.Shift(r.Context(), web.Move{Route: param(r, "name"), To: to, Reason: in.Reason, Force: in.Force,
		IfVersion: version, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("ETag", etag(route))
	s.write(w, route)
}

func etag(r web.Route) string { return strconv.Quote(strconv.FormatInt(r.Version, 10)) }

// ifMatch returns the version that the caller has seen; 0: any (RFC 9110 section 13.1.1). A list
// of tags is refused, since a route has one version only.
func ifMatch(r *http.Request) (int64, error) {
	values := r.Header.Values("If-Match")
	if len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "*" {
		return 0, nil
	}
	text := strings.TrimSpace(values[0])
	if len(values) == 1 && len(text) > 2 && text[0] == '"' && text[len(text)-1] == '"' {
		if n, err := strconv.ParseInt(text[1:len(text)-1], 10, 64); err == nil && n > 0 && `"`+strconv.FormatInt(n, 10)+`"` == text {
			return n, nil
		}
	}
	return 0, fmt.Errorf(`If-Match %q is no version; send the route's ETag, such as "7" with its quotes, or *`, strings.Join(values, ", "))
}

func (s *server) undo(w http.ResponseWriter, r *http.Request) {
	var in UndoRequest
	if !s.read(w, r, &in) {
		return
	}
	routes, err := s.system.Undo(r.Context(), web.Undo{Route: param(r, "name"), Reason: in.Reason, Force: in.Force,
		Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, routeList{list(routes)})
}

func (s *server) rollback(w http.ResponseWriter, r *http.Request) {
	var in rollbackRequest
	if !s.read(w, r, &in) {
		return
	}
	named := 0
	for _, is := range []bool{in.Route != "", in.Unit != "", in.Service != "", in.All} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		invalid(w, http.StatusUnprocessableEntity, "say what goes back: exactly one of route, unit, service or all")
		return
	case in.To != strangler.PhaseLegacy && in.To != strangler.PhaseShadow:
		invalid(w, http.StatusUnprocessableEntity, fmt.Sprintf("a rollback goes to legacy or shadow, not %s", in.To))
		return
	}
	in.Rollback.Actor = web.IdentityFrom(r.Context()).Actor(in.Actor)
	result, err := s.system.Rollback(r.Context(), in.Rollback)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	result.Moved, result.Skipped = list(result.Moved), list(result.Skipped)
	s.write(w, result)
}
