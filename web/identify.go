package web

import (
	"net/http"
	"net/url"
	"strings"
)

// retryAfter is how long those wait who guessed too often, in seconds.
const retryAfter = "3"

// identify finds out who sends a request and turns away those whom nobody knows.
func (s *shell) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, known, wait := s.who(r)
		switch {
		case known:
			next.ServeHTTP(w, r.WithContext(WithIdentity(r.Context(), who)))
		case wait:
			w.Header().Set("Retry-After", retryAfter)
			deny(w, r, Problem{Status: http.StatusTooManyRequests, Code: CodeTooMany,
				Detail: "too many unknown tokens came from this address; wait a few seconds, then send the right one"})
		case r.Method == http.MethodGet && !isAPI(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="strangler"`)
			deny(w, r, Problem{Status: http.StatusUnauthorized, Code: CodeUnauthorized,
				Detail: "this listener wants a known token: send Authorization: Bearer, set STRANGLER_TOKEN, or log in at /login"})
		}
	})
}

// who returns who sends a request; wait says that its address has to wait before it may tell.
func (s *shell) who(r *http.Request) (who Identity, known, wait bool) {
	if len(s.keys) == 0 {
		return Identity{Role: RoleOperate}, true, false
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Identity{}, false, false
		}
		if who, known, wait = s.guesses.try(r, s.keys, strings.TrimSpace(secret)); !known && !wait {
			s.log.Warn("request with an unknown token", keyRemote, r.RemoteAddr)
		}
		return who, known, wait
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		// Nobody guesses 130 random bits: wrong ids are only old ones, and aren't counted.
		who, known = s.sessions.find(c.Value)
	}
	return who, known, false
}
