package shadow_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestRedirects has both sides redirect, to themselves and elsewhere, through real connections.
func TestRedirects(t *testing.T) {
	to := func(address string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if address == "self" {
				w.Header().Set("Location", "http://"+r.Context().Value(http.LocalAddrContextKey).(interface{ String() string }).String()+"/next")
			} else {
				w.Header().Set("Location", address)
			}
			w.WriteHeader(http.StatusFound)
		}
	}
	rules, err := compare.New(compare.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, legacy, service string
		serves                shadow.Side
		want                  shadow.Verdict
	}{
		{"the client's host, and the service's own", "http://shop.example.com/next", "self", shadow.Legacy, shadow.Match},
		{"legacy's own, and none", "http://legacy:8000/next", "/next", shadow.Legacy, shadow.Match},
		{"the same where the service serves", "self", "http://orders:8101/next", shadow.Service, shadow.Match},
		{"another path", "/next", "http://shop.example.com/other", shadow.Legacy, shadow.Diverged},
		{"a host that only the other side has", "http://orders:8101/next", "/next", shadow.Legacy, shadow.Diverged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, other := to(tt.legacy), to(tt.service)
			if tt.serves == shadow.Service {
				client, other = other, client
			}
			server := httptest.NewServer(other)
			defer server.Close()
			base, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			p := point(shadow.To(base, nil))
			p.Serves, p.Compare, p.LegacyExtra = tt.serves, rules, shadow.Extra{Share: 1, PerSecond: 1000}
			p.LegacyHosts, p.ServiceHosts = []string{"legacy:8000"}, []string{"orders:8101"}
			if tt.serves == shadow.Service {
				p.LegacyHosts = append(p.LegacyHosts, base.Host)
			} else {
				p.ServiceHosts = append(p.ServiceHosts, base.Host)
			}
			r := httptest.NewRequest("GET", "http://shop.example.com/orders", nil)
			if got := one(t, shadow.Config{}, p, client, r); got.Verdict != tt.want {
				t.Errorf("verdict %s %s %v, want %s", got.Verdict, got.Reason, got.Differences, tt.want)
			}
		})
	}
}
