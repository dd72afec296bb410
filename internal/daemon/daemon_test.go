package daemon_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/web/api"
	"go.uber.org/goleak"
)

var soak = flag.Bool("soak", false, "run the long load and latency measurements, for minutes")

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		child(file)
		return
	}
	if kind := os.Getenv(childPeer); kind != "" {
		bePeer(kind)
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set("6") // they wait more than they work
	}
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// system is a daemon that runs, with what a test wants to do to it.
type system struct {
	*daemon.Daemon
	URL    string // of the proxy
	API    *api.Client
	Client *http.Client
	File   string // the configuration's
	Log    *logBuffer

	stop    context.CancelFunc
	stopped chan error
}

// logBuffer is a log that may be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// backend is a server that answers with its name, the method and the path, or what handle does.
func backend(t testing.TB, name string, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	if handle == nil {
		handle = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprintf(w, "%s %s %s", name, r.Method, r.RequestURI)
		}
	}
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

// start runs a daemon with a configuration, on free ports and in a data folder of its own.
func start(t testing.TB, text string) *system {
	t.Helper()
	return startIn(t, t.TempDir(), text)
}

const preamble = "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\ndata: data\ndebug_header: true\n"

func startIn(t testing.TB, folder, text string) *system {
	t.Helper()
	return startWith(t, folder, text, daemon.Options{})
}

// startWith is startIn with those of the options that don't come from the file.
func startWith(t testing.TB, folder, text string, o daemon.Options) *system {
	t.Helper()
	s, err := tryStart(t, folder, text, o)
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() { s.stopped <- s.Run(ctx) }()
	s.URL = "http://" + s.Addr()
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	s.Client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	adminTransport := &http.Transport{}
	s.API, err = api.NewClient(api.ClientConfig{URL: s.AdminURL(), Actor: "test", HTTP: &http.Client{Transport: adminTransport, Timeout: 20 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		adminTransport.CloseIdleConnections()
		if err := s.end(); err != nil {
			t.Errorf("the daemon ended with: %v", err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", s.Log)
		}
	})
	return s
}

// tryStart makes a daemon that doesn't run yet.
func tryStart(t testing.TB, folder, text string, o daemon.Options) (*system, error) {
	t.Helper()
	s := &system{File: filepath.Join(folder, "strangler.yaml"), Log: &logBuffer{}, stopped: make(chan error, 1)}
	s.write(t, text)
	load := func() (*config.Config, error) { return config.Load(s.File, config.Options{}) }
	cfg, err := load()
	if err != nil {
		t.Fatal(err)
	}
	o.Config, o.Load = cfg, load
	o.Logger = slog.New(slog.NewTextHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	s.Daemon, err = daemon.New(context.Background(), o)
	return s, err
}

// write replaces the configuration file at once, so that whoever watches it never reads half of it. One that
// says the same stays, since there are tests whose disk is full.
func (s *system) write(t testing.TB, text string) {
	t.Helper()
	text = preamble + text
	if there, err := os.ReadFile(s.File); err == nil && string(there) == text {
		return
	}
	if err := os.WriteFile(s.File+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.File+".new", s.File); err != nil {
		t.Fatal(err)
	}
}

// logs waits until the log has a text: what is seen of a change may be seen before it is logged.
func (s *system) logs(t testing.TB, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the log says %q", text), func() bool { return strings.Contains(s.Log.String(), text) })
}

// end stops the daemon and waits for it; only the first call does anything.
func (s *system) end() error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	return <-s.stopped
}

// get returns status, body and debug header of a GET through the proxy.
func (s *system) get(t testing.TB, path string) (status int, body, decision string) {
	t.Helper()
	resp, err := s.Client.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header.Get("X-Strangler")
}

// patience is how long a test waits for what has to come, on a machine that is busy.
const patience = time.Minute

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("in %s it did not come to this: %s", patience, what)
}
