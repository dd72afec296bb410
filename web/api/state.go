package api

import (
	"net/http"

	"github.com/strangler-fig/toolkit/web"
)

// maxState bounds a state that is imported, in bytes: 2,000 routes with dozens of rules each.
const maxState = 16 << 20

// StateRequest asks for routes to stand as they do elsewhere.
type StateRequest struct {
	State       web.State `json:"state"`
	Reason      string    `json:"reason,omitempty"`
	Force       bool      `json:"force,omitempty"`
	SkipUnknown bool      `json:"skip_unknown,omitempty"` // leave out routes that there are not here
	DryRun      bool      `json:"dry_run,omitempty"`      // say what would change, and change nothing
	Actor       string    `json:"actor,omitempty"`        // counts only where there are no tokens
}

func (s *server) exportState(w http.ResponseWriter, r *http.Request) {
	state, err := s.system.ExportState()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, state)
}

func (s *server) importState(w http.ResponseWriter, r *http.Request) {
	var in StateRequest
	if !s.readUpTo(w, r, maxState, &in) {
		return
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	change, err := s.system.ImportState(r.Context(), web.StateImport{State: in.State, Reason: in.Reason, Force: in.Force,
		SkipUnknown: in.SkipUnknown, DryRun: in.DryRun, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, change)
}
