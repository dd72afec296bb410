package api

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

type entryList struct {
	Entries []web.Entry `json:"entries"`
	Next    int64       `json:"next,omitempty"` // before= of the next page; absent where this one wasn't full
}

// journal answers with entries, or with the table as it was where at= is given.
func (s *server) journal(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Has("at") {
		s.routesAt(w, r, q.Get("at"), q.Get("route"))
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
	if !s.known(w, r, q.Get("route"), len(entries)) {
		return
	}
	answer := entryList{Entries: entries}
	if int64(len(entries)) >= limit {
		answer.Next = entries[len(entries)-1].Seq
	}
	s.write(w, answer)
}

// verifyJournal answers with what the chain of hashes says, also where that is bad news.
func (s *server) verifyJournal(w http.ResponseWriter, r *http.Request) {
	proof, err := s.system.VerifyJournal(r.Context(), r.URL.Query().Get("head"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, proof)
}

func (s *server) routesAt(w http.ResponseWriter, r *http.Request, text, name string) {
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
	if name != "" {
		routes = slices.DeleteFunc(slices.Clone(routes), func(one web.Route) bool { return one.Name != name })
	}
	if s.known(w, r, name, len(routes)) {
		s.write(w, routeList{routes})
	}
}
