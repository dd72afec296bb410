package api

import (
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

type divergenceList struct {
	Divergences []web.Divergence `json:"divergences"`
	Next        string           `json:"next,omitempty"` // after= of the next page; absent where this one wasn't full
}

type groupList struct {
	Groups []web.Group `json:"groups"`
}

// divergences lists them without their answers: who wants those asks for one, and is on record
// with it.
func (s *server) divergences(w http.ResponseWriter, r *http.Request) {
	limit, ok := number(w, r, "limit", maxPage)
	if !ok {
		return
	}
	if limit == 0 {
		limit = usualPage
	}
	q := r.URL.Query()
	found, err := s.system.Divergences(r.Context(), web.DivergenceQuery{Route: q.Get("route"), Group: q.Get("group"), After: q.Get("after"), Limit: int(limit)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.known(w, r, q.Get("route"), len(found)) {
		return
	}
	found = slices.Clone(found)
	may := len(found) > 0 && web.MayRead(s.log, r, r.URL.RequestURI())
	for i := range found {
		if !may {
			found[i].Withhold()
		}
		found[i].Legacy, found[i].Service = nil, nil
	}
	answer := divergenceList{Divergences: found}
	if int64(len(found)) >= limit {
		answer.Next = found[len(found)-1].ID
	}
	s.write(w, answer)
}

func (s *server) divergence(w http.ResponseWriter, r *http.Request) {
	d, err := s.system.Divergence(r.Context(), web.PathParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !web.MayRead(s.log, r, "divergence "+d.ID) {
		d.Withhold()
	}
	s.write(w, d)
}

func (s *server) groups(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state := q.Get("state")
	if state != "" && !slices.Contains(web.GroupStates(), state) {
		invalid(w, http.StatusBadRequest, "state is open, expected or fixed")
		return
	}
	groups, err := s.system.Groups(r.Context(), q.Get("route"), state)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.known(w, r, q.Get("route"), len(groups)) {
		s.write(w, groupList{groups})
	}
}

func (s *server) group(w http.ResponseWriter, r *http.Request) {
	g, err := s.system.Group(r.Context(), web.PathParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, g)
}

func (s *server) routeEvidence(w http.ResponseWriter, r *http.Request) {
	e, err := s.system.RouteEvidence(r.Context(), web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, e)
}
