package command

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestTheRoutes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		names []string
		want  string
	}{
		{"one", []string{"a"}, "a"},
		{"some", []string{"a", "b"}, "2 routes (a, b)"},
		{"as many as are named", []string{"a", "b", "c", "d", "e"}, "5 routes (a, b, c, d, e)"},
		{"more", []string{"a", "b", "c", "d", "e", "f", "g"}, "7 routes (a, b, c, d, e and 2 more)"},
	} {
		if got := theRoutes(tt.names); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestAskedFor(t *testing.T) {
	for want, r := range map[string]web.Rollback{
		"unit u":                     {Unit: "u"},
		"2 routes (a, b)":            {Routes: []string{"a", "b"}},
		"the routes of service s":    {Service: "s"},
		"all routes that may return": {All: true, To: strangler.PhaseShadow},
	} {
		if got := askedFor(r); got != want {
			t.Errorf("%+v is %q, want %q", r, got, want)
		}
	}
}

// TestNobodyToAsk has no terminal, so that nothing is asked, not even the proxy.
func TestNobodyToAsk(t *testing.T) {
	var c consent
	cmd := &cobra.Command{}
	cmd.SetIn(strings.NewReader("n\n"))
	if err := c.askRollback(cmd, nil, web.Rollback{All: true}); err != nil { // a nil client can't be asked
		t.Error(err)
	}
	if err := c.ask(cmd, "Well?"); err != nil {
		t.Error(err)
	}
}
