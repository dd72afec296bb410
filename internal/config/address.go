package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// address reads what a listener listens on: host:port, or :port for every address.
func (v value) address(to *string) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		switch {
		case strings.Contains(s, "://"):
			v.fail("%s is a URL; a listener has only host:port, such as 127.0.0.1:8080", shown(s))
		case isDigits(s):
			v.fail("%q is no address to listen on; did you mean %q?", s, ":"+s)
		default:
			v.fail("%s is no address to listen on; write host:port, such as 127.0.0.1:8080, or :8080 for every address", shown(s))
		}
		return
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		v.fail("%s has a port that is not a number from 0 to 65535", shown(s))
	} else if _, err := netip.ParseAddr(host); err != nil && host != "" && !isHostName(host) {
		v.fail("%s is neither an address nor a host name", shown(host))
	} else {
		*to = s
	}
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isHostName reports whether s could be a host's name: labels of letters, digits, hyphens and,
// since they are met in practice, underscores.
func isHostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if !isAlphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2: what methods and header names
// are made of.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if !isAlphanumeric(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isLoopback reports whether only this machine reaches a listener.
func isLoopback(listen string) bool {
	host, _, _ := net.SplitHostPort(listen)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// collide reports whether two listeners want the same port of the same address.
func collide(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if a == "" || b == "" || portA != portB || strings.Trim(portA, "0") == "" {
		return false
	}
	return isEverywhere(hostA) || isEverywhere(hostB) || strings.EqualFold(hostA, hostB) || isLoopback(a) && isLoopback(b) && (hostA == "localhost" || hostB == "localhost")
}

func isEverywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.Unmap().IsUnspecified()
}

// schemes are those of endpoints; those that begin with srv are of names whose SRV records name
// the endpoints, srv alone being srv+http.
var schemes = []string{"http", "https", "h2c", "srv", "srv+http", "srv+https", "srv+h2c"}

// CheckScheme says what is wrong with an upstream's scheme; empty: nothing.
func CheckScheme(scheme string) string {
	if slices.Contains(schemes, scheme) {
		return ""
	}
	return fmt.Sprintf("the scheme is http, https or h2c, or srv+ and one of them where SRV records name the endpoints, not %q%s", scheme, didYouMean(scheme, schemes))
}

// url reads where an upstream is.
func (v value) url() (*url.URL, bool) {
	s, ok := v.scalar()
	if !ok {
		return nil, false
	}
	u, err := url.Parse(s)
	unclear := err != nil || u.Scheme == "" || u.Opaque != ""
	switch {
	case !unclear && u.User != nil, unclear && strings.Contains(s, "@"): // no message repeats a password
		v.fail("a URL's user and password are not sent; remove them")
	case strings.HasPrefix(s, "/"), err == nil && u.Scheme == "" && !strings.Contains(s, ":"):
		v.fail("%q is no absolute URL; write one such as http://127.0.0.1:8000", s)
	case !strings.Contains(s, "://"):
		v.fail("%q has no scheme; did you mean %q?", s, "http://"+s)
	case err != nil:
		// Not the error itself: it repeats a URL that may hold a password.
		v.fail("this is no URL; write one such as http://127.0.0.1:8000")
	case CheckScheme(u.Scheme) != "":
		v.fail("%s", CheckScheme(u.Scheme))
	case u.Hostname() == "":
		v.fail("%q has no host; write one such as http://127.0.0.1:8000", s)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		v.fail("%q has a query or fragment; an upstream has only scheme, host, port and path", s)
	case strings.HasPrefix(u.Scheme, "srv") && srv(u) != "":
		v.fail("%s", srv(u))
	default:
		return u, true
	}
	return nil, false
}

// hostHeader reads what the Host header towards an upstream is.
func (v value) hostHeader(to *string) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	modes := []string{"preserve", "upstream"}
	if !slices.Contains(modes, s) {
		name := s
		if host, port, err := net.SplitHostPort(s); err == nil && isDigits(port) {
			name = host
		}
		if _, err := netip.ParseAddr(name); err != nil && !isHostName(name) {
			v.fail("%s is not preserve, upstream or a host name, with or without a port", shown(s))
			return
		}
		if near := strangler.Nearest(s, modes); near != "" {
			v.warn("every request is sent with the Host %q; did you mean %q?", s, near)
		}
	}
	*to = s
}

// prefixes reads a list of networks in CIDR notation; an address by itself is a network of one.
func (v value) prefixes(to *[]netip.Prefix) {
	for _, item := range v.items() {
		s, ok := item.scalar()
		if !ok {
			continue
		}
		if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
			*to = append(*to, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(s)
		switch {
		case err != nil:
			item.fail("%q is no network; write one such as 10.0.0.0/8 or 192.0.2.7", s)
		case prefix != prefix.Masked():
			item.fail("%s has bits set beyond its length; did you mean %q?", s, prefix.Masked())
		default:
			*to = append(*to, prefix)
		}
	}
}
