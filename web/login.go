package web

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed login.html
var loginHTML string

//go:embed login.css
var loginCSS []byte

//go:embed login.svg
var loginSVG []byte

var loginTemplate = template.Must(template.New("login").Parse(loginHTML))

func loginStyle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Write(loginCSS) // whether the client is still there is its own business
}

// loginIcon is the login page's own: browsers ask for /favicon.ico else, which wants a token.
func loginIcon(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Write(loginSVG) // whether the client is still there is its own business
}

func (s *shell) showLogin(w http.ResponseWriter, status int, next, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := loginTemplate.Execute(w, struct{ Next, Problem string }{next, problem}); err != nil {
		s.log.Debug("write login page", keyError, err)
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
	if len(s.keys) == 0 {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		s.showLogin(w, http.StatusBadRequest, "/", "That form can't be read.")
		return
	}
	next := localPath(r.PostForm.Get("next"))
	who, known, wait := s.guesses.try(r, s.keys, r.PostForm.Get("token"))
	switch {
	case wait:
		w.Header().Set("Retry-After", retryAfter)
		s.showLogin(w, http.StatusTooManyRequests, next, "Too many attempts; wait a few seconds.")
		return
	case !known:
		s.log.Warn("login with an unknown token", keyRemote, r.RemoteAddr)
		s.showLogin(w, http.StatusUnauthorized, next, "No such token.")
		return
	}
	s.log.Info("login", keyActor, who.Name, keyRemote, r.RemoteAddr)
	setSession(w, r, s.sessions.open(who))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *shell) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if who, known := s.sessions.end(c.Value); known {
			s.log.Info("logout", keyActor, who.Name, keyRemote, r.RemoteAddr)
		}
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
