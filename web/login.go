package web

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// identify finds out who sends a request and turns away those whom nobody knows.
func (s *shell) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := s.who(r)
		switch {
		case ok:
			next.ServeHTTP(w, r.WithContext(WithIdentity(r.Context(), who)))
		case r.Method == http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="strangler"`)
			deny(w, r, Problem{Status: http.StatusUnauthorized, Code: CodeUnauthorized,
				Detail: "this listener wants a known token: send Authorization: Bearer, set STRANGLER_TOKEN, or log in at /login"})
		}
	})
}

func (s *shell) who(r *http.Request) (Identity, bool) {
	if len(s.keys) == 0 {
		return Identity{Role: RoleOperate}, true
	}
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return Identity{}, false
		}
		return s.keys.find(strings.TrimSpace(secret))
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return s.sessions.find(c.Value)
	}
	return Identity{}, false
}

var loginTemplate = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Log in · strangler</title></head>
<body>
<main>
<h1>Log in</h1>
{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<form method="post" action="/login">
<input type="hidden" name="next" value="{{.Next}}">
<p><label for="token">Token</label> <input id="token" name="token" type="password" autocomplete="current-password" required autofocus></p>
<p><button>Log in</button></p>
</form>
</main>
</body>
</html>
`))

func (s *shell) showLogin(w http.ResponseWriter, status int, next, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := loginTemplate.Execute(w, struct{ Next, Problem string }{next, problem}); err != nil {
		s.log.Debug("write login page", "error", err)
	}
}

func (s *shell) loginPage(w http.ResponseWriter, r *http.Request) {
	if len(s.keys) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.showLogin(w, http.StatusOK, localPath(r.URL.Query().Get("next")), "")
}

func (s *shell) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		s.showLogin(w, http.StatusBadRequest, "/", "That form can't be read.")
		return
	}
	next := localPath(r.PostForm.Get("next"))
	if !s.limit.allow(r) {
		w.Header().Set("Retry-After", "5")
		s.showLogin(w, http.StatusTooManyRequests, next, "Too many attempts; wait a few seconds.")
		return
	}
	who, ok := s.keys.find(r.PostForm.Get("token"))
	if !ok {
		s.log.Warn("login with an unknown token", "remote", r.RemoteAddr)
		s.showLogin(w, http.StatusUnauthorized, next, "No such token.")
		return
	}
	s.log.Info("login", "actor", who.Name, "remote", r.RemoteAddr)
	setSession(w, r, s.sessions.open(who))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *shell) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.sessions.end(c.Value)
	}
	setSession(w, r, "")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// localPath returns where to go after a login: a path here, never another site.
func localPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
