package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

type chooser func(route, key string) shadow.Side

func (c chooser) Choose(_ context.Context, route, key string) shadow.Side { return c(route, key) }

// phased is a Chooser that also says whether the other side is tried.
type phased struct {
	chooser
	shadows bool
}

func (p phased) Shadows(string) bool { return p.shadows }

func TestSwitch(t *testing.T) {
	always := func(side shadow.Side) chooser { return func(string, string) shadow.Side { return side } }
	for _, test := range []struct {
		name, why string
		chooser   shadow.Chooser
		want      string
		tried     int64
	}{
		{"no chooser", "the zero value is legacy", nil, "legacy", 1},
		{"legacy", "chosen, and the service is tried", always(shadow.Legacy), "legacy", 1},
		{"service", "chosen, and nobody is tried", always(shadow.Service), "service", 0},
		{"neither", "what isn't known is legacy", always("both"), "legacy", 1},
		{"panics", "legacy, and nothing else", chooser(func(string, string) shadow.Side { panic("a mistake") }), "legacy", 0},
		{"phase legacy", "the service isn't to be called", phased{always(shadow.Legacy), false}, "legacy", 0},
		{"phase shadow", "the service is tried", phased{always(shadow.Legacy), true}, "legacy", 1},
		{"by key and route", "both reach the chooser", chooser(func(route, key string) shadow.Side {
			if route == "invoice" && key == "17" {
				return shadow.Service
			}
			return shadow.Legacy
		}), "service", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := experiment(t, shadow.ExperimentConfig[string]{})
			s := shadow.Switch[string]{Route: "invoice", Chooser: test.chooser, Experiment: e, Logger: quiet}
			code := func(side string) func(context.Context) (string, error) {
				return func(context.Context) (string, error) { return side, errors.New(side) }
			}
			got, err := s.Run(t.Context(), "17", code("legacy"), code("service"))
			if got != test.want || err == nil || err.Error() != test.want {
				t.Errorf("%s: %q, %v; want %q", test.why, got, err, test.want)
			}
			if n := e.Counts().Sampled; n != test.tried {
				t.Errorf("%s: %d tried, want %d", test.why, n, test.tried)
			}
		})
	}
}

// In a program the Chooser is that of package web/api, which follows `strangler shift`.
func ExampleSwitch() {
	vips := chooser(func(route, key string) shadow.Side {
		if key == "vip" {
			return shadow.Service
		}
		return shadow.Legacy
	})
	total := shadow.Switch[float64]{Route: "invoice-total", Chooser: vips}
	for _, customer := range []string{"vip", "anybody"} {
		got, err := total.Run(context.Background(), customer,
			func(context.Context) (float64, error) { return 12.50, nil },
			func(context.Context) (float64, error) { return 12.49, nil })
		fmt.Println(customer, got, err)
	}
	// Output:
	// vip 12.49 <nil>
	// anybody 12.5 <nil>
}
