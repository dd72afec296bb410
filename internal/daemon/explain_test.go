package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestExplainSendsNothing asks what would happen, and holds it against what then does.
func TestExplainSendsNothing(t *testing.T) {
	var hits atomic.Int64
	count := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			fmt.Fprint(w, name)
		}
	}
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "", count("legacy")).URL, backend(t, "", count("service")).URL))
	for _, to := range []string{"legacy", "shadow", "50%", "live", "retired"} {
		s.shift(t, "orders-read", to)
		for who := range 10 {
			path := fmt.Sprintf("/orders/1?who=%d", who)
			before := hits.Load()
			x, err := s.API.Explain(t.Context(), web.Explain{Method: "POST", URL: path})
			if err != nil {
				t.Fatal(err)
			}
			if hits.Load() != before {
				t.Fatal("something was sent")
			}
			// A POST, which no shadow copies, so that nothing is sent later either.
			resp, err := s.Client.Post(s.URL+path, "text/plain", nil)
			side, err := body(resp, err)
			if err != nil || side != x.Side.String() || x.Route != "orders-read" || x.Phase.String() != strings.Replace(to, "50%", "canary", 1) {
				t.Errorf("%s: explained %+v, answered by %s, %v", to, x, side, err)
			}
		}
	}
	var problem *api.Problem
	if _, err := s.API.Explain(t.Context(), web.Explain{URL: "no path"}); !errors.As(err, &problem) {
		t.Errorf("nonsense is explained: %v", err)
	}
}
