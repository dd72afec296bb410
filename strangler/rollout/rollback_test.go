package rollout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// shop reads routes from lines of: name service unit return position; "-" is none.
func shop(t *testing.T, lines string) []rollout.Standing {
	t.Helper()
	var all []rollout.Standing
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		f := strings.Fields(strings.ReplaceAll(line, " -", " \x00"))
		for i := range f {
			f[i] = strings.Trim(f[i], "\x00")
		}
		r := strangler.Route{Name: f[0], Service: f[1], Unit: f[2]}
		if err := r.Return.UnmarshalText([]byte(f[3])); err != nil {
			t.Fatal(err)
		}
		all = append(all, rollout.Standing{Route: r, Position: position(t, f[4])})
	}
	return all
}

const mixed = `
	home      -         -       free    legacy
	browse    catalogue -       free    shadow
	search    catalogue -       free    25%
	price     catalogue -       confirm live
	o-read    orders    orders  free    50%
	o-list    orders    orders  free    50%
	p-read    pay       pay     free    live
	p-write   pay       pay     never   live
	stock     stock     -       never   shadow
	old       stock     -       free    retired
	older     stock     -       never   retired`

func TestRollback(t *testing.T) {
	tests := []struct {
		name   string
		target rollout.Target
		to     strangler.Phase
		force  bool
		moves  string // route:from
		left   map[string]string
	}{
		{
			name: "all: what is free to return goes, the rest is named", target: rollout.Target{All: true},
			moves: "browse:shadow search:25% o-read:50% o-list:50% stock:shadow",
			left: map[string]string{
				"price":   "return: confirm",
				"p-read":  `route "p-write" may not go back`,
				"p-write": "return: never",
				"old":     "it is retired",
				"older":   "return: never",
			},
		},
		{
			name: "all to shadow: who stands there stays", target: rollout.Target{All: true}, to: strangler.PhaseShadow,
			moves: "search:25% o-read:50% o-list:50%",
			left:  map[string]string{"price": "confirm", "p-read": "p-write", "p-write": "never", "old": "retired", "older": "never"},
		},
		{
			name: "all with force: confirmed, but nothing retired", target: rollout.Target{All: true}, force: true,
			moves: "browse:shadow search:25% price:live o-read:50% o-list:50% stock:shadow",
			left:  map[string]string{"p-read": "p-write", "p-write": "never", "old": "retired", "older": "never"},
		},
		{
			name: "a route takes its unit along", target: rollout.Target{Route: "o-list"},
			moves: "o-read:50% o-list:50%",
		},
		{
			name: "several routes: what is held keeps nobody else", target: rollout.Target{Names: []string{"search", "o-list", "price", "home"}},
			moves: "search:25% o-read:50% o-list:50%",
			left:  map[string]string{"price": "--force does it all the same", "home": "it stands at legacy already"},
		},
		{
			name: "several routes, a retired one of them with force", target: rollout.Target{Names: []string{"old", "search"}}, force: true,
			moves: "search:25% old:retired",
		},
		{
			name: "a unit", target: rollout.Target{Unit: "orders"}, to: strangler.PhaseShadow,
			moves: "o-read:50% o-list:50%",
		},
		{
			name: "a service", target: rollout.Target{Service: "catalogue"},
			moves: "browse:shadow search:25%",
			left:  map[string]string{"price": "--force does it all the same"},
		},
		{
			name: "a retired route by name and with force", target: rollout.Target{Route: "old"}, force: true,
			moves: "old:retired",
		},
		{
			name: "a route that has nowhere to go is named", target: rollout.Target{Route: "home"},
			left: map[string]string{"home": "it stands at legacy already"},
		},
		{
			name: "a route before the target", target: rollout.Target{Route: "home"}, to: strangler.PhaseShadow,
			left: map[string]string{"home": "it stands at legacy already"},
		},
		{
			name: "return never holds no route back that legacy serves", target: rollout.Target{Route: "stock"},
			moves: "stock:shadow",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			moves, skipped, err := rollout.Rollback(shop(t, mixed), tt.target, tt.to, tt.force)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range moves {
				got = append(got, m.Route+":"+m.From.String())
				if m.To != strangler.At(tt.to) {
					t.Errorf("%s goes to %s", m.Route, m.To)
				}
			}
			if diff := cmp.Diff(tt.moves, strings.Join(got, " ")); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if len(skipped) != len(tt.left) {
				t.Errorf("%d skipped, want %d: %v", len(skipped), len(tt.left), skipped)
			}
			for _, s := range skipped {
				if want := tt.left[s.Route]; want == "" || !strings.Contains(s.Why, want) {
					t.Errorf("%s is skipped because %q, want %q", s.Route, s.Why, want)
				}
			}
		})
	}
}

