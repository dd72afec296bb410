package daemon

import (
	"cmp"
	"context"
	"slices"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// walked is what was made of a walker in one look.
type walked struct {
	situation
	decision rollout.Decision
	refused  string // why what was decided isn't done; empty: nothing is in the way
	refusal  bool   // a webhook doesn't allow it
}

// situation is all that is known of a walker.
type situation struct {
	rollout.Situation
	walker   walker
	steering rollout.Steering
	version  string // of the service, of its first route; empty: not known
	versions map[string]int64
	seen     []seen // of each of its routes, as they are in this look
	latest   string // the service's newest version, seen be it only once; empty: not known
	polled   bool   // the version is asked for now and then
	problem  string // why not all is known; empty: all is
	unfit    bool   // what is known may be about something else
}

// situation looks at a walker; false: the journal doesn't know one of its routes yet. The caller
// holds walks.mu.
func (d *Daemon) situation(ctx context.Context, w walker, o observed) (situation, bool) {
	s := situation{walker: w, versions: map[string]int64{}}
	steered, err := steeringOf(w, o.present)
	if err != nil {
		s.problem, s.unfit = err.Error(), true
	}
	s.steering = steered
	s.Situation = rollout.Situation{Plan: *w.plan, Now: o.now}
	for i, r := range w.routes {
		standing, known := o.present[r.Name]
		if !known {
			return s, false
		}
		s.versions[r.Name] = standing.Version
		if i == 0 {
			s.Position = standing.Position
		}
		if standing.Since.After(s.Since) {
			s.Since = standing.Since
		}
		of, fit := d.see(ctx, r, o)
		if i == 0 {
			s.version, s.latest = of.Version, cmp.Or(d.versions.Latest(r.Service), of.Version)
			s.polled = d.current.Load().config.Services[r.Service].Version.Path != ""
		}
		s.unfit = s.unfit || !fit
		if s.problem == "" && (!fit || o.tallies == nil || of.unmarked) {
			s.problem = "the ledger can't be read or written: " + cmp.Or(d.walks.reading.text, d.walks.marking.text)
		}
		s.seen = append(s.seen, *of)
		subject := rollout.Subject{Route: r.Route, Gates: gatesOf(r, s.Position), Evidence: of.Evidence, Compared: float64(of.compared), Served: float64(of.served)}
		subject.Budget = rollout.Budget{Rollback: o.policy.Alpha * o.share * trialShare(of.Trial), Promotion: o.policy.Alpha, RunLength: o.policy.RunLength}
		s.Routes = append(s.Routes, subject)
	}
	if steered.State == rollout.ModeRunning && steered.Since.After(s.Since) {
		s.Since = steered.Since // it was resumed
	}
	s.Frozen = d.frozen(w.plan, o.now)
	if s.problem != "" {
		s.Frozen = s.problem // what is shown to be broken goes back all the same
	}
	return s, true
}

// gatesOf returns a route's gates at a position: at shadow, nothing can be asked of one that isn't shadowed.
func gatesOf(r config.Route, at strangler.Position) rollout.Gates {
	if at.Phase == strangler.PhaseShadow && r.Unshadowed() != "" {
		off := rollout.Gate{Off: true}
		return rollout.Gates{Divergence: off, Errors: off, Latency: off, MaxSkipped: off}
	}
	return r.Rollout.Gates
}

// trialShare is the part of a route's share of wrong rollbacks that its n-th evidence may take: they
// sum up to one, however often evidence begins anew.
func trialShare(n int) float64 { return 1 / (float64(n) * float64(n+1)) }

// another returns the version of the service that may be another than the one that failed; empty: there
// is none. Where a version is asked for now and then, one that was known soon after the failure may be
// the one that failed.
func (s situation) another() string {
	switch of := s.seen[0]; {
	case s.steering.Failed == "" && of.About == "", s.polled && of.Told.Before(s.steering.Since.Add(versionDoubt)):
		return ""
	}
	return s.version
}

// broken reports whether a gate was shown to be.
func (k walked) broken() bool {
	return slices.ContainsFunc(k.decision.Readings, func(r rollout.Reading) bool { return r.State == rollout.StateBroken })
}

// moves reports whether a walker moves by itself at present.
func (k walked) moves() bool {
	return k.Plan.Auto && !k.unfit && k.steering.State == rollout.ModeRunning
}
