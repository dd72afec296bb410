package strangler_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/strangler"
)

// TestUnreadUpload answers uploads that no upstream took, one after the other from one client:
// none meets a connection that was left in the middle of the last (https://go.dev/issue/68560).
// The short ones were read before an upstream was asked.
func TestUnreadUpload(t *testing.T) {
	nowhere := httptest.NewServer(nil)
	nowhere.Close()
	target, err := url.Parse(nowhere.URL)
	if err != nil {
		t.Fatal(err)
	}
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	p, err := strangler.New(strangler.Config{Legacy: strangler.Upstream{URL: target, Transport: own}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := strangler.NewServer(p, strangler.ServerConfig{})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	defer func() { server.Close(); <-ended }()

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for i, size := range []int{1, 4 << 10, 32 << 10, 32<<10 + 1, 64 << 10, 1, 64 << 10, 64 << 10, 256 << 10, 32<<10 + 1, 4 << 10} {
		resp, err := client.Post(fmt.Sprint("http://", l.Addr()), "text/plain", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatalf("upload %d: %v", i, err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadGateway || resp.Close != (size > 32<<10) {
			t.Errorf("upload %d: status %d, and the connection closes: %v", i, resp.StatusCode, resp.Close)
		}
	}
}
