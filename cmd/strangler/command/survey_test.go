package command

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/internal/accesslog"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestLoggedRoutes(t *testing.T) {
	routes := []web.Route{
		{Name: "order", Match: strangler.Match{Path: "/orders/{id}"}},
		{Name: "beta", Match: strangler.Match{Path: "/orders/{id}", Headers: map[string]string{"X-Beta": "1"}}},
		{Name: "new", Match: strangler.Match{Path: "/orders/new"}},
		{Name: "shop", Match: strangler.Match{Path: "/shop", Host: "shop.example.com"}},
		{Name: "root", Match: strangler.Match{Path: "/"}},
	}
	find, err := loggedRoutes(routes, []string{"order", "shop", "root"}, web.LegacyTraits{Path: "/app", Hosts: []string{"legacy.internal"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, target, host string
		want               string
		sure               bool
	}{
		{"behind what the proxy puts before it", "/app/orders/7?x", "", "order", false},
		{"a more specific route has it", "/app/orders/new", "", "", true},
		{"something else on that server", "/other/orders/7", "", "", true},
		{"a name that only begins so", "/apple", "", "", true},
		{"the base alone", "/app", "", "root", true},
		{"and with a query", "/app?x", "", "root", true},
		{"its own host", "/app/shop", "shop.example.com", "shop", true},
		{"another host", "/app/shop", "other.example.com", "", true},
		{"legacy's own name says nothing of the host", "/app/shop", "Legacy.internal:8080", "shop", false},
		{"what the proxy would refuse", "/app/%zz", "", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, sure := find(accesslog.Entry{Method: "GET", Target: tt.target, Host: tt.host})
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" || sure != tt.sure {
				t.Errorf("sure is %v, want %v; routes (-want +got):\n%s", sure, tt.sure, diff)
			}
		})
	}
}

func TestOwnAddresses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		known   string
		flags   []string
		own     string
		foreign string
	}{
		{"on another machine, loopback is somebody on legacy's", "10.0.0.5", nil, "10.0.0.5", "127.0.0.1"},
		{"on the same machine it can't be told apart", "127.0.0.1", nil, "127.0.0.9", "10.0.0.5"},
		{"what the flags say, besides", "10.0.0.5", []string{"192.0.2.0/24", "2001:db8::7"}, "2001:db8::7", "2001:db8::8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := proof{fromProxy: tt.flags}
			own, err := p.own(web.LegacyTraits{ProxyAddresses: []string{tt.known}})
			if err != nil {
				t.Fatal(err)
			}
			has := func(text string) bool {
				for _, prefix := range own {
					if prefix.Contains(netip.MustParseAddr(text)) {
						return true
					}
				}
				return false
			}
			if !has(tt.own) || !has(tt.known) || has(tt.foreign) {
				t.Errorf("its own are %v; want %s and %s among them, and %s not", own, tt.known, tt.own, tt.foreign)
			}
		})
	}
}
