package strangler_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// processEnv, in the environment of this test's own binary, makes it a proxy in front of the URL
// that it says, so that its memory is no one else's.
const processEnv = "STRANGLER_TEST_PROXY"

// proxyProcess is that proxy. It says its address, then for each line that it reads how many
// bytes its heap and its stacks have, and ends with its input.
func proxyProcess(target string) {
	if err := proxyUntilEOF(target); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func proxyUntilEOF(target string) error {
	target, standard := strings.CutSuffix(target, " standard")
	u, err := url.Parse(target)
	if err != nil {
		return err
	}
	transport, err := upstream.New(upstream.Config{URLs: []*url.URL{u}, Standard: standard})
	if err != nil {
		return err
	}
	p, err := strangler.New(strangler.Config{Legacy: strangler.Upstream{URL: u, Transport: transport}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = strangler.NewServer(p, strangler.ServerConfig{}).Serve(l) }()
	fmt.Println(l.Addr())
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		fmt.Println(m.HeapInuse + m.StackInuse)
	}
	return nil
}

// process is a proxy in a process of its own.
type process struct {
	addr string
	pid  int
	ask  func() int // bytes in use
}

// startProcess runs one in front of a URL until the test's end.
func startProcess(t *testing.T, b backKind, target string) process {
	t.Helper()
	if b.standard {
		target += " standard"
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), processEnv+"="+target)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the proxy's process ended with: %v", err)
		}
	})
	said := bufio.NewScanner(out)
	if !said.Scan() {
		t.Fatal("the proxy's process says no address")
	}
	return process{addr: said.Text(), pid: cmd.Process.Pid, ask: func() int {
		if _, err := fmt.Fprintln(in); err != nil || !said.Scan() {
			return 0
		}
		n, _ := strconv.Atoi(said.Text())
		return n
	}}
}

// resident returns how much memory the process has, and how much it had at most, as Linux says.
func (p process) resident() (now, peak int, known bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "VmRSS":
			now = kib << 10
		case "VmHWM":
			peak = kib << 10
		}
	}
	return now, peak, now > 0 && peak > 0
}
