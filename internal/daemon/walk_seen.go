package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// seen is what was seen of a route. Its JSON is what is kept of it while the process doesn't run.
type seen struct {
	Version  string             `json:"service_version,omitempty"` // that answers; empty: not known
	Told     time.Time          `json:"told,omitzero"`             // when it was first known to be that one
	About    string             `json:"about,omitempty"`           // the version that evidence is about; empty: the first that is known
	Key      string             `json:"key,omitempty"`             // what it is about, as its mark in the ledger says
	Trial    int                `json:"trial"`                     // how often evidence has begun
	Position strangler.Position `json:"position"`                  // of the step
	Since    time.Time          `json:"since"`
	Evidence rollout.Evidence   `json:"evidence"`

	sums     rollout.Evidence // of the counters, when they were last looked at
	at       time.Time        // when that was; zero: not since the process started
	unmarked bool             // the ledger doesn't know yet that evidence has begun anew
	compared rate             // of late
	served   rate
	since    time.Time // of its comparisons
}

// rate is how often something happens a second, the last minute or so counting most.
type rate float64

// see takes note of n in a span.
func (r *rate) see(n int64, span time.Duration) {
	if span <= 0 {
		return
	}
	weight := 1 - math.Exp(-span.Seconds()/60)
	*r += rate(weight) * (rate(float64(n)/span.Seconds()) - *r)
}

// observed is what one look at everything has seen.
type observed struct {
	now        time.Time
	present    map[string]journal.Standing
	tallies    map[string]ledger.Tally // nil: they can't be read
	counts     map[string]shadow.Counts
	policy     rollout.Policy
	share      float64 // each route's, of what may go wrong
	unmarkable *error  // why the ledger took no mark in this look; one try is enough, as each may take a while
}

// see brings what was seen of a route up to date, and has it begin anew where it is about something
// else than before. It reports whether it is fit to be judged. The caller holds walks.mu.
func (d *Daemon) see(ctx context.Context, r config.Route, o observed) (*seen, bool) {
	s := d.walks.seen[r.Name]
	if s == nil {
		s = &seen{}
		d.walks.seen[r.Name] = s
	}
	standing := o.present[r.Name]
	steered, err := steering(standing)
	if err != nil {
		return s, false
	}
	s.answers(d.versionOf(r.Service, steered), o.now)

	served := s.sums.Clients.Service.Requests
	d.traffic.of(r.Name).advance(o.counts[r.Name], standing.Position.Phase, &s.sums, &s.Evidence)
	if !s.at.IsZero() {
		s.served.see(s.sums.Clients.Service.Requests-served, o.now.Sub(s.at))
	}
	if s.Position != standing.Position || !s.Since.Equal(standing.Since) {
		s.Position, s.Since = standing.Position, standing.Since
		s.newStep()
	}
	if o.tallies == nil { // what was known of answers stays so, and the rest is known
		s.at = o.now
		return s, s.Key != ""
	}

	tally, key := o.tallies[r.Name], d.evidenceKey(r, standing, steered, s.About)
	if s.Key != key { // also where the process ended after the ledger was told, and before this was kept
		s.Key, s.Evidence = key, rollout.Evidence{}
		s.Trial++
		d.log.Info("a route's evidence begins anew", keyRoute, r.Name, keyRelease, s.Version)
	}
	s.unmarked = false
	if tally.Key != key {
		if *o.unmarkable == nil {
			*o.unmarkable = d.ledger.Mark(ctx, r.Name, key)
			d.walks.marking.tell(d, *o.unmarkable, "evidence that begins anew can't be marked so, and the routes that it is about aren't promoted by themselves")
		}
		if *o.unmarkable != nil { // what is known without the ledger is judged all the same
			s.unmarked, s.at = true, o.now
			return s, true
		}
		tally = ledger.Tally{Key: key, Since: o.now}
	}
	if s.Trial == 0 { // what was kept of it is lost
		s.Trial = 1
	}
	s.tally(tally, r.Rollout.Gates.Divergence, o.now)
	s.at = o.now
	return s, true
}

