package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

// TriageRequest asks for a group to be in another state.
type TriageRequest struct {
	State  string `json:"state"`            // open, expected, fixed
	Reason string `json:"reason,omitempty"` // needed for expected
	Actor  string `json:"actor,omitempty"`  // counts only where there are no tokens
}

func (s *server) triage(w http.ResponseWriter, r *http.Request) {
	var in TriageRequest
	if !s.read(w, r, &in) {
		return
	}
	err := web.CheckWords(in.Reason, in.Actor)
	if err == nil && !slices.Contains(web.GroupStates(), in.State) {
		err = fmt.Errorf("state is open, expected or fixed, not %q", in.State)
	}
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	g, err := s.system.Triage(r.Context(), web.Triage{Group: web.PathParam(r, "id"), State: in.State, Reason: in.Reason,
		Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, g)
}
