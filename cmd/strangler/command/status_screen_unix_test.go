//go:build unix

package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/term"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// display is a terminal's emulator, which is written to and looked at at the same time. What it
// answers is read without the lock, as whoever writes waits for that.
type display struct {
	mu sync.Mutex
	*vt.Emulator
}

func (d *display) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Emulator.Write(p)
}

func (d *display) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Emulator.String()
}

func (d *display) Resize(width, height int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Emulator.Resize(width, height)
}

// usual reports whether it is as it was before a program took it.
func (d *display) usual() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.IsAltScreen() && !d.CursorHidden()
}

// terminal is a pseudo terminal, and the screen that somebody in front of it sees.
type terminal struct {
	t        *testing.T
	keys     *os.File // what is typed goes there
	program  *os.File // the program's end
	screen   *display
	before   *term.State
	finished chan error
	drawn    sync.WaitGroup

	abandoned bool // the program panicked, and what it left may read from its end still
}

func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "")
	ours, theirs, err := pty.Open()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there are no pseudo terminals, which CI has: %v", err)
		}
		t.Skipf("there are no pseudo terminals here: %v", err)
	}
	c := &terminal{t: t, keys: ours, program: theirs, screen: &display{Emulator: vt.NewEmulator(width, height)}, finished: make(chan error, 1)}
	c.size(width, height)
	if c.before, err = term.GetState(int(theirs.Fd())); err != nil {
		t.Fatal(err)
	}
	c.drawn.Go(func() { io.Copy(c.screen, ours) })
	c.drawn.Go(func() { io.Copy(ours, c.screen) }) // it answers what it is asked
	t.Cleanup(func() {
		if c.abandoned {
			return
		}
		theirs.Close()
		c.screen.InputPipe().(io.Closer).Close()
		ours.Close()
		c.drawn.Wait()
	})
	return c
}

// size resizes it, as whoever drags its window's corner.
func (c *terminal) size(width, height int) {
	c.t.Helper()
	c.screen.Resize(width, height)
	if err := pty.Setsize(c.keys, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		c.t.Fatal(err)
	}
	syscall.Kill(os.Getpid(), syscall.SIGWINCH) // it isn't this process' controlling terminal, which would tell by itself
}

func (c *terminal) watch(ctx context.Context, fetch func(context.Context) (snapshot, error)) {
	go func() { c.finished <- watchStatus(ctx, c.program, c.program, "http://127.0.0.1:9900", fetch) }()
}

func (c *terminal) press(keys string) {
	c.t.Helper()
	if _, err := c.keys.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// shows waits until the screen has all of these and none of those behind a ¬.
func (c *terminal) shows(texts ...string) string {
	c.t.Helper()
	var seen string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		seen = c.screen.String()
		good := true
		for _, text := range texts {
			absent, not := strings.CutPrefix(text, "¬")
			good = good && (!not && strings.Contains(seen, text) || not && !strings.Contains(seen, absent))
		}
		if good {
			return seen
		}
	}
	c.t.Fatalf("the screen never showed %q:\n%s", texts, seen)
	return ""
}

// ends waits until the program has ended, and holds that the terminal is as it was.
func (c *terminal) ends() error {
	c.t.Helper()
	select {
	case err := <-c.finished:
		after, stateErr := term.GetState(int(c.program.Fd()))
		if stateErr != nil || fmt.Sprint(*after) != fmt.Sprint(*c.before) {
			c.t.Errorf("the terminal has other settings than before: %v", stateErr)
		}
		for end := time.Now().Add(5 * time.Second); !c.screen.usual(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				c.t.Errorf("the screen of before isn't back")
				break
			}
		}
		return err
	case <-time.After(10 * time.Second):
		c.t.Fatalf("it doesn't end:\n%s", c.screen)
		return nil
	}
}

// forty is a proxy with so many routes, in trouble where it is told to be.
func forty(routes int) snapshot {
	var s snapshot
	s.Stats.Started, s.Stats.At = noon, noon.Add(time.Hour)
	s.Legacy = web.Service{Name: "legacy"}
	for i := range routes {
		name := fmt.Sprintf("route-%02d", i+1)
		s.Routes = append(s.Routes, web.Route{Name: name, Phase: strangler.PhaseCanary, Weight: 2500})
		r := web.RouteStats{Route: name, Legacy: web.SideStats{PerSecond: 3, Failures: 12345}, Service: web.SideStats{PerSecond: 1, Failures: 1}}
		r.Comparisons.Match, r.Comparisons.Diverged = 1_234_567, int64(i)
		s.Stats.Routes = append(s.Stats.Routes, r)
	}
	s.Stats.Routes = append(s.Stats.Routes, web.RouteStats{})
	return s
}

func steadily(s snapshot) func(context.Context) (snapshot, error) {
	return func(context.Context) (snapshot, error) { return s, nil }
}

// quickly has the screen look again sooner.
func quickly(t *testing.T) {
	every := watchEvery
	watchEvery = 20 * time.Millisecond
	t.Cleanup(func() { watchEvery = every })
}

