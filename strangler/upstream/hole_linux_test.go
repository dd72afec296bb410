package upstream

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"
)

// TestFirstByteIsNotDialling has an endpoint that takes no connections, without a word: the next
// one is asked, whichever time-outs there are.
func TestFirstByteIsNotDialling(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for dialling to time out")
	}
	well := serve(t, func(http.ResponseWriter, *http.Request) {})
	first := Timeouts{FirstByte: 100 * time.Millisecond}
	for name, c := range map[string]struct {
		policy   Policy
		standard bool
	}{
		"first byte":             {policy: Policy{Timeouts: first}},
		"idle too":               {policy: Policy{Timeouts: Timeouts{FirstByte: first.FirstByte, Idle: time.Minute}}},
		"retry":                  {policy: Policy{Timeouts: first, Retry: Retry{Attempts: 2}}},
		"net/http's":             {policy: Policy{Timeouts: first}, standard: true},
		"net/http's, with retry": {policy: Policy{Timeouts: first, Retry: Retry{Attempts: 2}}, standard: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := transport(t, Config{URLs: []*url.URL{hole(t), well}, DialTimeout: 300 * time.Millisecond, Standard: c.standard, Policy: c.policy})
			for range 4 {
				resp, err := tr.RoundTrip(get(t.Context()))
				finish(t, resp, err)
			}
			if got := tr.State().Policy.Timeouts; got.FirstByte != 0 || got.Dial == 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// hole returns an address that lets whoever connects wait: its queue is full.
func hole(t *testing.T) *url.URL {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Listen(fd, 0)
	at, _ := syscall.Getsockname(fd)
	addr := fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
	for { // until it takes no more
		conn, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return parse(t, "http://"+addr)
		}
		t.Cleanup(func() { conn.Close() })
	}
}
