package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// Client calls the API. What the API refuses is a *Problem; where nothing answers in time, or
// something that isn't the API, it is an *UnreachableError; a canceled context is
// context.Canceled. A call takes a minute at most. A Client is safe for concurrent use.
type Client struct {
	base, token, actor string
	http               *http.Client
	maxAnswer          int64         // bytes
	silence            time.Duration // of a stream of events, until it is given up
}

const (
	maxAnswer   = 64 << 20
	callTimeout = time.Minute
)

// NewClient returns a client. It connects only when it is used.
func NewClient(c ClientConfig) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("admin URL %q: it has to be such as http://127.0.0.1:9900", c.URL)
	}
	if c.HTTP == nil {
		// A redirect could carry the token elsewhere.
		c.HTTP = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Client{base: strings.TrimRight(c.URL, "/") + "/api/v1", token: c.Token, actor: c.Actor, http: c.HTTP, maxAnswer: maxAnswer, silence: silence}, nil
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, in any) (*http.Response, error) {
	if in == nil {
		return c.send(ctx, method, path, header, nil)
	}
	text, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return c.send(ctx, method, path, header, bytes.NewReader(text))
}

// send sends a request whose body is what it is.
func (c *Client) send(ctx context.Context, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	if header != nil {
		r.Header = header
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, c.unreachable(ctx, err)
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
	return c.decode(ctx, answer, method, path, out)
}

// decode reads an answer's JSON.
func (c *Client) decode(ctx context.Context, answer *http.Response, method, path string, out any) error {
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, c.maxAnswer+1))
	switch {
	case err != nil:
		return c.unreachable(ctx, err)
	case int64(len(text)) > c.maxAnswer:
		return &UnreachableError{c.base, fmt.Errorf("its answer to %s %s is over %d bytes", method, path, c.maxAnswer)}
	}
	if err := json.Unmarshal(text, out); err != nil {
		return &UnreachableError{c.base, fmt.Errorf("its answer is not the admin API's: %w", err)}
	}
	return nil
}

// unreachable returns the error for a call that broke, unless the caller itself gave it up.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // its text repeats the URL
	}
	return &UnreachableError{c.base, err}
}
