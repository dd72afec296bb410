package daemon

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// Exchanges implements web.Evidence.
func (d *Daemon) Exchanges(ctx context.Context, q web.ExchangeQuery) ([]web.Exchange, error) {
	if (q.Route == "") == (q.Group == "") {
		return nil, &web.InvalidError{Why: "say of what: either a route or a group"}
	}
	found, err := d.stored(ctx, web.Replay{Route: q.Route, Group: q.Group, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	views := make([]web.Exchange, len(found))
	for i, x := range found {
		views[i] = web.Exchange{ID: x.ID, Route: x.Route, Group: x.Group, At: x.At, Method: x.Request.Method, Path: x.Request.Path, Host: x.Request.Host,
			Headers: x.Request.Header, Served: x.Served, Legacy: answerView(x.Legacy), Service: answerView(x.Service), Differences: x.Differences}
		views[i].Body, views[i].Binary = textOf(x.Request.Body)
	}
	return views, nil
}

// textOf returns a body as JSON can have it.
func textOf(body []byte) (text string, binary bool) {
	if utf8.Valid(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

// Keep implements web.Desk. What it keeps is redacted as what the proxy itself records.
func (d *Daemon) Keep(ctx context.Context, route string, exchanges []web.Exchange) error {
	definition, err := d.configured(route)
	if err != nil {
		return err
	}
	if definition.Capture != shadow.CaptureFull {
		return &web.InvalidError{Why: fmt.Sprintf("route %q captures %s, so that no exchange of it may be kept", route, definition.Capture)}
	}
	kept := make([]shadow.Comparison, len(exchanges))
	for i, x := range exchanges {
		if kept[i], err = keptExchange(route, x); err != nil {
			return &web.InvalidError{Why: fmt.Sprintf("exchanges[%d]: %v", i, err)}
		}
	}
	for i := range kept {
		kept[i] = d.shadow.Redacted(kept[i])
	}
	err = d.ledger.Import(ctx, route, kept)
	if full, ok := errors.AsType[*ledger.FullError](err); ok {
		return &web.InvalidError{Why: full.Error()}
	}
	if err != nil {
		return &web.UnwritableError{Err: err}
	}
	return nil
}

func keptExchange(route string, x web.Exchange) (c shadow.Comparison, err error) {
	u, err := url.ParseRequestURI(x.Path)
	switch {
	case err != nil || u.Host != "":
		return c, fmt.Errorf("path %q is no path with a query", x.Path)
	case x.Method == "":
		return c, fmt.Errorf("it has no method")
	case x.Legacy == nil && x.Service == nil:
		return c, fmt.Errorf("it has no answer")
	}
	if x.At.IsZero() {
		x.At = time.Now()
	}
	c = shadow.Comparison{ID: shadow.NewID(x.At), Route: route, At: x.At, Served: shadow.Legacy, Verdict: shadow.Match,
		Request: shadow.Request{Method: x.Method, Path: x.Path, Host: x.Host, Header: canonical(x.Headers)}}
	if c.Request.Body, err = bytesOf(x.Body, x.Binary); err != nil {
		return c, err
	}
	for _, side := range []struct {
		from *web.Answer
		to   **shadow.Answer
	}{{x.Legacy, &c.Legacy}, {x.Service, &c.Service}} {
		if side.from == nil {
			continue
		}
		body, err := bytesOf(side.from.Body, side.from.Binary)
		if err != nil {
			return c, err
		}
		header := canonical(side.from.Headers)
		header.Del("Content-Encoding") // it is decoded
		*side.to = &shadow.Answer{Status: side.from.Status, Header: header, Body: body, Size: int64(len(body)),
			Latency: time.Duration(side.from.LatencyMS * float64(time.Millisecond))}
	}
	return c, nil
}

func canonical(from map[string][]string) http.Header {
	h := http.Header{}
	for name, values := range from {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}

func bytesOf(text string, binary bool) ([]byte, error) {
	if !binary {
		return []byte(text), nil
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("a body that is said to be Base64 isn't: %w", err)
	}
	return body, nil
}
