package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// TestStickiness moves a weight up and down and looks where 2,000 clients are answered: nobody
// goes from service to legacy while it rises, nor the other way while it falls.
func TestStickiness(t *testing.T) {
	const keys = 2000
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL)+"    shadow: {sample: 0%}\n")
	sides := func() (sides [keys]string) {
		var clients sync.WaitGroup
		for worker := range 8 {
			clients.Go(func() {
				for key := worker; key < keys; key += 8 {
					resp, err := s.Client.Get(fmt.Sprintf("%s/orders/1?who=%d", s.URL, key))
					text, err := body(resp, err)
					if err != nil {
						t.Error(err)
						return
					}
					sides[key], _, _ = strings.Cut(text, " ")
				}
			})
		}
		clients.Wait()
		return sides
	}
	before := sides()
	weight := strangler.Weight(0)
	for _, to := range []string{"1%", "10%", "60%", "live", "80%", "30%", "2.5%", "shadow"} {
		route := s.shift(t, "orders-read", to)
		after := sides()
		served := 0
		for key := range keys {
			if after[key] == "service" {
				served++
			}
			if rises := route.Weight > weight; before[key] != after[key] && (after[key] == "service") != rises {
				t.Fatalf("from %s to %s, key %d went from %s to %s", weight, to, key, before[key], after[key])
			}
		}
		// Three standard deviations of a fair split.
		share, p := float64(served)/keys, route.Weight.Percent()/100
		if off := share - p; off*off > 9*p*(1-p)/keys+1e-6 {
			t.Errorf("at %s the service has %.2f %% of the keys", to, share*100)
		}
		before, weight = after, route.Weight
	}
}

// TestIssuedCookie looks when the cookie of ours is set, how, and that it sticks.
func TestIssuedCookie(t *testing.T) {
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "1"})
		fmt.Fprint(w, "legacy ")
	})
	service := backend(t, "service", nil)
	s := start(t, strings.ReplaceAll(fmt.Sprintf(oneRoute, legacy.URL, service.URL), "query:who", "issued"))
	ask := func(path string, cookies ...*http.Cookie) (side string, ours *http.Cookie) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		resp, err := s.Client.Do(r)
		text, err := body(resp, err)
		if err != nil {
			t.Fatal(err)
		}
		for _, cookie := range resp.Cookies() {
			if cookie.Name == strangler.IssuedCookie {
				ours = cookie
			} else if cookie.Name != "sid" {
				t.Errorf("who set %s?", cookie)
			}
		}
		side, _, _ = strings.Cut(text, " ")
		if side == "legacy" && !strings.Contains(strings.Join(resp.Header.Values("Set-Cookie"), " "), "sid=1") {
			t.Errorf("legacy's own cookie is gone: %v", resp.Header)
		}
		return side, ours
	}
	for _, to := range []string{"legacy", "shadow", "live", "retired"} {
		s.shift(t, "orders-read", to)
		if _, ours := ask("/orders/1"); ours != nil {
			t.Errorf("%s: set %s", to, ours)
		}
	}
	if _, err := s.API.Undo(t.Context(), "orders-read", undoForced); err != nil {
		t.Fatal(err)
	}
	s.shift(t, "orders-read", "50%")
	if _, ours := ask("/elsewhere"); ours != nil {
		t.Errorf("no route: set %s", ours)
	}
	ids := map[string]string{}
	for range 60 {
		side, ours := ask("/orders/1")
		if ours == nil {
			t.Fatal("a canary's answer has no cookie")
		}
		if !ours.HttpOnly || ours.SameSite != http.SameSiteLaxMode || ours.Path != "/" || ours.Secure || ours.Domain != "" ||
			ours.MaxAge < int((364*24*time.Hour).Seconds()) || len(ours.Value) < 22 || strings.Contains(ours.Value, side) {
			t.Fatalf("the cookie is %s", ours)
		}
		ids[ours.Value] = side
	}
	if len(ids) != 60 {
		t.Errorf("%d different ids of 60", len(ids))
	}
	served := map[string]int{}
	for id, first := range ids {
		again, ours := ask("/orders/1", &http.Cookie{Name: strangler.IssuedCookie, Value: id})
		if again != first || ours != nil {
			t.Errorf("with its cookie a client came from %s to %s, and got %v", first, again, ours)
		}
		served[first]++
	}
	if len(served) != 2 {
		t.Errorf("60 clients at 50 %%: %v", served)
	}
	if _, ours := ask("/orders/1", &http.Cookie{Name: strangler.IssuedCookie, Value: "service"}); ours == nil {
		t.Error("a cookie that we can't have issued was taken for one")
	}
}
