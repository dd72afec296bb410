package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// PreviewRules implements web.Desk.
func (d *Daemon) PreviewRules(ctx context.Context, n web.NewRules) (web.RuleEffect, error) {
	route, err := d.configured(n.Route)
	if err != nil {
		return web.RuleEffect{}, err
	}
	effect := web.RuleEffect{Groups: []web.GroupEffect{}}
	var pointers []compare.Pointer
	for _, r := range n.Rules {
		if shadow.IsRedacted(r.Pointer) {
			return web.RuleEffect{}, &web.InvalidError{Why: fmt.Sprintf("%s has a key in it that was redacted; write * for it", r.Pointer)}
		}
		p, err := compare.ParsePointer(r.Pointer)
		if err != nil {
			return web.RuleEffect{}, &web.InvalidError{Why: err.Error()}
		}
		pointers = append(pointers, p)
		made := web.Rule{Route: n.Route, Kind: r.Kind, Pointer: r.Pointer, Value: r.Value, Origin: web.RuleOfJournal}
		made.ID = ruleID(made)
		effect.Rules = append(effect.Rules, made)
		effect.Estimate = effect.Estimate || r.Kind == web.RuleUnordered || r.Kind == web.RuleKeyed || p.Selects()
	}
	if len(effect.Rules) == 0 {
		return web.RuleEffect{}, &web.InvalidError{Why: "there is no rule in it; name a kind and a pointer"}
	}
	had, err := kept(d.journal.Present()[n.Route])
	if err != nil {
		return web.RuleEffect{}, err
	}
	replaced := func(old web.Rule) bool {
		return slices.ContainsFunc(effect.Rules, func(r web.Rule) bool { return r.ID == old.ID })
	}
	rules, err := withRules(route.Rules, append(slices.DeleteFunc(slices.Clone(had), replaced), effect.Rules...))
	if err != nil {
		return web.RuleEffect{}, &web.InvalidError{Why: err.Error()}
	}
	past, estimated := past{daemon: d}, false
	if past.comparer, err = compare.New(rules); err != nil {
		return web.RuleEffect{}, &web.InvalidError{Why: err.Error()}
	}
	groups, err := d.ledger.Groups(ctx, n.Route, "")
	if err != nil {
		return web.RuleEffect{}, err
	}
	for _, g := range groups {
		touched := slices.ContainsFunc(g.Causes, func(c ledger.Cause) bool {
			return slices.ContainsFunc(pointers, func(p compare.Pointer) bool { return p.Touches(c.Pointer) })
		})
		if !touched {
			continue
		}
		past.estimate = effect.Estimate
		if !past.estimate {
			if past.estimate, err = past.unlike(ctx, g); err != nil {
				return web.RuleEffect{}, err
			}
		}
		e, err := past.of(ctx, g)
		if err != nil {
			return web.RuleEffect{}, fmt.Errorf("look at what is recorded of group %s: %w", g.ID, err)
		}
		if e.Gone+e.Changed > 0 {
			effect.Gone, effect.Changed = effect.Gone+e.Gone, effect.Changed+e.Changed
			effect.Groups = append(effect.Groups, e)
			estimated = estimated || past.estimate && e.Looked < e.Count
		}
	}
	effect.Estimate = effect.Estimate || estimated
	slices.SortStableFunc(effect.Groups, func(a, b web.GroupEffect) int { return cmp.Compare(b.Gone+b.Changed, a.Gone+a.Changed) })
	return effect, nil
}

// past tells what rules would have made of what is recorded.
type past struct {
	daemon   *Daemon
	comparer *compare.Comparer
	estimate bool
}

