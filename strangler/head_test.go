package strangler_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// copying is a middleware that has a copy of each request sent as a shadow does, after the client's answer.
func copying(repeated *atomic.Int64) func(strangler.ShadowPoint) func(http.Handler) http.Handler {
	return func(at strangler.ShadowPoint) func(http.Handler) http.Handler {
		by := at.Other.(lender)
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				lent := by.Lend(r)
				again := r.Clone(r.Context()) // which knows the Decision
				next.ServeHTTP(w, r)
				again.Body = http.NoBody
				mark := http.Header{"X-Strangler-Shadow": {"orders"}}
				if repeats, ok := lent.(interface{ Repeats(*http.Request) bool }); ok && repeats.Repeats(again) {
					repeated.Add(1)
					again.Header = mark
				} else {
					again.Header["X-Strangler-Shadow"] = mark["X-Strangler-Shadow"]
				}
				resp, err := lent.RoundTrip(again)
				if err != nil {
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err == nil {
					by.TakeBack(lent)
				}
			})
		}
	}
}

// sloppy adds what only legacy is to know, in the request that it is given.
type sloppy struct{ *upstream.Transport }

func (s sloppy) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Secret", "legacy's")
	return s.Transport.RoundTrip(r)
}

// TestHeadsAreNotMixedUp sends requests with tokens through a proxy that copies each, with the very head of its
// request where that may be: the service gets the copy of every request, with its own token and nothing that only
// legacy was to know.
func TestHeadsAreNotMixedUp(t *testing.T) {
	const clients, each = 8, 100
	for _, tt := range []struct {
		name     string
		verbatim bool
		legacy   func(*upstream.Transport) http.RoundTripper
		repeats  bool
	}{
		{"verbatim", true, func(t *upstream.Transport) http.RoundTripper { return t }, true},
		{"a guard", true, func(t *upstream.Transport) http.RoundTripper {
			return t.With(upstream.Policy{Retry: upstream.Retry{Attempts: 2}})
		}, true},
		{"not said", false, func(t *upstream.Transport) http.RoundTripper { return t }, false},
		{"around the transport", true, func(t *upstream.Transport) http.RoundTripper { return sloppy{t} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			legacyURL, legacy := servant(t, inEveryForm(t))
			var copies, repeated atomic.Int64
			var asked sync.Map
			serviceURL, service := servant(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				token := r.Header.Get("X-Token")
				switch _, twice := asked.LoadOrStore(token, true); {
				case r.URL.Path != "/orders/"+token || len(r.Header["X-Token"]) != 1 || r.Host != "shop.example":
					t.Errorf("%s: a copy of the head %v", r.URL, r.Header)
				case r.Header.Get("X-Strangler-Shadow") != "orders" || r.Header["X-Secret"] != nil:
					t.Errorf("%s: copied with %v", token, r.Header)
				case twice:
					t.Errorf("%s is copied twice", token)
				}
				copies.Add(1)
				fmt.Fprint(w, token)
			}))
			proxy, err := strangler.New(strangler.Config{
				Legacy:    strangler.Upstream{URL: legacyURL, Transport: tt.legacy(legacy), Copies: legacy},
				Services:  map[string]strangler.Upstream{"orders": {URL: serviceURL, Transport: service, Copies: service}},
				Routes:    []strangler.Route{{Name: "orders", Service: "orders", Match: strangler.Match{Path: "/orders/*"}}},
				Positions: map[string]strangler.Position{"orders": {Phase: strangler.PhaseShadow}},
				Shadow:    copying(&repeated),
				Verbatim:  tt.verbatim,
				Logger:    slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(proxy)
			defer front.Close()
			var all sync.WaitGroup
			for c := range clients {
				all.Go(func() {
					for i := range each {
						token, form := fmt.Sprintf("%d-%d", c, i), forms[(c+i)%len(forms)]
						if form == "late" || form == "breaks" {
							form = ""
						}
						r, err := http.NewRequest("GET", front.URL+"/orders/"+token+"?form="+url.QueryEscape(form), nil)
						if err != nil {
							t.Error(err)
							return
						}
						r.Host = "shop.example"
						r.Header.Set("X-Token", token)
						resp, err := http.DefaultClient.Do(r)
						if err != nil {
							t.Error(err)
							return
						}
						io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
				})
			}
			all.Wait()
			for until := time.Now().Add(10 * time.Second); copies.Load() < clients*each && time.Now().Before(until); {
				time.Sleep(time.Millisecond)
			}
			if got := copies.Load(); got != clients*each {
				t.Errorf("%d copies of %d requests came", got, clients*each)
			}
			if got := repeated.Load(); tt.repeats != (got > 0) || tt.repeats && got != clients*each {
				t.Errorf("%d of %d copies were sent with the head of their request", got, clients*each)
			}
		})
	}
}

// edits is a transport that changes a field of each answer.
type edits struct{ *upstream.Transport }

func (e edits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := e.Transport.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Server", resp.Header.Get("Server")+", edited")
	}
	return resp, err
}

// TestEditedAnswersAreGivenBack gives back copies' answers that were changed by what stands around the transport: the
// next one is as the upstream sent it.
func TestEditedAnswersAreGivenBack(t *testing.T) {
	u, tr := servant(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Server"], w.Header()["Date"] = []string{"x"}, nil
		fmt.Fprint(w, "ok")
	}))
	copies := copiesTo(t, strangler.Upstream{URL: u, Transport: tr, Copies: edits{tr}})
	for range 3 {
		r := httptest.NewRequest("GET", "/orders/7", nil)
		lent := copies.Lend(r)
		resp, err := lent.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if got := resp.Header.Get("Server"); got != "x, edited" {
			t.Errorf("answered by %q", got)
		}
		if !copies.TakeBack(lent) {
			t.Error("it isn't taken back")
		}
	}
}

// TestOneCopyHasTheHead has two copies of a request sent, as two shadows around each other do: the head is given back
// once, so that only one of them may have it.
func TestOneCopyHasTheHead(t *testing.T) {
	u, tr := servant(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	repeat := 0
	proxy, err := strangler.New(strangler.Config{
		Legacy:    strangler.Upstream{URL: u, Transport: tr, Copies: tr},
		Services:  map[string]strangler.Upstream{"orders": {URL: u, Transport: tr, Copies: tr}},
		Routes:    []strangler.Route{{Name: "orders", Service: "orders", Match: strangler.Match{Path: "/orders/*"}}},
		Positions: map[string]strangler.Position{"orders": {Phase: strangler.PhaseShadow}},
		Shadow: func(at strangler.ShadowPoint) func(http.Handler) http.Handler {
			by := at.Other.(lender)
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					lent := [2]http.RoundTripper{by.Lend(r), by.Lend(r)}
					next.ServeHTTP(w, r)
					for _, one := range lent {
						if one.(interface{ Repeats(*http.Request) bool }).Repeats(r) {
							repeat++
						}
					}
				})
			}
		},
		Verbatim: true,
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	proxy.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/orders/7", nil))
	if repeat != 1 {
		t.Errorf("%d copies have the head of their request", repeat)
	}
}
