package daemon_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// rollbackRoutes has a route of each kind that a rollback treats in its own way.
const rollbackRoutes = `
legacy: {url: %q}
services:
  orders: {urls: [%q]}
routes:
  - {name: read, match: {path: "/read/*"}, service: orders, unit: orders, start: live}
  - {name: write, match: {path: "/write/*"}, service: orders, unit: orders, start: live}
  - {name: stock, match: {path: "/stock/*"}, service: orders, start: live}
  - {name: idle, match: {path: "/idle/*"}, service: orders}
  - {name: owns, match: {path: "/owns/*"}, service: orders, start: live, return: never}
`

// lock takes the journal's write lock, as another process would, until unlock.
func (s *system) lock(t *testing.T) (unlock func()) {
	t.Helper()
	db := s.journalFile(t)
	tx, err := db.Begin() // immediate: in WAL mode as exclusive as it gets
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
			t.Error(err)
		}
	}
}

// served returns who answers a path: legacy or service.
func (s *system) served(t testing.TB, path string) string {
	t.Helper()
	_, text, _ := s.get(t, path)
	side, _, _ := strings.Cut(text, " ")
	return side
}

// turns measures how long it takes until legacy answers a path, from a call on.
func (s *system) turns(t *testing.T, path string, call func()) time.Duration {
	t.Helper()
	began := time.Now()
	done := make(chan struct{})
	go func() { defer close(done); call() }()
	defer func() { <-done }()
	for time.Since(began) < 10*time.Second {
		if s.served(t, path) == "legacy" {
			return time.Since(began)
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Errorf("after 10 s %s is still the service's", path)
	return time.Since(began)
}

// marked reports whether the marker has a word in it.
func (s *system) marked(t *testing.T, word string) bool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(filepath.Dir(s.File), "data", "rollback.marker"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content, []byte(word))
}

// newest returns the newest entry of a route.
func (s *system) newest(t *testing.T, route string) web.Entry {
	t.Helper()
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Route: route, Limit: 1})
	if err != nil || len(entries) != 1 {
		t.Fatalf("the journal of %s: %+v, %v", route, entries, err)
	}
	return entries[0]
}

func nextServices(t *testing.T) (legacy, service string) {
	return backend(t, "legacy", nil).URL, backend(t, "service", nil).URL
}

// TestRollbackIsDurable is the usual one: in effect, and in the journal when it is answered. The
// marker has nothing to do.
func TestRollbackIsDurable(t *testing.T) {
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	result, err := s.API.Rollback(t.Context(), web.Rollback{All: true, Reason: "enough"})
	if err != nil || !result.Durable || result.Problem != "" {
		t.Fatalf("%+v, %v", result, err)
	}
	var moved []string
	for _, r := range result.Moved {
		if r.Phase != strangler.PhaseLegacy || r.Version != 2 || r.Actor != "test" || r.Reason != "enough" {
			t.Errorf("moved %+v", r)
		}
		moved = append(moved, r.Name)
	}
	if diff := cmp.Diff([]string{"read", "write", "stock"}, moved); diff != "" {
		t.Errorf("moved (-want +got):\n%s", diff)
	}
	if len(result.Skipped) != 1 || result.Skipped[0].Route != "owns" || !strings.Contains(result.Skipped[0].Why, "return: never") {
		t.Errorf("skipped %+v", result.Skipped)
	}
	if got := s.served(t, "/owns/1"); got != "service" {
		t.Errorf("what never returns is answered by %s", got)
	}
	if e := s.newest(t, "read"); e.How != "rollback" || e.Reason != "enough" || e.Change != s.newest(t, "stock").Change {
		t.Errorf("the journal has %+v", e)
	}
	if s.marked(t, "enough") {
		t.Error("the marker was written although the journal took it")
	}
	if again, err := s.API.Rollback(t.Context(), web.Rollback{All: true}); err != nil || len(again.Moved) > 0 || !again.Durable {
		t.Errorf("a second one: %+v, %v", again, err)
	}
}

