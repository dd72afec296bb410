package strangler

import (
	"net/http"
	"testing"
)

// TestSecretsStayHere sends an override's header, which doesn't look like ours, to its route,
// to a route without one and to none: no upstream may see it.
func TestSecretsStayHere(t *testing.T) {
	var leaked []string
	look := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-Side", "X-Strangler-Shadow"} {
			if r.Header[name] != nil {
				leaked = append(leaked, r.URL.Path+" "+name)
			}
		}
	})
	address, _ := front(t, Config{
		Legacy:   upstreamOf(t, look),
		Services: map[string]Upstream{"s": upstreamOf(t, look)},
		Routes: []Route{
			{Name: "with", Match: Match{Path: "/with"}, Service: "s", Override: &Override{Header: "x-side", Secret: "0123456789abcdef"}},
			{Name: "without", Match: Match{Path: "/without"}, Service: "s"},
		},
	})
	c := client(t)
	for _, path := range []string{"/with", "/without", "/none"} {
		req, err := http.NewRequest("GET", address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Side", "service; 0123456789abcdef")
		req.Header.Set("X-Strangler-Shadow", "forged")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		bodyOf(t, resp)
	}
	if len(leaked) > 0 {
		t.Errorf("upstreams saw %q", leaked)
	}
}
