package strangler

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForwarded(t *testing.T) {
	for name, c := range map[string]struct {
		peer string
		host string
		tls  bool
		sent map[string][]string
		want string
	}{
		"a client":                             {"192.0.2.7:1234", "shop.example.com", false, nil, `for=192.0.2.7;host=shop.example.com;proto=http`},
		"over TLS, with a port":                {"192.0.2.7:1234", "shop.example.com:8443", true, nil, `for=192.0.2.7;host="shop.example.com:8443";proto=https`},
		"IPv6":                                 {"[2001:db8::1]:1234", "[::1]", false, nil, `for="[2001:db8::1]";host="[::1]";proto=http`},
		"IPv4 in IPv6":                         {"[::ffff:192.0.2.7]:1", "h", false, nil, `for=192.0.2.7;host=h;proto=http`},
		"no Host":                              {"192.0.2.7:1", "", false, nil, `for=192.0.2.7;proto=http`},
		"a socket without addresses":           {"@", "h", false, nil, `for=unknown;host=h;proto=http`},
		"a stranger says who it is":            {"192.0.2.7:1", "h", false, map[string][]string{"Forwarded": {"for=1.1.1.1"}, "X-Forwarded-For": {"1.1.1.1"}}, `for=192.0.2.7;host=h;proto=http`},
		"a trusted proxy says":                 {"10.0.0.1:1", "h", false, map[string][]string{"Forwarded": {`for=1.1.1.1;proto=https`, `for="[::2]"`}}, `for=1.1.1.1;proto=https, for="[::2]", for=10.0.0.1;host=h;proto=http`},
		"a trusted proxy says it twice":        {"10.0.0.1:1", "h", false, map[string][]string{"Forwarded": {`for=1.1.1.1`}, "X-Forwarded-For": {"1.1.1.1"}}, `for=1.1.1.1, for=10.0.0.1;host=h;proto=http`},
		"a trusted proxy says it the old way":  {"10.0.0.1:1", "h", false, map[string][]string{"X-Forwarded-For": {"1.1.1.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop:1"}}, `for=1.1.1.1;host="shop:1";proto=https, for=10.0.0.1;host=h;proto=http`},
		"several proxies":                      {"10.0.0.1:1", "h", false, map[string][]string{"X-Forwarded-For": {"2001:db8::1, 10.0.0.3", "10.0.0.2"}}, `for="[2001:db8::1]";host=h;proto=http, for=10.0.0.3, for=10.0.0.2, for=10.0.0.1;host=h;proto=http`},
		"a proxy says what is none":            {"10.0.0.1:1", "h", false, map[string][]string{"X-Forwarded-For": {`";x`}, "X-Forwarded-Proto": {`a"b\c`}}, `for=unknown;host=h;proto="a\"b\\c", for=10.0.0.1;host=h;proto=http`},
		"a trusted proxy says nothing of whom": {"10.0.0.1:1", "h", false, map[string][]string{"X-Forwarded-Proto": {"https"}}, `for=10.0.0.1;host=h;proto=http`},
	} {
		t.Run(name, func(t *testing.T) {
			rw := newRewriter(&Upstream{URL: &url.URL{Scheme: "http", Host: "up"}}, trust{netip.MustParsePrefix("10.0.0.0/8")})
			r := &http.Request{Host: c.host, URL: &url.URL{Path: "/"}, Header: http.Header(c.sent), RemoteAddr: c.peer}
			if c.tls {
				r.TLS = new(tls.ConnectionState)
			}
			before := r.Header["Forwarded"]
			if !rw.trusted.trusts(c.peer) {
				before = nil
			}
			if diff := cmp.Diff(before, rw.request(t.Context(), (*call)(nil).room(), r, nil).Header["Forwarded"]); diff != "" {
				t.Errorf("where it isn't asked for (-want +got):\n%s", diff)
			}
			rw.standard = true
			if got := rw.request(t.Context(), (*call)(nil).room(), r, nil).Header["Forwarded"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("Forwarded %q\nwant       [%q]", got, c.want)
			}
		})
	}
}
