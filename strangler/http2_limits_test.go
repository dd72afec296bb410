package strangler

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestRapidReset opens streams and resets them at once, so that there are never many by the
// client's count (CVE-2023-44487). No more than the 250 that the server allows are worked on, and
// a connection whose streams pile up behind them is ended. This is net/http's doing; it has to
// stay so.
func TestRapidReset(t *testing.T) {
	const allowed = 250
	var working, most atomic.Int64
	release := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := working.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		<-release
		working.Add(-1)
	}), ServerConfig{Logger: quiet})
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(Frugal{Listener: l}) }()
	defer func() { close(release); s.Close(); <-served }()

	conn, r := dial(t, "http://"+l.Addr().String())
	writeRaw(t, conn, "%s", http2.ClientPreface)
	framer := http2.NewFramer(conn, r)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", "/"}} {
		if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1], Sensitive: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	go func() { // until the server has had enough
		for id := uint32(1); id < 20*5*allowed; id += 2 {
			if framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}) != nil ||
				framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	streams := uint32(0)
	for {
		frame, err := framer.ReadFrame()
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Error("the connection is not ended")
		}
		if err != nil {
			break
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if n, ok := f.Value(http2.SettingMaxConcurrentStreams); ok {
				streams = n
			}
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeEnhanceYourCalm {
				t.Errorf("the connection is ended for %s", f.ErrCode)
			}
		}
	}
	if streams != allowed {
		t.Errorf("the server allows %d streams at a time, want %d", streams, allowed)
	}
	if n := most.Load(); n > allowed {
		t.Errorf("%d requests were worked on at a time, want at most %d", n, allowed)
	}
}