// TestRollbackDryRun says what a rollback would do, and leaves everything as it is.
func TestRollbackDryRun(t *testing.T) {
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	before, err := s.API.Routes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.API.Rollback(t.Context(), web.Rollback{All: true, DryRun: true, Reason: "what if"})
	if err != nil || !result.Durable || len(result.Skipped) != 1 || len(result.Moved) != 3 || result.Moved[0].Name != "read" || result.Moved[0].Phase != strangler.PhaseLive {
		t.Fatalf("%+v, %v", result, err)
	}
	after, err := s.API.Routes(t.Context())
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("error %v, it changed (-before +after):\n%s", err, diff)
	}
	if e := s.newest(t, "read"); e.Reason == "what if" || s.served(t, "/read/1") != "service" || s.marked(t, "what if") {
		t.Errorf("it left something behind: %+v", e)
	}
}

// TestRollbackWhileLocked rolls back while somebody holds the journal's lock, and a shift that would
// bring a route the other way hangs on it.
func TestRollbackWhileLocked(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	unlock := s.lock(t)
	defer unlock()

	shifted := make(chan error, 1)
	go func() { // it has the daemon's turn, and waits for the lock
		_, err := s.API.Shift(t.Context(), "idle", api.ShiftRequest{Phase: strangler.PhaseLive})
		shifted <- err
	}()
	time.Sleep(300 * time.Millisecond)
	events := s.Subscribe(t.Context())

	var result web.RollbackResult
	var err error
	began := time.Now()
	took := s.turns(t, "/read/1", func() {
		result, err = s.API.Rollback(t.Context(), web.Rollback{All: true, Reason: "the database is down"})
	})
	answered := time.Since(began)
	if took > time.Second {
		t.Errorf("in effect after %s", took)
	}
	if answered > 2500*time.Millisecond {
		t.Errorf("answered after %s", answered)
	}
	if err != nil || result.Durable || !strings.Contains(result.Problem, "the marker in the data folder has it") {
		t.Fatalf("%+v, %v", result, err)
	}
	if !s.marked(t, "the database is down") {
		t.Error("the marker doesn't have it")
	}
	for _, r := range result.Moved {
		if r.Phase != strangler.PhaseLegacy || r.Version != 1 || r.Actor != "test" {
			t.Errorf("moved %+v", r)
		}
	}
	var moved []string
	for _, r := range result.Moved {
		moved = append(moved, r.Name)
	}
	if diff := cmp.Diff([]string{"read", "write", "stock", "idle"}, moved); diff != "" {
		t.Errorf("moved, among them the one that a shift is about to move (-want +got):\n%s", diff)
	}

	heard := map[string]strangler.Phase{}
	for len(heard) < 4 {
		select {
		case e := <-events:
			if r, ok := e.Data.(web.Route); ok {
				heard[r.Name] = r.Phase
			}
		case <-time.After(time.Second):
			t.Fatalf("those who follow the routes heard of %v only", heard)
		}
	}
	if heard["read"] != strangler.PhaseLegacy {
		t.Errorf("those who follow the routes heard %v", heard)
	}

	// Whoever looks sees where routes stand, and that it isn't durable.
	if r := s.routeNamed("read"); r.Phase != strangler.PhaseLegacy || r.Reason != "the database is down" {
		t.Errorf("the route is shown as %+v", r)
	}
	if x, err := s.API.Explain(t.Context(), web.Explain{URL: "/read/1"}); err != nil || x.Side != strangler.SideLegacy || x.Phase != strangler.PhaseLegacy {
		t.Errorf("explained as %+v, %v", x, err)
	}
	if _, detail := s.ready(t); !strings.Contains(fmt.Sprint(detail["rollback_problem"]), "a rollback of 4 routes is in effect, but not in the journal") {
		t.Errorf("/readyz says %v", detail)
	}
	pending := s.Stats().Rollbacks.Pending
	if len(pending) != 1 || !pending[0].Marked || pending[0].Actor != "test" || len(pending[0].Routes) != 4 {
		t.Errorf("pending %+v", pending)
	}
	for _, want := range []string{"strangler_rollbacks_pending 1", `strangler_route_weight_percent{phase="legacy",route="read"} 0`} {
		if !strings.Contains(s.metrics(t), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if again, err := s.API.Rollback(t.Context(), web.Rollback{Route: "stock"}); err != nil || again.Durable || len(again.Moved) > 0 {
		t.Errorf("rolled back once more: %+v, %v", again, err)
	}

	// The shift comes to its end, and brings no traffic back.
	unlock()
	if err := <-shifted; err != nil {
		t.Errorf("the shift that hung: %v", err)
	}
	for _, path := range []string{"/read/1", "/stock/1", "/idle/1"} {
		if got := s.served(t, path); got != "legacy" {
			t.Errorf("%s is answered by %s", path, got)
		}
	}
	eventually(t, "it becomes durable by itself", func() bool { return len(s.Stats().Rollbacks.Pending) == 0 })
	for _, route := range []string{"read", "write", "stock", "idle"} {
		e := s.newest(t, route)
		if e.How != "rollback" || e.Actor != "test" || !strings.HasPrefix(e.Reason, "the database is down (in effect since 20") || e.After.Phase != strangler.PhaseLegacy {
			t.Errorf("the journal's newest entry of %s is %+v", route, e)
		}
		if got := s.served(t, "/"+route+"/1"); got != "legacy" {
			t.Errorf("%s is answered by %s in the end", route, got)
		}
	}
	for settled := time.Now(); s.markedNewest(t); time.Sleep(10 * time.Millisecond) {
		if time.Since(settled) > 5*time.Second {
			t.Fatal("5 s after the journal has it the marker isn't emptied")
		}
	}
	if _, detail := s.ready(t); detail["rollback_problem"] != nil {
		t.Errorf("/readyz still says %v", detail)
	}
	// And all goes on as ever.
	s.shift(t, "stock", "live")
	if got := s.served(t, "/stock/1"); got != "service" {
		t.Errorf("after a shift it is answered by %s", got)
	}
}

// markedNewest reports whether the marker's newest record says anything.
func (s *system) markedNewest(t *testing.T) bool {
	t.Helper()
	content, err := daemon.MarkerContent(filepath.Join(filepath.Dir(s.File), "data", "rollback.marker"))
	if err != nil {
		t.Fatal(err)
	}
	return len(content) > 0
}

// TestShiftAfterPendingRollback wants to move a route whose rollback isn't in the journal: the
// journal has the rollback first, or nothing.
func TestShiftAfterPendingRollback(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	unlock := s.lock(t)
	defer unlock()
	if result, err := s.API.Rollback(t.Context(), web.Rollback{Service: "orders", To: strangler.PhaseShadow}); err != nil || result.Durable {
		t.Fatalf("%+v, %v", result, err)
	}
	// Once more, further back: the second lies over the first.
	if result, err := s.API.Rollback(t.Context(), web.Rollback{Unit: "orders", Reason: "further"}); err != nil || result.Durable || len(result.Moved) != 2 {
		t.Fatalf("%+v, %v", result, err)
	}
	if at := s.routeNamed("read").Phase; at != strangler.PhaseLegacy {
		t.Errorf("read stands at %s", at)
	}
	var problem *api.Problem
	if _, err := s.API.Shift(t.Context(), "read", api.ShiftRequest{Phase: strangler.PhaseLive}); !errors.As(err, &problem) || problem.Code != web.CodeUnwritable {
		t.Errorf("a shift on top of what the journal doesn't have: %v", err)
	}
	if _, err := s.API.Undo(t.Context(), "read", api.UndoRequest{}); !errors.As(err, &problem) || problem.Code != web.CodeUnwritable {
		t.Errorf("an undo of what the journal doesn't have: %v", err)
	}
	if got := s.served(t, "/read/1"); got != "legacy" {
		t.Errorf("then it is answered by %s", got)
	}
	unlock()
	routes, err := s.API.Undo(t.Context(), "read", api.UndoRequest{})
	if err != nil || len(routes) != 2 || routes[0].Phase != strangler.PhaseShadow {
		t.Errorf("the undo of the second, when the journal has both: %+v, %v", routes, err)
	}
	entries, err := s.API.Journal(t.Context(), web.EntryQuery{Route: "read"})
	var how []string
	for _, e := range entries {
		how = append(how, fmt.Sprint(e.How, " ", e.After))
	}
	if diff := cmp.Diff([]string{"undo shadow", "rollback legacy", "rollback shadow", " live"}, how); err != nil || diff != "" {
		t.Errorf("the journal (-want +got):\n%s%v", diff, err)
	}
}

// TestReloadOverPendingRollback puts another configuration in force while a rollback is pending,
// with a route more in a unit that was rolled back: a unit stands together.
func TestReloadOverPendingRollback(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	s := start(t, text)
	unlock := s.lock(t)
	defer unlock()
	if result, err := s.API.Rollback(t.Context(), web.Rollback{All: true}); err != nil || result.Durable {
		t.Fatalf("%+v, %v", result, err)
	}
	s.reload(t, text+"limits: {header_count: 50}\n") // nothing that the journal has to know
	if got := s.served(t, "/read/1"); got != "legacy" {
		t.Errorf("after a reload it is answered by %s", got)
	}
	unlock()
	s.reload(t, text+"  - {name: more, match: {path: \"/more/*\"}, service: orders, unit: orders, start: live}\n")
	for _, path := range []string{"/read/1", "/more/1"} {
		if got := s.served(t, path); got != "legacy" {
			t.Errorf("after a reload %s is answered by %s", path, got)
		}
	}
	eventually(t, "it becomes durable", func() bool { return len(s.Stats().Rollbacks.Pending) == 0 })
	for _, route := range []string{"read", "write", "more"} {
		if r := s.routeNamed(route); r.Phase != strangler.PhaseLegacy {
			t.Errorf("%s stands at %s", route, r.Phase)
		}
	}
}

// TestRollbackDuringReload rolls a unit back while a reload that adds a route to it waits for the disk.
func TestRollbackDuringReload(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	s := start(t, text)
	unlock := s.lock(t)
	defer unlock()
	s.write(t, text+"  - {name: more, match: {path: \"/more/*\"}, service: orders, unit: orders, start: live}\n")
	reloaded := make(chan error, 1)
	go func() { reloaded <- s.Reload(t.Context()) }()
	time.Sleep(300 * time.Millisecond)
	if result, err := s.API.Rollback(t.Context(), web.Rollback{Unit: "orders"}); err != nil || result.Durable {
		t.Fatalf("%+v, %v", result, err)
	}
	unlock()
	if err := <-reloaded; err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/read/1", "/write/1", "/more/1"} {
		if got := s.served(t, path); got != "legacy" {
			t.Errorf("after the reload %s is answered by %s", path, got)
		}
	}
	eventually(t, "it becomes durable", func() bool { return len(s.Stats().Rollbacks.Pending) == 0 })
	if e := s.newest(t, "more"); e.How != "rollback" || e.Before.Phase != strangler.PhaseLive {
		t.Errorf("the newest entry of what joined the unit is %+v", e)
	}
	for _, path := range []string{"/read/1", "/more/1"} {
		if got := s.served(t, path); got != "legacy" {
			t.Errorf("in the end %s is answered by %s", path, got)
		}
	}
}

// process is a daemon in a process of its own.
type process struct {
	*exec.Cmd
	API *api.Client
	URL string // of the proxy
	log *logBuffer
}

// startProcess starts one, whose configuration is there.
func startProcess(t *testing.T, file string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0]), log: &logBuffer{}}
	p.Env = append(os.Environ(), childFile+"="+file)
	p.Stderr = p.log
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	lines := bufio.NewReader(out)
	admin, err := lines.ReadString('\n')
	if err == nil {
		p.URL, err = lines.ReadString('\n')
	}
	if err != nil {
		t.Fatalf("the daemon said %q: %v\n%s", admin, err, p.log)
	}
	p.URL = strings.TrimSpace(p.URL)
	if p.API, err = api.NewClient(api.ClientConfig{URL: strings.TrimSpace(admin), Actor: "test"}); err != nil {
		t.Fatal(err)
	}
	return p
}

