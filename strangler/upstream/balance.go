package upstream

import (
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// endpoints are those that there are at one moment. Only their own state changes.
type endpoints struct {
	all  []*endpoint
	even bool // their weights are the same
}

func newEndpoints(all []*endpoint) *endpoints {
	s := &endpoints{all: all, even: true}
	for _, ep := range all {
		s.even = s.even && ep.weight.Load() == all[0].weight.Load()
	}
	return s
}

// choice is one choosing of an endpoint.
type choice struct {
	*endpoints
	tried  []*endpoint // not these again
	failed []*endpoint // nor these
	now    time.Duration
	slow   time.Duration // Config.SlowStart
	all    bool          // all are out, which is no reason not to use them
	n      int           // that may be chosen
	even   bool          // and have the same share
}

// choose returns the endpoint for a request; nil: all were tried. Those that failed in an attempt
// before are used only where no other in the turn is left, and those that are out only where none
// is ("panic mode"): an endpoint that may fail is better than none.
func (t *Transport) choose(s *endpoints, r *http.Request, tried, failed []*endpoint) *endpoint {
	c := choice{endpoints: s, tried: tried, now: t.now(), slow: t.cfg.SlowStart, even: s.even}
	if !c.any(false, failed) && !c.any(false, nil) && !c.any(true, failed) && !c.any(true, nil) {
		return nil
	}
	if ep := c.choose(t, r); ep != nil {
		return ep
	}
	c.all, c.failed = true, nil // their health changed just now
	return c.nth(0)
}

// any counts those that may be chosen by such a measure, and reports whether there are any.
func (c *choice) any(all bool, failed []*endpoint) bool {
	c.all, c.failed = all, failed
	c.count()
	return c.n > 0
}

func (c *choice) choose(t *Transport, r *http.Request) *endpoint {
	switch {
	case c.n <= 1:
		return c.nth(0)
	case t.cfg.Balance == BalanceLeastRequests:
		return c.lessBusy()
	case t.cfg.Balance == BalanceHash:
		if d := strangler.DecisionFrom(r.Context()); d != nil && d.Key != 0 {
			return c.byHash(d.Key)
		}
	}
	return c.inTurn(t.turn.Add(1) - 1)
}

func (c *choice) may(ep *endpoint) bool {
	return (c.all || !ep.out(c.now)) && !slices.Contains(c.tried, ep) && !slices.Contains(c.failed, ep)
}

func (c *choice) count() {
	for _, ep := range c.endpoints.all {
		if c.may(ep) {
			c.n++
			if c.slow > 0 && c.now-time.Duration(ep.slowFrom.Load()) < c.slow {
				c.even = false
			}
		}
	}
}

// nth returns the nth endpoint that may be chosen.
func (c *choice) nth(n int) *endpoint {
	var last *endpoint
	for _, ep := range c.endpoints.all {
		if c.may(ep) {
			if last = ep; n == 0 {
				break
			}
			n--
		}
	}
	return last // their health may have changed since they were counted
}

// inTurn takes turns. Uneven shares are met by going round the circle in steps of the golden
// ratio, which lays any number of points evenly over it and needs no state but the turn (Weyl's
// sequence).
func (c *choice) inTurn(turn uint64) *endpoint {
	if c.even {
		return c.nth(int(turn % uint64(c.n)))
	}
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	return c.at(float64(turn*golden)/(1<<64), nil)
}

// at returns the endpoint whose share has the point, from 0 to below 1; none of them is not.
func (c *choice) at(point float64, not *endpoint) *endpoint {
	total := 0.0
	for _, ep := range c.endpoints.all {
		if ep != not && c.may(ep) {
			total += ep.share(c.now, c.slow)
		}
	}
	var last *endpoint
	rest := point * total
	for _, ep := range c.endpoints.all {
		if ep != not && c.may(ep) {
			last = ep
			if rest -= ep.share(c.now, c.slow); rest < 0 {
				break
			}
		}
	}
	return last
}

// lessBusy takes two at random, each as often as its share says, and of these the one with
// fewer requests in flight: nearly as good as the least busy of all, and no herd runs to it
// (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001).
func (c *choice) lessBusy() *endpoint {
	var a, b *endpoint
	if c.even {
		i, j := rand.IntN(c.n), rand.IntN(c.n-1)
		if j >= i {
			j++
		}
		a, b = c.nth(i), c.nth(j)
	} else {
		a = c.at(rand.Float64(), nil)
		b = c.at(rand.Float64(), a)
	}
	if b == nil {
		return a
	}
	if a == nil || float64(b.inFlight.Load())*a.share(c.now, c.slow) < float64(a.inFlight.Load())*b.share(c.now, c.slow) {
		return b
	}
	return a
}

// byHash returns the endpoint that has the key; for a further attempt the one that would have it
// if those that failed weren't there.
func (c *choice) byHash(key uint64) *endpoint {
	var best *endpoint
	score := math.Inf(-1)
	for _, ep := range c.endpoints.all {
		if !c.may(ep) {
			continue
		}
		if s := ep.score(key, ep.share(c.now, c.slow)); s > score {
			best, score = ep, s
		}
	}
	return best
}