// unlike reports whether a group's answers are XML, HTML, forms or protobuf: pointers into them leave
// indices out where there is one of a name, and rules may too, so that what a rule covers is known by
// comparing again only.
func (p past) unlike(ctx context.Context, g ledger.Group) (bool, error) {
	for _, id := range g.Examples[:min(1, len(g.Examples))] {
		example, err := p.daemon.ledger.Divergence(ctx, id)
		if errors.Is(err, ledger.ErrNotFound) || err == nil && example.Legacy == nil {
			continue
		}
		if err != nil {
			return false, err
		}
		media := strings.ToLower(example.Legacy.Header.Get("Content-Type"))
		return slices.ContainsFunc([]string{"xml", "html", "form", "protobuf", "grpc"}, func(part string) bool { return strings.Contains(media, part) }), nil
	}
	return false, nil
}

// of looks at one group. Where its places alone decide, that holds for all its divergences, whether
// they are still on record or not.
func (p past) of(ctx context.Context, g ledger.Group) (web.GroupEffect, error) {
	e := web.GroupEffect{Group: g.ID, Title: g.Title(), State: string(g.State), Count: g.Count}
	if len(g.Causes) < ledger.MaxCauses && len(left(p.comparer, g.Causes)) == 0 {
		e.Looked, e.Gone = g.Count, g.Count
		return e, nil
	}
	if p.estimate {
		return e, p.compareExamples(ctx, g, &e)
	}
	for after := ""; ; {
		page, err := p.daemon.ledger.Divergences(ctx, ledger.Query{Group: g.ID, After: after, Limit: 1000})
		if err != nil {
			return e, err
		}
		for _, d := range page {
			e.Looked++
			switch remain, dropped := p.drop(d.Differences); {
			case dropped == 0:
			case remain == 0 && d.More == 0:
				e.Gone++
			default:
				e.Changed++
			}
		}
		if len(page) < 1000 {
			return e, nil
		}
		after = page[len(page)-1].ID
	}
}

// drop counts the differences that would remain, and those that wouldn't.
func (p past) drop(differences []shadow.Difference) (remain, dropped int) {
	for _, d := range differences {
		switch {
		case d.Noise != "":
		case p.comparer.Drops(d):
			dropped++
		default:
			remain++
		}
	}
	return remain, dropped
}

// compareExamples compares the examples again, and takes them for all.
func (p past) compareExamples(ctx context.Context, g ledger.Group, e *web.GroupEffect) error {
	var gone, changed int64
	for _, id := range g.Examples {
		example, err := p.daemon.ledger.Divergence(ctx, id)
		if errors.Is(err, ledger.ErrNotFound) {
			continue // it went meanwhile
		}
		if err != nil {
			return err
		}
		if example.Legacy == nil || example.Service == nil {
			continue
		}
		found, err := p.comparer.Compare(example.Legacy, example.Service)
		if err != nil {
			continue
		}
		e.Looked++
		now := p.counting(g, example.Differences, found)
		switch {
		case now == 0:
			gone++
		case now < count(example.Differences):
			changed++
		}
	}
	if e.Looked > 0 {
		e.Gone, e.Changed = g.Count*gone/e.Looked, g.Count*changed/e.Looked
	}
	return nil
}

// counting is how many of the differences found now count: neither known as noise nor recorded as such.
func (p past) counting(g ledger.Group, recorded, found []shadow.Difference) (n int) {
	type at struct {
		pattern string
		kind    shadow.Kind
	}
	noise := map[at]bool{}
	for _, d := range recorded {
		if d.Noise != "" {
			noise[at{d.Pattern, d.Kind}] = true
		}
	}
	for _, d := range found {
		if !noise[at{d.Pattern, d.Kind}] && p.daemon.shadow.Known(g.Route, d.Pattern, d.Kind) != shadow.KnownNoise {
			n++
		}
	}
	return n
}

// count is how many differences are recorded as such that count.
func count(differences []shadow.Difference) (n int) {
	for _, d := range differences {
		if d.Noise == "" {
			n++
		}
	}
	return n
}

// left returns the causes that rules leave in their place.
func left(c *compare.Comparer, causes []ledger.Cause) []ledger.Cause {
	return slices.DeleteFunc(slices.Clone(causes), func(cause ledger.Cause) bool {
		return c.Drops(shadow.Difference{Pointer: cause.Pointer, Kind: cause.Kind})
	})
}
