package strangler

import (
	"net/http"
	"net/netip"
	"strings"
)

// trust is the set of peers whose forwarding headers count.
type trust []netip.Prefix

// newTrust returns the prefixes in the form in which addresses are compared with them.
func newTrust(prefixes []netip.Prefix) trust {
	t := make(trust, 0, len(prefixes))
	for _, p := range prefixes {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		t = append(t, p)
	}
	return t
}

// trusts reports whether a request's peer, as in http.Request.RemoteAddr, is a trusted proxy.
func (t trust) trusts(remoteAddr string) bool {
	if len(t) == 0 {
		return false
	}
	peer, ok := parseHop(remoteAddr)
	return ok && t.contains(peer)
}

// client returns the address of the client: the peer, or, if that is a trusted proxy, the
// right-most address in X-Forwarded-For that isn't one. Each proxy appends what it saw, so that
// only what stands to the right of the first stranger is known to be true; if there is none, it
// is the left-most address. An entry that isn't an address ends the walk at the last one that
// was. The zero Addr says that not even the peer has an address, as on a Unix socket.
func (t trust) client(r *http.Request) netip.Addr {
	client, ok := parseHop(r.RemoteAddr)
	if !ok {
		return netip.Addr{}
	}
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			if !t.contains(client) {
				return client
			}
			hop := rest
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, hop = rest[:comma], rest[comma+1:]
			} else {
				more = false
			}
			addr, ok := parseHop(strings.Trim(hop, " \t"))
			if !ok {
				return client
			}
			client = addr
		}
	}
	return client
}

func (t trust) contains(addr netip.Addr) bool {
	for _, p := range t {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// parseHop reads an address with or without a port, IPv6 with or without brackets. The address
// has no zone and no IPv4-in-IPv6 form, so that one client is one address.
func parseHop(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	if n := len(s); n > 1 && s[0] == '[' && s[n-1] == ']' {
		s = s[1 : n-1]
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}
