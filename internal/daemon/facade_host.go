package daemon

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ownNames has a facade answer on loopback to names of this machine alone: its addresses, localhost, and those
// that the configuration adds. A page of somebody else's whose name was made to point there (DNS rebinding)
// is of one origin with the facade for a browser, and still sends its own name. An address can't be
// made to point elsewhere. Where other machines reach the facade, its network says who may; it answers to any
// name then, unless some are configured.
type ownNames struct {
	names []string // in lower case, without ports
	next  http.Handler
}

// ServeHTTP implements http.Handler.
func (o *ownNames) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if o.known(r) {
		o.next.ServeHTTP(w, r)
		return
	}
	body, err := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(http.StatusMisdirectedRequest), "status": http.StatusMisdirectedRequest,
		"detail": "this facade has no name such as the one in Host; add it to the facade's hosts"})
	if err != nil {
		body = nil // of texts and a number; it has a JSON form
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusMisdirectedRequest)
	_, _ = w.Write(body) // who has gone reads none
}

func (o *ownNames) known(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || host == "" || slices.Contains(o.names, host) {
		return true
	}
	return len(o.names) == 0 && !onLoopback(r)
}

// onLoopback reports whether a request came to an address that only this machine reaches.
func onLoopback(r *http.Request) bool {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	own, err := netip.ParseAddrPort(addr.String())
	return err != nil || own.Addr().Unmap().IsLoopback()
}
