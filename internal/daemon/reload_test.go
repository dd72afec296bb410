package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// ready returns the status of /readyz and its detail.
func (s *system) ready(t testing.TB) (int, map[string]any) {
	t.Helper()
	resp, err := s.Client.Get(s.AdminURL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Ready  bool           `json:"ready"`
		Detail map[string]any `json:"detail"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Ready != (resp.StatusCode == http.StatusOK) {
		t.Errorf("/readyz answers %d and says ready: %v", resp.StatusCode, answer.Ready)
	}
	return resp.StatusCode, answer.Detail
}

// routeNamed returns one of the routes; the zero value if there is none.
func (s *system) routeNamed(name string) web.Route {
	for _, route := range s.Routes() {
		if route.Name == name {
			return route
		}
	}
	return web.Route{}
}

// TestReloadByFile lets the watcher see a good file, a bad one and a good one again.
func TestReloadByFile(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	text := fmt.Sprintf(oneRoute, legacy.URL, service.URL)
	s := start(t, text)
	s.shift(t, "orders-read", "25%")

	s.write(t, text+"  - {name: more, match: {path: /more}, service: orders, start: live}\n")
	eventually(t, "the added route is there", func() bool { return len(s.Routes()) == 2 })
	if _, body, _ := s.get(t, "/more"); !strings.HasPrefix(body, "service") {
		t.Errorf("the added route answers %q", body)
	}

	before, journalBefore := s.Routes(), s.journalLength(t)
	s.write(t, text+"  - {name: more, match: {path: /more}, service: order}\n")
	eventually(t, "the bad file is reported", func() bool { return s.Config().Problem != "" })
	problem := s.Config().Problem
	if want := `service: no service "order"; did you mean "orders"?`; !strings.Contains(problem, want) || !strings.Contains(problem, s.File+":") {
		t.Errorf("problem %q, want one with %q", problem, want)
	}
	if status, detail := s.ready(t); status != http.StatusOK || detail["config_problem"] != problem {
		t.Errorf("/readyz: %d, %v", status, detail)
	}
	s.logs(t, "reload refused; the configuration in force stays")
	if got := s.Routes(); len(got) != 2 || got[0].Version != before[0].Version || got[1].Version != before[1].Version || s.journalLength(t) != journalBefore {
		t.Errorf("a bad file changed the routes: %+v", got)
	}
	if _, body, _ := s.get(t, "/more"); !strings.HasPrefix(body, "service") {
		t.Errorf("with a bad file the route answers %q", body)
	}

	s.write(t, text)
	eventually(t, "the good file is in force, and no problem any more", func() bool {
		config := s.Config()
		return len(s.Routes()) == 1 && config.Problem == "" && config.ProblemAt.IsZero()
	})
	if _, detail := s.ready(t); detail["config_problem"] != nil {
		t.Errorf("/readyz: %v", detail)
	}
	if route := s.routeNamed("orders-read"); route.Phase != strangler.PhaseCanary || route.Weight != 2500 {
		t.Errorf("the route that stayed moved: %+v", route)
	}
}

func (s *system) journalLength(t testing.TB) int {
	t.Helper()
	entries, err := s.Entries(t.Context(), web.EntryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// reload puts another text in force.
func (s *system) reload(t testing.TB, text string) {
	t.Helper()
	s.write(t, text)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestReloadRoutes(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	head := fmt.Sprintf("legacy: {url: %q}\nservices: {orders: {urls: [%q]}}\nroutes:\n", legacy.URL, service.URL)
	const one = "  - {name: one, match: {path: /one}, service: orders, start: shadow}\n"
	s := start(t, head+one)
	s.shift(t, "one", "live")
	version := s.routeNamed("one").Version

	t.Run("changed", func(t *testing.T) {
		s.reload(t, head+"  - {name: one, match: {path: /uno}, service: orders, start: shadow}\n")
		route := s.routeNamed("one")
		if route.Phase != strangler.PhaseLive || route.Match.Path != "/uno" || route.Version != version+1 {
			t.Errorf("%+v", route)
		}
		if _, body, _ := s.get(t, "/one"); !strings.HasPrefix(body, "legacy") {
			t.Errorf("its old path answers %q", body)
		}
		if _, body, _ := s.get(t, "/uno"); !strings.HasPrefix(body, "service") {
			t.Errorf("its new path answers %q", body)
		}
	})
	t.Run("the same again", func(t *testing.T) {
		before := s.journalLength(t)
		if err := s.Reload(t.Context()); err != nil || s.journalLength(t) != before {
			t.Errorf("%v, and %d entries after %d", err, s.journalLength(t), before)
		}
	})
	t.Run("removed", func(t *testing.T) {
		s.reload(t, head+"  - {name: two, match: {path: /two}}\n")
		if _, body, decision := s.get(t, "/uno"); !strings.HasPrefix(body, "legacy") || !strings.Contains(decision, "why=unmatched") {
			t.Errorf("its path answers %q, %q", body, decision)
		}
		if route := s.routeNamed("one"); route.Name != "" {
			t.Errorf("it is still there: %+v", route)
		}
		if want := "gone from the configuration"; !strings.Contains(s.Log.String(), want) || !strings.Contains(s.Log.String(), "route=one position=live return=") {
			t.Errorf("the log doesn't say %q of it, nor where it stood", want)
		}
	})
	t.Run("returned", func(t *testing.T) {
		s.reload(t, head+one)
		route := s.routeNamed("one")
		if route.Phase != strangler.PhaseShadow || route.Version <= version+1 {
			t.Errorf("it does not start afresh with a greater version: %+v", route)
		}
		entries, err := s.Entries(t.Context(), web.EntryQuery{Route: "one"})
		var kinds []string
		for _, e := range entries {
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); err != nil || got != "seen removed changed moved seen" {
			t.Errorf("journal %q, %v", got, err)
		}
	})
}

// TestReloadKeepsConnections looks that a reload leaves the connections to a service alone that
// it doesn't change, and that those to one that it does are new.
func TestReloadKeepsConnections(t *testing.T) {
	legacy := backend(t, "legacy", nil)
	var mu sync.Mutex
	peers := map[string]bool{}
	count := func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		peers[r.RemoteAddr] = true
	}
	service, other := backend(t, "", count), backend(t, "", count)
	text := func(urls, more string) string {
		return fmt.Sprintf("legacy: {url: %q}\nservices: {orders: {urls: [%s]}}\nroutes:\n  - {name: one, match: {path: /one}, service: orders, start: live}\n%s", legacy.URL, urls, more)
	}
	s := start(t, text(service.URL, ""))
	for i := range 5 {
		s.get(t, "/one")
		s.reload(t, text(service.URL, fmt.Sprintf("  - {name: r%d, match: {path: /r%d}}\n", i, i)))
	}
	if len(peers) != 1 {
		t.Errorf("five reloads that left the service alone made %d connections", len(peers))
	}
	s.reload(t, text(service.URL+", "+other.URL, ""))
	s.get(t, "/one")
	s.get(t, "/one")
	if len(peers) != 3 {
		t.Errorf("after another endpoint was added there were %d connections in all, want 3", len(peers))
	}
}

// TestReloadRequestUnderWay looks that a request ends on the connection that it began on, though
// its service is gone from the configuration.
func TestReloadRequestUnderWay(t *testing.T) {
	legacy := backend(t, "legacy", nil)
	began, release := make(chan struct{}), make(chan struct{})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-release
		fmt.Fprint(w, "service")
	})
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: live\n")
	answer := make(chan string, 1)
	go func() {
		_, body, _ := s.get(t, "/orders/7")
		answer <- body
	}()
	<-began
	s.reload(t, fmt.Sprintf("legacy: {url: %q}\n", legacy.URL))
	close(release)
	if body := <-answer; body != "service" {
		t.Errorf("the answer was %q", body)
	}
}

func TestReloadUnit(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	head := fmt.Sprintf("legacy: {url: %q}\nservices: {orders: {urls: [%q]}}\nroutes:\n", legacy.URL, service.URL)
	const one, two = "  - {name: one, match: {path: /one}, service: orders, unit: u}\n", "  - {name: two, match: {path: /two}, service: orders, unit: u}\n"
	s := start(t, head+one)
	s.shift(t, "one", "30%")
	s.reload(t, head+one+two)
	if route := s.routeNamed("two"); route.Phase != strangler.PhaseCanary || route.Weight != 3000 {
		t.Errorf("a route that joins a unit starts at %s %s", route.Phase, route.Weight)
	}

	// A route that is known stands where it stands: it is moved by people, not by a file.
	const three = "  - {name: three, match: {path: /three}, service: orders%s}\n"
	s.reload(t, head+one+two+fmt.Sprintf(three, ""))
	s.write(t, head+one+two+fmt.Sprintf(three, ", unit: u"))
	err := s.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), `both are of unit "u", which moves together`) {
		t.Errorf("a route that stands elsewhere joined the unit: %v", err)
	}
	s.shift(t, "three", "30%")
	if err := s.Reload(t.Context()); err != nil {
		t.Errorf("a route that stands where the unit does: %v", err)
	}
	s.shift(t, "three", "live")
	for _, route := range s.Routes() {
		if route.Phase != strangler.PhaseLive {
			t.Errorf("%s stands at %s", route.Name, route.Phase)
		}
	}
}

func TestReloadNeedsRestart(t *testing.T) {
	legacy := backend(t, "legacy", nil)
	text := fmt.Sprintf("legacy: {url: %q}\n", legacy.URL)
	s := start(t, text)
	const warning = "in effect only after a restart"
	s.reload(t, text+"shutdown: {grace: 29s}\n")
	if strings.Contains(s.Log.String(), warning) {
		t.Errorf("a setting that needs no restart was warned of: %s", s.Log)
	}
	for i := range 2 { // as long as it is so
		s.reload(t, text+"ledger: {max_size: 10MiB}\nshadow: {workers: 3}\n")
		if got := strings.Count(s.Log.String(), warning+`" settings="shadow, ledger"`); got != i+1 {
			t.Errorf("%d warnings after %d reloads: %s", got, i+1, s.Log)
		}
	}
	s.reload(t, text)
	if got := strings.Count(s.Log.String(), warning); got != 2 {
		t.Errorf("the file is as it was, and still it was warned: %s", s.Log)
	}
}

