package config

import (
	"net/http"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// advise warns of what is allowed and yet likely a mistake, and refuses a shadow of nothing.
func (l *loader) advise() {
	units := map[string]*draft{}
	known := l.knownSessions()
	for _, d := range l.drafts {
		l.adviseWrites(d)
		d.adviseMethods()
		d.adviseCopies(known)
		if d.Unit == "" {
			continue
		}
		first, seen := units[d.Unit]
		if !seen {
			units[d.Unit] = d
		} else if !slices.Equal(first.Cohort, d.Cohort) {
			d.place("cohort").warn("route %q of unit %q has another cohort; routes of one unit only split alike by the same key", first.Name, d.Unit)
		}
	}
}

// adviseWrites looks at routes that are shadowed and have methods that are not, since no sandbox
// is named.
func (l *loader) adviseWrites(d *draft) {
	if d.Service == "" || d.Sandbox != "" || d.Sample == 0 || d.bad["sandbox"] || d.bad["match"] {
		return
	}
	var unsafe []string
	for _, method := range d.Match.Methods {
		if method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions {
			unsafe = append(unsafe, method)
		}
	}
	_, asked := d.parts["shadow"]
	switch {
	case len(unsafe) == 0:
		if d.Repeat == strangler.RepeatNever && d.Start.Phase == strangler.PhaseShadow {
			d.parts["repeat"].warn("requests that may never be repeated are not shadowed, so the route starts with a shadow of nothing")
		}
	case len(unsafe) == len(d.Match.Methods) && d.Start.Phase == strangler.PhaseShadow:
		d.parts["start"].fail("nothing of this route would be shadowed: a copied write is a second write, so %s is copied only to a sandbox; "+
			"name one with shadow.sandbox (a service, or the word service if the route's own may be written to), or start at legacy",
			strings.Join(unsafe, ", "))
	case asked || d.Start.Phase == strangler.PhaseShadow || d.Start.Phase == strangler.PhaseCanary:
		d.place("match").warn("%s is not shadowed: a copied write is a second write; "+
			"if the service's data doesn't matter, say so with shadow.sandbox: service, or name another service there", strings.Join(unsafe, ", "))
	}
}

// knownSessions returns the sessions of which the proxy comes to know who is logged in by what it serves.
func (l *loader) knownSessions() map[string]bool {
	known := map[string]bool{}
	for _, d := range l.drafts {
		if t := d.translation; t != nil && (d.Start.Phase != strangler.PhaseLegacy && d.Start.Phase != strangler.PhaseShadow || d.SecondCall) {
			known[t.to.Session] = true
		}
	}
	return known
}

// adviseCopies warns of a shadow whose copies know nobody who is logged in.
func (d *draft) adviseCopies(known map[string]bool) {
	t := d.translation
	if t == nil || t.to.Session == "" || known[t.to.Session] || d.Start.Phase != strangler.PhaseShadow || d.Sample == 0 {
		return
	}
	t.parts["session"].warn("what visitors who are logged in ask for is not shadowed, since a copy may not have legacy asked who they are, and no route of this session " +
		"is served by a service yet; if legacy's sessions bear another request, say so with shadow.second_call: with_session")
}

// methods that are in use, of RFC 9110, 5789 and 4918 and their kin.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PROPPATCH", "MKCOL",
	"COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "LINK", "UNLINK", "PURGE", "QUERY", "BIND", "ACL", "CONNECT"}

// adviseMethods warns of a method that nobody sends, and that is nearly one that somebody does.
func (d *draft) adviseMethods() {
	for i, method := range d.Match.Methods {
		if field := element("match.methods", i); !slices.Contains(methods, strings.ToUpper(method)) {
			if near := strangler.Nearest(method, methods); near != "" {
				d.place(field).warn("%q is an unusual method; did you mean %q?", method, near)
			}
		}
	}
}

// sessionCookies are names, in lower case, of cookies that hold a session in widespread
// frameworks, and which are issued anew at login.
var sessionCookies = []string{"phpsessid", "jsessionid", "sid", "ssid", "session", "sessionid", "session_id", "connect.sid", "koa.sess",
	"asp.net_sessionid", ".aspnetcore.session", "laravel_session", "ci_session", "cfid", "cftoken", "rack.session", "_session_id", "play_session"}

// IsSessionCookie reports whether a cookie of that name is likely a session's.
func IsSessionCookie(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"__host-", "__secure-"} {
		name = strings.TrimPrefix(name, prefix)
	}
	return slices.Contains(sessionCookies, name) || strings.HasPrefix(name, "aspsessionid") || strings.HasPrefix(name, "_") && strings.HasSuffix(name, "_session")
}

// adviseSession warns of a cohort key that changes when somebody logs in.
func (v value) adviseSession(cookie string) {
	if IsSessionCookie(cookie) {
		v.warn("the cookie %q looks like a session's, which changes at login, and with it may the side that a visitor gets; "+
			"use a key that stays, such as a cookie with the customer's number, jwt:sub, or issued", cookie)
	}
}
