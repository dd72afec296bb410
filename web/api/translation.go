package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

func (s *server) translation(w http.ResponseWriter, r *http.Request) {
	answer, err := s.system.Translation(r.Context(), web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if slices.ContainsFunc(answer.Failures, web.TranslationFailure.HasExample) && !web.MayRead(s.log, r, r.URL.RequestURI()) {
		answer.Withhold()
	}
	s.write(w, answer)
}

// Translation returns what is translated of a route, and how that went.
func (c *Client) Translation(ctx context.Context, route string) (web.Translation, error) {
	return get[web.Translation](ctx, c, "/routes/"+url.PathEscape(route)+"/translation", nil)
}
