package rollout_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

var today = time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)

func ago(days float64) time.Time { return today.Add(-time.Duration(days * 24 * float64(time.Hour))) }

// unused is a route that nothing keeps from retiring.
func unused() rollout.Retirement {
	return rollout.Retirement{
		Route: strangler.Route{Name: "r", Service: "s"}, Position: strangler.At(strangler.PhaseLive),
		Now: today, After: 45 * 24 * time.Hour, Since: ago(60),
		Calls: []rollout.Call{{How: "canary", Count: 1000, Last: ago(46)}},
		Log: &rollout.AccessLog{From: ago(45), Until: ago(0.1), Lines: 1000, Unread: 10, GapFrom: ago(10), GapUntil: ago(8),
			Calls: []rollout.Call{{Who: "10.0.0.1", Count: 5, Last: ago(45.5)}}},
	}
}

func TestRetire(t *testing.T) {
	const nobodyLooked = "nobody has looked for callers that go around the proxy: give the legacy server's access log (--access-log FILE), " +
		"or vouch for there being no way around it (--proxy-only)"
	tests := []struct {
		name string
		edit func(*rollout.Retirement)
		want string // what stands in the way; empty: nothing
	}{
		{"nothing stands in the way", func(*rollout.Retirement) {}, ""},
		{"nobody looked", func(r *rollout.Retirement) { r.Log = nil }, nobodyLooked},
		{"somebody vouches for it", func(r *rollout.Retirement) { r.Log, r.ProxyOnly = nil, true }, ""},
		{"canary was not long enough ago", func(r *rollout.Retirement) { r.Calls[0].Last = ago(44) },
			"legacy was called for it in the last 45d: 1000 times by clients while it stood at canary (the last at 2026-04-17 12:00:00Z)"},
		{"a service that failed, and who was told so", func(r *rollout.Retirement) {
			r.Calls = append(r.Calls, rollout.Call{Who: "10.0.0.7 (curl/8.5)", How: "fallback", Count: 1, Last: ago(3)},
				rollout.Call{Who: "10.0.0.8", How: "override", Count: 12, Last: ago(2)})
		}, "legacy was called for it in the last 45d: 12 times by 10.0.0.8, who chose legacy (the last at 2026-05-29 12:00:00Z), " +
			"once for 10.0.0.7 (curl/8.5), where the service failed (at 2026-05-28 12:00:00Z)"},
		{"many callers", func(r *rollout.Retirement) {
			for i := range 6 {
				r.Calls = append(r.Calls, rollout.Call{Who: string(rune('a' + i)), How: "fallback", Count: int64(1 + i), Last: ago(float64(i))})
			}
		}, "legacy was called for it in the last 45d: once for a, where the service failed (at 2026-05-31 12:00:00Z), " +
			"2 times for b, where the service failed (the last at 2026-05-30 12:00:00Z), 3 times for c, where the service failed (the last at 2026-05-29 12:00:00Z), " +
			"and 15 times by 3 other callers"},
		{"too little is on record", func(r *rollout.Retirement) { r.Since, r.Calls = ago(4.5), nil },
			"calls to legacy are on record only since 2026-05-27 00:00:00Z, for 4.5d, and the last 45d are asked for"},
		{"nothing is on record", func(r *rollout.Retirement) { r.Since, r.Calls = time.Time{}, nil },
			"calls to legacy are not on record, so that nobody knows of any"},
		{"groups are open", func(r *rollout.Retirement) {
			r.Groups = []rollout.OpenGroup{{"a1", "/total differs"}, {"b2", ""}, {"c3", ""}, {"d4", ""}}
		}, "4 groups of divergences are open: a1 (/total differs), b2, c3, and 1 more; mend the service, or say that they are expected"},
		{"the log begins too late", func(r *rollout.Retirement) { r.Log.From = ago(43.9) },
			"the access log is of 2026-04-17 14:24:00Z to 2026-05-31 09:36:00Z, and the last 45d are asked for, since 2026-04-16 12:00:00Z"},
		{"the log begins late by less than a day", func(r *rollout.Retirement) { r.Log.From = ago(44.1) }, ""},
		{"the log ends too early", func(r *rollout.Retirement) { r.Log.Until = ago(1.1) },
			"the access log is of 2026-04-16 12:00:00Z to 2026-05-30 09:36:00Z, and the last 45d are asked for, since 2026-04-16 12:00:00Z"},
		{"the log is empty", func(r *rollout.Retirement) { r.Log = &rollout.AccessLog{} },
			"the access log says nothing: it has no line that can be read, of 0"},
		{"the log is something else", func(r *rollout.Retirement) { r.Log = &rollout.AccessLog{Lines: 7, Unread: 7} },
			"the access log says nothing: it has no line that can be read, of 7"},
		{"a file of the log seems to be missing", func(r *rollout.Retirement) { r.Log.GapFrom = ago(12) },
			"the access log has no line from 2026-05-19 12:00:00Z to 2026-05-23 12:00:00Z, as if a file of it were missing"},
		{"the log has lines that may be anything", func(r *rollout.Retirement) { r.Log.Unread = 11 },
			"11 of the access log's 1000 lines can't be read, and may be anything"},
		{"somebody goes around the proxy", func(r *rollout.Retirement) {
			r.Log.Calls = append(r.Log.Calls, rollout.Call{Who: "10.0.0.9 (cron)", Count: 3, Last: ago(7)}, rollout.Call{Who: "10.0.0.3", Count: 1, Last: ago(9), Maybe: true})
		}, "legacy was called for it around the proxy, says the access log: 3 times by 10.0.0.9 (cron) (the last at 2026-05-24 12:00:00Z), " +
			"once by 10.0.0.3 (at 2026-05-22 12:00:00Z; it may have been another route's)"},
		{"no time is asked for, but groups still count", func(r *rollout.Retirement) {
			*r = rollout.Retirement{Route: r.Route, Position: r.Position, Now: today, Groups: []rollout.OpenGroup{{"a1", ""}},
				Calls: []rollout.Call{{Who: "x", How: "fallback", Count: 1, Last: ago(0)}}}
		}, "1 group of divergences is open: a1; mend the service, or say that they are expected"},
		{"it isn't live, and that is not all", func(r *rollout.Retirement) { r.Position, r.Log = strangler.Canary(5000), nil },
			"it stands at 50%, and only a live route retires; also " + nobodyLooked},
		{"it is retired already", func(r *rollout.Retirement) {
			*r = rollout.Retirement{Route: r.Route, Position: strangler.At(strangler.PhaseRetired)}
		}, ""},
		{"gone, and nobody asks any more", func(r *rollout.Retirement) {
			r.Route, r.Position, r.Calls = strangler.Route{Name: "r", Gone: "/x"}, strangler.Position{}, nil
		}, ""},
		{"gone, but somebody still asks", func(r *rollout.Retirement) {
			r.Route, r.Position, r.Calls = strangler.Route{Name: "r", Gone: "/x"}, strangler.Position{}, []rollout.Call{{Who: "10.0.0.2 (Word/97)", How: "legacy", Count: 2, Last: ago(1)}}
		}, "legacy was called for it in the last 45d: 2 times by 10.0.0.2 (Word/97) while it stood at legacy (the last at 2026-05-30 12:00:00Z)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := unused()
			tt.edit(&r)
			moves, err := rollout.Retire([]rollout.Retirement{r}, false)
			var refused *rollout.RefusedError
			got := ""
			if errors.As(err, &refused) {
				got = refused.Why
				if !refused.Force || refused.Route != "r" {
					t.Errorf("it is %+v, want one of r that force gets past", refused)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("what stands in the way (-want +got):\n%s", diff)
			}
			if forced, err := rollout.Retire([]rollout.Retirement{r}, true); err != nil || len(forced) != 1 || (len(moves) == 1) != (tt.want == "") {
				t.Errorf("moves %v; with force: %v, %v", moves, forced, err)
			}
		})
	}
}

// TestRetireTogether retires several routes, or none of them.
func TestRetireTogether(t *testing.T) {
	a, b, c := unused(), unused(), unused()
	a.Route.Name, b.Route.Name, c.Route.Name = "a", "b", "c"
	b.Groups, c.Since = []rollout.OpenGroup{{"g1", ""}}, time.Time{}
	_, err := rollout.Retire([]rollout.Retirement{a, b, c}, false)
	want := `route "b": 1 group of divergences is open: g1; mend the service, or say that they are expected; ` +
		`and route "c": calls to legacy are not on record, so that nobody knows of any; --force does it all the same`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	moves, err := rollout.Retire([]rollout.Retirement{a, b, c}, true)
	if err != nil || len(moves) != 3 || moves[2] != (rollout.Move{Route: "c", From: strangler.At(strangler.PhaseLive), To: strangler.At(strangler.PhaseRetired)}) {
		t.Errorf("with force: %v, %v", moves, err)
	}
	b.Route.Service = ""
	_, err = rollout.Retire([]rollout.Retirement{a, b}, true)
	var invalid *rollout.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "or say what it answers when it is gone (gone)") {
		t.Errorf("one that has nothing to answer with: %v", err)
	}
}
