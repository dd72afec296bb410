package web

import (
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const maxAddresses = 1024

// loginLimit bounds how often somebody may guess: five times at once and then every three
// seconds from one address, and ten times a second in all.
type loginLimit struct {
	mu        sync.Mutex
	all       *rate.Limiter
	addresses map[string]*rate.Limiter
}

func newLoginLimit() *loginLimit {
	return &loginLimit{all: rate.NewLimiter(10, 50), addresses: make(map[string]*rate.Limiter)}
}

func (l *loginLimit) allow(r *http.Request) bool {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.addresses[address]
	if one == nil {
		if len(l.addresses) >= maxAddresses {
			l.forget()
		}
		if len(l.addresses) >= maxAddresses {
			return false // more addresses guess than there is memory for
		}
		one = rate.NewLimiter(rate.Every(3*time.Second), 5)
		l.addresses[address] = one
	}
	return one.Allow() && l.all.Allow()
}

// forget drops the addresses that could begin anew anyway.
func (l *loginLimit) forget() {
	for address, one := range l.addresses {
		if one.Tokens() >= float64(one.Burst()) {
			delete(l.addresses, address)
		}
	}
}
