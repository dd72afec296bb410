package shadow

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// again is what came of asking more than once for one exchange, which few are.
type again struct {
	control     *Answer // legacy's second answer, at once; nil: there is none
	controlBody capture

	rechecks    bool         // it waits to be asked again on both sides, or is
	differences []Difference // those found first, without what is noise
	noise       []Difference // those that are
}

// drop lets go of what was captured.
func (a *again) drop() {
	if a != nil {
		a.control = nil
		a.controlBody.drop()
	}
}

// asksAgain reports whether legacy may be asked for more than copies of requests.
func (p *point) asksAgain() bool {
	return p.Self != nil && (p.Control > 0 || p.Recheck > 0) && p.Capture != CaptureNone
}

// copies is what a copy to legacy is asked for.
func (p *point) copies() purpose {
	if p.asksAgain() {
		return forCopy
	}
	return forAll
}

// draws decides whether legacy is to be asked twice.
func (p *point) draws() bool { return p.noises.young() || rand.Float64() < p.Control }

// mayAskAgain says whether legacy may be asked once more for an exchange that it has answered, but
// for the budget: never what changes something, nothing with a session, and nothing after an answer
// that set a cookie. Both answers' heads are there.
func (x *exchange) mayAskAgain() bool {
	p := x.p
	x.mu.Lock() // the client's answer may be about to end
	cookie, _ := x.told.of("Set-Cookie")
	x.mu.Unlock()
	return p.asksAgain() && x.asked.size == 0 && readMethod(x.copy.Method) && p.Repeatable(x.copy.Method) &&
		(p.WithSession || !x.asks.has("Authorization") && !x.asks.has("Cookie")) &&
		cookie == nil && x.reply.Header["Set-Cookie"] == nil
}

// legacyAgain and serviceAgain are what the two sides are asked again through.
func (x *exchange) legacyAgain() target {
	if x.p.Serves == Service {
		return x.target
	}
	return target{"legacy", x.p.Self, &x.p.toLegacy}
}

func (x *exchange) serviceAgain() target {
	if x.p.Serves == Service {
		return target{"service", x.p.Self, &x.p.toService}
	}
	return x.target
}

// second asks a side once more, with a capture of its own; nil: it gave no answer that could be
// compared.
func (s *Shadow) second(w *worker, x *exchange, to target) (*Answer, capture) {
	now := s.config.Now()
	trial, may := to.breaker.enter(now)
	if !may {
		return nil, capture{}
	}
	again := call{target: to, by: to.through, context: &copyContext{Context: context.Background(), values: x.context.values}}
	again.request = x.copy.WithContext(again.context) // a transport may still look at the first one's
	again.request.Header = x.header()
	answer, body, _, err := s.attempt(w, x, again, nil, now, trial)
	if err != nil || answer.Status == 0 || body.broke || conditional(answer.Status) || answer.Status == http.StatusSwitchingProtocols {
		body.drop()
		return nil, capture{}
	}
	return &answer, body
}

// control asks legacy a second time for a share of what it answers, at once, so that it is seen
// where it differs from itself.
func (s *Shadow) control(w *worker, x *exchange) {
	p := x.p
	if !p.draws() || !x.mayAskAgain() || !p.budget.allow(s.config.Now(), forControl) {
		return
	}
	answer, body := s.second(w, x, x.legacyAgain())
	x.mu.Lock()
	defer x.mu.Unlock()
	if answer == nil || x.settled {
		body.drop()
		return
	}
	x.again = &again{control: answer, controlBody: body}
}

// manyDifferences is how many a Comparer may stop at: what it didn't come to isn't known to be the
// same.
const manyDifferences = 1000

// weigh says of each difference whether it is noise, and returns those that count and those that
// are. Where legacy was asked twice the route learns from it.
func (s *Shadow) weigh(x *exchange, legacy, service *Answer, differences []Difference) (count, noise []Difference) {
	var itself map[place]bool // where legacy's two answers differ
	twice := false
	if x.again != nil && x.again.control != nil {
		found, err := x.p.Compare.Compare(legacy, x.again.control)
		if err == nil && len(found) < manyDifferences && len(differences) < manyDifferences {
			itself, twice = placesOf(found), true
			differences = x.reorder(legacy, service, differences, itself)
			exceptClocks(itself, differences, x.at)
			x.p.noises.learn(placesOf(differences), itself)
		}
	}
	if !twice {
		differences = x.reorder(legacy, service, differences, nil)
	}
	return splitNoise(x.p.route, differences, x.at, itself, twice)
}

