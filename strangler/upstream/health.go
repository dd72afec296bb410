package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

// What Health's zero values mean.
const (
	defaultEjectAfter = 5
	defaultEjectFor   = time.Second
	mostEjectFor      = 10 // times the first
)

// failed notes a call that had no answer. An endpoint that takes no connection is put out at
// once: the next request would find it as it is.
func (ep *endpoint) failed(err *Error) {
	if err.Kind == KindConnect {
		ep.another(plainly(err))
		return
	}
	ep.another("")
}

// another notes one more failure in a row, and puts the endpoint out where they are enough, or
// whyAtOnce says why they needn't be. One that came back is put out again by its next failure,
// until it has succeeded once.
func (ep *endpoint) another(whyAtOnce string) {
	ep.failures.Add(1)
	after := cmp.Or(ep.health.EjectAfter, defaultEjectAfter)
	n := int(ep.inRow.Add(1))
	if after < 0 || n < after && whyAtOnce == "" {
		return
	}
	now := ep.now()
	ep.mu.Lock()
	defer ep.mu.Unlock()
	until := time.Duration(ep.outUntil.Load())
	if now < until {
		return // it is used since all are out, or the call began before
	}
	first := cmp.Or(ep.health.EjectFor, defaultEjectFor)
	if now-until > mostEjectFor*first {
		ep.times = 0 // it did well for long
	}
	out := min(first<<min(ep.times, 4), mostEjectFor*first)
	ep.times++
	if ep.why = whyAtOnce; whyAtOnce == "" {
		ep.why = fmt.Sprintf("%d failures in a row", n)
	}
	ep.ejected = now
	ep.ejections.Add(1)
	ep.inRow.Store(int32(max(n, after-1)))
	ep.slowFrom.Store(int64(now + out))
	ep.outUntil.Store(int64(now + out))
}

// succeeded notes an answer that came whole. It brings no endpoint back: one that goes down
// still answers what it began.
func (ep *endpoint) succeeded() {
	if ep.inRow.Load() != 0 && !ep.out(ep.now()) {
		ep.inRow.Store(0)
	}
}

// plainly says in a few words why there was no answer.
func plainly(err error) string {
	switch dns := (*net.DNSError)(nil); {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &dns):
		return "name not found"
	case isTimeout(err):
		return "no connection in time"
	}
	return "no connection"
}
