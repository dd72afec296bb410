package daemon

import (
	"cmp"
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// noticeOf returns what is to be told of a walker.
func noticeOf(k walked, kind string) notice {
	from := k.Position
	n := notice{Type: kind, Routes: k.walker.names(), Unit: k.walker.unit, Service: k.walker.routes[0].Service, Version: k.version,
		From: &from, Why: k.decision.Why, Readings: k.decision.Readings}
	if k.decision.Action == rollout.ActionPromote || k.decision.Action == rollout.ActionRollback {
		to := k.decision.To
		n.To = &to
	}
	if k.refused != "" {
		n.Why = k.refused
	}
	return n
}

// occasions are those on which webhooks of a plan are told something.
var occasions = map[string]rollout.Occasion{noticePromoted: rollout.AfterPromote, noticeRolledBack: rollout.OnRollback}

// notify tells those who want to know.
func (d *Daemon) notify(k walked, kind string) { d.tellHooks(k, noticeOf(k, kind)) }

// notifyMoved tells that a walker was promoted.
func (d *Daemon) notifyMoved(k walked, to strangler.Position, by rollout.Author) {
	n := noticeOf(k, noticePromoted)
	n.To, n.Why = &to, by.Why
	if by.Name != automation {
		n.Actor = by.Name
	}
	d.tellHooks(k, n)
}

func (d *Daemon) tellHooks(k walked, n notice) {
	var hooks []rollout.Webhook
	if on, is := occasions[n.Type]; is {
		hooks = hooksOn(k.Plan.Webhooks, on)
	}
	d.notices.tell(n, hooks...)
}

// tellSteered tells what a person told a walker, which stood there before.
func (d *Daemon) tellSteered(w walker, s web.Steering, before strangler.Position) {
	kind := map[string]string{web.SteerPause: noticePaused, web.SteerResume: noticeResumed, web.SteerPromote: noticePromoted, web.SteerAbort: noticeRolledBack}[s.What]
	k := (*d.walks.known.Load())[w.key]
	if k.walker.plan == nil {
		return // it has just been taken out of the configuration
	}
	if s.What == web.SteerAbort && k.Position == before { // there was no way back
		kind = noticeStopped
	}
	n := noticeOf(k, kind)
	n.Actor, n.Why, n.From, n.To, n.Version = s.Actor.Name, s.Reason, nil, nil, cmp.Or(s.Version, n.Version)
	if s.What == web.SteerPromote || s.What == web.SteerAbort {
		to := k.Position
		n.To = &to
	}
	d.tellHooks(k, n)
}

// tellTurned tells of what has become of a walker since it was last looked at.
func (d *Daemon) tellTurned(before, now walked) {
	if before.walker.plan == nil {
		return // it is looked at for the first time: what is so was told when it became so
	}
	switch {
	case now.decision.Action == rollout.ActionDone && before.decision.Action != rollout.ActionDone:
		d.notify(now, noticeDone)
	case now.decision.Person && now.decision.Action == rollout.ActionHold && !before.decision.Person:
		d.notify(now, noticeWaiting)
	case now.refusal && !before.refusal:
		d.notify(now, noticeRefused)
	case now.broken() && !before.broken() && now.Plan.Auto && !now.moves() && now.steering.State != rollout.ModeResting:
		n := noticeOf(now, noticeWaiting) // it would go back, but somebody has taken it over
		n.Why = fmt.Sprintf("it is %s, and nothing is done about it: %s", now.steering.State, now.decision.Why)
		d.tellHooks(now, n)
	}
}

// tellBack tells that a person sent routes back.
func (d *Daemon) tellBack(moves []movedBack, r web.Rollback) {
	present := d.present()
	left := map[string]bool{}
	for _, m := range moves {
		left[m.Route] = true
	}
	back := notice{Type: noticeRolledBack, Actor: r.Actor.Name, Why: r.Reason}
	for _, w := range walkers(d.current.Load().config) {
		n := back
		n.Unit, n.Service = w.unit, w.routes[0].Service
		for _, route := range w.names() {
			if left[route] {
				delete(left, route)
				n.Routes = append(n.Routes, route)
			}
		}
		if len(n.Routes) > 0 {
			to := present[n.Routes[0]].Position
			n.To = &to
			d.notices.tell(n, hooksOn(w.plan.Webhooks, rollout.OnRollback)...)
		}
	}
	for _, m := range moves {
		if left[m.Route] { // it has no rollout, and only the one who is told everything is told
			n, to := back, strangler.At(m.To)
			n.Routes, n.To = []string{m.Route}, &to
			d.notices.tell(n)
		}
	}
}