// recheck has both sides asked again in a while, since one of them may only have been late to know
// what the other knew. It reports whether that will be.
func (s *Shadow) recheck(x *exchange, count, noise []Difference) bool {
	p := x.p
	if p.Recheck <= 0 || !x.mayAskAgain() || !p.budget.allow(s.config.Now(), forRecheck) {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.settled {
		return true
	}
	if x.again == nil {
		x.again = new(again)
	}
	x.again.rechecks, x.again.differences, x.again.noise = true, count, noise
	x.copied = true // it is parked
	return s.later(x, p.Recheck)
}

// askAgain is a worker's job on an exchange that is asked again: what is the same now was late, and
// where legacy has changed meanwhile it is noise.
func (s *Shadow) askAgain(w *worker, x *exchange) {
	defer s.guard(x)
	if x.over() {
		return
	}
	if s.life.Err() != nil {
		x.conclude()
		return
	}
	legacy, legacyBody := s.second(w, x, x.legacyAgain())
	defer legacyBody.drop()
	if legacy == nil {
		x.conclude()
		return
	}
	service, serviceBody := s.second(w, x, x.serviceAgain())
	defer serviceBody.drop()
	if service == nil {
		x.conclude()
		return
	}
	left, err := x.comparer().Compare(legacy, service)
	if err != nil || len(left) >= manyDifferences {
		x.conclude()
		return
	}
	first, _ := sides(x.served, &x.answer, x.other)
	changed, err := x.comparer().Compare(first, legacy)
	if err != nil || len(changed) >= manyDifferences {
		changed = nil
	}
	still, itself := placesOf(left), placesOf(changed)
	exceptClocks(itself, x.again.differences, x.at)
	if s.elsewhere(x, left) {
		x.conclude() // who differs anew isn't late
		return
	}
	var count []Difference
	verdict, noise := Noise, x.again.noise
	for _, d := range x.again.differences {
		switch at := placeOf(&d); {
		case !still[at] && !mayLag(&d, x.answer.Status, x.reply.Status):
			count = append(count, d)
			continue
		case !still[at]:
			d.Noise, verdict = NoiseLag, Lag
		case itself[at]:
			d.Noise = NoiseLegacy
		default:
			count = append(count, d)
			continue
		}
		noise = append(noise, d)
	}
	if len(count) > 0 {
		verdict = Diverged
	}
	x.end(verdict, "", "", append(count, noise...))
}

// mayLag reports whether a difference may go away because one side learns late what the other knows.
// A failure that isn't repeated is a failure.
func mayLag(d *Difference, statuses ...int) bool {
	return d.Kind != KindStatus && !slices.ContainsFunc(statuses, func(status int) bool { return status >= 500 })
}

// elsewhere reports whether there are differences that count where none were found at first.
func (s *Shadow) elsewhere(x *exchange, left []Difference) bool {
	first := placesOf(slices.Concat(x.again.differences, x.again.noise))
	for i := range left {
		if !first[placeOf(&left[i])] && noiseOf(x.p.route, &left[i], x.at, nil, false) == "" {
			return true
		}
	}
	return false
}

// conclude settles an exchange that was to be asked again by what is known without that.
func (x *exchange) conclude() {
	x.end(Diverged, "", "", append(x.again.differences, x.again.noise...))
}

// waits reports whether the exchange waits to be asked again.
func (x *exchange) waits() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.again != nil && x.again.rechecks
}

// rejoin puts an exchange that has waited long enough into the queue again.
func (s *Shadow) rejoin(x *exchange) {
	s.mu.Lock()
	if _, waits := s.jobs.parked[x]; !waits {
		s.mu.Unlock()
		return
	}
	delete(s.jobs.parked, x)
	x.p.lane.parked--
	x.key = "" // those after it are on their way
	s.mu.Unlock()
	if s.put(x) != "" {
		x.conclude()
	}
}

// later parks x, whose two answers are there, and has it put into the queue again after a while.
func (s *Shadow) later(x *exchange, after time.Duration) bool {
	if s.park(x) != "" {
		return false
	}
	time.AfterFunc(after, func() {
		defer s.guard(x)
		s.rejoin(x)
	})
	return true
}
