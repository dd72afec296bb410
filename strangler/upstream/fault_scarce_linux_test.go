package upstream_test

import (
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestFullBacklog has an upstream that no longer accepts: connecting takes forever.
func TestFullBacklog(t *testing.T) {
	leavesNothing(t)
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	for range 10 { // until it is full
		conn, err := net.DialTimeout("tcp", address.String(), 50*time.Millisecond)
		if err != nil {
			break
		}
		defer conn.Close()
	}
	g := startGateway(t, &url.URL{Scheme: "http", Host: address.String()}, gatewayConfig{Upstream: upstream.Config{DialTimeout: 100 * time.Millisecond}})
	start := time.Now()
	got := ask(t, g.Addr, getRequest("/"))
	if got.Status != 504 || got.Cut {
		t.Errorf("%v; want 504", got)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if seen := g.observed(t); seen.Decision.Failure != "connect" {
		t.Errorf("failure %q, want connect", seen.Decision.Failure)
	}
	// A client that leaves while connecting is nobody's failure.
	c := connect(t, g.Addr)
	_, _ = c.Write([]byte(getRequest("/")))
	c.Close()
	if seen := g.observed(t); !seen.Aborted || seen.Decision.Failure != "" && seen.Decision.Failure != "connect" {
		t.Errorf("observed aborted %v, failure %q", seen.Aborted, seen.Decision.Failure)
	}
}

// TestOutOfFiles lets this process have no more files: requests that need a connection are told
// so, and all is well again when there are files.
func TestOutOfFiles(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	g := startGateway(t, p.URL, gatewayConfig{})
	c, uploads := connect(t, g.Addr), connect(t, g.Addr)
	for _, c := range []*rawClient{c, uploads} {
		if got := c.ask(t, getRequest("/first")); got.Body != "/first" { // the poller has its files now
			t.Fatal(got)
		}
		g.observed(t)
	}
	g.Transport.Close() // so that a new connection is needed
	eventually(t, "connections", func() error { return moreThan(p.Open.Load(), 0) })

	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before) }()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	for i, request := range []string{getRequest("/"), postRequest("/", "abc"), getRequest("/")} {
		over := c
		if method(request) == "POST" { // its connection closes, since nobody took the upload
			over = uploads
		}
		got := over.ask(t, request)
		if got.Status != 502 || got.Cut || !strings.Contains(got.Body, "could not be reached") {
			t.Errorf("request %d without a file: %v; want 502", i, got)
		}
		if seen := g.observed(t); seen.Decision.Failure != "connect" {
			t.Errorf("failure %q, want connect", seen.Decision.Failure)
		}
		if log := g.Log.take(); !strings.Contains(log, "too many open files") {
			t.Errorf("logged: %q", log)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if got := c.ask(t, getRequest("/again")); got.Status != 200 || got.Body != "/again" {
		t.Errorf("with files again: %v", got)
	}
}