// kill ends it at once, without a chance to close anything.
func (p *process) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill() // SIGKILL
		_ = p.Wait()         // says that it was killed
	}
}

func (p *process) served(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(p.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	side, _, _ := strings.Cut(string(text), " ")
	return side
}

// TestRollbackSurvivesKill kills a daemon whose rollback isn't in the journal. The next one honours the
// marker: while the journal is still locked, by standing there; when it isn't, by journaling it first.
func TestRollbackSurvivesKill(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	folder := t.TempDir()
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	s, err := tryStart(t, folder, text, daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}
	first := startProcess(t, s.File)
	unlock := s.lock(t)
	defer unlock()
	result, err := first.API.Rollback(t.Context(), web.Rollback{All: true, Reason: "fire"})
	if err != nil || result.Durable || len(result.Moved) != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	first.kill()
	if !s.markedNewest(t) {
		t.Fatal("the marker is empty")
	}

	locked := startProcess(t, s.File)
	if got := locked.served(t, "/read/1"); got != "legacy" {
		t.Errorf("started with the journal locked, it is answered by %s", got)
	}
	if stats, err := locked.API.Stats(t.Context()); err != nil || len(stats.Rollbacks.Pending) != 1 || !stats.Rollbacks.Pending[0].Marked {
		t.Errorf("pending %+v, %v", stats.Rollbacks, err)
	}
	locked.kill()
	unlock()

	again := startIn(t, folder, text)
	for _, route := range []string{"read", "write", "stock"} {
		if got := again.served(t, "/"+route+"/1"); got != "legacy" {
			t.Errorf("after the restart %s is answered by %s", route, got)
		}
		e := again.newest(t, route)
		if e.How != "rollback" || e.Actor != "test" || !strings.HasPrefix(e.Reason, "fire (in effect since ") {
			t.Errorf("the journal's newest entry of %s is %+v", route, e)
		}
	}
	if again.markedNewest(t) || len(again.Stats().Rollbacks.Pending) > 0 {
		t.Error("the marker was not emptied")
	}
	if got := again.served(t, "/owns/1"); got != "service" {
		t.Errorf("what never returns is answered by %s", got)
	}
}

// TestEndWithPendingRollback ends a daemon before it has had the patience to write the marker: it is
// written in the end.
func TestEndWithPendingRollback(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	folder := t.TempDir()
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	s := startIn(t, folder, text)
	unlock := s.lock(t)
	defer unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Rollback(t.Context(), web.Rollback{All: true, Actor: web.Actor{Name: "SIGUSR1"}, Reason: "at the end"})
	}()
	eventually(t, "it is in effect", func() bool { return len(s.Stats().Rollbacks.Pending) == 1 })
	if err := s.end(); err != nil {
		t.Error(err)
	}
	<-done
	if !s.markedNewest(t) {
		t.Fatal("the marker is empty")
	}
	unlock()
	again := startIn(t, folder, text)
	if e := again.newest(t, "read"); e.How != "rollback" || e.Actor != "SIGUSR1" || !strings.HasPrefix(e.Reason, "at the end (in effect since ") {
		t.Errorf("the newest entry is %+v", e)
	}
}

