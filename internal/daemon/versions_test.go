package daemon

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

var byHeader = config.Version{Header: "X-Version"}

// told is what versions tell of changes.
type told struct {
	mu  sync.Mutex
	all []string
}

func (t *told) changed(service, version string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, service+" "+version)
}

// answering is a service whose answers have that version; "": none.
type answering struct {
	version string
	status  int
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	resp := &http.Response{StatusCode: a.status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: http.NoBody, Request: r}
	if a.version != "" {
		resp.Header["X-Version"] = []string{a.version, "and another one"}
	}
	return resp, nil
}

func watching(where config.Version) (*versions, *told) {
	t := &told{}
	v := newVersions(t.changed, slog.New(slog.DiscardHandler))
	v.use(map[string]config.Upstream{"s": {Version: where}, "silent": {}})
	return v, t
}

// TestVersionByHeader lets a service answer: VERSION×TIMES/PAUSE, with "-" for none and "!" for a failure.
func TestVersionByHeader(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answers string
		want    []string
		current string
	}{
		{"ten answers over a second", "1×10/200ms", []string{"s 1"}, "1"},
		{"nine are not enough", "1×9/1s", nil, ""},
		{"many within a second are not enough", "1×500/1ms", nil, ""},
		{"many over a second", "1×1500/1ms", []string{"s 1"}, "1"},
		{"another one comes", "1×10/200ms 2×9/200ms 1×1/200ms 2×9/200ms 2×1/200ms", []string{"s 1", "s 2"}, "2"},
		{"one takes the place of another", "1×10/200ms 2×5/200ms 3×10/200ms", []string{"s 1", "s 3"}, "3"},
		{"an endpoint at a time", "1×10/200ms 2×1/200ms 1×1/200ms 2×3/200ms 1×1/200ms 2×9/200ms 1×1/200ms 2×12/200ms", []string{"s 1", "s 2"}, "2"},
		{"answers that say nothing are nobody's", "1×10/200ms 2×5/200ms -×50/200ms !×50/200ms 2×5/200ms", []string{"s 1", "s 2"}, "2"},
		{"nor do they end what was", "1×10/200ms -×50/200ms !×50/200ms", []string{"s 1"}, "1"},
		{"it is rolled back", "1×10/200ms 2×10/200ms 1×10/200ms", []string{"s 1", "s 2", "s 1"}, "1"},
		{"space around it is not it", "1×10/200ms \u00a01×20/200ms", []string{"s 1"}, "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, told := watching(byHeader)
				side := &answering{}
				clients, copies := v.watch("s", byHeader, side), v.watch("s", byHeader, side)
				for part := range strings.SplitSeq(tt.answers, " ") {
					version, rest, _ := strings.Cut(part, "×")
					var times int
					var pause string
					if _, err := fmt.Sscanf(rest, "%d/%s", &times, &pause); err != nil {
						t.Fatal(err)
					}
					wait, err := time.ParseDuration(pause)
					if err != nil {
						t.Fatal(err)
					}
					for i := range times {
						*side = answering{version, 200}
						switch version {
						case "-":
							*side = answering{"", 502}
						case "!":
							*side = answering{}
						}
						// Copies and clients' requests tell the same version.
						_, _ = []http.RoundTripper{clients, copies}[i%2].RoundTrip(&http.Request{})
						time.Sleep(wait)
					}
				}
				if diff := cmp.Diff(tt.want, told.all); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := v.Current("s"); got != tt.current {
					t.Errorf("at present it is %q, want %q", got, tt.current)
				}
			})
		})
	}
}

// TestVersionWhileDeploying has two versions answer by chance, half of the requests each.
func TestVersionWhileDeploying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, told := watching(byHeader)
		side := &answering{"1", 200}
		next := v.watch("s", byHeader, side)
		ask := func(n int) {
			for range n {
				_, _ = next.RoundTrip(&http.Request{})
				time.Sleep(10 * time.Millisecond)
			}
		}
		ask(200)
		random := rand.New(rand.NewPCG(1, 2))
		for range 100_000 {
			side.version = fmt.Sprint(1 + random.IntN(2))
			ask(1)
		}
		if diff := cmp.Diff([]string{"s 1"}, told.all); diff != "" {
			t.Errorf("while both answer (-want +got):\n%s", diff)
		}
		side.version = "2"
		ask(200)
		if diff := cmp.Diff([]string{"s 1", "s 2"}, told.all); diff != "" {
			t.Errorf("when one is left (-want +got):\n%s", diff)
		}
	})
}

