package shadow

import (
	"slices"
	"time"
)

// jobs is what waits for the workers, and how many do something. It is guarded by Shadow.mu, and
// whoever makes a change that may give an idle worker something to do calls dispatch.
//
// Routes take turns, and none may take from the others: of workers, of places in the queue and
// of places to wait in for a client's answer, a route holds at most as many as it leaves free,
// but one it may always have. That is half of them for a route alone, a third each for two that
// want all, and so on, and needs no shares to be configured (the dynamic thresholds of
// Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998). The half that a single
// route can't have is what another one finds free the moment it comes.
type jobs struct {
	waiting int                     // copies to be sent, in the lanes of all routes
	turns   []*route                // those with copies to be sent, the next one first
	sending int                     // copies on a worker
	idle    []*worker               // the last one is taken first: its stack is still in the cache, and grown
	parked  map[*exchange]time.Time // copies done, whose client's answer isn't, and until when they wait
	ready   []*exchange             // to be compared: the client's answer ended after the copy's
}

// lane is what one route has of the jobs, guarded by Shadow.mu.
type lane struct {
	waiting []*exchange      // to be sent, the oldest first
	held    map[string]*line // those whose key's copies go one after another, by key
	behind  int              // how many wait in the lines
	sending int              // on a worker
	parked  int              // copies done, not compared yet
}

// line is what waits until the copy before of the same key is done. It is there while one of
// them is among those waiting or sending.
type line []*exchange

// length is how many copies are to be sent.
func (l *lane) length() int { return len(l.waiting) + l.behind }

// share reports whether a route that holds so many places may have one more, where used of all
// are taken.
func share(holds, used, all int) bool {
	free := all - used
	return free > 0 && (holds == 0 || holds+1 <= free-1)
}

// full reports whether put would refuse a copy of that route's.
func (s *Shadow) full(r *route) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !share(r.lane.length(), s.jobs.waiting, s.config.Queue)
}

// put queues x to be sent. It never blocks; the reason says why x can't be queued.
func (s *Shadow) put(x *exchange) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lane := &x.p.route.lane
	switch {
	case s.closed:
		return SkipShuttingDown
	case !share(lane.length(), s.jobs.waiting, s.config.Queue):
		return SkipQueueFull
	}
	x.hold()
	s.jobs.waiting++
	if x.key != "" && !lane.lineUp(x) {
		return ""
	}
	s.line(x)
	s.dispatch()
	return ""
}

// line has x sent when it is its route's turn.
func (s *Shadow) line(x *exchange) {
	r := x.p.route
	if len(r.lane.waiting) == 0 {
		s.jobs.turns = append(s.jobs.turns, r)
	}
	if x.again != nil { // it has waited
		r.lane.waiting = slices.Insert(r.lane.waiting, 0, x)
		return
	}
	r.lane.waiting = append(r.lane.waiting, x)
}

// lineUp reports whether x is the only one of its key. Else it waits for the one before.
func (l *lane) lineUp(x *exchange) (first bool) {
	before, busy := l.held[x.key]
	if !busy {
		if l.held == nil {
			l.held = make(map[string]*line)
		}
		l.held[x.key] = new(line)
		return true
	}
	*before = append(*before, x)
	l.behind++
	return false
}

// after ends a copy's key's being held: the next one's turn comes.
func (s *Shadow) after(x *exchange) {
	l := &x.p.lane
	next := l.held[x.key]
	if len(*next) == 0 {
		delete(l.held, x.key)
		return
	}
	var first *exchange
	first, *next = pop(*next)
	l.behind--
	s.line(first)
}

// park keeps x, whose copy is answered, until the client's answer ends. No worker waits for
// that: clients may stream for hours.
func (s *Shadow) park(x *exchange) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return SkipShuttingDown
	case !share(x.p.lane.parked, len(s.jobs.parked)+len(s.jobs.ready), s.config.Queue):
		return SkipQueueFull
	}
	x.hold()
	s.jobs.parked[x] = s.config.Now().Add(s.config.Timeout)
	x.p.lane.parked++
	return ""
}

// wake hands a parked x to the workers, and does nothing if x waits no more. It never blocks.
func (s *Shadow) wake(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.jobs.parked[x]; waits {
		delete(s.jobs.parked, x)
		s.jobs.ready = append(s.jobs.ready, x)
		s.dispatch()
	}
}

func (s *Shadow) unpark(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.jobs.parked[x]; waits {
		delete(s.jobs.parked, x)
		x.p.lane.parked--
	}
}

// dispatch gives the idle workers what there is for them to do.
func (s *Shadow) dispatch() {
	for n := len(s.jobs.idle); n > 0; n = len(s.jobs.idle) {
		w := s.jobs.idle[n-1]
		if !s.assign(w) {
			return
		}
		s.jobs.idle = s.jobs.idle[:n-1]
		w.wake <- struct{}{}
	}
}

// assign gives a worker its next job, if there is one: a copy to send, or two answers to compare.
func (s *Shadow) assign(w *worker) bool {
	switch next := s.turn(); {
	case len(s.jobs.ready) > 0:
		w.job, s.jobs.ready = pop(s.jobs.ready)
		w.job.p.lane.parked--
	case next >= 0:
		s.jobs.turns[next].lane.sending++ // by way of the exchange it would take longer, and others wait
		s.jobs.sending++
		w.job, w.sends = s.dequeue(next), true
	default:
		return false
	}
	return true
}

// done ends a worker's job.
func (s *Shadow) done(w *worker) {
	if w.sends {
		w.job.p.lane.sending--
		s.jobs.sending--
		if w.job.key != "" {
			s.after(w.job)
		}
	}
	w.job, w.sends = nil, false
}

// next waits for a worker's next job, and ends the one before. Nil: there will be none.
func (s *Shadow) next(w *worker) (x *exchange, send bool) {
	s.mu.Lock()
	before := w.job
	if before != nil {
		s.done(w)
	}
	if s.closed { // it may be among those that were given up
		before = nil
	}
	busy := s.assign(w)
	if !busy {
		s.jobs.idle = append(s.jobs.idle, w)
		s.dismiss()
	}
	s.dispatch() // a copy that ended may make room for more than one
	s.mu.Unlock()
	if before != nil {
		before.leave()
	}
	if !busy {
		<-w.wake
	}
	return w.job, w.sends
}

// dismiss sends the idle workers away if there will be nothing for them to do any more: after
// Close nothing is put in.
func (s *Shadow) dismiss() {
	if !s.closed || s.jobs.waiting > 0 || len(s.jobs.ready) > 0 {
		return
	}
	for _, w := range s.jobs.idle {
		w.wake <- struct{}{}
	}
	s.jobs.idle = nil
}

// turn returns the place in turns of the route that may send next; -1: none may.
func (s *Shadow) turn() int {
	for i, r := range s.jobs.turns {
		if share(r.lane.sending, s.jobs.sending, s.config.Workers) {
			return i
		}
	}
	return -1
}

// dequeue takes the oldest copy of the route at that place, which goes to the end.
func (s *Shadow) dequeue(place int) (x *exchange) {
	r := s.jobs.turns[place]
	x, r.lane.waiting = pop(r.lane.waiting)
	s.jobs.waiting--
	s.jobs.turns = append(s.jobs.turns[:place], s.jobs.turns[place+1:]...)
	if len(r.lane.waiting) > 0 {
		s.jobs.turns = append(s.jobs.turns, r)
	}
	return x
}

// giveUp takes everything from the jobs that isn't done, what is being sent included, for it
// to be settled otherwise. The workers that send don't notice.
func (s *Shadow) giveUp() (left []*exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = s.underWay()
	for len(s.jobs.turns) > 0 {
		x := s.dequeue(0)
		left = append(left, x)
		if x.key != "" {
			s.after(x)
		}
	}
	for _, r := range s.routes { // those behind what is being sent
		for _, held := range r.lane.held {
			left = append(left, *held...)
			s.jobs.waiting -= len(*held)
			*held = nil
		}
		r.lane.behind = 0
	}
	for _, x := range s.jobs.ready {
		x.p.lane.parked--
		left = append(left, x)
	}
	s.jobs.ready = nil
	s.dismiss()
	return left
}

// underWay returns what is being sent.
func (s *Shadow) underWay() (left []*exchange) {
	for _, w := range s.workers {
		if w.sends {
			left = append(left, w.job)
		}
	}
	return left
}

// pop takes the first of a list. What it was in is let go of.
func pop(list []*exchange) (*exchange, []*exchange) {
	x := list[0]
	list[0] = nil
	if len(list) == 1 {
		return x, list[:0]
	}
	return x, list[1:]
}

// sweep ends the waiting of those whose client's answer takes too long.
func (s *Shadow) sweep() {
	tick := time.NewTicker(min(time.Second, max(s.config.Timeout/4, time.Millisecond)))
	defer tick.Stop()
	for {
		select {
		case <-s.draining:
			return
		case <-tick.C:
		}
		for _, x := range s.expired() {
			x.skip(SkipCutShort, "the client's answer went on for "+s.config.Timeout.String()+" after the copy's end")
		}
	}
}

func (s *Shadow) expired() []*exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	var late []*exchange
	for x, until := range s.jobs.parked {
		if now.After(until) {
			delete(s.jobs.parked, x)
			x.p.lane.parked--
			late = append(late, x)
		}
	}
	return late
}
