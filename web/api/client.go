package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// Problem is the error of a request that the API answered, and refused.
type Problem = web.Problem

// UnreachableError says that nothing of ours answers at a URL.
type UnreachableError struct {
	URL string
	Err error
}

// Error implements error.
func (e *UnreachableError) Error() string {
	return fmt.Sprintf("can't reach the admin API at %s: %v; is the proxy running, and is --admin (or STRANGLER_ADMIN) its admin address?", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ClientConfig says how to reach a running proxy. URL is required.
type ClientConfig struct {
	URL   string       // of the admin listener, such as http://127.0.0.1:9900
	Token string       // empty: none
	Actor string       // who makes changes, where there are no tokens
	HTTP  *http.Client // nil: one that doesn't follow redirects
}

// Client calls the API. Its errors are *Problem, *UnreachableError, or the context's. It is safe
// for concurrent use.
type Client struct {
	base, token, actor string
	http               *http.Client
}

const (
	maxAnswer   = 64 << 20
	callTimeout = time.Minute
)

// NewClient returns a client. It connects only when it is used.
func NewClient(c ClientConfig) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("admin URL %q: it has to be such as http://127.0.0.1:9900", c.URL)
	}
	if c.HTTP == nil {
		// A redirect could carry the token elsewhere.
		c.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Client{base: strings.TrimRight(c.URL, "/") + "/api/v1", token: c.Token, actor: c.Actor, http: c.HTTP}, nil
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, &UnreachableError{c.base, err}
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	problem := new(Problem)
	if err != nil || json.Unmarshal(text, problem) != nil || problem.Code == "" {
		return nil, &UnreachableError{c.base, fmt.Errorf("it answers %s, but not as the admin API does", answer.Status)}
	}
	problem.Status = answer.StatusCode
	return nil, problem
}

func (c *Client) call(ctx context.Context, method, path string, header http.Header, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := c.do(ctx, method, path, header, in)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return &UnreachableError{c.base, err}
	case len(text) > maxAnswer:
		return fmt.Errorf("read %s: the answer is over %d MiB; ask for less", path, maxAnswer>>20)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &UnreachableError{c.base, fmt.Errorf("its answer is not the admin API's: %w", err)}
	}
	return nil
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (out T, err error) {
	for name, values := range query {
		if values[0] == "" || values[0] == "0" {
			query.Del(name)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	err = c.call(ctx, http.MethodGet, path, nil, nil, &out)
	return out, err
}

// Routes returns all routes, in the configuration's order.
func (c *Client) Routes(ctx context.Context) ([]web.Route, error) {
	l, err := get[routeList](ctx, c, "/routes", nil)
	return l.Routes, err
}

// Route returns one route.
func (c *Client) Route(ctx context.Context, name string) (web.Route, error) {
	return get[web.Route](ctx, c, "/routes/"+url.PathEscape(name), nil)
}

// Shift moves a route.
func (c *Client) Shift(ctx context.Context, name string, in ShiftRequest) (out web.Route, err error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	header := make(http.Header)
	if in.IfVersion != 0 {
		header.Set("If-Match", strconv.Quote(strconv.FormatInt(in.IfVersion, 10)))
	}
	err = c.call(ctx, http.MethodPut, "/routes/"+url.PathEscape(name)+"/phase", header, in, &out)
	return out, err
}

// Undo takes a route one step back and returns the routes that moved.
func (c *Client) Undo(ctx context.Context, name string, in UndoRequest) ([]web.Route, error) {
	if in.Actor == "" {
		in.Actor = c.actor
	}
	var out routeList
	err := c.call(ctx, http.MethodPost, "/routes/"+url.PathEscape(name)+"/undo", nil, in, &out)
	return out.Routes, err
}

// Rollback takes routes back.
func (c *Client) Rollback(ctx context.Context, in web.Rollback) (out web.RollbackResult, err error) {
	actor := in.Actor.Name
	if actor == "" {
		actor = c.actor
	}
	err = c.call(ctx, http.MethodPost, "/rollback", nil, rollbackRequest{in, actor}, &out)
	return out, err
}

// Divergences returns divergences, newest first, without their answers.
func (c *Client) Divergences(ctx context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	l, err := get[divergenceList](ctx, c, "/divergences", url.Values{"route": {q.Route}, "group": {q.Group}, "after": {q.After}, "limit": {strconv.Itoa(q.Limit)}})
	return l.Divergences, err
}

// Divergence returns one divergence, with its answers where the token's role allows it.
func (c *Client) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	return get[web.Divergence](ctx, c, "/divergences/"+url.PathEscape(id), nil)
}

// Groups returns the groups of a route and in a state; empty: all.
func (c *Client) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	l, err := get[groupList](ctx, c, "/groups", url.Values{"route": {route}, "state": {state}})
	return l.Groups, err
}

// Group returns one group.
func (c *Client) Group(ctx context.Context, id string) (web.Group, error) {
	return get[web.Group](ctx, c, "/groups/"+url.PathEscape(id), nil)
}

// Journal returns entries, newest first.
func (c *Client) Journal(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	l, err := get[entryList](ctx, c, "/journal", url.Values{"route": {q.Route}, "before": {strconv.FormatInt(q.Before, 10)}, "limit": {strconv.Itoa(q.Limit)}})
	return l.Entries, err
}

// RoutesAt returns the table as it was, or of it one route.
func (c *Client) RoutesAt(ctx context.Context, route string, at time.Time) ([]web.Route, error) {
	l, err := get[routeList](ctx, c, "/journal", url.Values{"route": {route}, "at": {at.Format(time.RFC3339Nano)}})
	return l.Routes, err
}

// Stats returns the figures since the proxy started.
func (c *Client) Stats(ctx context.Context) (web.Stats, error) {
	return get[web.Stats](ctx, c, "/stats", nil)
}

// Services returns all services.
func (c *Client) Services(ctx context.Context) ([]web.Service, error) {
	l, err := get[serviceList](ctx, c, "/services", nil)
	return l.Services, err
}

// Config returns which configuration is in force.
func (c *Client) Config(ctx context.Context) (web.ConfigState, error) {
	return get[web.ConfigState](ctx, c, "/config", nil)
}

// Explain tells what would happen to a request.
func (c *Client) Explain(ctx context.Context, in web.Explain) (out web.Explanation, err error) {
	err = c.call(ctx, http.MethodPost, "/explain", nil, in, &out)
	return out, err
}

// Events yields events until ctx ends, the loop does, or the stream breaks, which is the last
// thing it yields. An event's Data is a json.RawMessage.
func (c *Client) Events(ctx context.Context) iter.Seq2[web.Event, error] {
	return func(yield func(web.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		answer, err := c.do(ctx, http.MethodGet, "/events", http.Header{"Accept": {"text/event-stream"}}, nil)
		if err != nil {
			yield(web.Event{}, err)
			return
		}
		defer answer.Body.Close()
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 4<<20)
		var kind, data string
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); {
			case name == "event":
				kind = value
			case name == "data":
				data = value
			case name == "" && value == "" && data != "":
				if !yield(web.Event{Type: kind, Data: json.RawMessage(data)}, nil) {
					return
				}
				kind, data = "", ""
			}
		}
		err = lines.Err()
		if ctx.Err() != nil {
			err = ctx.Err()
		} else if err == nil {
			err = &UnreachableError{c.base, io.ErrUnexpectedEOF}
		}
		yield(web.Event{}, err)
	}
}
