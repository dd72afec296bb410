package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	sessionCookie   = "strangler_session"
	sessionLifetime = 12 * time.Hour
	maxSessions     = 1000
)

// sessions remembers who logged in, in memory, so that the cookie holds a random id and never
// the token itself. It is bounded: one login too many ends the oldest session.
type sessions struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]session // by the hash of the id
	now   func() time.Time
}

type session struct {
	identity Identity
	expires  time.Time
}

func newSessions() *sessions {
	return &sessions{known: make(map[[sha256.Size]byte]session), now: time.Now}
}

// open begins a session and returns its id.
func (s *sessions) open(i Identity) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxSessions {
		s.makeRoom()
	}
	s.known[sha256.Sum256([]byte(id))] = session{i, s.now().Add(sessionLifetime)}
	return id
}

func (s *sessions) makeRoom() {
	var oldest [sha256.Size]byte
	var first time.Time
	for id, one := range s.known {
		if !s.now().Before(one.expires) {
			delete(s.known, id)
		} else if first.IsZero() || one.expires.Before(first) {
			oldest, first = id, one.expires
		}
	}
	if len(s.known) >= maxSessions {
		delete(s.known, oldest)
	}
}

func (s *sessions) find(id string) (Identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.known[sha256.Sum256([]byte(id))]
	if !ok || !s.now().Before(one.expires) {
		return Identity{}, false
	}
	return one.identity, true
}

// end ends a session and returns whose it was.
func (s *sessions) end(id string) (Identity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := sha256.Sum256([]byte(id))
	one, known := s.known[hash]
	delete(s.known, hash)
	return one.identity, known
}

// setSession sets the cookie, or takes it back where id is empty.
//
// Behind a proxy that ends TLS only X-Forwarded-Proto tells that the browser speaks it. Whoever
// forges that header harms only itself: its browser won't send the cookie over plain HTTP.
func setSession(w http.ResponseWriter, r *http.Request, id string) {
	secure := r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	c := &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLifetime / time.Second)}
	if id == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
