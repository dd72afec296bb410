package command

import (
	"io"
	"os"

	"golang.org/x/term"
)

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