// TestVersionAfterReload says what a reload leaves of what is known.
func TestVersionAfterReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, told := watching(byHeader)
		side := &answering{"1", 200}
		old := v.watch("s", byHeader, side)
		ask := func(next http.RoundTripper) {
			for range 11 {
				_, _ = next.RoundTrip(&http.Request{})
				time.Sleep(time.Second)
			}
		}
		ask(old)
		v.use(map[string]config.Upstream{"s": {Version: byHeader, Balance: upstream.BalanceHash}})
		if got := v.Current("s"); got != "1" {
			t.Errorf("what tells it as before is %q", got)
		}
		other := config.Version{Header: "X-Build"}
		refused := v.watch("s", other, side) // by a configuration that doesn't come to be in force
		v.use(map[string]config.Upstream{"s": {Version: byHeader}})
		ask(refused)
		if got := v.Current("s"); got != "1" {
			t.Errorf("after a reload that was refused it is %q", got)
		}
		v.use(map[string]config.Upstream{"s": {Version: other}})
		if got := v.Current("s"); got != "" {
			t.Errorf("what tells it elsewhere is %q already", got)
		}
		side.version = "2"
		ask(old) // requests that began before
		v.use(map[string]config.Upstream{"s": {}})
		if got := v.Current("s"); got != "" {
			t.Errorf("what tells it no longer is %q", got)
		}
		if diff := cmp.Diff([]string{"s 1"}, told.all); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWatchLeavesAlone(t *testing.T) {
	v, _ := watching(byHeader)
	next := &answering{}
	for name, where := range map[string]config.Version{"silent": {}, "asked": {Path: "/version"}} {
		if got := v.watch("s", where, next); got != http.RoundTripper(next) {
			t.Errorf("a service that is %s has a layer more: %T", name, got)
		}
	}
	if v.watch("s", byHeader, nil) != nil {
		t.Error("there is a way where there was none")
	}
	for _, informs := range []bool{true, false} {
		w := v.watch("s", byHeader, informing{next, informs}).(interface{ Informs() bool })
		if w.Informs() != informs {
			t.Errorf("informs: %v, want %v", w.Informs(), informs)
		}
	}
	if v.watch("s", byHeader, next).(interface{ Informs() bool }).Informs() {
		t.Error("it says that informational answers come, and they don't")
	}
}

type informing struct {
	http.RoundTripper
	informs bool
}

func (i informing) Informs() bool { return i.informs }

// TestWatchCosts says that to look at a version that is known takes no memory.
func TestWatchCosts(t *testing.T) {
	one := &version{source: versionSource{"s", byHeader}, need: 1, changed: func(string, string) {}}
	one.seen("1.4.2")
	if got := one.get(); got != "1.4.2" {
		t.Fatalf("it is %q", got)
	}
	if n := testing.AllocsPerRun(1000, func() { one.seen("1.4.2") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestVersionUnfit says once what a header has that is no version, and goes on to look for one.
func TestVersionUnfit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		told := &told{}
		v := newVersions(told.changed, slog.New(slog.NewTextHandler(&log, nil)))
		v.use(map[string]config.Upstream{"s": {Version: byHeader}})
		side := &answering{"1.4.2\u202e", 200}
		clients, copies := v.watch("s", byHeader, side), v.watch("s", byHeader, side)
		for range 20 {
			for _, next := range []http.RoundTripper{clients, copies} {
				_, _ = next.RoundTrip(&http.Request{})
				time.Sleep(time.Second)
			}
			side.version = strings.Repeat("x", 201)
		}
		want := `level=WARN msg="a service doesn't tell its version" service=s problem="X-Version: the version has a character in it that can't be seen, U+202E"`
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, want) {
			t.Errorf("it logs\n%swant once\n%s", got, want)
		}
		side.version = "1.4.2"
		for range 11 {
			_, _ = clients.RoundTrip(&http.Request{})
			time.Sleep(time.Second)
		}
		if diff := cmp.Diff([]string{"s 1.4.2"}, told.all); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// endpoints say what they say when they are asked.
type endpoints struct {
	mu      sync.Mutex
	replies []upstream.Reply
	rounds  int
}

func (e *endpoints) say(bodies ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.replies = nil
	for i, body := range bodies {
		reply := upstream.Reply{Addr: fmt.Sprintf("10.0.0.%d:80", i+1), Status: 200, Body: []byte(body)}
		if why, bad := strings.CutPrefix(body, "!"); bad {
			reply = upstream.Reply{Addr: reply.Addr, Why: why}
		}
		e.replies = append(e.replies, reply)
	}
}

func (e *endpoints) ask(_ context.Context, path string, most int64) iter.Seq[upstream.Reply] {
	return func(yield func(upstream.Reply) bool) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.rounds++
		for _, r := range e.replies {
			if !yield(r) {
				return
			}
		}
	}
}

// TestVersionByPath asks two endpoints while they are replaced.
func TestVersionByPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		where := config.Version{Path: "/version"}
		log := &strings.Builder{}
		told := &told{}
		v := newVersions(told.changed, slog.New(slog.NewTextHandler(log, nil)))
		v.use(map[string]config.Upstream{"s": {Version: where}})
		var side endpoints
		side.say("1\n", "1")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { v.poll(ctx, func() []asked { return []asked{{"s", where, side.ask}} }) })
		synctest.Wait()
		rounds := func(n int, bodies ...string) {
			side.say(bodies...)
			time.Sleep(time.Duration(n) * versionInterval)
			synctest.Wait()
		}
		is := func(want string) {
			t.Helper()
			if got := v.Current("s"); got != want {
				t.Errorf("it is %q, want %q", got, want)
			}
		}
		rounds(1, "1", "1")
		is("")
		rounds(1, "1", "1")
		is("1")
		rounds(5, "2", "1") // one is new already
		is("1")
		rounds(2, "2", "2")
		rounds(1, "2", "!connection refused") // and one isn't up yet
		rounds(2, "2", "2")
		is("1")
		rounds(1, "2", "2")
		is("2")
		rounds(5) // there are none
		is("2")
		rounds(2, "!no answer within 2s")
		rounds(2, "!connection refused")
		is("2")
		rounds(1, "2")
		if n := side.rounds; n != 24 {
			t.Errorf("asked %d times, want at once and every 10 s", n)
		}
		cancel()
		running.Wait()
		if diff := cmp.Diff([]string{"s 1", "s 2"}, told.all); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		var lines []string
		for line := range strings.Lines(log.String()) {
			_, line, _ = strings.Cut(line, " level=")
			lines = append(lines, strings.TrimSpace(line))
		}
		want := []string{
			`WARN msg="a service doesn't tell its version" service=s problem="10.0.0.2:80: connection refused"`,
			`INFO msg="a service tells its version again" service=s`,
			`WARN msg="a service doesn't tell its version" service=s problem="10.0.0.1:80: no answer within 2s"`,
			`INFO msg="a service tells its version again" service=s`,
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("the log (-want +got):\n%s", diff)
		}
	})
}

