package upstream_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
	"go.uber.org/goleak"
)

// gateway is a whole proxy on a listener of its own, with this package's transport towards one
// upstream.
type gateway struct {
	Addr      string
	Transport *upstream.Transport
	Seen      chan strangler.Observation // what station 12 says; those that nobody takes are lost
	Log       *logLines
}

// gatewayConfig is what a test wants otherwise than usual; the zero value is useful.
type gatewayConfig struct {
	Upstream upstream.Config // without URLs
	Edit     func(*strangler.Config)
	Server   strangler.ServerConfig
}

// startGateway starts a proxy before an upstream that is the legacy application.
func startGateway(t testing.TB, legacy *url.URL, cfg gatewayConfig) *gateway {
	t.Helper()
	g := &gateway{Seen: make(chan strangler.Observation, 100), Log: new(logLines)}
	cfg.Upstream.URLs = []*url.URL{legacy}
	var err error
	if g.Transport, err = upstream.New(cfg.Upstream); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Transport.Close)
	log := slog.New(slog.NewTextHandler(g.Log, nil))
	config := strangler.Config{
		Legacy: strangler.Upstream{URL: legacy, Transport: g.Transport},
		Logger: log,
		Observe: func(string) func(strangler.Observation) {
			return func(o strangler.Observation) {
				select {
				case g.Seen <- o:
				default:
				}
			}
		},
	}
	if cfg.Edit != nil {
		cfg.Edit(&config)
	}
	p, err := strangler.New(config)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.Addr = l.Addr().String()
	cfg.Server.Logger = log
	s := strangler.NewServer(p, cfg.Server)
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(strangler.Frugal{Listener: l}) }()
	t.Cleanup(func() { s.Close(); <-served })
	return g
}

// observed returns what was observed of the next request.
func (g *gateway) observed(t testing.TB) strangler.Observation {
	t.Helper()
	select {
	case o := <-g.Seen:
		return o
	case <-time.After(patience):
		t.Fatal("nothing was observed")
		return strangler.Observation{}
	}
}

// logLines is a log that may be read while it is written.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was logged since it was last called.
func (l *logLines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.text.String()
	l.text.Reset()
	return s
}

// rawClient is one connection of a client that sends what a test says.
type rawClient struct {
	*net.TCPConn
	r *bufio.Reader
}

func connect(t testing.TB, addr string) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &rawClient{conn.(*net.TCPConn), bufio.NewReader(conn)}
}

// heard is what a client got for a request.
type heard struct {
	Status int // 0: no head
	Header http.Header
	Body   string
	// Cut says that the answer broke off where anybody can see it: before its head's end, its
	// length's or its last chunk.
	Cut   bool
	Close bool // the connection is not for another request
	Err   error
}

// String implements fmt.Stringer.
func (h heard) String() string {
	body := h.Body
	if len(body) > 60 {
		body = fmt.Sprintf("%.60s… (%d)", body, len(body))
	}
	return fmt.Sprintf("status %d, body %q, cut %v (%v)", h.Status, body, h.Cut, h.Err)
}

// hear reads the answer to a request with the given method, informational ones left out.
func (c *rawClient) hear(method string) heard {
	for {
		resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
		if err != nil {
			return heard{Cut: true, Close: true, Err: err}
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		return heard{resp.StatusCode, resp.Header, string(body), err != nil, resp.Close, err}
	}
}

// ask sends a request, as it stands, and returns the answer.
func (c *rawClient) ask(t testing.TB, request string) heard {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		return heard{Cut: true, Err: err}
	}
	return c.hear(method(request))
}

// ask sends a request over a connection of its own.
func ask(t testing.TB, addr, request string) heard {
	t.Helper()
	c := connect(t, addr)
	defer c.Close()
	return c.ask(t, request)
}

func getRequest(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n" }

func postRequest(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func chunkedRequest(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", path, len(body), body)
}

// openFiles returns the number of this process's open files.
func openFiles() (int, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	return len(entries), err
}

// leavesNothing has the test fail if goroutines or files are left over when all that it starts
// from here on is stopped.
func leavesNothing(t *testing.T) {
	t.Helper()
	files, err := openFiles()
	if errors.Is(err, os.ErrNotExist) {
		files = -1 // no /proc: goroutines alone are counted
	}
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		// A net/http server lingers over a connection whose client may still send.
		eventually(t, "goroutines are left over", func() error { return goleak.Find(running) })
		eventually(t, "files are left open", func() error {
			runtime.GC() // the pipes through which the kernel moved answers are kept until then
			if now, _ := openFiles(); files >= 0 && now > files {
				return fmt.Errorf("%d open files, and %d before", now, files)
			}
			return nil
		})
	})
}

// moreThan says that a number is too high.
func moreThan(n, want int64) error {
	if n > want {
		return fmt.Errorf("%d, want %d", n, want)
	}
	return nil
}

// eventually waits until nothing is wrong any more.
func eventually(t testing.TB, what string, wrong func() error) {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%s: %v", what, err)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
