package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// hosts are the Host names that the listener answers to. A page of somebody else's whose name
// was made to point here (DNS rebinding) still sends its own name.
type hosts struct {
	port  string
	own   map[string]bool // only with the listener's port
	extra map[string]bool // as configured; without a port there: with any
}

func newHosts(listen string, extra []string) (*hosts, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, fmt.Errorf("admin address %q: %w", listen, err)
	}
	h := &hosts{port: port, own: make(map[string]bool), extra: make(map[string]bool)}
	if host != "" {
		h.own[strings.ToLower(host)] = true
	}
	if loopback(host) {
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			h.own[name] = true
		}
	}
	for _, name := range extra {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if bare, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(bare, "]") {
			name = strings.TrimSuffix(bare, "]")
		}
		h.extra[name] = true
	}
	return h, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func (h *hosts) known(r *http.Request) bool {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), "80"
		if r.TLS != nil {
			port = "443"
		}
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if h.extra[host] || h.extra[net.JoinHostPort(host, port)] {
		return true
	}
	return port == h.port && (h.own[host] || h.local(r, host))
}

// local reports whether host is the very address that the connection came to, as it may be where
// the listener has them all, or localhost for a loopback one. No name of a stranger's can be made
// to look like either.
func (h *hosts) local(r *http.Request, host string) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	own, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return false
	}
	if host == "localhost" {
		return own.Addr().Unmap().IsLoopback()
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && own.Addr().Unmap().WithZone("") == ip.Unmap()
}

func (h *hosts) check(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !h.known(r) {
			deny(w, r, Problem{Status: http.StatusMisdirectedRequest, Code: CodeForbidden,
				Detail: fmt.Sprintf("the admin listener doesn't answer to the host name %q; use its address, or add the name to admin.hosts in the configuration", r.Host)})
			return
		}
		next.ServeHTTP(w, r)
	})
}