// TestMarkerAtStart starts with a marker that wasn't emptied although the journal had its rollback,
// after which the route moved on; with one of a route that is no more; and with ones that are broken.
func TestMarkerAtStart(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	marker := func(seqs ...uint64) []byte {
		content := []byte(`[{"at":"2026-01-02T03:04:05Z","actor":"anna","reason":"r","moves":[{"route":"stock","to":"legacy","version":1},{"route":"gone","to":"legacy","version":4}]}]`)
		return daemon.MakeMarker(64<<10, seqs[0], content)
	}
	torn := marker(8)
	torn[100]++ // in the newer record, which is the first
	both := bytes.Clone(torn)
	both[64<<10]++
	foreign := daemon.MakeMarker(64<<10, 8, []byte(`[{"moves":[{"route":"stock","to":"live"}]}]`))
	tests := []struct {
		name   string
		marker []byte
		moves  []string // of stock, made before
		want   string   // who answers then
		log    string
		bad    bool // it is set aside
	}{
		{"honoured, and what is no more is left out", marker(8), nil, "legacy", "a route that was rolled back is no more", false},
		{"the journal has had it", marker(8), []string{"rollback", "live"}, "service", "", false},
		{"a shift of before it doesn't count", marker(8), []string{"50%", "live"}, "legacy", "it is honoured", false},
		{"a write that was cut short", torn, nil, "service", "one of the marker's two records can't be read", false},
		{"nothing in it can be read", both, nil, "service", "neither of its two records is whole", true},
		{"empty", []byte{}, nil, "service", "it is not a marker's size: 0 bytes", true},
		{"it says what no rollback does", foreign, nil, "service", `a rollback of route \"stock\" to live`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			first := startIn(t, folder, text)
			for _, to := range tt.moves {
				if to != "rollback" {
					first.shift(t, "stock", to)
				} else if _, err := first.API.Rollback(t.Context(), web.Rollback{Route: "stock"}); err != nil {
					t.Fatal(err)
				}
			}
			if err := first.end(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, "data", "rollback.marker")
			if err := os.WriteFile(file, tt.marker, 0o600); err != nil {
				t.Fatal(err)
			}
			s := startIn(t, folder, text)
			if got := s.served(t, "/stock/1"); got != tt.want {
				t.Errorf("stock is answered by %s, want %s", got, tt.want)
			}
			if !strings.Contains(s.Log.String(), tt.log) {
				t.Errorf("the log doesn't say %q:\n%s", tt.log, s.Log)
			}
			if kept, err := os.ReadFile(file + ".bad"); tt.bad != (err == nil && bytes.Equal(kept, tt.marker)) {
				t.Errorf("set aside: %v", err)
			}
			if s.markedNewest(t) {
				t.Error("the marker was not emptied")
			}
			if again, err := daemon.MarkerTorn(file); again || err != nil {
				t.Errorf("the marker was not mended: %v, %v", again, err)
			}
		})
	}
}

