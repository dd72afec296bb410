package strangler

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestClient(t *testing.T) {
	trusted := newTrust([]netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::ffff:172.16.0.0/108"), netip.MustParsePrefix("fd00::/8"),
	})
	tests := []struct {
		name      string
		peer      string
		forwarded []string
		want      string // empty: none
	}{
		{"a stranger", "192.0.2.1:99", nil, "192.0.2.1"},
		{"a stranger's claim doesn't count", "192.0.2.1:99", []string{"198.51.100.7"}, "192.0.2.1"},
		{"a proxy's does", "10.0.0.1:99", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a proxy that says nothing", "10.0.0.1:99", nil, "10.0.0.1"},
		{"what a client claims stands to the left", "10.0.0.1:99", []string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7"},
		{"through two proxies", "10.0.0.1:99", []string{"203.0.113.9, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"on several lines", "10.0.0.1:99", []string{"203.0.113.9", "198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		{"all are proxies", "10.0.0.1:99", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"not an address", "10.0.0.1:99", []string{"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"empty", "10.0.0.1:99", []string{""}, "10.0.0.1"},
		{"with a port", "10.0.0.1:99", []string{"198.51.100.7:1234"}, "198.51.100.7"},
		{"IPv6", "[fd00::1]:99", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::1]:99", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:99", []string{"[2001:db8::7]:1234"}, "2001:db8::7"},
		{"IPv4 in IPv6 is IPv4", "[::ffff:10.0.0.1]:99", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"so is a prefix", "172.16.0.1:99", []string{"198.51.100.7"}, "198.51.100.7"},
		{"with a zone", "[fd00::1%eth0]:99", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a Unix socket", "@", []string{"198.51.100.7"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			var want netip.Addr
			if tt.want != "" {
				want = netip.MustParseAddr(tt.want)
			}
			if got := trusted.client(r); got != want {
				t.Errorf("client = %v, want %v", got, want)
			}
		})
	}
}
