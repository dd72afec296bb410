package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestShapeIsNotReplayed holds that what was captured without values is neither sent nor handed out.
func TestShapeIsNotReplayed(t *testing.T) {
	var asked atomic.Int64
	answer := func(total string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"total": %s}`, total)
		}
	}
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) { asked.Add(1); answer("1")(w, r) })
	service := backend(t, "", answer("2"))
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: shadow\n    shadow: {capture: shape, control: 0%, recheck: 0s, keep_matches: 5}\n")
	s.get(t, "/orders/7")
	eventually(t, "a group", func() bool {
		groups, err := s.API.Groups(t.Context(), "orders-read", "open")
		return err == nil && len(groups) == 1
	})
	groups, err := s.API.Groups(t.Context(), "orders-read", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.API.Replay(t.Context(), web.Replay{Group: groups[0].ID}, func(web.ReplayStep) {})
	if err == nil || !strings.Contains(err.Error(), "nothing is stored") {
		t.Errorf("replay: %v", err)
	}
	if found, err := s.API.Exchanges(t.Context(), web.ExchangeQuery{Route: "orders-read"}); err != nil || len(found) > 0 {
		t.Errorf("exchanges %+v, %v", found, err)
	}
	if err := s.API.Keep(t.Context(), "orders-read", []web.Exchange{{Method: "GET", Path: "/orders/8", Legacy: &web.Answer{Status: 200}}}); err == nil {
		t.Error("an import into a route that captures shapes is accepted")
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("legacy was asked %d times", n)
	}
}
