package api

import (
	"net/http"

	"github.com/strangler-fig/toolkit/web"
)

type ruleList struct {
	Rules []web.Rule `json:"rules"`
}

// NewRule is a rule to be made.
type NewRule struct {
	Kind    string `json:"kind"`            // ignore, unordered, keyed, tolerance
	Pointer string `json:"pointer"`         // RFC 6901 with * for any key or index, status, or header:NAME
	Value   string `json:"value,omitempty"` // of keyed the member, of tolerance a number or a percentage
}

// RulesRequest asks for rules that a route shall have besides.
type RulesRequest struct {
	Route  string    `json:"route"`
	Rules  []NewRule `json:"rules"`
	Reason string    `json:"reason,omitempty"`
	Actor  string    `json:"actor,omitempty"` // counts only where there are no tokens
}

// DropRequest asks for a rule to be no more.
type DropRequest struct {
	Reason string `json:"reason,omitempty"`
	Actor  string `json:"actor,omitempty"` // counts only where there are no tokens
}

func (s *server) rules(w http.ResponseWriter, r *http.Request) {
	rules, err := s.system.Rules(r.URL.Query().Get("route"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, ruleList{rules})
}

func (s *server) previewRules(w http.ResponseWriter, r *http.Request) {
	in, ok := s.newRules(w, r)
	if !ok {
		return
	}
	effect, err := s.system.PreviewRules(r.Context(), in)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, effect)
}

func (s *server) addRules(w http.ResponseWriter, r *http.Request) {
	in, ok := s.newRules(w, r)
	if !ok {
		return
	}
	effect, err := s.system.AddRules(r.Context(), in)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, effect)
}

// newRules reads which rules are asked for; if it can't it has answered.
func (s *server) newRules(w http.ResponseWriter, r *http.Request) (web.NewRules, bool) {
	var in RulesRequest
	if !s.read(w, r, &in) {
		return web.NewRules{}, false
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return web.NewRules{}, false
	}
	n := web.NewRules{Route: in.Route, Reason: in.Reason, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)}
	for _, one := range in.Rules {
		n.Rules = append(n.Rules, web.Rule{Kind: one.Kind, Pointer: one.Pointer, Value: one.Value})
	}
	return n, true
}

func (s *server) dropRule(w http.ResponseWriter, r *http.Request) {
	var in DropRequest
	if !s.read(w, r, &in) {
		return
	}
	if err := web.CheckWords(in.Reason, in.Actor); err != nil {
		invalid(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	err := s.system.DropRule(r.Context(), web.DroppedRule{ID: web.PathParam(r, "id"), Reason: in.Reason, Actor: web.IdentityFrom(r.Context()).Actor(in.Actor)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	rules, err := s.system.Rules("")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, ruleList{rules})
}
