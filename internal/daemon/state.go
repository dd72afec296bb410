package daemon

import (
	"fmt"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// ExportState implements web.Mover.
func (d *Daemon) ExportState() (web.State, error) {
	d.changing.Lock() // all of it is of one moment
	defer d.changing.Unlock()
	cfg, present := d.current.Load().config, d.present()
	state := web.State{Format: web.StateFormat, At: now(), Routes: []web.RouteState{}}
	if f := d.Freeze(); f != nil {
		state.Freeze = &web.StateFreeze{Until: f.Until, Reason: f.Reason}
	}
	for _, route := range cfg.Routes {
		s := present[route.Name]
		one := web.RouteState{Name: route.Name, Unit: route.Unit, Phase: s.Position.Phase, Weight: s.Position.Weight, Rules: []web.StateRule{}}
		rules, err := kept(s)
		if err != nil {
			return web.State{}, err
		}
		for _, r := range rules {
			one.Rules = append(one.Rules, web.StateRule{Kind: r.Kind, Pointer: r.Pointer, Value: r.Value, Reason: r.Reason, Actor: r.Actor, At: r.At})
		}
		if route.Rollout != nil {
			of, err := steering(s)
			if err != nil {
				return web.State{}, err
			}
			one.Rollout = &web.StateRollout{State: modeText(of.State), Why: of.Why, Until: of.Until, Failed: of.Failed, Version: of.Version}
		}
		state.Routes = append(state.Routes, one)
	}
	return state, nil
}

// modeText is a mode in a state, where the one without a name has one.
func modeText(m rollout.Mode) string {
	if m == rollout.ModeRunning {
		return web.RolloutRunning
	}
	return string(m)
}

func parseMode(text string) (rollout.Mode, error) {
	modes := []rollout.Mode{rollout.ModeRunning, rollout.ModePaused, rollout.ModeStopped, rollout.ModeResting}
	if i := slices.IndexFunc(modes, func(m rollout.Mode) bool { return modeText(m) == text }); i >= 0 {
		return modes[i], nil
	}
	return "", fmt.Errorf("its rollout can be running, paused, stopped or resting, not %q", text)
}

// arrival makes of a state what has to change here.
type arrival struct {
	web.StateImport
	at      time.Time
	present map[string]journal.Standing

	change  journal.Change
	result  web.StateChange
	dropped []web.Rule // which covered groups
}

// plan fills in the change and the result. It looks at each route by itself; units are looked at
// when all is known.
func (a *arrival) plan(cfg *config.Config) error {
	if a.State.Format != web.StateFormat {
		return &web.InvalidError{Why: fmt.Sprintf("the state's format (strangler_state) is %d, and this proxy reads %d", a.State.Format, web.StateFormat)}
	}
	states := make(map[string]web.RouteState, len(a.State.Routes))
	for _, s := range a.State.Routes {
		if _, twice := states[s.Name]; twice || s.Name == "" {
			return &web.InvalidError{Why: fmt.Sprintf("route %q is in the state twice, or has no name", s.Name)}
		}
		states[s.Name] = s
	}
	a.result = web.StateChange{DryRun: a.DryRun, Routes: []web.RouteMoved{}, Unknown: []string{}, Left: []string{}, Reports: []web.Report{}}
	a.change = journal.Change{How: journal.HowImport, Author: author(a.Actor, a.Reason)}
	for _, route := range cfg.Routes {
		s, is := states[route.Name]
		if !is {
			a.result.Left = append(a.result.Left, route.Name)
			continue
		}
		if err := a.route(route, s); err != nil {
			return err
		}
		delete(states, route.Name)
	}
	for _, s := range a.State.Routes { // in their order
		if _, unknown := states[s.Name]; unknown {
			a.result.Unknown = append(a.result.Unknown, s.Name)
		}
	}
	if len(a.result.Unknown) > 0 && !a.SkipUnknown {
		return &web.UnknownRoutesError{Names: a.result.Unknown}
	}
	return a.together(cfg)
}

// route plans what becomes of one.
func (a *arrival) route(route config.Route, s web.RouteState) error {
	at := a.present[route.Name].Position
	to, err := positionOf(s)
	if err == nil {
		err = rollout.Check(route.Route, at, to, a.Force)
	}
	if err == nil && to != at {
		err = a.retires(route, to)
	}
	if err != nil {
		return err
	}
	moved := web.RouteMoved{Name: route.Name, Unit: route.Unit, Before: at, After: to}
	if to != at {
		a.change.Moves = append(a.change.Moves, journal.Move{Route: route.Name, To: to})
	}
	if s.Rules != nil {
		if moved.Added, moved.Dropped, err = a.rules(route, s.Rules); err != nil {
			return err
		}
	}
	if s.Rollout != nil && route.Rollout != nil {
		if moved.Rollout, err = a.steer(route.Name, *s.Rollout); err != nil {
			return err
		}
	}
	if moved == (web.RouteMoved{Name: route.Name, Unit: route.Unit, Before: at, After: at}) {
		a.result.Same++
	} else {
		a.result.Routes = append(a.result.Routes, moved)
	}
	return nil
}