// TestReadVersion reads what an endpoint says.
func TestReadVersion(t *testing.T) {
	for _, tt := range []struct {
		name    string
		pointer string
		status  int
		body    string
		want    string
		why     string
	}{
		{"text", "", 200, "1.4.2\n", "1.4.2", ""},
		{"no page", "", 404, "1.4.2", "", "/version answers 404 Not Found"},
		{"elsewhere", "", 302, "", "", "/version answers 302 Found"},
		{"a page", "", 200, "<html>\n<body>", "", "/version doesn't answer with a version: the version has a character in it that can't be seen, U+000A"},
		{"nothing", "", 204, "", "", "/version doesn't answer with a version: the version is blank"},
		{"too much", "", 200, strings.Repeat("a", versionBody+1), "", "/version answers with more than 4096 bytes"},
		{"a member", "/build", 200, `{"build": "1.4.2"}`, "1.4.2", ""},
		{"a member's", "/build/no", 200, `{"build": {"no": 12345678901234567890}}`, "12345678901234567890", ""},
		{"a number as it is written", "/v", 200, `{"v": 1.10}`, "1.10", ""},
		{"an element", "/1/v", 200, `[{"v": 1}, {"v": 2}]`, "2", ""},
		{"names that are escaped", "/a~1b/~0", 200, `{"a/b": {"~": "1"}}`, "1", ""},
		{"an escape that only looks like two", "/~01", 200, `{"~1": "1", "/": "2"}`, "1", ""},
		{"the last of two, as Go reads it", "/v", 200, `{"v": "1", "v": "2"}`, "2", ""},
		{"no JSON", "/v", 200, `1.4.2`, "", "/version answers with JSON that has neither text nor number at /v"},
		{"none at all", "/v", 200, `<html>`, "", "/version answers with no JSON"},
		{"no such member", "/v", 200, `{"w": 1}`, "", "/version answers with JSON that has neither text nor number at /v"},
		{"an object", "/v", 200, `{"v": {}}`, "", "/version answers with JSON that has neither text nor number at /v"},
		{"no such element", "/2", 200, `[1, 2]`, "", "/version answers with JSON that has neither text nor number at /2"},
		{"an index that is none", "/01", 200, `[1, 2]`, "", "/version answers with JSON that has neither text nor number at /01"},
		{"null", "/v", 200, `{"v": null}`, "", "/version answers with JSON that has neither text nor number at /v"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := asked{service: "s", where: config.Version{Path: "/version", Pointer: tt.pointer}}
			got, why := a.read(upstream.Reply{Addr: "10.0.0.1:80", Status: tt.status, Body: []byte(tt.body)})
			if got != tt.want || why != tt.why {
				t.Errorf("%q, %q; want %q, %q", got, why, tt.want, tt.why)
			}
		})
	}
}
