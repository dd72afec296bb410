package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// terminal [-in TEXT] PROGRAM ARG…: runs a program on a terminal of 80 columns, where TEXT is typed, and
// prints what is seen there. The program may end as it likes.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	typed := ""
	if len(args) > 2 && args[0] == "-in" {
		typed, args = args[1]+"\n", args[2:]
	}
	if neg || len(args) == 0 {
		ts.Fatalf("usage: terminal [-in TEXT] PROGRAM ARG…")
	}
	outside, inside, err := openTerminal()
	ts.Check(err)
	defer outside.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "TERM=xterm", "NO_COLOR="+ts.Getenv("NO_COLOR"), "STRANGLER_ADMIN="+ts.Getenv("STRANGLER_ADMIN"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inside, inside, inside
	err = cmd.Start()
	inside.Close()
	ts.Check(err)
	_, err = io.WriteString(outside, typed)
	ts.Check(err)
	var seen strings.Builder
	_, _ = io.Copy(&seen, outside) // it ends with an error when the program does
	_ = cmd.Wait()
	fmt.Fprint(ts.Stdout(), seen.String())
}

// openTerminal returns both ends of a pseudo-terminal, as pts(4) has it.
func openTerminal() (outside, inside *os.File, err error) {
	if outside, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			outside.Close()
		}
	}()
	if err := unix.IoctlSetPointerInt(int(outside.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, fmt.Errorf("unlock the terminal: %w", err)
	}
	n, err := unix.IoctlGetInt(int(outside.Fd()), unix.TIOCGPTN)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the terminal's number: %w", err)
	}
	if inside, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	return outside, inside, unix.IoctlSetWinsize(int(inside.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
}
