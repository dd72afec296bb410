package shadow

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// Given is an exchange of which somebody else has both answers, a program in another language say.
type Given struct {
	Request         Request
	Served          Side    // empty: Legacy
	Legacy, Service *Answer // with their bodies, as they were on the wire; Size and Hash are taken from those
}

// Judge compares two answers as those of a copied exchange are: by the point's Comparer and what was
// learnt of noise on its route. It counts and records what comes out, and returns that: redacted, and
// with no more than the point's Capture keeps. Of the point only Route, Compare, Capture, Pattern and
// Distinct matter. What is judged adds nothing to what is known of noise, since legacy was asked once.
func (s *Shadow) Judge(p Point, g Given) Comparison {
	at := &point{Point: p, route: s.route(p.Route)}
	now := s.config.Now()
	c := Comparison{ID: NewID(now), Route: p.Route, At: now, Served: g.Served, Request: g.Request, Legacy: g.Legacy, Service: g.Service}
	orDefault(&c.Served, Legacy)
	at.tally.sample()
	s.judgeGiven(at, &c)
	at.tally.settle(c.Verdict, c.Reason)
	s.censor(at, &c)
	s.hand(at, c)
	return c
}

// judgeGiven fills in the verdict and what goes with it.
func (s *Shadow) judgeGiven(p *point, c *Comparison) {
	defer func() {
		if v := recover(); v != nil {
			if unsaid, say := p.panics.due(s.config.Now()); say {
				s.config.Logger.Error("judge two answers", "route", p.Route, "panic", v, "unsaid", unsaid, "stack", string(debug.Stack()))
			}
			c.Verdict, c.Reason, c.Detail, c.Differences = Failed, FailInternal, fmt.Sprint(v), nil
		}
	}()
	select {
	case <-s.draining:
		c.Verdict, c.Reason = Skipped, SkipShuttingDown
		return
	default:
	}
	if c.Legacy == nil || c.Service == nil || p.Compare == nil {
		c.Verdict, c.Reason, c.Detail = Failed, FailBroken, "an answer is missing"
		return
	}
	legacy, service := s.held(p, c.Legacy), s.held(p, c.Service)
	c.Legacy, c.Service = legacy, service
	// What changes something by a body that isn't given is unlike all others.
	if r := c.Request; p.Distinct > 0 && r.Path != "" && (len(r.Body) > 0 || readMethod(r.Method)) {
		c.Repeat = p.repeats.again(alike(r.Method, r.Host, r.Path, r.Body), c.At, p.Distinct)
	}
	p.statuses.add(legacy.Status, service.Status)
	if legacy.Latency > 0 && service.Latency > 0 {
		p.latencies.add(legacy.Latency, service.Latency)
	}
	large := legacy.TooLarge() || service.TooLarge()
	equal := large && legacy.Size == service.Size && legacy.Hash == service.Hash
	if large {
		legacy, service = headOf(legacy), headOf(service)
	}
	found, err := s.Comparer(p.Compare).Compare(legacy, service)
	if skip, ok := errors.AsType[*SkipError](err); ok {
		c.Verdict, c.Reason, c.Detail = Skipped, skip.Reason, skip.Detail
		return
	} else if err != nil {
		c.Verdict, c.Reason, c.Detail = Failed, FailInternal, err.Error()
		return
	}
	count, noise := splitNoise(p.route, found, c.At, nil, false)
	switch {
	case len(count) > 0:
		c.Verdict = Diverged
	case len(noise) >= manyDifferences:
		c.Verdict, c.Reason = Skipped, SkipTooComplex
	case large && !equal:
		c.Verdict, c.Reason = Skipped, p.tooLarge()
		c.Detail = strconv.FormatInt(c.Legacy.Size, 10) + " bytes from legacy, " + strconv.FormatInt(c.Service.Size, 10) + " from the service"
	case len(noise) > 0:
		c.Verdict = Noise
	}
	all := append(count, noise...)
	c.Differences = all[:min(len(all), maxDifferences)]
	c.More = len(all) - len(c.Differences)
}

// held is an answer as it would be if it had been captured.
func (s *Shadow) held(p *point, a *Answer) *Answer {
	own := *a
	own.Size, own.Hash = int64(len(a.Body)), xxhash.Sum64(a.Body)
	if own.Size > p.limit(s.config.MaxBody) {
		own.Body = nil
	}
	return &own
}

// censor takes out of a comparison what may not be kept, or not with that verdict.
func (s *Shadow) censor(p *point, c *Comparison) {
	whole, failed := c.Verdict == Diverged, c.Verdict == Failed
	c.Detail = bounded(s.redact.string(c.Detail))
	c.Differences = s.redact.differences(c.Differences, c.Legacy, c.Service)
	request := Request{Method: c.Request.Method, Path: s.redact.path(c.Request.Path), Host: c.Request.Host}
	if whole {
		request.Body = s.redact.requestBody(c.Request.Header, c.Request.Body)
	}
	if whole || failed {
		request.Header = s.redact.header(c.Request.Header)
	}
	c.Request = request
	c.Legacy, c.Service = s.redact.answer(c.Legacy, failed, whole), s.redact.answer(c.Service, failed, whole)
	p.lessen(c)
}

// hand gives a comparison to the Recorder, whose panics are its own.
func (s *Shadow) hand(p *point, c Comparison) {
	defer func() {
		if v := recover(); v != nil {
			if unsaid, say := p.panics.due(s.config.Now()); say {
				s.config.Logger.Error("record a comparison", "route", p.Route, "panic", v, "unsaid", unsaid, "stack", string(debug.Stack()))
			}
		}
	}()
	if s.config.Recorder != nil && (s.counter == nil || !s.counter.Count(c.Route, c.Verdict, c.Reason, c.Repeat)) {
		s.config.Recorder.Record(c)
	}
}
