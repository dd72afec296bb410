package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/strangler-fig/toolkit/web"
)

type exchangeList struct {
	Exchanges []web.Exchange `json:"exchanges"`
}

type keepRequest struct {
	Route     string         `json:"route"`
	Exchanges []web.Exchange `json:"exchanges"`
}

type kept struct {
	Kept int `json:"kept"`
}

// What one request may bring.
const (
	maxKept     = 100      // exchanges
	maxKeptBody = 16 << 20 // bytes
)

func (s *server) exchanges(w http.ResponseWriter, r *http.Request) {
	limit, ok := number(w, r, "limit", maxPage)
	if !ok {
		return
	}
	q := r.URL.Query()
	if !web.MayRead(s.log, r, r.URL.RequestURI()) {
		return // the router has seen to that
	}
	found, err := s.system.Exchanges(r.Context(), web.ExchangeQuery{Route: q.Get("route"), Group: q.Get("group"), Limit: int(limit)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, exchangeList{found})
}

func (s *server) keep(w http.ResponseWriter, r *http.Request) {
	var in keepRequest
	if !s.readUpTo(w, r, maxKeptBody, &in) {
		return
	}
	if len(in.Exchanges) == 0 || len(in.Exchanges) > maxKept {
		invalid(w, http.StatusUnprocessableEntity, fmt.Sprintf("exchanges has %d; send 1 to %d at a time", len(in.Exchanges), maxKept))
		return
	}
	if err := s.system.Keep(r.Context(), in.Route, in.Exchanges); err != nil {
		s.fail(w, r, err)
		return
	}
	s.write(w, kept{len(in.Exchanges)})
}

// Exchanges returns stored requests with both answers.
func (c *Client) Exchanges(ctx context.Context, q web.ExchangeQuery) ([]web.Exchange, error) {
	l, err := get[exchangeList](ctx, c, "/exchanges", url.Values{"route": {q.Route}, "group": {q.Group}, "limit": {count(int64(q.Limit))}})
	return l.Exchanges, err
}

// Keep stores exchanges that somebody else recorded as a route's, at most 100 at a time.
func (c *Client) Keep(ctx context.Context, route string, exchanges []web.Exchange) error {
	return c.call(ctx, http.MethodPost, "/exchanges", nil, keepRequest{route, exchanges}, new(kept))
}