// TestNoMarker can't make the marker: the rollback is in effect all the same, and says that a restart
// would lose it.
func TestNoMarker(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	folder := t.TempDir()
	blocked := filepath.Join(folder, "data", "rollback.marker.new")
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := startIn(t, folder, fmt.Sprintf(rollbackRoutes, legacy, service))
	if !strings.Contains(s.Log.String(), "the marker can't be written") || s.Stats().Rollbacks.MarkerProblem == "" {
		t.Errorf("it isn't warned of: %s", s.Log)
	}
	unlock := s.lock(t)
	defer unlock()
	result, err := s.API.Rollback(t.Context(), web.Rollback{All: true})
	if err != nil || result.Durable || !strings.Contains(result.Problem, "a restart would lose it: make the marker") {
		t.Errorf("%+v, %v", result, err)
	}
	if got := s.served(t, "/read/1"); got != "legacy" {
		t.Errorf("answered by %s", got)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is in the marker when it can be", func() bool {
		p := s.Stats().Rollbacks
		return len(p.Pending) == 1 && p.Pending[0].Marked && p.MarkerProblem == ""
	})
}

// TestMarkerComesBack deletes the marker while the daemon runs, as whoever needs room on a full disk may:
// it is made again before a rollback needs it, and has that.
func TestMarkerComesBack(t *testing.T) {
	t.Parallel()
	legacy, service := nextServices(t)
	s := start(t, fmt.Sprintf(rollbackRoutes, legacy, service))
	file := filepath.Join(filepath.Dir(s.File), "data", "rollback.marker")
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	unlock := s.lock(t)
	defer unlock()
	result, err := s.API.Rollback(t.Context(), web.Rollback{All: true})
	if err != nil || result.Durable || !strings.Contains(result.Problem, "the marker in the data folder has it") {
		t.Fatalf("%+v, %v", result, err)
	}
	after, err := os.Stat(file)
	if err != nil || after.Size() != before.Size() {
		t.Errorf("the marker is %v, %v", after, err)
	}
}
