package exchange

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
)

// checkCookies reports paths that no cookie can have, and pairs that are never reached.
func checkCookies(all []Cookie, problem func(i int, part, message string)) {
	for i, c := range all {
		for _, side := range []struct{ part, path string }{{"legacy", c.Legacy}, {"service", c.Service}} {
			switch {
			case !strings.HasPrefix(side.path, "/"):
				problem(i, side.part, fmt.Sprintf("%q is no path of a cookie; it begins with a slash", side.path))
			case strings.ContainsFunc(side.path, func(r rune) bool { return r <= ' ' || r >= 0x7F || r == ';' || r == '?' || r == '#' || r == ',' }):
				problem(i, side.part, fmt.Sprintf("%q has characters that the path of a cookie can't have, or a query, which it never has", side.path))
			}
		}
		for _, before := range all[:i] {
			if before.Legacy == c.Legacy && before.Service == c.Service {
				problem(i, "", "it is there twice")
				break
			}
		}
	}
}

// translateCookies translates the paths of the cookies that an answer sets.
func (x *Exchange) translateCookies(h http.Header, way body.Direction) {
	lines := h["Set-Cookie"]
	if len(x.cookies) == 0 || len(lines) == 0 {
		return
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = x.translateCookie(line, way)
	}
	h["Set-Cookie"] = out
}

// translateCookie translates the path of one cookie; all else stays byte by byte. One whose name says that it
// is the whole host's (RFC 6265bis section 4.1.3.2) keeps it: a browser takes it with no other.
func (x *Exchange) translateCookie(line string, way body.Direction) string {
	parts := strings.Split(line, ";")
	if name := strings.TrimLeft(parts[0], " \t"); len(name) >= len(hostPrefix) && strings.EqualFold(name[:len(hostPrefix)], hostPrefix) {
		return line
	}
	for i, part := range parts[1:] {
		name, path, has := strings.Cut(part, "=")
		if !has || !strings.EqualFold(strings.Trim(name, " \t"), "Path") {
			continue
		}
		path = strings.Trim(path, " \t")
		for _, c := range x.cookies {
			from, to := c.Service, c.Legacy
			if way == body.ToService {
				from, to = to, from
			}
			if written, fits := below(path, from, to); fits {
				parts[i+1] = name + "=" + written
				break
			}
		}
	}
	return strings.Join(parts, ";")
}

const hostPrefix = "__Host-"

// below puts one path in another's place, at the beginning of a path that is it or lies below it.
func below(path, from, to string) (string, bool) {
	if path == from {
		return to, true
	}
	behind, ok := strings.CutPrefix(path, strings.TrimSuffix(from, "/"))
	if !ok || behind == "" || behind[0] != '/' { // "/ab" isn't below "/a", nor "/a" below "/a/"
		return "", false
	}
	return strings.TrimSuffix(to, "/") + behind, true
}
