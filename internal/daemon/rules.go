package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// maxRules is how many rules of the journal a route may have.
const maxRules = 200

// kept returns the rules that the journal gives a route.
func kept(s journal.Standing) ([]web.Rule, error) {
	if s.Rules == nil {
		return nil, nil
	}
	var rules []web.Rule
	if err := json.Unmarshal(s.Rules, &rules); err != nil {
		return nil, fmt.Errorf("read the rules of route %q in the journal: %w", s.Route, err)
	}
	return rules, nil
}

// withRules returns rules of the configuration together with others.
func withRules(base compare.Rules, more []web.Rule) (compare.Rules, error) {
	all := base
	all.Ignore, all.Unordered = slices.Clone(base.Ignore), slices.Clone(base.Unordered)
	all.Keyed, all.Tolerance = maps.Clone(base.Keyed), maps.Clone(base.Tolerance)
	for _, r := range more {
		switch r.Kind {
		case web.RuleIgnore:
			all.Ignore = append(all.Ignore, r.Pointer)
		case web.RuleUnordered:
			all.Unordered = append(all.Unordered, r.Pointer)
		case web.RuleKeyed:
			if all.Keyed == nil {
				all.Keyed = map[string]string{}
			}
			all.Keyed[r.Pointer] = r.Value
		case web.RuleTolerance:
			t, err := compare.ParseTolerance(r.Value)
			if err != nil {
				return all, err
			}
			if all.Tolerance == nil {
				all.Tolerance = map[string]compare.Tolerance{}
			}
			all.Tolerance[r.Pointer] = t
		default:
			return all, fmt.Errorf("no kind of rule %q: it is ignore, unordered, keyed or tolerance", r.Kind)
		}
	}
	return all, nil
}

// comparers makes the comparer of each route: of the file's rules and the journal's. One of the journal
// that no longer goes together with the file's is left out, so that nothing keeps the proxy from
// starting; left names those.
func comparers(cfg *config.Config, standings map[string]journal.Standing) (all map[string]*compare.Comparer, left []web.Rule, err error) {
	all = make(map[string]*compare.Comparer, len(cfg.Routes))
	for _, route := range cfg.Routes {
		more, err := kept(standings[route.Name])
		if err != nil {
			return nil, nil, err
		}
		comparer, err := comparerOf(route.Rules, more)
		if err != nil && len(more) > 0 {
			var fit []web.Rule
			for _, r := range more {
				if _, err := comparerOf(route.Rules, append(fit, r)); err != nil {
					left = append(left, r)
				} else {
					fit = append(fit, r)
				}
			}
			comparer, err = comparerOf(route.Rules, fit)
		}
		if err != nil {
			return nil, nil, err
		}
		all[route.Name] = comparer
	}
	return all, left, nil
}

func comparerOf(base compare.Rules, more []web.Rule) (*compare.Comparer, error) {
	rules, err := withRules(base, more)
	if err != nil {
		return nil, err
	}
	return compare.New(rules)
}

