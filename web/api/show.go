package api

import (
	"net/http"

	"github.com/strangler-fig/toolkit/web"
)

type routeList struct {
	Routes []web.Route `json:"routes"`
}

type serviceList struct {
	Services []web.Service `json:"services"`
	Legacy   web.Service   `json:"legacy"`
}

func (s *server) routes(w http.ResponseWriter, r *http.Request) {
	s.write(w, routeList{s.system.Routes()})
}

func (s *server) route(w http.ResponseWriter, r *http.Request) {
	name := web.PathParam(r, "name")
	for _, route := range s.system.Routes() {
		if route.Name == name {
			w.Header().Set("ETag", etag(route))
			s.write(w, route)
			return
		}
	}
	s.fail(w, r, s.unknownRoute(name))
}

func (s *server) services(w http.ResponseWriter, r *http.Request) {
	s.write(w, serviceList{s.system.Services(), s.system.Legacy()})
}

func (s *server) stats(w http.ResponseWriter, r *http.Request) { s.write(w, s.system.Stats()) }

func (s *server) config(w http.ResponseWriter, r *http.Request) { s.write(w, s.system.Config()) }

func (s *server) explain(w http.ResponseWriter, r *http.Request) {
	var in web.Explain
	if !s.read(w, r, &in) {
		return
	}
	answer, err := s.system.Explain(in)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, answer)
}
