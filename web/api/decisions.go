package api

import (
	"fmt"
	"net/http"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// maxChoices is how many keys may be asked for at once.
const maxChoices = 1000

// DecisionsRequest asks which sides keys are on.
type DecisionsRequest struct {
	Decisions []Choice `json:"decisions"`
}

// Choice is a key on a route.
type Choice struct {
	Route string `json:"route"`
	Key   string `json:"key,omitempty"` // what the route's cohort is for requests; empty: each by itself
}

type decisionList struct {
	Decisions []web.Decision `json:"decisions"`
}

// decisions answers as the proxy would choose for requests with those cohort keys.
func (s *server) decisions(w http.ResponseWriter, r *http.Request) {
	var in DecisionsRequest
	if !s.read(w, r, &in) {
		return
	}
	if n := len(in.Decisions); n == 0 || n > maxChoices {
		invalid(w, http.StatusUnprocessableEntity, fmt.Sprintf("/decisions: 1 to %d of them, not %d", maxChoices, n))
		return
	}
	routes := map[string]web.Route{}
	for _, route := range s.system.Routes() {
		routes[route.Name] = route
	}
	list := make([]web.Decision, len(in.Decisions))
	for i, c := range in.Decisions {
		route, known := routes[c.Route]
		side := sideOf(route, c.Key)
		list[i] = web.Decision{Route: c.Route, Key: c.Key, Known: known, Side: side, Shadow: side == shadow.Legacy && route.Phase != strangler.PhaseLegacy}
	}
	s.write(w, decisionList{list})
}

// sideOf returns the side of a key on a route; of one that isn't known, whose zero value stands at
// legacy, that is legacy.
func sideOf(r web.Route, key string) shadow.Side {
	if (strangler.Position{Phase: r.Phase, Weight: r.Weight}).SideFor(r.Name, r.Unit, key) == strangler.SideService {
		return shadow.Service
	}
	return shadow.Legacy
}
