package shadow

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// judge compares the two answers of an exchange that both have ended, on a worker. Of bodies
// over the bound only size and hash are known: unequal ones can't be compared, unless the heads
// differ already.
func (s *Shadow) judge(x *exchange) {
	defer s.guard(x)
	x.mu.Lock()
	settled, same := x.settled, false
	if !settled { // else somebody may be looking at it
		if same = x.same(); !same {
			x.fillAnswer()
		}
	}
	x.mu.Unlock()
	switch {
	case settled:
		return
	case s.life.Err() != nil:
		x.skip(SkipShuttingDown, "")
		return
	}
	legacy, service := sides(x.served, &x.answer, x.other)
	s.compared(x, legacy, service)
	if same {
		x.end(Match, "", "", nil)
		return
	}
	large := legacy.TooLarge() || service.TooLarge()
	equal := large && legacy.Size == service.Size && legacy.Hash == service.Hash
	if large {
		legacy, service = headOf(legacy), headOf(service)
	}
	differences, err := x.p.Compare.Compare(legacy, service)
	if err != nil {
		s.incomparable(x, err)
		return
	}
	count, noise := s.weigh(x, legacy, service, differences)
	switch {
	case len(count) > 0:
		if !s.recheck(x, count, noise) {
			x.end(Diverged, "", "", append(count, noise...))
		}
	case large && !equal:
		x.skip(x.p.tooLarge(), strconv.FormatInt(x.answer.Size, 10)+" bytes for the client, "+
			strconv.FormatInt(x.other.Size, 10)+" or more for the copy")
	case len(noise) >= manyDifferences:
		x.skip(SkipTooComplex, "the comparison ended at "+strconv.Itoa(len(noise))+" differences, all of them noise: ignore those places")
	case len(noise) > 0:
		x.end(Noise, "", "", noise)
	default:
		x.end(Match, "", "", nil)
	}
}

// same reports whether the answers are the same to the byte, and nothing else is to be learnt from
// them: what costs least comes first. x.mu is held.
func (x *exchange) same() bool {
	a, other := &x.answer, x.other
	if !x.p.reflexive || x.again != nil || a.Status != other.Status || a.Size != other.Size || a.TooLarge() || other.TooLarge() ||
		a.Hosts != nil || len(a.Trailer) > 0 || len(other.Trailer) > 0 {
		return false
	}
	fields := 0
	for _, f := range x.told {
		if len(f.values) == 0 {
			continue
		}
		if fields++; !slices.Equal(f.values, other.Header[f.name]) {
			return false
		}
	}
	return fields == len(other.Header) && bytes.Equal(a.Body, other.Body)
}

// incomparable settles an exchange of which the Comparer returned an error.
func (s *Shadow) incomparable(x *exchange, err error) {
	if skip, ok := errors.AsType[*SkipError](err); ok {
		x.skip(skip.Reason, skip.Detail)
		return
	}
	if unsaid, say := x.p.errors.due(s.config.Now()); say {
		s.config.Logger.Error("compare two answers", "route", x.p.Route, "error", err, "unsaid", unsaid)
	}
	x.fail("", FailInternal, err.Error())
}

// headOf returns an answer without its body and the coding of it, so that only the rest is
// compared: where that differs the answers do, whatever the bodies.
func headOf(a *Answer) *Answer {
	head := &Answer{Status: a.Status, Header: a.Header.Clone(), Trailer: a.Trailer, Hosts: a.Hosts, Latency: a.Latency}
	head.Header.Del("Content-Encoding")
	return head
}
