package daemon_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestSwitchMovesWithTheRoute asks the proxy and a switch in a program for the same 500 keys: they
// agree about each, wherever the route stands, by itself or in a unit.
func TestSwitchMovesWithTheRoute(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"", "    unit: sales\n"} {
		s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL)+"    shadow: {sample: 0%}\n"+unit)
		chooser := api.NewChooser(s.API, nil)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- chooser.Follow(ctx) }()
		defer func() { cancel(); <-ended }()
		<-chooser.Known()
		total := shadow.Switch[string]{Route: "orders-read", Chooser: chooser}
		inProgram := func(key string) string {
			side := func(name string) func(context.Context) (string, error) {
				return func(context.Context) (string, error) { return name, nil }
			}
			got, err := total.Run(t.Context(), key, side("legacy"), side("service"))
			if err != nil {
				t.Error(err)
			}
			return got
		}
		for _, to := range []string{"30%", "2.5%", "80%", "live", "shadow"} {
			s.shift(t, "orders-read", to)
			apart := ""
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
				apart = ""
				for key := range 500 {
					text, err := body(s.Client.Get(fmt.Sprintf("%s/orders/1?who=%d", s.URL, key)))
					if err != nil {
						t.Fatal(err)
					}
					byProxy, _, _ := strings.Cut(text, " ")
					if got := inProgram(fmt.Sprint(key)); got != byProxy {
						apart = fmt.Sprintf("key %d: the switch chose %s, the proxy %s", key, got, byProxy)
						break
					}
				}
				if apart == "" {
					break
				}
			}
			if apart != "" {
				t.Errorf("at %s %s", to, apart)
			}
		}
	}
}
