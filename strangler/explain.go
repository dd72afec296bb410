package strangler

import (
	"fmt"
	"net/http"
)

// Explanation is what would happen to a request.
type Explanation struct {
	Decision Decision
	// Note says what the decision alone can't: why its side is only the likelier one, or why no
	// route could hold. Empty: nothing.
	Note     string
	Upstream string // the URL of the side that would be asked; empty: none is
	Repeat   Repeat // what the route's repeat means for the method; never RepeatByMethod
	// Fallback says whether legacy would answer if the service failed, FallbackWhy on what
	// condition, or why not.
	Fallback    bool
	FallbackWhy string
	// Others are the routes whose path holds as well, the most specific first.
	Others []Considered
}

// Considered is a route whose path holds but which was not chosen.
type Considered struct {
	Route string
	Why   string
}

// Explain returns what would happen to a request. It sends nothing, draws no random number and
// issues no id: where the side depends on one, it is the likelier side, and Note says so.
func (t *Table) Explain(r *http.Request) Explanation {
	e := t.match(r)
	x := Explanation{Repeat: RepeatByMethod.For(r.Method)}
	if !t.cfg.NoLegacy {
		x.Upstream = t.cfg.Legacy.URL.Redacted()
	}
	if e == nil {
		x.Decision = *t.split(nil, r)
		x.FallbackWhy = "legacy is asked already"
		if t.cfg.NoLegacy {
			x.FallbackWhy, x.Note = "there is no legacy application", "no route holds, and there is no legacy application: the proxy itself answers 404, or 405 where a route holds it with another method"
		}
		if _, ok := t.index.matcher.split(r.URL, nil); !ok {
			x.Note = "a path with a dot segment, or without a slash at its beginning, only reaches the catch-all"
		}
	} else {
		x.Decision, x.Note = t.expect(e, r)
		x.Repeat = e.repeat.For(r.Method)
		switch {
		case x.Decision.Side == SideService && e.route.Service == "":
			x.Upstream, x.Note = "", "the route is retired and has no service: the proxy itself answers 410"
		case x.Decision.Side == SideService:
			x.Upstream = t.cfg.Services[e.route.Service].URL.Redacted()
		}
		x.Fallback, x.FallbackWhy = expectFallback(e, x.Decision.Side, x.Repeat, t.index.compiler.translates(*e.route))
	}
	for _, i := range t.index.matcher.considered(r) {
		if other := t.entries[i]; other != e {
			x.Others = append(x.Others, Considered{other.name, whyNot(&other.route.Match, r)})
		}
	}
	return x
}

// expect is split without randomness: its decision, and what is left open.
func (t *Table) expect(e *entry, r *http.Request) (Decision, string) {
	if _, chosen := e.chooses(r); !chosen && e.position.Phase == PhaseCanary {
		key, source := t.trust.cohortKey(e.route, r)
		note := ""
		switch {
		case source.Kind == CohortRequest:
			note = fmt.Sprintf("each request is drawn by itself: %s go to the service", e.position.Weight)
		case source.Kind == CohortIssued && key == "":
			note = fmt.Sprintf("a random id would be issued in the cookie %s: with %s of them the service answers", IssuedCookie, e.position.Weight)
		}
		if note != "" {
			return Decision{
				Route: e.name, Unit: e.unit, Position: e.position, Why: WhyWeight,
				Side: e.position.sideOf(int(FullWeight) / 2), Bucket: -1, Cohort: source.String(),
				Repeat: e.repeat.For(r.Method),
			}, note
		}
	}
	return *t.split(e, r), ""
}

func expectFallback(e *entry, side Side, repeat Repeat, translated bool) (bool, string) {
	switch {
	case side == SideLegacy:
		return false, "legacy is asked already"
	case !e.route.Fallback:
		return false, "the route says fallback: none"
	case e.route.Return == ReturnNever:
		return false, "the route says return: never"
	case e.position.Phase == PhaseRetired:
		return false, "the route is retired: legacy is never called"
	case repeat == RepeatNever && translated:
		return false, "the request may not be sent a second time; what can't be translated isn't sent at all, and legacy answers that"
	case repeat == RepeatNever:
		return false, "the request may not be sent a second time"
	}
	return true, fmt.Sprintf("if the service fails before its answer's first byte, and the request's body is at most %d KiB", keptForFallback>>10)
}

// whyNot returns why a route whose path holds was not chosen: the first thing that doesn't
// hold, or that a more specific route does.
func whyNot(m *Match, r *http.Request) string {
	if m.Host != "" && !hostsMeet(m.Host, r.Host) {
		return fmt.Sprintf("host: it is for %s", m.Host)
	}
	c := newCandidate(0, m)
	if !c.takes(r.Method) {
		return fmt.Sprintf("method: it is for %v", m.Methods)
	}
	for _, p := range c.predicates().headers {
		if !p.holds(r.Header) {
			return "header: " + whyNotValue(p.name, p.want)
		}
	}
	for _, p := range c.predicates().query {
		if !p.holds(r.URL.RawQuery) {
			return "query: " + whyNotValue(p.name, p.want)
		}
	}
	return "less specific"
}

func whyNotValue(name, want string) string {
	if want == "*" {
		return name + " is absent"
	}
	return fmt.Sprintf("%s is not %q", name, want)
}
