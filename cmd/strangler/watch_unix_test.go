//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
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

// TestWatchOnATerminal runs the command as somebody at a terminal does, beside a real proxy.
func TestWatchOnATerminal(t *testing.T) {
	admin, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := "listen: 127.0.0.1:0\nadmin: {listen: \"" + admin + "\"}\nlegacy: {url: http://127.0.0.1:1}\nservices: {s: {urls: [http://127.0.0.1:1]}}\nroutes:\n"
	for i := range 60 {
		file += fmt.Sprintf("  - {name: route-%02d, match: {path: /%d}, service: s, start: live}\n", i+1, i)
	}
	if err := os.WriteFile(filepath.Join(folder, "strangler.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	serve := &exec.Cmd{Path: self, Args: []string{"strangler", "serve"}, Dir: folder}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		serve.Process.Signal(os.Interrupt)
		serve.Wait()
	}()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get("http://" + admin + "/readyz"); err == nil {
			answer.Body.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("the proxy isn't ready")
		}
	}
	for _, key := range []string{"q", "\x03", "q with standard input elsewhere"} {
		watch := &exec.Cmd{Path: self, Args: []string{"strangler", "status", "--watch", "--admin", "http://" + admin}, Dir: folder,
			Env: append(os.Environ(), "TERM=xterm-256color")}
		screen := &display{Emulator: vt.NewEmulator(80, 24)}
		if len(key) > 1 { // as behind a pipe: keys come from the terminal all the same
			watch.Stdin, key = strings.NewReader(""), "q"
		}
		terminal, err := pty.StartWithAttrs(watch, &pty.Winsize{Cols: 80, Rows: 24}, &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1})
		if err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("there are no pseudo terminals, which CI has: %v", err)
			}
			t.Skipf("there are no pseudo terminals here: %v", err)
		}
		drawn := make(chan struct{})
		go func() { io.Copy(screen, terminal); close(drawn) }()
		go io.Copy(terminal, screen)
		shows := func(text string) {
			t.Helper()
			for end := time.Now().Add(patience); !strings.Contains(screen.String(), text); time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("the screen never showed %q:\n%s", text, screen)
				}
			}
		}
		shows("route-01")
		shows("60 routes: 60 live")
		terminal.WriteString("G")
		shows("(everything else)")
		screen.Resize(80, 30)
		if err := pty.Setsize(terminal, &pty.Winsize{Cols: 80, Rows: 30}); err != nil { // the kernel tells it
			t.Fatal(err)
		}
		shows("61 of 61; ")
		terminal.WriteString(key)
		if err := watch.Wait(); err != nil {
			t.Errorf("%q ends it with %v", key, err)
		}
		<-drawn
		if left := screen.String(); strings.Contains(left, "route-") || !screen.usual() {
			t.Errorf("the screen of before isn't back:\n%s", left)
		}
		screen.InputPipe().(io.Closer).Close()
		terminal.Close()
	}
}
