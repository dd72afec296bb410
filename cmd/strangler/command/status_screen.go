package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
	"golang.org/x/term"
)

const (
	// fetchTimeout bounds one look at the proxy.
	fetchTimeout = 10 * time.Second
	// groupsEvery is how often open groups are asked for, which may be many.
	groupsEvery = 5 * time.Second
)

// snapshot is all that the screen shows.
type snapshot struct {
	statusReport
	open []web.Group // groups that nobody has looked at
}

// watchStatus shows on a terminal how the migration does, until somebody ends it. The terminal is as it
// was then, also after a panic. A proxy that can't be reached from the beginning is an error, one that
// can't be reached any more is waited for.
func watchStatus(ctx context.Context, in io.Reader, out io.Writer, address string, fetch func(context.Context) (snapshot, error)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	first, err := fetch(ctx)
	if err != nil {
		return err
	}
	keyboard, done := keyboardOf(in)
	defer done()
	model := &screen{ctx: ctx, address: address, fetch: fetch, now: first, at: time.Now()}
	_, err = tea.NewProgram(model, tea.WithContext(ctx), tea.WithInput(keyboard), tea.WithOutput(out), tea.WithFPS(30)).Run()
	switch {
	case errors.Is(err, tea.ErrProgramPanic):
		return fmt.Errorf("draw the screen: %w", err)
	case errors.Is(err, tea.ErrInterrupted), ctx.Err() != nil:
		return model.failed
	case err != nil:
		return fmt.Errorf("draw the screen: %w", err)
	}
	return model.failed
}

// keyboardOf returns where keys come from: in, or where that is no terminal the one that the process
// has; nil: it has none, and is ended by a signal.
func keyboardOf(in io.Reader) (keys io.Reader, done func()) {
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return in, func() {}
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return nil, func() {}
	}
	return tty, func() { tty.Close() }
}

// hasScreen reports whether a full screen can be drawn on w.
func hasScreen(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// screen is what is on the terminal. Its methods are called one after another.
type screen struct {
	ctx     context.Context // of fetches: the program outlives no call, and calls outlive no program
	address string
	fetch   func(context.Context) (snapshot, error)

	now    snapshot
	at     time.Time // of now
	away   error     // why there is nothing newer; nil: there is nothing wrong
	failed error     // ends the program

	width, height int
	top           int // the first route that is shown
}

// fetched is the answer to a look at the proxy.
type fetched struct {
	snapshot snapshot
	err      error
}

// due says that it is time to look again.
type due struct{}

// Init implements tea.Model.
func (s *screen) Init() tea.Cmd { return s.later() }

func (s *screen) later() tea.Cmd {
	return tea.Tick(watchEvery, func(time.Time) tea.Msg { return due{} })
}

func (s *screen) look() tea.Msg {
	ctx, cancel := context.WithTimeout(s.ctx, fetchTimeout)
	defer cancel()
	snapshot, err := s.fetch(ctx)
	return fetched{snapshot, err}
}

// Update implements tea.Model.
func (s *screen) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
		s.scroll(0)
	case due:
		return s, s.look
	case fetched:
		_, unreachable := errors.AsType[*api.UnreachableError](msg.err)
		switch {
		case msg.err == nil:
			s.now, s.at, s.away = msg.snapshot, time.Now(), nil
			s.scroll(0)
		case unreachable, errors.Is(msg.err, context.DeadlineExceeded):
			s.away = msg.err
		default: // it answers, and doesn't want to
			s.failed = msg.err
			return s, tea.Quit
		}
		return s, s.later()
	case tea.KeyPressMsg:
		return s, s.key(msg.String())
	}
	return s, nil
}

func (s *screen) key(key string) tea.Cmd {
	page := max(s.layout().routes-1, 1)
	switch key {
	case "q", "esc", "ctrl+c":
		return tea.Quit
	case "ctrl+z":
		return tea.Suspend
	case "ctrl+l":
		return tea.ClearScreen
	case "down", "j":
		s.scroll(1)
	case "up", "k":
		s.scroll(-1)
	case "pgdown", "space", "ctrl+f":
		s.scroll(page)
	case "pgup", "b", "ctrl+b":
		s.scroll(-page)
	case "home", "g":
		s.scroll(-len(s.now.Stats.Routes))
	case "end", "G":
		s.scroll(len(s.now.Stats.Routes))
	}
	return nil
}

// scroll moves the routes by so many lines, as far as there are routes.
func (s *screen) scroll(by int) {
	most := max(len(s.now.Stats.Routes)-s.layout().routes, 0)
	s.top = min(max(s.top+by, 0), most)
}

// View implements tea.Model.
func (s *screen) View() tea.View {
	v := tea.NewView(s.draw(time.Now()))
	v.AltScreen = true
	v.WindowTitle = "strangler status"
	return v
}

// newSnapshots returns what fetches all that the screen shows. It is not for concurrent use.
func newSnapshots(client *api.Client) func(context.Context) (snapshot, error) {
	var groups []web.Group
	var asked time.Time
	return func(ctx context.Context) (s snapshot, err error) {
		if s.statusReport, err = fetchStatus(ctx, client); err != nil {
			return s, err
		}
		if time.Since(asked) >= groupsEvery {
			if groups, err = client.Groups(ctx, "", "open"); err != nil {
				return s, err
			}
			asked = time.Now()
		}
		s.open = groups
		return s, nil
	}
}
