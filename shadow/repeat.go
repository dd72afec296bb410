package shadow

import (
	"net/http"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

// maxRepeats is how many requests a route remembers of each Point.Distinct: with those of the one
// before that is half a megabyte at most.
const maxRepeats = 8192

// repeats are the requests of a route that were asked for of late, in two generations, of which the
// older one goes as a whole. It is safe for concurrent use; its zero value remembers nothing.
type repeats struct {
	mu            sync.Mutex
	began         time.Time
	turned        time.Duration // when the younger generation began; this and the maps' values since began
	recent, older map[uint64]time.Duration
}

// again reports whether that request was asked for within so long before. One that wasn't is
// remembered, if there is room; one that was isn't, so that a request that never rests for so long
// is fresh once in each such span.
func (r *repeats) again(key uint64, now time.Time, within time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		r.began = now
	}
	at := now.Sub(r.began)
	if at-r.turned >= within { // then all of the older generation is too old
		r.older, r.recent, r.turned = r.recent, nil, at
	}
	for _, known := range []map[uint64]time.Duration{r.recent, r.older} {
		if asked, ok := known[key]; ok && at-asked < within {
			return true
		}
	}
	if r.recent == nil {
		r.recent = make(map[uint64]time.Duration)
	}
	if len(r.recent) < maxRepeats {
		r.recent[key] = at
	}
	return false
}

// alike is the same of requests that ask for the same. Parts can't run into one another: what
// precedes the body has no zero byte (RFC 9112 section 3, RFC 9110 section 7.2).
func alike(method, host, uri string, body []byte) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(method + "\x00" + host + "\x00" + uri + "\x00")
	_, _ = d.Write(body)
	return d.Sum64()
}

// mark notes whether the exchange is a repeat. It is called when both answers are about to be compared
// or one is missing, before anything is known of what comes of it: a mark that knew would take sides.
func (x *exchange) mark() (repeat bool) {
	if x.p.Distinct <= 0 {
		return false
	}
	x.mu.Lock()
	body := x.asked.buf // which is read only, once it is whole
	known := !x.settled && (x.length == 0 || x.whole && !x.asked.over() && !x.asked.broke)
	x.mu.Unlock()
	if !known {
		return false
	}
	r, uri := x.request()
	repeat = x.p.repeats.again(alike(r.Method, r.Host, uri, body), x.s.config.Now(), x.p.Distinct)
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.settled {
		x.repeat = repeat
	}
	return repeat
}

// request returns what the client asked, and the URI as it came.
func (x *exchange) request() (r *http.Request, uri string) {
	r = &x.copy
	if r.URL == nil {
		r = x.client // ruled out from the request alone, on its own goroutine
	}
	if r.RequestURI != "" {
		return r, r.RequestURI
	}
	return r, r.URL.RequestURI()
}
