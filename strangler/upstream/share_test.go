package upstream

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGuardsShare has guards of one transport share the layers that they agree on, as a route's
// and its service's do, and a service's before and after a reload.
func TestGuardsShare(t *testing.T) {
	began, ends := make(chan struct{}), make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/held":
			began <- struct{}{}
			<-ends
		case "/fails":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	tr := transport(t, Config{URLs: []*url.URL{u}})
	ask := func(g *Guard, path string) string {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://any.example"+path, nil)
		resp, err := g.RoundTrip(r)
		if told, ok := err.(*Error); ok {
			return told.Kind
		}
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Status
	}
	usual := Policy{
		Bulkhead: Bulkhead{InFlight: 1}, Breaker: Breaker{Failures: 0.5, Requests: 4, Open: time.Hour},
		Timeouts: Timeouts{FirstByte: time.Hour}, Retry: Retry{Attempts: 2, Backoff: time.Millisecond, Budget: 0.01},
	}
	service := tr.With(usual)
	guards := func() map[string]*Guard {
		hasty, roomy, trusting, steady, apart := usual, usual, usual, usual, usual
		apart.Bulkhead.Own, apart.Breaker.Own = true, true
		hasty.Timeouts.FirstByte = time.Minute
		roomy.Bulkhead.InFlight = 2
		trusting.Breaker.Requests = 1000
		steady.Retry = Retry{}
		return map[string]*Guard{
			"alone": tr.With(usual), "hasty": tr.With(hasty, service), "roomy": tr.With(roomy, service),
			"trusting": tr.With(trusting, service), "steady": tr.With(steady, tr.With(hasty), service),
			"after a reload": tr.With(usual, service), "apart": tr.With(apart, service),
		}
	}
	outcomes := func(path string) map[string]string {
		all := map[string]string{}
		for name, g := range guards() {
			all[name] = ask(g, path)
		}
		return all
	}

	held := make(chan string)
	go func() { held <- ask(service, "/held") }()
	<-began
	want := map[string]string{"alone": "200 OK", "hasty": KindFull, "roomy": "200 OK", "trusting": KindFull, "steady": "200 OK", "apart": "200 OK", "after a reload": KindFull}
	if diff := cmp.Diff(want, outcomes("/")); diff != "" {
		t.Errorf("while the service's bulkhead is full (-want +got):\n%s", diff)
	}
	close(ends)
	if got := <-held; got != "200 OK" {
		t.Fatal(got)
	}

	if got := ask(service, "/fails"); got != "503 Service Unavailable" { // sent twice: the first retry can always be afforded
		t.Fatal(got)
	}
	for range 4 {
		ask(tr.With(usual, service), "/fails")
	}
	if s := service.State(); s.Retries != 1 || s.RetriesDenied != 1 || s.Breaker != "open" || s.Opened != 1 {
		t.Errorf("%+v, want what was asked elsewhere counted here: one retry, one denied, an open breaker", s)
	}
	want = map[string]string{"alone": "200 OK", "hasty": KindOpen, "roomy": KindOpen, "trusting": "200 OK", "steady": "200 OK", "apart": "200 OK", "after a reload": KindOpen}
	if diff := cmp.Diff(want, outcomes("/")); diff != "" {
		t.Errorf("while the service's breaker is open (-want +got):\n%s", diff)
	}
}
