package daemon

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

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
		if kept[i], err = keptExchange(route, x, d.options.Config.Shadow.MaxBody); err != nil {
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

func keptExchange(route string, x web.Exchange, most int64) (c shadow.Comparison, err error) {
	u, err := url.ParseRequestURI(x.Path)
	switch {
	case err != nil || u.Host != "" || u.Path == "" || u.Path[0] != '/':
		return c, fmt.Errorf("path %q is no path with a query", x.Path)
	case !httpguts.ValidHeaderFieldName(x.Method): // a token, too
		return c, fmt.Errorf("method %q is none", x.Method)
	case x.At.After(time.Now().Add(24 * time.Hour)):
		return c, fmt.Errorf("it is of %s, which is still to come", x.At.Format(time.RFC3339))
	case x.Legacy == nil && x.Service == nil:
		return c, fmt.Errorf("it has no answer")
	}
	if x.At.IsZero() {
		x.At = time.Now()
	}
	if err := checkHeaders(x.Headers); err != nil {
		return c, err
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
		if err == nil {
			err = checkHeaders(side.from.Headers)
		}
		switch {
		case err != nil:
			return c, err
		case side.from.Status < 200 || side.from.Status > 599:
			return c, fmt.Errorf("status %d is none of an answer", side.from.Status)
		case int64(len(body)) > most:
			return c, fmt.Errorf("a body of %d bytes is over shadow.max_body", len(body))
		case side.from.LatencyMS < 0:
			return c, fmt.Errorf("a latency is at least 0, not %g", side.from.LatencyMS)
		}
		header := canonical(side.from.Headers)
		header.Del("Content-Encoding") // it is decoded
		if media, params, err := mime.ParseMediaType(header.Get("Content-Type")); err == nil && params["charset"] != "" && !side.from.Binary {
			params["charset"] = "utf-8" // as JSON has it
			header.Set("Content-Type", mime.FormatMediaType(media, params))
		}
		*side.to = &shadow.Answer{Status: side.from.Status, Header: header, Body: body, Size: int64(len(body)),
			Latency: time.Duration(side.from.LatencyMS * float64(time.Millisecond))}
	}
	return c, nil
}

func checkHeaders(headers map[string][]string) error {
	for name, values := range headers {
		if !httpguts.ValidHeaderFieldName(name) || slices.ContainsFunc(values, func(v string) bool { return !httpguts.ValidHeaderFieldValue(v) }) {
			return fmt.Errorf("header %q can't be one", name)
		}
	}
	return nil
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
