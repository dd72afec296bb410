package daemon_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/examples/bookshop"
	"github.com/strangler-fig/toolkit/examples/bookshop/translate"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/web"
)

// TestBookshop sends 2,000 mixed requests, 5,000 with -soak, through the example, whose legacy answers all have a
// random id and the time in them, and which no rule tells of. What is open then are the services'
// three mistakes, a group each.
func TestBookshop(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some ten seconds")
	}
	const rate = 600
	requests := int64(2000)
	if *soak {
		requests = 5000
	}
	d := openBookshop(t, false, nil)
	visiting, leave := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() { bookshop.Visit(visiting, "http://"+d.Addr(), rate); close(left) }()
	for answered(d.Stats()) < requests {
		time.Sleep(50 * time.Millisecond)
	}
	leave()
	<-left

	want := []string{"book-list: /BK_LST order", "book-read: /PG_CNT missing", "orders-read: /VAT_CENTS value"}
	var got, why []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && !slices.Equal(want, got); time.Sleep(200 * time.Millisecond) {
		got, why = openGroups(t, d)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("open groups (-want +got):\n%s%s", diff, strings.Join(why, "\n"))
	}
	for _, g := range groupsOf(t, d, "book-list") {
		if want := []web.Suggestion{{Kind: "keyed", Pointer: "/BK_LST", Value: "BK_NO"}}; !slices.Equal(want, g.Suggested) {
			t.Errorf("suggested %+v, want %+v", g.Suggested, want)
		}
	}
	for _, route := range []string{"orders-read", "book-read", "book-list"} {
		example := groupsOf(t, d, route)[0].Examples[0]
		one, err := d.Divergence(t.Context(), example)
		if err != nil || one.Service == nil || one.Service.Untranslated == nil || strings.Contains(one.Service.Untranslated.Body, "GEN_TS") || one.Service.Untranslated.Body == "" {
			t.Errorf("%s: what the service said before it was translated isn't kept: %+v, %v", route, one.Service, err)
		}
	}
	if one, err := d.Divergence(t.Context(), groupsOf(t, d, "orders-read")[0].Examples[0]); err != nil || !strings.Contains(one.Service.Untranslated.Body, `"customer":"[redacted]"`) {
		t.Errorf("the customer, who is redacted in legacy's answers, stands in the service's: %+v, %v", one.Service.Untranslated, err)
	}
	var noise int64
	for _, route := range d.Stats().Routes {
		noise += route.Comparisons.Noise
		if c := route.Comparisons; route.Route == "customer-read" && (c.Match+c.Noise < 50 || c.Failed+c.Diverged > 0) {
			t.Errorf("of the till's SOAP, compared with a JSON service behind it, there is %+v; want matches alone", c)
		}
	}
	if noise < 500 {
		t.Errorf("%d comparisons are noise; nearly all that don't diverge should be", noise)
	}
}

// shop is the example, running.
type shop struct {
	*daemon.Daemon
	apps *bookshop.Apps
}

// openBookshop runs the example's proxy, with more in its configuration's environment, until the test ends.
func openBookshop(t *testing.T, repaired bool, more map[string]string) *daemon.Daemon {
	return openShop(t, repaired, more).Daemon
}

// openShop is openBookshop for who talks to the applications, too.
func openShop(t *testing.T, repaired bool, more map[string]string) *shop {
	t.Helper()
	dir := t.TempDir()
	apps, err := bookshop.Start(bookshop.Config{Database: filepath.Join(dir, "shop.db"), Repaired: repaired})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := apps.Close(); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(dir, "strangler.yaml")
	if err := os.WriteFile(file, bookshop.Configuration, 0o600); err != nil {
		t.Fatal(err)
	}
	environment := apps.Environment()
	maps.Copy(environment, map[string]string{"LISTEN": "127.0.0.1:0", "ADMIN": "127.0.0.1:0", "FACADE": "127.0.0.1:0", "KEYS": "127.0.0.1:0", "DATA": filepath.Join(dir, "data")})
	maps.Copy(environment, more)
	cfg, err := config.Load(file, config.Options{Translators: slices.Collect(maps.Keys(translate.All())), Env: func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.New(t.Context(), daemon.Options{Config: cfg, Translators: translate.All()})
	if err != nil {
		t.Fatal(err)
	}
	apps.Meet(d.FacadeURL("customers"), d.KeysURL("shop"))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &shop{d, apps}
}

// answered counts the requests that clients made.
func answered(s web.Stats) (n int64) {
	for _, route := range s.Routes {
		n += route.Legacy.Requests + route.Service.Requests
	}
	return n
}

// groupsOf returns all that is known of a route's groups.
func groupsOf(t *testing.T, d *daemon.Daemon, route string) (all []web.Group) {
	t.Helper()
	groups, err := d.Groups(t.Context(), route, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		whole, err := d.Group(t.Context(), g.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, whole)
	}
	return all
}

// openGroups names the groups that are open by what they differ in, and tells all that is known.
func openGroups(t *testing.T, d *daemon.Daemon) (open, all []string) {
	t.Helper()
	groups, err := d.Groups(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		text := g.Route + ":"
		for _, c := range g.Causes {
			text += fmt.Sprintf(" %s %s", c.Pointer, c.Kind)
		}
		if g.State == "open" {
			open = append(open, text)
		}
		evidence, err := d.RouteEvidence(t.Context(), g.Route)
		if err != nil {
			t.Fatal(err)
		}
		var known []string
		for _, p := range evidence.Noise {
			known = append(known, fmt.Sprintf("%s %s %s %.2f/%.2f", p.Pattern, p.Kind, p.Known, p.Legacy, p.Service))
		}
		all = append(all, fmt.Sprintf("%s: %s, %d; after %d controls: %s", text, g.State, g.Count, evidence.Controls, strings.Join(known, ", ")))
	}
	slices.Sort(open)
	return open, all
}
