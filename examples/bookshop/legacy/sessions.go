package legacy

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
)

const sessionCookie = "BOOKSESS"

// sessions holds who is logged in. A request that uses a session locks it until it is answered,
// so that two requests of one visitor wait for each other, as with PHP's files.
type sessions struct {
	mu  sync.Mutex
	all map[string]*session
}

type session struct {
	sync.Mutex
	user   string
	token  string // that its forms have to bring along
	visits int
}

func newSessions() *sessions { return &sessions{all: map[string]*session{}} }

// of returns the request's session, or nil.
func (s *sessions) of(r *http.Request) *session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[cookie.Value]
}

func (s *Shop) loginPage(w http.ResponseWriter, r *http.Request) { s.render(w, "login", page{}) }

// login starts a new session under a new id, so that the cookie changes at login.
func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	user := r.FormValue("USR")
	if user == "" {
		http.Redirect(w, r, "/login", http.StatusFound)
		return
	}
	id := rand.Text()
	s.sessions.mu.Lock()
	if len(s.sessions.all) >= 10000 {
		clear(s.sessions.all) // everybody logs in again; it is only an example
	}
	s.sessions.all[id] = &session{user: user, token: rand.Text()}
	s.sessions.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true})
	http.Redirect(w, r, "/account", http.StatusFound)
}

func (s *Shop) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.sessions.mu.Lock()
		delete(s.sessions.all, cookie.Value)
		s.sessions.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusFound)
}

func (s *Shop) account(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.of(r)
	if session == nil {
		http.Redirect(w, r, "/login", http.StatusFound)
		return
	}
	session.Lock()
	defer session.Unlock()
	session.visits++
	s.render(w, "account", page{User: session.user, Visits: session.visits})
}

// whoami tells other programs of the house who somebody is.
func (s *Shop) whoami(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.of(r)
	if session == nil {
		http.Redirect(w, r, "/login", http.StatusFound)
		return
	}
	session.Lock()
	defer session.Unlock()
	answer(w, http.StatusOK, map[string]any{"USR": session.user, "TOK": session.token})
}

func formatCents(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }
