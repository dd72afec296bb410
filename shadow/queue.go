package shadow

import "time"

// put queues x to be sent. It never blocks; the reason says why x can't be queued.
func (s *Shadow) put(x *exchange) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return SkipShuttingDown
	}
	select {
	case s.queue <- x:
		return ""
	default:
		return SkipQueueFull
	}
}

// park keeps x, whose copy is answered, until the client's answer ends. No worker waits for
// that: clients may stream for hours.
func (s *Shadow) park(x *exchange) (reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return SkipShuttingDown
	case len(s.parked)+len(s.ready) >= cap(s.ready):
		return SkipQueueFull
	}
	s.parked[x] = s.config.Now().Add(s.config.Timeout)
	return ""
}

// wake hands a parked x to the workers, and does nothing if x waits no more. It never blocks,
// since park leaves room in s.ready for all that it takes in.
func (s *Shadow) wake(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, waits := s.parked[x]; waits {
		delete(s.parked, x)
		s.ready <- x
	}
}

func (s *Shadow) unpark(x *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.parked, x)
}

// work is one worker. After Close it ends when nothing is queued; nothing is put in then.
func (s *Shadow) work() {
	for {
		select {
		case x := <-s.ready:
			s.judge(x)
		case x := <-s.queue:
			s.send(x)
		case <-s.draining:
			select {
			case x := <-s.ready:
				s.judge(x)
			case x := <-s.queue:
				s.send(x)
			default:
				return
			}
		}
	}
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
	for x, until := range s.parked {
		if now.After(until) {
			delete(s.parked, x)
			late = append(late, x)
		}
	}
	return late
}
