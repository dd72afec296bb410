package shadow

import (
	"errors"
	"strconv"
)

// judge compares the two answers of an exchange that both have ended, on a worker. Of bodies
// over the bound only size and hash are known: unequal ones can't be compared, unless the heads
// differ already.
func (s *Shadow) judge(x *exchange) {
	defer s.guard(x)
	switch {
	case x.over():
		return
	case s.life.Err() != nil:
		x.skip(SkipShuttingDown, "")
		return
	}
	legacy, service := sides(x.served, &x.answer, x.other)
	large := legacy.TooLarge() || service.TooLarge()
	equal := large && legacy.Size == service.Size && legacy.Hash == service.Hash
	if large {
		legacy, service = headOf(legacy), headOf(service)
	}
	differences, err := x.p.Compare.Compare(legacy, service)
	skip, is := errors.AsType[*SkipError](err)
	switch {
	case is:
		x.skip(skip.Reason, skip.Detail)
	case err != nil:
		if unsaid, say := x.p.errors.due(s.config.Now()); say {
			s.config.Logger.Error("compare two answers", "route", x.p.Route, "error", err, "unsaid", unsaid)
		}
		x.fail(FailInternal, err.Error())
	case len(differences) > 0:
		x.end(Diverged, "", "", differences)
	case large && !equal:
		x.skip(SkipTooLarge, strconv.FormatInt(x.answer.Size, 10)+" bytes for the client, "+
			strconv.FormatInt(x.other.Size, 10)+" or more for the copy")
	default:
		x.end(Match, "", "", nil)
	}
}

// headOf returns an answer without its body and the coding of it, so that only the rest is
// compared: where that differs the answers do, whatever the bodies.
func headOf(a *Answer) *Answer {
	head := &Answer{Status: a.Status, Header: a.Header.Clone(), Trailer: a.Trailer, Latency: a.Latency}
	head.Header.Del("Content-Encoding")
	return head
}
