package compare

import (
	"net/url"
	"slices"
	"strings"
)

// sameTarget reports whether two redirects lead to the same place, each seen from its own side: an
// address of the side itself is one relative to the site, whatever its scheme, since TLS may end
// before the application.
func sameTarget(legacy, service []string, legacyHosts, serviceHosts []string) bool {
	return slices.EqualFunc(legacy, service, func(a, b string) bool {
		return relative(a, legacyHosts) == relative(b, serviceHosts)
	})
}

// relative returns an address without scheme and host if they are the side's own.
func relative(address string, hosts []string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return address
	}
	host := plainHost(u.Host)
	if !slices.ContainsFunc(hosts, func(own string) bool { return plainHost(own) == host }) {
		return address
	}
	_, rest, _ := strings.Cut(address, "//")
	path := ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		path = rest[i:]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // RFC 9110, section 4.2.3
	}
	return path
}

// plainHost returns a host in lower case and without a port that is a scheme's default.
func plainHost(host string) string {
	host = strings.ToLower(host)
	for _, port := range []string{":80", ":443"} {
		host = strings.TrimSuffix(host, port)
	}
	return host
}