// TestReloadIncluded adds, breaks, mends and removes an included file; the watcher sees it all.
func TestReloadIncluded(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	folder := t.TempDir()
	included := filepath.Join(folder, "routes.d", "one.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(included, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Dir(included), 0o700); err != nil {
		t.Fatal(err)
	}
	s := startIn(t, folder, fmt.Sprintf("legacy: {url: %q}\ninclude: [routes.d/*.yaml]\n", legacy.URL))

	write("routes:\n  - {name: one, match: {path: one}}\n")
	eventually(t, "a bad file that came is reported", func() bool { return strings.Contains(s.Config().Problem, included+":2:") })
	write("routes:\n  - {name: one, match: {path: /one}}\n")
	eventually(t, "it is mended", func() bool { return s.Config().Problem == "" && s.routeNamed("one").Name != "" })
	write("routes:\n  - {name: one, match: {path: /one}}\n  - {name: two, match: {path: /two}}\n")
	eventually(t, "it is changed", func() bool { return s.routeNamed("two").Name != "" })
	if err := os.Remove(included); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is gone", func() bool { return len(s.Routes()) == 0 })
}

// TestSettingsAndRestart holds that what is said of a route has its line also after a reload, and that
// what only a restart puts in force is told.
func TestSettingsAndRestart(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	text := fmt.Sprintf(oneRoute, legacy.URL, service.URL)
	s := start(t, text)
	if c := s.Config(); len(c.NeedRestart) != 0 || len(c.Files) == 0 || c.Warnings == nil {
		t.Errorf("after the start: %+v", c)
	}
	s.reload(t, text+"defaults: {timeouts: {idle: 9s}}\nledger: {examples: 7}\n")
	if c := s.Config(); len(c.NeedRestart) != 1 || c.NeedRestart[0] != "ledger" {
		t.Errorf("what waits for a restart is %q", c.NeedRestart)
	}
	settings, err := s.Settings("orders-read")
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]web.Setting{}
	for _, setting := range settings {
		said[setting.Name] = setting
	}
	file, err := os.ReadFile(s.File)
	if err != nil {
		t.Fatal(err)
	}
	above, _, _ := strings.Cut(string(file), "defaults:")
	if idle := said["timeouts.idle"]; idle.From != "defaults" || idle.File != s.File || idle.Line != strings.Count(above, "\n")+1 || string(idle.Value) != `"9s"` {
		t.Errorf("timeouts.idle is %+v", idle)
	}
	if repeat := said["repeat"]; repeat.From != "program" || repeat.Line != 0 {
		t.Errorf("repeat is %+v", repeat)
	}
	for _, setting := range settings {
		if !slices.Contains(web.SettingOrigins(), setting.From) {
			t.Errorf("%s is from %q", setting.Name, setting.From)
		}
	}
	if _, err := s.Settings("orders-reed"); err == nil || !strings.Contains(err.Error(), "orders-read") {
		t.Errorf("of no route: %v", err)
	}
}
