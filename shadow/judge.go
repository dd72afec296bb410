package shadow

import (
	"errors"
	"strconv"
)

// judge compares the two answers of an exchange that both have ended, on a worker, in order of
// cost.
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
	switch {
	case legacy.TooLarge() || service.TooLarge():
		if legacy.Status != service.Status || legacy.Size != service.Size || legacy.Hash != service.Hash {
			x.skip(SkipTooLarge, strconv.FormatInt(legacy.Size, 10)+" bytes from legacy, "+
				strconv.FormatInt(service.Size, 10)+" from the service")
			return
		}
		legacy, service = headOf(legacy), headOf(service) // the bodies are equal
	}
	differences, err := x.p.Compare.Compare(legacy, service)
	var skip *SkipError
	switch {
	case errors.As(err, &skip):
		x.skip(skip.Reason, skip.Detail)
	case err != nil:
		s.config.Logger.Error("compare two answers", "route", x.p.Route, "error", err)
		x.fail(FailInternal, err.Error())
	case len(differences) > 0:
		x.end(Diverged, "", "", differences)
	default:
		x.end(Match, "", "", nil)
	}
}

// headOf returns an answer without its body, so that only the rest is compared.
func headOf(a *Answer) *Answer {
	return &Answer{Status: a.Status, Header: a.Header, Trailer: a.Trailer, Latency: a.Latency}
}
