package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

type facadeList struct {
	Facades []web.Facade `json:"facades"`
}

func (s *server) facades(w http.ResponseWriter, r *http.Request) {
	s.write(w, facadeList{s.system.Facades()})
}

func (s *server) facade(w http.ResponseWriter, r *http.Request) {
	answer, err := s.system.Facade(r.Context(), web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if slices.ContainsFunc(answer.Failures, web.TranslationFailure.HasExample) && !web.MayRead(s.log, r, r.URL.RequestURI()) {
		answer.Withhold()
	}
	s.write(w, answer)
}

// Facades returns the listeners through which services call legacy.
func (c *Client) Facades(ctx context.Context) ([]web.Facade, error) {
	l, err := get[facadeList](ctx, c, "/facades", nil)
	return l.Facades, err
}

// Facade returns what a facade translates, and how that went.
func (c *Client) Facade(ctx context.Context, name string) (web.FacadeDetail, error) {
	return get[web.FacadeDetail](ctx, c, "/facades/"+url.PathEscape(name), nil)
}
