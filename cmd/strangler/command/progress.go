package command

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/strangler-fig/toolkit/web"
	"golang.org/x/term"
)

const barWidth = 30

// barText draws how much of something there is, 0 to 1. Only the whole of it fills the bar (but for
// what gets lost in a division).
func barText(share float64, width int) string {
	full := min(max(int(share*float64(width)+1e-9), 0), width)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", width-full) + "]"
}

// isTerminal reports whether a person looks at what is written, rather than a program.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// widthOf returns how many characters a line of a terminal has; 0: what is written to is none, or doesn't
// say.
func widthOf(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// bar shows on a terminal how far a replay is.
type bar struct{ to io.Writer }

// newBar returns one for a terminal; elsewhere it shows nothing.
func newBar(to io.Writer) bar {
	if !isTerminal(to) {
		return bar{}
	}
	return bar{to}
}

func (b bar) show(s web.ReplayStep) {
	if b.to == nil || s.Of == 0 {
		return
	}
	fmt.Fprintf(b.to, "\r\x1b[K%s %d of %d: %d fixed, %d remain, %d new", barText(float64(s.Done)/float64(s.Of), barWidth), s.Done, s.Of, s.Fixed, s.Remains, s.New)
}

func (b bar) clear() {
	if b.to != nil {
		fmt.Fprint(b.to, "\r\x1b[K")
	}
}