func TestRollbackUnits(t *testing.T) {
	tests := []struct {
		name   string
		lines  string
		target rollout.Target
		moves  []string
		left   []string
	}{
		{
			"a unit of two services goes back for either",
			"a s1 u free live\nb s2 u free live\nc s2 - free live", rollout.Target{Service: "s1"},
			[]string{"a", "b"}, nil,
		},
		{
			"one that may not go back holds its unit, not others",
			"a s u free live\nb s u confirm live\nc s v free live", rollout.Target{Service: "s"},
			[]string{"c"}, []string{"a", "b"},
		},
		{
			"one that has nowhere to go holds nobody",
			"a s u free live\nb s u never legacy", rollout.Target{All: true},
			[]string{"a"}, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			moves, skipped, err := rollout.Rollback(shop(t, tt.lines), tt.target, strangler.PhaseLegacy, false)
			if err != nil {
				t.Fatal(err)
			}
			var went, left []string
			for _, m := range moves {
				went = append(went, m.Route)
			}
			for _, s := range skipped {
				left = append(left, s.Route)
			}
			if diff := cmp.Diff(tt.moves, went); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.left, left); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRollbackErrors(t *testing.T) {
	tests := []struct {
		name   string
		target rollout.Target
		to     strangler.Phase
		force  bool
		want   error
	}{
		{"no such route", rollout.Target{Route: "serch"}, 0, false, &strangler.UnknownRouteError{Name: "serch", Near: "search"}},
		{"no such route among several", rollout.Target{Names: []string{"search", "serch"}}, 0, false, &strangler.UnknownRouteError{Name: "serch", Near: "search"}},
		{"no such unit", rollout.Target{Unit: "order"}, 0, false, &rollout.UnknownError{What: "unit", Name: "order", Near: "orders"}},
		{"no such service", rollout.Target{Service: "catalog"}, 0, false, &rollout.UnknownError{What: "service", Name: "catalog", Near: "catalogue"}},
		{"nothing is asked", rollout.Target{}, 0, false,
			&rollout.InvalidError{Why: "a rollback is of routes, one unit, one service or all: name exactly one of these"}},
		{"two things are asked", rollout.Target{Unit: "pay", All: true}, 0, false,
			&rollout.InvalidError{Why: "a rollback is of routes, one unit, one service or all: name exactly one of these"}},
		{"forward is no rollback", rollout.Target{All: true}, strangler.PhaseLive, true,
			&rollout.InvalidError{Why: "a rollback goes to legacy or shadow, not to live; use shift for other ways"}},
		{"a named route that wants confirmation", rollout.Target{Route: "price"}, 0, false,
			&rollout.RefusedError{Route: "price", Why: "sending its traffic back to legacy wants confirmation (return: confirm)", Force: true}},
		{"a named route whose unit mate never returns", rollout.Target{Route: "p-read"}, 0, true,
			&rollout.RefusedError{Route: "p-write", Why: "its service owns the data (return: never), so its traffic can't go back to legacy; --force doesn't help, the definition has to change first"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			moves, skipped, err := rollout.Rollback(shop(t, mixed), tt.target, tt.to, tt.force)
			if diff := cmp.Diff(tt.want, err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if len(moves)+len(skipped) > 0 {
				t.Errorf("and yet: %v %v", moves, skipped)
			}
		})
	}
}

func TestShift(t *testing.T) {
	to := strangler.Canary(5000)
	moves, err := rollout.Shift(shop(t, "a s u free 50%\nb s u free 25%\nc s - free shadow"), "b", to, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []rollout.Move{{Route: "a", From: to, To: to}, {Route: "b", From: strangler.Canary(2500), To: to}}
	if diff := cmp.Diff(want, moves); diff != "" {
		t.Errorf("the whole unit, also who stands there (-want +got):\n%s", diff)
	}

	_, err = rollout.Shift(shop(t, "a s u confirm 50%\nb s u free 50%"), "b", strangler.Canary(100), false)
	var refused *rollout.RefusedError
	if !errors.As(err, &refused) || refused.Route != "a" {
		t.Errorf("a is in the way of b, but: %v", err)
	}

	_, err = rollout.Shift(shop(t, mixed), "p-wirte", to, false)
	if diff := cmp.Diff(error(&strangler.UnknownRouteError{Name: "p-wirte", Near: "p-write"}), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func ExampleRollback() {
	live := strangler.At(strangler.PhaseLive)
	routes := []rollout.Standing{
		{Route: strangler.Route{Name: "orders-read", Service: "orders", Unit: "orders"}, Position: live},
		{Route: strangler.Route{Name: "orders-list", Service: "orders", Unit: "orders"}, Position: live},
		{Route: strangler.Route{Name: "payments", Service: "pay", Return: strangler.ReturnNever}, Position: live},
	}
	moves, skipped, err := rollout.Rollback(routes, rollout.Target{All: true}, strangler.PhaseLegacy, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range moves {
		fmt.Printf("%s: %s → %s\n", m.Route, m.From, m.To)
	}
	for _, s := range skipped {
		fmt.Printf("%s stays: %s\n", s.Route, s.Why)
	}
	// Output:
	// orders-read: live → legacy
	// orders-list: live → legacy
	// payments stays: its service owns the data (return: never), so its traffic can't go back to legacy; --force doesn't help, the definition has to change first
}

func ExampleCheck() {
	route := strangler.Route{Name: "orders-read", Service: "orders"}
	fmt.Println(rollout.Check(route, strangler.Canary(2500), strangler.At(strangler.PhaseRetired), false))
	// Output: route "orders-read": it stands at 25%, and only a live route retires; --force does it all the same
}
