package shadow

import (
	"net/http"
	"time"
)

// Pair is how both sides did on one request, whatever they said.
type Pair struct {
	Route           string
	Legacy, Service Performance
	Repeat          bool // the same was asked for within Point.Distinct before, and told of
}

// Performance is how one side did.
type Performance struct {
	Failed  bool          // it gave no answer, or one whose status is 500 or above
	Latency time.Duration // until its answer's head; 0: it gave none
	Unsent  bool          // it failed, and was never asked: the request could not be translated
}

// compared tells of two answers that are compared.
func (s *Shadow) compared(x *exchange, legacy, service *Answer) {
	x.p.observe(legacy, service)
	repeat := x.mark()
	if s.config.Observe != nil {
		s.config.Observe(Pair{x.p.Route, performance(legacy), performance(service), repeat})
	}
}

// lost tells that one side gave no answer to what the other answered the client.
func (s *Shadow) lost(x *exchange, side Side) {
	if s.config.Observe == nil {
		return
	}
	x.mu.Lock()
	client, lost, repeat := performance(&x.answer), Performance{Failed: true, Unsent: x.unsent}, x.repeat
	x.mu.Unlock()
	if side == Legacy {
		s.config.Observe(Pair{x.p.Route, lost, client, repeat})
	} else {
		s.config.Observe(Pair{x.p.Route, client, lost, repeat})
	}
}

func performance(a *Answer) Performance {
	return Performance{Failed: a.Status >= http.StatusInternalServerError, Latency: a.Latency}
}
