package upstream_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

const ownNetwork = "STRANGLER_TEST_OWN_NETWORK"

// TestOutOfPorts runs itself in a network of its own, which has few ports.
func TestOutOfPorts(t *testing.T) {
	if os.Getenv(ownNetwork) != "" {
		outOfPorts(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOutOfPorts$", "-test.v")
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("a network of its own: %v", err)
		}
		t.Skipf("this user may have no network of its own: %v", err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "--- PASS: TestOutOfPorts") {
		t.Errorf("%v\n%s", err, &out)
	}
}

// outOfPorts has as many requests in flight as there are ports, and one more: that is told so.
func outOfPorts(t *testing.T) {
	loopbackUp(t)
	release := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if path(head) == "/hold" {
				<-release
			}
			c.send(plain(path(head)))
		}
	})
	g := startGateway(t, p.URL, gatewayConfig{})
	const ports = 8
	holding := make([]*rawClient, ports)
	for i := range holding {
		holding[i] = connect(t, g.Addr)
	}
	c := connect(t, g.Addr)
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("50001 50008"), 0); err != nil {
		t.Fatal(err)
	}
	for _, h := range holding {
		if _, err := h.Write([]byte(getRequest("/hold"))); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "requests in flight", func() error { return moreThan(ports-p.Requests.Load(), 0) })
	for range 3 {
		got := c.ask(t, getRequest("/"))
		if got.Status != 502 || got.Cut || !strings.Contains(got.Body, "could not be reached") {
			t.Errorf("without a port: %v; want 502", got)
		}
		if seen := g.observed(t); seen.Decision.Failure != "connect" {
			t.Errorf("failure %q, want connect", seen.Decision.Failure)
		}
		if log := g.Log.take(); !strings.Contains(log, "cannot assign requested address") {
			t.Errorf("logged: %q", log)
		}
	}
	close(release)
	for _, h := range holding {
		if got := h.hear("GET"); got.Status != 200 || got.Body != "/hold" {
			t.Errorf("held: %v", got)
		}
		g.observed(t)
	}
	if got := c.ask(t, getRequest("/again")); got.Status != 200 || got.Body != "/again" {
		t.Errorf("with ports again: %v", got)
	}
}

// loopbackUp brings up the loopback interface, as a new network has it down.
func loopbackUp(t *testing.T) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	var request struct { // struct ifreq
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "lo")
	request.flags = syscall.IFF_UP | syscall.IFF_RUNNING
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		t.Fatalf("bring up the loopback interface: %v", errno)
	}
}
