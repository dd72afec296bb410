package upstream

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestAsk asks endpoints that answer in all sorts of ways.
func TestAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		says := func(code int, body io.Reader) answers {
			return func(r *http.Request) (*http.Response, error) {
				if r.URL.RequestURI() != "/version?short=1" || r.Host != "asked.example" || r.Method != "GET" || r.Header.Get("User-Agent") != "strangler" {
					t.Errorf("asked for %s %s at %s by %s", r.Method, r.URL, r.Host, r.Header)
				}
				resp := status(r, code)
				resp.Body = io.NopCloser(body)
				return resp, nil
			}
		}
		tr := inBubble(t, Config{Health: Health{Host: "asked.example", Timeout: 3 * time.Second}, Policy: Policy{Bulkhead: Bulkhead{InFlight: 1}}}, map[string]answers{
			"10.0.0.1:80": says(200, strings.NewReader("1.4.2\n")),
			"10.0.0.2:80": says(404, strings.NewReader("0123456789")),
			"10.0.0.3:80": says(200, io.MultiReader(strings.NewReader("1.4"), failing{io.ErrUnexpectedEOF})),
			"10.0.0.4:80": func(*http.Request) (*http.Response, error) { return nil, errRefused },
			"10.0.0.5:80": hangs,
		})
		defer tr.Close()
		began := time.Now()
		got := slices.Collect(tr.Ask(t.Context(), "/version?short=1", 8))
		want := []Reply{
			{Addr: "10.0.0.1:80", Status: 200, Body: []byte("1.4.2\n")},
			{Addr: "10.0.0.2:80", Status: 404, Body: []byte("01234567")},
			{Addr: "10.0.0.3:80", Status: 200, Body: []byte("1.4"), Why: "answer broke off"},
			{Addr: "10.0.0.4:80", Why: "connection refused"},
			{Addr: "10.0.0.5:80", Why: "no answer within 3s"},
		}
		byAddr := cmpopts.SortSlices(func(a, b Reply) bool { return a.Addr < b.Addr })
		if diff := cmp.Diff(want, got, byAddr); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %s", took)
		}
		for _, ep := range tr.State().Endpoints {
			if ep.Requests != 0 || ep.Failures != 0 || !ep.Healthy {
				t.Errorf("%+v, want it not counted", ep)
			}
		}
		// Those that are out aren't asked, unless all are.
		all := tr.endpoints.Load().all
		for _, ep := range all {
			ep.down.Store(ep.Addr != "10.0.0.2:80")
		}
		if got := slices.Collect(tr.Ask(t.Context(), "/version?short=1", 8)); len(got) != 1 || got[0].Addr != "10.0.0.2:80" {
			t.Errorf("one is in the turn, and asked are %v", got)
		}
		for _, ep := range all {
			ep.down.Store(true)
		}
		if got := slices.Collect(tr.Ask(t.Context(), "/version?short=1", 8)); len(got) != 5 {
			t.Errorf("none is in the turn, and asked are %v", got)
		}
		for range tr.Ask(t.Context(), "/version?short=1", 8) {
			break // whoever has heard enough asks no further: a panic if it did
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if got := slices.Collect(tr.Ask(ended, "/version?short=1", 8)); got != nil {
			t.Errorf("nobody waits, and asked are %v", got)
		}
	})
}

// TestAskPastLimits says over sockets that connections which are all in use keep nobody from asking.
func TestAskPastLimits(t *testing.T) {
	release := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
		_, _ = io.WriteString(w, r.URL.Path)
	})
	tr := transport(t, Config{URLs: []*url.URL{u}, MaxPerHost: 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := get(t.Context())
		r.URL.Path = "/slow"
		if resp, err := tr.RoundTrip(r); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}()
	for tr.State().Endpoints[0].InFlight == 0 {
		time.Sleep(time.Millisecond)
	}
	got := slices.Collect(tr.Ask(t.Context(), "/version", 100))
	close(release)
	<-done
	if diff := cmp.Diff([]Reply{{Addr: u.Host, Status: 200, Body: []byte("/version")}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
