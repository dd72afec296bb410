package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// ShiftManyRequest asks for several routes, and with them their units, to stand elsewhere: all, or none.
type ShiftManyRequest struct {
	Routes []web.RouteSeen   `json:"routes"`
	Phase  strangler.Phase   `json:"phase"`            // not retired
	Weight *strangler.Weight `json:"weight,omitempty"` // percent; needed for canary, else follows from the phase
	Reason string            `json:"reason,omitempty"`
	Force  bool              `json:"force,omitempty"`
	Actor  string            `json:"actor,omitempty"` // counts only where there are no tokens
}

const (
	// maxMoves is how many routes move at once.
	maxMoves = 2000
	// maxShift bounds the request in bytes.
	maxShift = 1 << 20
)

func (s *server) shiftMany(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ShiftManyRequest
		Phase *strangler.Phase `json:"phase"` // its zero value is a phase: absence has to show
	}
	if !s.readUpTo(w, r, maxShift, &in) {
		return
	}
	if version, err := ifMatch(r); err != nil || version != 0 {
		invalid(w, http.StatusBadRequest, "each of several routes has a version of its own, which goes into routes; leave If-Match out")
		return
	}
	to, err := target(in.Phase, in.Weight)
	if err == nil {
		err = cmp.Or(checkMoves(in.Routes, to), web.CheckWords(in.Reason, in.Actor))
	}
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	routes, err := s.system.ShiftMany(r.Context(), web.MoveMany{Routes: in.Routes, To: to, Reason: in.Reason, Force: in.Force,
		Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, routeList{routes})
}

func checkMoves(routes []web.RouteSeen, to strangler.Position) error {
	switch {
	case to.Phase == strangler.PhaseRetired:
		return errors.New("several routes retire together with POST /retire, which looks for what stands in the way")
	case len(routes) == 0:
		return errors.New("routes is missing; say which are to move")
	case len(routes) > maxMoves:
		return fmt.Errorf("%d routes are to move; at most %d move at once", len(routes), maxMoves)
	}
	named := map[string]bool{}
	for _, r := range routes {
		switch {
		case named[r.Name]:
			return fmt.Errorf("route %q stands in routes twice", r.Name)
		case r.Version < 0:
			return fmt.Errorf("route %q: version %d is none; versions begin with 1", r.Name, r.Version)
		}
		named[r.Name] = true
	}
	return nil
}

// ShiftMany moves several routes, and with them their units: all, or none. It returns where all that it
// moved stand. What stands in whose way is in the *Problem's Routes.
func (c *Client) ShiftMany(ctx context.Context, in ShiftManyRequest) ([]web.Route, error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out routeList
	err := c.call(ctx, http.MethodPost, "/shift", nil, in, &out)
	return out.Routes, err
}