// answers takes note of the version that answers. That the first one is known doesn't make it another.
func (s *seen) answers(version string, now time.Time) {
	if version == "" || version == s.Version {
		return
	}
	if s.Version != "" {
		s.About = version
	}
	s.Version, s.Told = version, now
}

// newStep has all begin anew that begins with a step.
func (s *seen) newStep() {
	s.Evidence = rollout.Evidence{Compared: s.Evidence.Compared, Diverged: s.Evidence.Diverged, Detector: s.Evidence.Detector}
}

// tally takes over what the ledger has, and shows the detector what is new of it.
func (s *seen) tally(t ledger.Tally, gate rollout.Gate, now time.Time) {
	e := &s.Evidence
	n, k := t.Compared-e.Compared, t.Diverged-e.Diverged
	e.Compared, e.Diverged, s.since = t.Compared, t.Diverged, t.Since
	switch {
	case n < 0 || k < 0: // something is expected now, or no longer on record
		e.Detector = rollout.Detector{}
	case n > 0 && !gate.Off:
		e.Detector.Observe(n, min(k, n), gate.Limit)
	}
	if !s.at.IsZero() {
		s.compared.see(max(0, n), now.Sub(s.at))
	}
}

// evidenceKey says what a route's evidence is about: if it is another, evidence begins anew.
func (d *Daemon) evidenceKey(r config.Route, standing journal.Standing, steered rollout.Steering, version string) string {
	rules, err := kept(standing)
	if err != nil {
		rules = nil // which compile has complained about
	}
	all, err := withRules(r.Rules, rules)
	if err != nil {
		all = r.Rules
	}
	text, err := json.Marshal(all)
	if err != nil {
		text = nil // of rules that have no JSON; all have
	}
	about := fmt.Sprintf("%s\x00%s\x00%s\x00%d\x00%d\x00%s\x00%s", r.Service, r.Translate.Key(), version, standing.First, steered.Begun.UnixMicro(), r.MatchText(), text)
	if r.Rollout != nil && r.Rollout.Distinct > 0 {
		about += "\x00distinct" // without it repeats were counted
	}
	return fmt.Sprintf("%016x", xxhash.Sum64String(about))
}

// versionOf returns the version of a service that answers: as it says itself, else in a person's
// word; empty: not known.
func (d *Daemon) versionOf(service string, steered rollout.Steering) string {
	if version := d.versions.Current(service); version != "" {
		return version
	}
	return steered.Version
}

// keepSeen writes down what was seen, for the next start. The caller holds walks.mu.
func (d *Daemon) keepSeen(ctx context.Context) {
	texts := make(map[string]json.RawMessage, len(d.walks.seen))
	for route, s := range d.walks.seen {
		text, err := json.Marshal(s)
		if err != nil {
			d.log.Error("what was seen of a route has no JSON form", keyRoute, route, keyError, err)
			continue
		}
		texts[route] = text
	}
	if err := d.ledger.SaveEvidence(ctx, texts); err == nil || ctx.Err() == nil {
		d.walks.keeping.tell(d, err, "what was seen of routes is kept in memory only")
	}
}

// recallSeen reads what was kept.
func (d *Daemon) recallSeen(ctx context.Context) {
	d.walks.seen = map[string]*seen{}
	texts, err := d.ledger.Evidence(ctx)
	if err != nil {
		d.log.Warn("what was seen of routes is seen anew", keyError, err)
	}
	for route, text := range texts {
		s := new(seen)
		if err := json.Unmarshal(text, s); err != nil {
			d.log.Warn("what was seen of a route is seen anew", keyRoute, route, keyError, err)
			continue
		}
		d.walks.seen[route] = s
	}
}

// steering returns how a route is steered, as the journal has it.
func steering(s journal.Standing) (of rollout.Steering, err error) {
	if s.Steering == nil {
		return of, nil
	}
	if err := json.Unmarshal(s.Steering, &of); err != nil {
		return of, fmt.Errorf("read how route %q is steered from the journal: %w", s.Route, err)
	}
	return of, nil
}
