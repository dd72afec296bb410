package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/web"
)

func TestMain(m *testing.M) {
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// admin is a real admin listener around a system in memory. Each JSON answer that comes from it
// is held against the OpenAPI document.
type admin struct {
	*system
	t      *testing.T
	url    string
	http   *http.Client
	server *server
	log    *logBuffer
	end    context.CancelFunc // of Config.Context
}

var tokens = []web.Token{
	{Name: "vera", Role: web.RoleView, Secret: "view-secret"},
	{Name: "eva", Role: web.RoleEvidence, Secret: "evidence-secret"},
	{Name: "otto", Role: web.RoleOperate, Secret: "operate-secret"},
}

func newAdmin(t *testing.T, tokens ...web.Token) *admin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	a := &admin{system: newSystem(), t: t, url: "http://" + l.Addr().String(), log: new(logBuffer), end: end}
	log := slog.New(slog.NewTextHandler(a.log, nil))
	a.server = newServer(Config{System: a.system, Logger: log, Context: ctx})
	handler, err := web.NewHandler(web.Config{API: a.server.router(), Dashboard: http.NotFoundHandler(), Tokens: tokens, Listen: l.Addr().String(), Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	transport := &http.Transport{}
	a.http = &http.Client{Transport: documented{t, document(t), transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		end()
		transport.CloseIdleConnections()
		server.Close()
		<-served
	})
	return a
}

func (a *admin) client(token string) *Client {
	a.t.Helper()
	c, err := NewClient(ClientConfig{URL: a.url, Token: token, Actor: "carla", HTTP: a.http})
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// answer is an answer that was read.
type answer struct {
	*http.Response
	body string
}

func (a answer) problem(t *testing.T) web.Problem {
	t.Helper()
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q of an error, body %s", got, a.body)
	}
	var p web.Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%q is no problem document: %v", a.body, err)
	}
	if p.Status != a.StatusCode || p.Title == "" || p.Type != "urn:strangler:problem:"+p.Code {
		t.Errorf("problem %+v doesn't go with status %d", p, a.StatusCode)
	}
	return p
}

// ask sends a request, with a JSON body where there is one. Headers are name, value, …
func (a *admin) ask(method, path, body string, headers ...string) answer {
	a.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, a.url+path, in)
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header[http.CanonicalHeaderKey(headers[i])] = append(r.Header.Values(headers[i]), headers[i+1])
		if headers[i] == "Content-Type" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return answer{w, string(text)}
}

// documented holds what an API answers against the document.
type documented struct {
	t    *testing.T
	doc  *openapiDoc
	next http.RoundTripper
}

func (d documented) RoundTrip(r *http.Request) (*http.Response, error) {
	w, err := d.next.RoundTrip(r)
	if err != nil || w.Header.Get("Content-Type") == "text/event-stream" || w.Header.Get("Content-Type") == mediaSteps || w.Header.Get("Content-Type") == mediaCSV {
		return w, err
	}
	body, err := io.ReadAll(w.Body)
	w.Body.Close()
	w.Body = io.NopCloser(bytes.NewReader(body))
	if err == nil {
		d.doc.check(d.t, r, w, body)
	}
	return w, err
}

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
