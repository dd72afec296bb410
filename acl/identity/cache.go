package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// kind is what a lookup said.
type kind int

const (
	known     kind = iota // somebody is logged in
	anonymous             // nobody is
	failed                // it could not be found out
)

// entry is what is known about a session. Only its token changes, under its lock.
type entry struct {
	kind    kind
	session session // as it is now: legacy may have renewed it; nil: it is over
	claims  map[string]jsontext.Value
	csrf    string
	answer  *reply   // of anonymous, where that is what the client is given; nil: legacy didn't refuse
	cookies []string // Set-Cookie lines for those who waited
	err     *Error
	until   time.Time
	about   sessionKey // what else than the session it depends on: see Bridge.about

	mu     sync.Mutex
	token  string
	renew  time.Time // when a new one is signed
	signer string    // the key's id
}

// reply is a whole answer, to be given to several.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// sessionKey is a session's keyed hash: who reads memory or sees the cache has no cookies.
type sessionKey [sha256.Size]byte

// sessions remembers what is known about sessions, and which are being looked up.
type sessions struct {
	secret [32]byte

	mu      sync.Mutex
	known   *simplelru.LRU[sessionKey, *entry]
	others  *simplelru.LRU[sessionKey, *entry] // anonymous and failed
	flights map[sessionKey]*flight
}

// flight is a lookup on its way.
type flight struct {
	done  chan struct{}
	left  chan struct{} // closed when it is given up: nobody waited for it before it was sent
	about sessionKey    // as entry.about will be
	entry *entry        // when done

	// Guarded by sessions.mu.
	stale   bool // the session changed meanwhile: what comes of it is for those who wait only
	sent    bool
	waiting int // requests
}

func newSessions(size int) (*sessions, error) {
	s := &sessions{flights: make(map[sessionKey]*flight)}
	rand.Read(s.secret[:]) // it never fails
	var err error
	if s.known, err = simplelru.NewLRU[sessionKey, *entry](size, nil); err != nil {
		return nil, err
	}
	s.others, err = simplelru.NewLRU[sessionKey, *entry](min(size, unknownSessions), nil)
	return s, err
}

func (s *sessions) key(of session) (k sessionKey) {
	mac := hmac.New(sha256.New, s.secret[:])
	for _, value := range of {
		mac.Write([]byte(value))
		mac.Write([]byte{';'}) // no cookie's value has one
	}
	mac.Sum(k[:0])
	return k
}

// get returns what is known and still holds, for a request of that about. s.mu is held.
func (s *sessions) get(k, about sessionKey, now time.Time) *entry {
	for _, cache := range []*simplelru.LRU[sessionKey, *entry]{s.known, s.others} {
		if e, ok := cache.Get(k); ok && e.about == about {
			if now.Before(e.until) {
				return e
			}
			cache.Remove(k)
		}
	}
	return nil
}

// put remembers what a lookup of k said, under the session as it is now. s.mu is held.
func (s *sessions) put(k sessionKey, e *entry, now time.Time) {
	s.known.Remove(k)
	s.others.Remove(k)
	switch {
	case !now.Before(e.until):
	case e.kind != known:
		s.others.Add(k, e)
	case len(e.session) > 0:
		k = s.key(e.session)
		s.others.Remove(k)
		s.known.Add(k, e)
	}
}

// forget drops what is known about sessions, and what is about to be.
func (s *sessions) forget(all ...session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range all {
		k := s.key(one)
		s.known.Remove(k)
		s.others.Remove(k)
		if f := s.flights[k]; f != nil {
			f.stale = true
		}
	}
}