func TestScreen(t *testing.T) {
	quickly(t)
	s := forty(40)
	s.Freeze = &web.Freeze{At: noon, Actor: "anna", Reason: "sale"}
	s.Rollouts = []web.Rollout{{Name: "route-02", Person: true, State: web.RolloutRunning, Why: "holds, and somebody has to look"}}
	s.Config.Problem, s.Config.ProblemAt = "strangler.yaml:3:1: no key", noon
	s.open = []web.Group{{Route: "route-03", Title: "the price \x1b[31m is off", Count: 4}, {Route: "route-03", Title: "/name differs", Count: 9}}
	s.Services = []web.Service{{Name: "orders", Guard: web.Guard{Breaker: &web.Breaker{State: "open"}}}}
	c := newTerminal(t, 80, 24)
	c.watch(t.Context(), steadily(s))
	seen := c.shows("strangler http://127.0.0.1:9900", "as of ", "services serve 25% of 160.0/s; 40 routes: 40 canary", "ROUTE", "AT", "REQ/S", "FAILED L/S", "DIVERGED",
		"route-01", "25%", "12k/1", "1234k", "! promotions are frozen", "! rollout of route-02 wants a person: holds", "! the last reload, at ", "! route-03: 2 open groups, the largest: /name differs", "q quits", " of 41;")
	lines := strings.Split(strings.TrimRight(seen, "\n"), "\n")
	if len(lines) > 24 || !strings.Contains(lines[len(lines)-1], "q quits") || strings.Contains(seen, "\x1b") {
		t.Errorf("%d lines:\n%s", len(lines), seen)
	}
	if strings.Contains(seen, "route-40") {
		t.Error("all routes are on it")
	}
	c.press("j")
	c.shows("¬route-01", "route-02", "2 to ")
	c.press("\x1b[A")
	c.shows("route-01", "1 to ")
	c.press("G")
	c.shows("route-40", "(everything else)", "41 of 41")
	c.press("g\x1b[6~")
	c.shows("¬route-01", "¬1 to ")
	c.press("\x1b[5~")
	c.shows("route-01")

	c.size(120, 60)
	c.shows("route-01", "route-40", "(everything else)", "SKIPPED", "P99 L/S MS")
	c.size(50, 12)
	c.shows("route-01", "¬route-20", "¬P99", "and ", " more")
	c.size(20, 5)
	c.shows("is too small", "¬route-01")
	c.size(80, 24)
	c.shows("route-01", "as of ")
	c.press("q")
	if err := c.ends(); err != nil {
		t.Error(err)
	}
}

func TestScreenEnds(t *testing.T) {
	quickly(t)
	for name, end := range map[string]func(c *terminal, cancel func()){
		"q":       func(c *terminal, _ func()) { c.press("q") },
		"Ctrl-C":  func(c *terminal, _ func()) { c.press("\x03") },
		"SIGTERM": func(*terminal, func()) { syscall.Kill(os.Getpid(), syscall.SIGTERM) },
		"context": func(_ *terminal, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			c := newTerminal(t, 80, 24)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c.watch(ctx, steadily(forty(1)))
			c.shows("nothing needs a person", "route-01", "¬of 2;")
			if c.screen.usual() {
				t.Error("it isn't drawn on a screen of its own")
			}
			end(c, cancel)
			if err := c.ends(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestScreenReconnects(t *testing.T) {
	quickly(t)
	var state atomic.Int32
	fetch := func(context.Context) (snapshot, error) {
		switch state.Load() {
		case 1:
			return snapshot{}, &api.UnreachableError{URL: "http://127.0.0.1:9900", Err: syscall.ECONNREFUSED}
		case 2:
			return forty(2), nil
		case 3:
			return snapshot{}, &api.Problem{Status: 401, Code: web.CodeUnauthorized, Detail: "who are you?"}
		}
		return forty(1), nil
	}
	c := newTerminal(t, 80, 24)
	c.watch(t.Context(), fetch)
	c.shows("route-01", "as of ")
	state.Store(1)
	c.shows("reconnecting… (data is 1s old)", "route-01", "¬as of ")
	state.Store(2)
	c.shows("route-02", "as of ", "¬reconnecting")
	state.Store(3)
	if err := c.ends(); err == nil || statusOf(&failure{err}) != statusFailed || !errors.As(err, new(*api.Problem)) {
		t.Errorf("it ended with %v", err)
	}

	state.Store(1) // from the beginning
	again := newTerminal(t, 80, 24)
	again.watch(t.Context(), fetch)
	if err := again.ends(); statusOf(&failure{err}) != statusUnreachable {
		t.Errorf("it ended with %v", err)
	}
}

// TestScreenPanics says that whoever sat in front of it has their terminal back.
func TestScreenPanics(t *testing.T) {
	quickly(t)
	looks := 0
	c := newTerminal(t, 80, 24)
	c.abandoned = true
	c.watch(t.Context(), func(context.Context) (snapshot, error) {
		if looks++; looks > 3 {
			panic("no more")
		}
		return forty(1), nil
	})
	c.shows("route-01")
	if err := c.ends(); err == nil || !strings.Contains(err.Error(), "draw the screen") {
		t.Errorf("it ended with %v", err)
	}
}
