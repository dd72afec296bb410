package upstream_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestRefusing has nobody listen.
func TestRefusing(t *testing.T) {
	leavesNothing(t)
	nobody := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	g := startGateway(t, nobody, gatewayConfig{})
	for _, request := range []string{getRequest("/"), postRequest("/", "abc"), postRequest("/", strings.Repeat("x", 1<<20)), chunkedRequest("/", "abc")} {
		c := connect(t, g.Addr)
		go func() { _, _ = c.Write([]byte(request)) }()
		got := c.hear(method(request))
		if got.Status != 502 || got.Cut || !strings.Contains(got.Body, "could not be reached") {
			t.Errorf("%v; want 502", got)
		}
		if seen := g.observed(t); seen.Decision.Failure != "connect" {
			t.Errorf("failure %q, want connect", seen.Decision.Failure)
		}
		if log := g.Log.take(); !strings.Contains(log, "connection refused") {
			t.Errorf("logged: %q", log)
		}
		c.Close()
	}
}