// Rules implements web.Desk.
func (d *Daemon) Rules(route string) ([]web.Rule, error) {
	present := d.journal.Present()
	all, found := []web.Rule{}, false
	for _, r := range d.current.Load().config.Routes {
		if route != "" && r.Name != route {
			continue
		}
		found = true
		all = append(all, rulesOfFile(r)...)
		more, err := kept(present[r.Name])
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if route != "" && !found {
		return nil, d.unknownRoute(route)
	}
	return all, nil
}

func rulesOfFile(r config.Route) (all []web.Rule) {
	add := func(kind, pointer, value string) {
		all = append(all, web.Rule{Route: r.Name, Kind: kind, Pointer: pointer, Value: value, Origin: web.RuleOfConfiguration})
	}
	for _, pointer := range r.Rules.Ignore {
		add(web.RuleIgnore, pointer, "")
	}
	for _, pointer := range r.Rules.Only {
		add("only", pointer, "")
	}
	for _, pointer := range r.Rules.Unordered {
		add(web.RuleUnordered, pointer, "")
	}
	for _, pointer := range slices.Sorted(maps.Keys(r.Rules.Keyed)) {
		add(web.RuleKeyed, pointer, r.Rules.Keyed[pointer])
	}
	for _, pointer := range slices.Sorted(maps.Keys(r.Rules.Tolerance)) {
		add(web.RuleTolerance, pointer, r.Rules.Tolerance[pointer].String())
	}
	for _, name := range r.Rules.Headers {
		add("headers", "header:"+name, "")
	}
	return all
}

// AddRules implements web.Desk.
func (d *Daemon) AddRules(ctx context.Context, n web.NewRules) (web.RuleEffect, error) {
	effect, err := d.PreviewRules(ctx, n) // which may take a while, and keeps nobody from rolling back
	if err != nil {
		return web.RuleEffect{}, err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	had, err := kept(d.journal.Present()[n.Route])
	if err != nil {
		return web.RuleEffect{}, err
	}
	for i := range effect.Rules {
		r := &effect.Rules[i]
		r.Reason, r.Actor, r.Verified, r.At = n.Reason, n.Actor.Name, n.Actor.Verified, time.Now().UTC().Truncate(time.Microsecond)
		had = slices.DeleteFunc(had, func(old web.Rule) bool { return old.ID == r.ID }) // its tolerance or member is another now
	}
	if len(had)+len(effect.Rules) > maxRules {
		return web.RuleEffect{}, &web.InvalidError{Why: fmt.Sprintf("route %q would have more than %d rules in the journal: put them into the configuration file (strangler rules %s -o yaml), then drop them here", n.Route, maxRules, n.Route)}
	}
	if err := d.rule(ctx, n.Route, append(had, effect.Rules...), author(n.Actor, sentence(effect.Rules, n.Reason))); err != nil {
		return web.RuleEffect{}, err
	}
	return effect, d.cover(ctx, effect)
}

// DropRule implements web.Desk.
func (d *Daemon) DropRule(ctx context.Context, r web.DroppedRule) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	var ids []string
	for _, route := range slices.Sorted(maps.Keys(d.journal.Present())) {
		had, err := kept(d.journal.Present()[route])
		if err != nil {
			return err
		}
		for _, one := range had {
			ids = append(ids, one.ID)
		}
		if at := slices.IndexFunc(had, func(old web.Rule) bool { return old.ID == r.ID }); at >= 0 {
			reason := "no longer " + sentence(had[at:at+1], r.Reason)
			if err := d.rule(ctx, route, slices.Delete(slices.Clone(had), at, at+1), author(r.Actor, reason)); err != nil {
				return err
			}
			return d.uncover(ctx, had[at])
		}
	}
	return &web.NotFoundError{What: "rule", Name: r.ID, Near: nearID(r.ID, ids)}
}

// sentence says in the journal what rules there are more or less, and why.
func sentence(rules []web.Rule, reason string) string {
	var texts []string
	for _, r := range rules {
		texts = append(texts, strings.TrimSpace(strings.Join([]string{r.Kind, r.Pointer, r.Value}, " ")))
	}
	text := strings.Join(texts, ", ")
	if reason != "" {
		text += ": " + reason
	}
	return text
}

// rule gives a route other rules in the journal, and puts them in force: compile, commit, swap. The
// caller holds d.changing.
func (d *Daemon) rule(ctx context.Context, route string, rules []web.Rule, by journal.Author) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	text, err := json.Marshal(rules)
	if err != nil {
		return err
	}
	now := d.current.Load()
	var made *compiled
	_, err = d.journal.Rule(ctx, journal.Ruling{Route: route, Rules: text, Author: by, Check: func(after map[string]journal.Standing) (err error) {
		made, err = d.compile(now.config, after)
		return err
	}})
	if err != nil {
		made.discard(d)
		return err
	}
	d.use(made, now.config, now.loadedAt)
	d.log.Info("rules changed", keyRoute, route, keyActor, by.Actor, keyReason, by.Reason)
	d.events.publish(web.Event{Type: eventRoute, Data: d.route(route)})
	select {
	case d.ruled <- struct{}{}:
	default: // somebody is about to look already
	}
	return nil
}

// ruleID is the same for the same rule of a route, but for its value: there can be one only.
func ruleID(r web.Rule) string {
	return fmt.Sprintf("%012x", xxhash.Sum64String(r.Route+"\x00"+r.Kind+"\x00"+r.Pointer)>>16)
}
