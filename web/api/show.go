package api

import (
	"encoding/json"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

type routeList struct {
	Routes []web.Route `json:"routes"`
}

type serviceList struct {
	Services []web.Service `json:"services"`
}

type groupList struct {
	Groups []web.Group `json:"groups"`
}

type divergenceList struct {
	Divergences []web.Divergence `json:"divergences"`
	Next        string           `json:"next,omitempty"` // after= of the next page; absent on the last
}

type entryList struct {
	Entries []web.Entry `json:"entries"`
	Next    int64       `json:"next,omitempty"` // before= of the next page; absent on the last
}

const (
	usualPage = 100
	maxPage   = 1000
)

func (s *server) routes(w http.ResponseWriter, r *http.Request) {
	s.write(w, routeList{list(s.system.Routes())})
}

func (s *server) route(w http.ResponseWriter, r *http.Request) {
	name := param(r, "name")
	var names []string
	for _, route := range s.system.Routes() {
		if route.Name == name {
			w.Header().Set("ETag", etag(route))
			s.write(w, route)
			return
		}
		names = append(names, route.Name)
	}
	s.fail(w, r, &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)})
}

// mayRead reports whether the caller may read recorded bodies, and puts on record that it did.
func (s *server) mayRead(r *http.Request, what string) bool {
	who := web.IdentityFrom(r.Context())
	if !who.Role.Allows(web.RoleEvidence) {
		return false
	}
	s.log.Info("recorded bodies read", "actor", who.Actor("").Name, "verified", who.Verified, "remote", r.RemoteAddr, "what", what)
	return true
}

// withhold leaves out all that comes from recorded bodies and headers, the differing values included.
func withhold(d *web.Divergence) {
	d.Legacy, d.Service = nil, nil
	d.Differences = slices.Clone(d.Differences)
	for i := range d.Differences {
		d.Differences[i].Legacy, d.Differences[i].Service = nil, nil
	}
}

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
	found = slices.Clone(found)
	may := len(found) > 0 && s.mayRead(r, r.URL.RequestURI())
	for i := range found {
		if !may {
			withhold(&found[i])
		}
		found[i].Legacy, found[i].Service = nil, nil
		found[i].Differences = list(found[i].Differences)
	}
	answer := divergenceList{Divergences: list(found)}
	if int64(len(found)) >= limit {
		answer.Next = found[len(found)-1].ID
	}
	s.write(w, answer)
}

func (s *server) divergence(w http.ResponseWriter, r *http.Request) {
	d, err := s.system.Divergence(r.Context(), param(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if !s.mayRead(r, "divergence "+d.ID) {
		withhold(&d)
	}
	d.Differences = list(d.Differences)
	s.write(w, d)
}

func (s *server) groups(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state := q.Get("state")
	if !slices.Contains([]string{"", "open", "expected", "fixed"}, state) {
		invalid(w, http.StatusBadRequest, "state is open, expected or fixed")
		return
	}
	groups, err := s.system.Groups(r.Context(), q.Get("route"), state)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	groups = slices.Clone(groups)
	for i, g := range groups {
		groups[i].Causes, groups[i].Examples = list(g.Causes), list(g.Examples)
	}
	s.write(w, groupList{list(groups)})
}

func (s *server) group(w http.ResponseWriter, r *http.Request) {
	g, err := s.system.Group(r.Context(), param(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	g.Causes, g.Examples = list(g.Causes), list(g.Examples)
	s.write(w, g)
}

// journal answers with entries, or with the table as it was where at= is given.
func (s *server) journal(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if text := q.Get("at"); text != "" {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			invalid(w, http.StatusBadRequest, "at is a time such as 2026-01-31T12:00:00Z (RFC 3339); a + in it has to be written %2B")
			return
		}
		routes, err := s.system.RoutesAt(r.Context(), at)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if name := q.Get("route"); name != "" {
			routes = slices.DeleteFunc(slices.Clone(routes), func(one web.Route) bool { return one.Name != name })
		}
		s.write(w, routeList{list(routes)})
		return
	}
	limit, ok := number(w, r, "limit", maxPage)
	if !ok {
		return
	}
	before, ok := number(w, r, "before", math.MaxInt64)
	if !ok {
		return
	}
	if limit == 0 {
		limit = usualPage
	}
	entries, err := s.system.Entries(r.Context(), web.EntryQuery{Route: q.Get("route"), Before: before, Limit: int(limit)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	answer := entryList{Entries: list(entries)}
	if int64(len(entries)) >= limit {
		answer.Next = entries[len(entries)-1].Seq
	}
	s.write(w, answer)
}

func (s *server) stats(w http.ResponseWriter, r *http.Request) {
	stats := s.system.Stats()
	stats.Routes = list(stats.Routes)
	s.write(w, stats)
}

func (s *server) services(w http.ResponseWriter, r *http.Request) {
	services := slices.Clone(s.system.Services())
	for i, one := range services {
		services[i].URLs, services[i].Routes = list(one.URLs), list(one.Routes)
	}
	s.write(w, serviceList{list(services)})
}

func (s *server) config(w http.ResponseWriter, r *http.Request) {
	state := s.system.Config()
	if state.Definitions == nil {
		state.Definitions = map[string]json.RawMessage{}
	}
	s.write(w, state)
}

func (s *server) explain(w http.ResponseWriter, r *http.Request) {
	var in web.Explain
	if !s.read(w, r, &in) {
		return
	}
	answer, err := s.system.Explain(in)
	if err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	answer.Others = list(answer.Others)
	s.write(w, answer)
}
