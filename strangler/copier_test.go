package strangler_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// lender is what a shadow asks a transport for that can use again what it made for a copy.
type lender interface {
	Lend(*http.Request) http.RoundTripper
	TakeBack(http.RoundTripper) bool
}

// forms are how inEveryForm answers.
var forms = []string{"", "many fields", "hinted", "", "none", "trailer", "breaks", "chunks", "late", ""}

// inEveryForm answers with the token that a request has.
func inEveryForm(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Token")
		if r.URL.Path != "/orders/"+token {
			t.Errorf("the upstream is asked for %s with the token %s", r.URL.Path, token)
		}
		h := w.Header()
		h["X-Token"], h["X-Once"] = []string{token, "again " + token}, []string{token}
		switch r.URL.Query().Get("form") {
		case "none":
			w.WriteHeader(http.StatusNoContent)
			return
		case "many fields":
			for i := range 50 {
				h.Set(fmt.Sprintf("X-Field-%d", i), token)
			}
		case "hinted":
			h.Set("X-Hint", token)
			w.WriteHeader(http.StatusEarlyHints)
			h.Del("X-Hint")
		case "trailer":
			h.Set("Trailer", "X-Trailer")
			defer h.Set("X-Trailer", token)
		case "breaks":
			h.Set("Content-Length", "1000")
			io.WriteString(w, token)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		case "late":
			time.Sleep(30 * time.Millisecond)
		case "chunks":
			io.WriteString(w, token)
			http.NewResponseController(w).Flush()
			return
		}
		io.WriteString(w, token)
	})
}

// checkToken says what of an answer isn't the token's.
func checkToken(t *testing.T, token, form string, resp *http.Response, body []byte) {
	t.Helper()
	h := resp.Header
	if len(h["X-Token"]) != 2 || h["X-Token"][0] != token || h["X-Token"][1] != "again "+token || h.Get("X-Once") != token || h["X-Hint"] != nil {
		t.Errorf("%s, %q: answered with %v", token, form, h)
	}
	if fields := h["X-Field-49"]; (len(fields) == 1 && fields[0] == token) != (form == "many fields") {
		t.Errorf("%s, %q: answered with %v", token, form, h)
	}
	if form != "none" && string(body) != token {
		t.Errorf("%s, %q: answered with %q", token, form, body)
	}
	if got := resp.Trailer.Get("X-Trailer"); (got == token) != (form == "trailer") {
		t.Errorf("%s, %q: answered with the trailer %q", token, form, got)
	}
}

// servant is a server that answers by a handler, and a transport to it.
func servant(t *testing.T, h http.Handler) (*url.URL, *upstream.Transport) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := upstream.New(upstream.Config{URLs: []*url.URL{u}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return u, tr
}

// copiesTo returns what sends copies to a legacy application.
func copiesTo(t *testing.T, legacy strangler.Upstream) lender {
	t.Helper()
	table, err := strangler.NewTable(strangler.Config{Legacy: legacy,
		Routes: []strangler.Route{{Name: "orders", Match: strangler.Match{Path: "/orders/*"}}}})
	if err != nil {
		t.Fatal(err)
	}
	asked, _, err := table.Ask("orders")
	if err != nil {
		t.Fatal(err)
	}
	return asked.(lender)
}

// TestCopiesAreNotMixedUp sends many copies at once by what others were sent by before, each with a
// token, to an upstream that answers in every form that there is. An answer stays as it is until it is
// given back, whatever comes of others meanwhile, some of which break off or run out of time.
func TestCopiesAreNotMixedUp(t *testing.T) {
	const senders, each = 12, 150
	u, tr := servant(t, inEveryForm(t))
	copies := copiesTo(t, strangler.Upstream{URL: u, Transport: tr, Copies: tr})
	var all sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for s := range senders {
		all.Go(func() {
			var before func() // gives back the one before
			for i := range each {
				token, form := fmt.Sprintf("%d-%d", s, i), forms[(s+i)%len(forms)]
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				if form == "late" {
					ctx, cancel = context.WithTimeout(context.Background(), 10*time.Millisecond)
				}
				r := httptest.NewRequestWithContext(ctx, "GET", "/orders/"+token+"?form="+url.QueryEscape(form), nil)
				r.Header.Set("X-Token", token)
				lent := copies.Lend(r)
				resp, err := lent.RoundTrip(r)
				var body []byte
				if err == nil {
					body, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				if before != nil {
					before()
					before = nil
				}
				cancel()
				if err != nil {
					if form != "breaks" && form != "late" {
						t.Errorf("%s, %q: %v", token, form, err)
					}
					continue
				}
				before = func() {
					checkToken(t, token, form, resp, body)
					if copies.TakeBack(lent) {
						mu.Lock()
						taken++
						mu.Unlock()
					}
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d were taken back", taken, senders*each)
	if taken < senders*each/2 {
		t.Errorf("only %d of %d copies' rooms were taken back", taken, senders*each)
	}
}

// TestClientsAreNotMixedUp does the same with clients of a proxy, whose answers lie in what those of
// others lay in. A middleware keeps the lists of header values that it saw, as a shadow does.
func TestClientsAreNotMixedUp(t *testing.T) {
	const senders, each = 12, 100
	u, tr := servant(t, inEveryForm(t))
	proxy, err := strangler.New(strangler.Config{Legacy: strangler.Upstream{URL: u, Transport: tr}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var seen sync.Map // lists of header values, by token
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("X-Token")
		proxy.ServeHTTP(w, r)
		seen.Store(token, w.Header()["X-Once"])
	}))
	defer front.Close()
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for i := range each {
				token, form := fmt.Sprintf("%d-%d", s, i), forms[(s+i)%len(forms)]
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				if form == "late" {
					ctx, cancel = context.WithTimeout(context.Background(), 10*time.Millisecond)
				}
				r, err := http.NewRequestWithContext(ctx, "GET", front.URL+"/orders/"+token+"?form="+url.QueryEscape(form), nil)
				if err != nil {
					t.Error(err)
					cancel()
					return
				}
				r.Header.Set("X-Token", token)
				resp, err := http.DefaultClient.Do(r)
				var body []byte
				if err == nil {
					body, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				cancel()
				switch {
				case err == nil:
					checkToken(t, token, form, resp, body)
				case form != "breaks" && form != "late":
					t.Errorf("%s, %q: %v", token, form, err)
				}
			}
		})
	}
	all.Wait()
	kept := 0
	seen.Range(func(token, lists any) bool {
		list := lists.([]string)
		if list == nil { // the upstream never answered
			return true
		}
		if kept++; len(list) != 1 || list[0] != token {
			t.Errorf("%s: the middleware has %q", token, list)
		}
		return true
	})
	if kept < senders*each/2 {
		t.Errorf("the middleware saw %d answers", kept)
	}
}
