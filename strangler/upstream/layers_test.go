package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
)

// answers stands at the end of the layers where time is synctest's, which knows no sockets.
type answers func(r *http.Request) (*http.Response, error)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := f(r)
	if r.Body != nil {
		r.Body.Close()
	}
	return resp, err
}

func (f answers) CloseIdleConnections() {}

// status answers with a status and a short body.
func status(r *http.Request, code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("body")), ContentLength: 4, Request: r}
}

func always(code int) answers {
	return func(r *http.Request) (*http.Response, error) { return status(r, code), nil }
}

// hangs answers when the request's context ends, as net/http's transport does.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errReset   = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

func get(ctx context.Context) *http.Request {
	r, _ := http.NewRequestWithContext(ctx, "GET", "http://any.example/path", nil)
	return r
}

// finish reads an answer to its end.
func finish(t *testing.T, resp *http.Response, err error) int {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func wantKind(t *testing.T, err error, kind string) *Error {
	t.Helper()
	told, ok := errors.AsType[*Error](err)
	if !ok || told.Kind != kind {
		t.Fatalf("error %#v, want kind %q", err, kind)
	}
	if told.Told == "" {
		t.Error("the client is told nothing")
	}
	return told
}

// inBubble returns a transport to endpoints that answer as said, by address, without sockets.
func inBubble(t *testing.T, cfg Config, by map[string]answers) *Transport {
	t.Helper()
	for addr := range by {
		cfg.URLs = append(cfg.URLs, &url.URL{Scheme: "http", Host: addr})
	}
	path := cfg.Health.Path
	cfg.Health.Path = "" // checks would begin with real connections
	tr := transport(t, cfg)
	tr.cfg.Health.Path = path
	for _, ep := range tr.endpoints.Load().all {
		ep.conns = by[ep.Addr]
		if path != "" {
			tr.wait.Go(func() { tr.check(tr.ctx, ep) })
		}
	}
	return tr
}
