package daemon_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

const stateRoutes = `
legacy: {url: %LEGACY%}
services: {s: {urls: ["%LEGACY%"]}}
routes:
  - {name: auto, match: {path: /auto}, service: s, start: 5%, rollout: {hold: 10h, max_hold: 20h}}
  - {name: plain, match: {path: /plain}, service: s, start: shadow, shadow: {compare: {keyed: {/list: id}}}}
`

// TestImportState holds what of a state becomes of routes here, and that nothing of it does where any of it
// can't be.
func TestImportState(t *testing.T) {
	s := start(t, strings.ReplaceAll(stateRoutes, "%LEGACY%", backend(t, "legacy", nil).URL))
	ctx := t.Context()
	if _, err := s.API.AddRules(ctx, api.RulesRequest{Route: "plain", Rules: []api.NewRule{{Kind: "ignore", Pointer: "/a"}, {Kind: "ignore", Pointer: "/b"}}, Reason: "old"}); err != nil {
		t.Fatal(err)
	}
	before, err := s.API.ExportState(ctx)
	if err != nil {
		t.Fatal(err)
	}
	canary := func(w strangler.Weight) web.RouteState {
		return web.RouteState{Phase: strangler.PhaseCanary, Weight: w}
	}
	of := func(name string, r web.RouteState, more func(*web.RouteState)) web.State {
		r.Name = name
		if more != nil {
			more(&r)
		}
		return web.State{Format: web.StateFormat, Routes: []web.RouteState{r}}
	}
	rules := func(list ...web.StateRule) func(*web.RouteState) {
		return func(r *web.RouteState) { r.Rules = list }
	}
	bad := []struct {
		name  string
		state web.State
		why   string
	}{
		{"no weight", of("plain", canary(0), nil), "weight"},
		{"twice", web.State{Format: 1, Routes: []web.RouteState{{Name: "plain"}, {Name: "plain"}}}, "twice"},
		{"another format", web.State{Format: 2}, "format"},
		{"no pointer", of("plain", canary(100), rules(web.StateRule{Kind: "ignore", Pointer: "a"})), "rule ignore a"},
		{"no kind", of("plain", canary(100), rules(web.StateRule{Kind: "ignored", Pointer: "/a"})), "no kind of rule"},
		{"a rule twice", of("plain", canary(100), rules(web.StateRule{Kind: "ignore", Pointer: "/a"}, web.StateRule{Kind: "ignore", Pointer: "/a"})), "twice"},
		{"a rule against the file's", of("plain", canary(100), rules(web.StateRule{Kind: "unordered", Pointer: "/list"})), "don't go together"},
		{"a reason with control characters", of("plain", canary(100), rules(web.StateRule{Kind: "ignore", Pointer: "/a", Reason: "\x1b[2J"})), "control character"},
		{"no mode", of("auto", canary(500), func(r *web.RouteState) { r.Rollout = &web.StateRollout{State: "sleeping"} }), "running, paused"},
		{"no such route", of("other", canary(500), nil), "other"},
	}
	for _, tt := range bad {
		for _, dry := range []bool{true, false} {
			_, err := s.API.ImportState(ctx, api.StateRequest{State: tt.state, DryRun: dry})
			if p := (*api.Problem)(nil); !errors.As(err, &p) || p.Status/100 != 4 || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("%s, dry %t: %v", tt.name, dry, err)
			}
		}
	}
	after, err := s.API.ExportState(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after, cmpopts.IgnoreFields(web.State{}, "At")); diff != "" {
		t.Fatalf("what was refused changed something (-before +after):\n%s", diff)
	}

	// A move stops what moves by itself; a state that says how it goes on does not.
	change, err := s.API.ImportState(ctx, api.StateRequest{State: of("auto", canary(25_00), nil), Reason: "elsewhere"})
	if err != nil || len(change.Routes) != 1 || change.Same != 0 || len(change.Left) != 1 {
		t.Fatalf("%+v, %v", change, err)
	}
	stopped := func() string {
		state, err := s.API.ExportState(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return state.Routes[0].Rollout.State
	}
	if got := stopped(); got != "stopped" {
		t.Errorf("after a move the rollout is %s", got)
	}
	if _, err := s.API.ImportState(ctx, api.StateRequest{State: of("auto", canary(50_00), func(r *web.RouteState) { r.Rollout = &web.StateRollout{State: "running"} })}); err != nil || stopped() != "running" {
		t.Errorf("it is %s, %v", stopped(), err)
	}

	// Rules become those of the state; one that is there already keeps who made it.
	one := of("plain", web.RouteState{Phase: strangler.PhaseShadow}, rules(web.StateRule{Kind: "ignore", Pointer: "/a", Reason: "of the state"}, web.StateRule{Kind: "ignore", Pointer: "/c", Actor: "eve"}))
	one.Freeze = &web.StateFreeze{Until: time.Now().Add(-time.Hour)} // which is over
	change, err = s.API.ImportState(ctx, api.StateRequest{State: one, Reason: "new host", Actor: "anna"})
	if err != nil || change.Routes[0].Added != 1 || change.Routes[0].Dropped != 1 || change.Routes[0].Before != change.Routes[0].After || change.Freeze != nil {
		t.Errorf("%+v, %v", change, err)
	}
	list, err := s.API.Rules(ctx, "plain")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		if r.Origin == web.RuleOfJournal {
			got = append(got, r.Pointer+" "+r.Reason+" "+map[bool]string{true: "anna"}[r.Actor == "anna"])
		}
	}
	if diff := cmp.Diff([]string{"/a old ", "/c new host anna"}, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	entries, err := s.API.Journal(ctx, web.EntryQuery{Limit: 1})
	if err != nil || entries[0].Kind != "ruled" || entries[0].Reason != "new host" || entries[0].Actor != "anna" {
		t.Errorf("%+v, %v", entries, err)
	}
	seq := entries[0].Seq
	if change, err := s.API.ImportState(ctx, api.StateRequest{State: one, Reason: "again"}); err != nil || len(change.Routes) != 0 || change.Same != 1 {
		t.Errorf("again: %+v, %v", change, err)
	}
	if entries, _ := s.API.Journal(ctx, web.EntryQuery{Limit: 1}); entries[0].Seq != seq {
		t.Errorf("the same again made entry %+v", entries[0])
	}

	// A freeze here that the state doesn't have stays, and is told of.
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	if _, err := s.API.Freeze(ctx, api.FreezeRequest{Until: until, Reason: "sale"}); err != nil {
		t.Fatal(err)
	}
	thawed := of("plain", web.RouteState{Phase: strangler.PhaseLive, Weight: strangler.FullWeight}, nil)
	change, err = s.API.ImportState(ctx, api.StateRequest{State: thawed})
	if diff := cmp.Diff(&web.StateFreeze{Until: until, Reason: "sale"}, change.StillFrozen); diff != "" || err != nil || change.Freeze != nil {
		t.Errorf("frozen here: %v (-want +got):\n%s", err, diff)
	}

	// What retires by an import has a report, of what is known here; a dry run writes none.
	retired := of("plain", web.RouteState{Phase: strangler.PhaseRetired, Weight: strangler.FullWeight}, nil)
	if change, err = s.API.ImportState(ctx, api.StateRequest{State: retired, Force: true, DryRun: true}); err != nil || len(change.Reports) != 0 {
		t.Errorf("dry run: %+v, %v", change, err)
	}
	if change, err = s.API.ImportState(ctx, api.StateRequest{State: retired, Force: true, Reason: "as on the old host"}); err != nil || len(change.Reports) != 1 {
		t.Fatalf("%+v, %v", change, err)
	}
	report := change.Reports[0]
	written, err := os.ReadFile(report.File)
	if err != nil || string(written) != report.Markdown {
		t.Errorf("the report in %q: %v", report.File, err)
	}
	for _, want := range []string{"# Route plain is retired", "as on the old host", "| import | live | retired |", "## What stood in the way, and was forced"} {
		if !strings.Contains(report.Markdown, want) {
			t.Errorf("the report lacks %q:\n%s", want, report.Markdown)
		}
	}
	if change, err = s.API.ImportState(ctx, api.StateRequest{State: retired, Force: true}); err != nil || len(change.Reports) != 0 || change.Same != 1 {
		t.Errorf("once more: %+v, %v", change, err)
	}
	if entries, err = s.API.Journal(ctx, web.EntryQuery{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	seq = entries[0].Seq
	if proof, err := s.API.VerifyJournal(ctx, entries[0].Hash); err != nil || !proof.Whole() || proof.Known.Seq != seq {
		t.Errorf("the chain: %+v, %v", proof, err)
	}
}
