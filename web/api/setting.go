package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/strangler-fig/toolkit/web"
)

type settingList struct {
	Settings []web.Setting `json:"settings"`
}

func (s *server) settings(w http.ResponseWriter, r *http.Request) {
	all, err := s.system.Settings(web.PathParam(r, "name"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if all == nil {
		all = []web.Setting{}
	}
	s.write(w, settingList{all})
}

// Settings returns what is in force on a route, and where each value comes from.
func (c *Client) Settings(ctx context.Context, route string) ([]web.Setting, error) {
	list, err := get[settingList](ctx, c, "/routes/"+url.PathEscape(route)+"/settings", nil)
	return list.Settings, err
}
