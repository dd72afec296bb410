package web

import (
	"crypto/sha256"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	maxGuessers   = 1024
	guessBurst    = 5
	guessInterval = 3 * time.Second
)

// guesses bounds how often somebody may be wrong about a token: five times at once and then
// every three seconds from one address. Whoever was wrong too often isn't heard at all, or being
// right would still show. Being wrong in the same way again teaches nothing and costs nothing,
// so that a program with an outdated token shuts nobody else out.
//
// Only wrong guesses take memory. Where more addresses guess than there is room for, the one with
// the most left to lose is forgotten.
type guesses struct {
	mu       sync.Mutex
	guessers map[netip.Prefix]*guesser
	now      func() time.Time
}

type guesser struct {
	left *rate.Limiter
	last [sha256.Size]byte // of the last wrong secret
}

func newGuesses() *guesses {
	return &guesses{guessers: make(map[netip.Prefix]*guesser), now: time.Now}
}

// try asks the ring whose secret it is, unless the one who sends r has to wait.
func (g *guesses) try(r *http.Request, ring keyring, secret string) (who Identity, known, wait bool) {
	address, now, hash := neighbourhood(r.RemoteAddr), g.now(), sha256.Sum256([]byte(secret))
	g.mu.Lock() // across the look-up: guesses that come together count one by one
	defer g.mu.Unlock()
	one := g.guessers[address]
	if one != nil && hash == one.last {
		return Identity{}, false, false
	}
	if one != nil && one.left.TokensAt(now) < 1 {
		return Identity{}, false, true
	}
	if who, known = ring.find(secret); known {
		return who, true, false
	}
	if one == nil {
		if len(g.guessers) >= maxGuessers {
			g.makeRoom(now)
		}
		one = &guesser{left: rate.NewLimiter(rate.Every(guessInterval), guessBurst)}
		g.guessers[address] = one
	}
	one.left.AllowN(now, 1)
	one.last = hash
	return Identity{}, false, false
}

func (g *guesses) makeRoom(now time.Time) {
	var richest netip.Prefix
	most := -1.0
	for address, one := range g.guessers {
		left := one.left.TokensAt(now)
		if left >= guessBurst {
			delete(g.guessers, address)
		} else if left > most {
			richest, most = address, left
		}
	}
	if len(g.guessers) >= maxGuessers {
		delete(g.guessers, richest)
	}
}

// neighbourhood is what counts as one address: an IPv6 client has 2^64 of them (RFC 6177).
func neighbourhood(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{} // no socket of ours; all of these share one
	}
	address, bits := at.Addr().Unmap().WithZone(""), 64
	if address.Is4() {
		bits = 32
	}
	prefix, _ := address.Prefix(bits) // neither can be more than the address has
	return prefix
}
