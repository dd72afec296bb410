package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// slow answers the head and a first piece of what it was asked for, then waits for its release.
type slow struct{ begun, release chan struct{} }

func newSlow() slow { return slow{make(chan struct{}, 10), make(chan struct{})} }

func (s slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wait := func() {
		s.begun <- struct{}{}
		select {
		case <-s.release:
		case <-r.Context().Done():
		}
	}
	switch r.URL.Path {
	case "/slow":
		wait()
		fmt.Fprint(w, "late but whole")
	case "/upload":
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n, " ", err)
	case "/events":
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: first\n\n")
		_ = http.NewResponseController(w).Flush()
		wait()
		fmt.Fprint(w, "data: last\n\n")
	case "/socket":
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		ctx := context.WithoutCancel(r.Context())
		for {
			kind, text, err := conn.Read(ctx)
			if err != nil {
				return
			}
			if conn.Write(ctx, kind, append([]byte("echo "), text...)) != nil {
				return
			}
		}
	}
}

// body reads an answer whole.
func body(resp *http.Response, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// underWay are exchanges of all kinds that take long.
type underWay struct {
	answers  map[string]chan string // what the client got, or its error
	upload   *io.PipeWriter
	socket   *websocket.Conn
	watching *http.Response // of the admin side's events
}

// underWay begins one exchange of each kind, and returns when all are under way.
func (s *system) underWay(t *testing.T, legacy slow) *underWay {
	t.Helper()
	u := &underWay{answers: map[string]chan string{}}
	ask := func(name string, call func() (*http.Response, error)) {
		answer := make(chan string, 1)
		u.answers[name] = answer
		go func() {
			text, err := body(call())
			if err != nil {
				text = "error: " + err.Error()
			}
			answer <- text
		}()
	}
	ask("slow", func() (*http.Response, error) { return s.Client.Get(s.URL + "/slow") })
	h2c := &http.Transport{Protocols: new(http.Protocols)}
	h2c.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(h2c.CloseIdleConnections)
	ask("slow over HTTP/2", func() (*http.Response, error) { return (&http.Client{Transport: h2c}).Get(s.URL + "/slow") })
	ask("events", func() (*http.Response, error) { return s.Client.Get(s.URL + "/events") })
	var from *io.PipeReader
	from, u.upload = io.Pipe()
	ask("upload", func() (*http.Response, error) { return s.Client.Post(s.URL+"/upload", "text/plain", from) })
	if _, err := u.upload.Write([]byte("first ")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-legacy.begun
	}
	var err error
	if u.socket, _, err = websocket.Dial(t.Context(), s.URL+"/socket", &websocket.DialOptions{HTTPClient: s.Client}); err != nil {
		t.Fatal(err)
	}
	if text, err := u.echo(t.Context(), "hello"); text != "echo hello" {
		t.Fatalf("the socket says %q, %v", text, err)
	}
	if u.watching, err = s.Client.Get(s.AdminURL() + "/api/v1/events"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.watching.Body.Close(); u.socket.CloseNow(); u.upload.Close() })
	return u
}

func (u *underWay) echo(ctx context.Context, text string) (string, error) {
	if err := u.socket.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		return "", err
	}
	_, answer, err := u.socket.Read(ctx)
	return string(answer), err
}

// TestDrain ends a daemon while requests are in flight: it says so, answers on, takes no more,
// and lets those end that began.
func TestDrain(t *testing.T) {
	t.Parallel()
	legacy := newSlow()
	server := backend(t, "", legacy.ServeHTTP)
	s := start(t, fmt.Sprintf("legacy: {url: %q}\nshutdown: {drain_delay: 500ms, grace: 20s}\n", server.URL))
	if status, _ := s.ready(t); status != http.StatusOK {
		t.Fatalf("/readyz is %d", status)
	}
	u := s.underWay(t, legacy)
	s.stop()

	eventually(t, "/readyz fails", func() bool {
		status, detail := s.ready(t)
		return status == http.StatusServiceUnavailable && detail["draining"] == true
	})
	if answer, err := body(s.Client.Post(s.URL+"/upload", "text/plain", strings.NewReader("more"))); err != nil || answer != "4 <nil>" {
		t.Errorf("a new request while draining: %q, %v", answer, err)
	}
	eventually(t, "the listener is closed", func() bool {
		conn, err := net.Dial("tcp", s.Addr())
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	if text, err := u.echo(t.Context(), "still there"); text != "echo still there" {
		t.Errorf("the socket says %q, %v", text, err)
	}
	select {
	case err := <-s.stopped:
		t.Fatalf("the daemon ended while requests were in flight: %v", err)
	default:
	}
	fmt.Fprint(u.upload, "last")
	u.upload.Close()
	close(legacy.release)
	for name, want := range map[string]string{"slow": "late but whole", "slow over HTTP/2": "late but whole", "events": "data: first\n\ndata: last\n\n", "upload": "10 <nil>"} {
		if got := <-u.answers[name]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := u.socket.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("close the socket: %v", err)
	}
	s.ends(t, 10*time.Second)
}

// ends waits until the daemon, which was told to stop, has ended.
func (s *system) ends(t *testing.T, within time.Duration) {
	t.Helper()
	s.stop = nil
	select {
	case err := <-s.stopped:
		if err != nil {
			t.Errorf("it ended with: %v", err)
		}
	case <-time.After(within):
		t.Fatalf("it did not end within %s", within)
	}
}

// TestGrace ends a daemon whose requests don't end: they are cut, and cut so that the client
// sees it.
func TestGrace(t *testing.T) {
	t.Parallel()
	legacy := newSlow()
	server := backend(t, "", legacy.ServeHTTP)
	s := start(t, fmt.Sprintf("legacy: {url: %q}\nshutdown: {grace: 300ms}\n", server.URL))
	u := s.underWay(t, legacy)
	began := time.Now()
	s.stop()
	s.ends(t, 10*time.Second)
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("it ended after %s, within the grace period", took)
	}
	for _, name := range []string{"slow", "slow over HTTP/2", "events", "upload"} {
		if name == "upload" {
			u.upload.Close()
		}
		if got := <-u.answers[name]; !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: the client takes %q for the whole answer", name, got)
		}
	}
	if text, err := u.echo(t.Context(), "anybody?"); err == nil {
		t.Errorf("the socket still says %q", text)
	}
	if !strings.Contains(s.Log.String(), "requests that are still in flight are cut") {
		t.Errorf("the log doesn't have it: %s", s.Log)
	}
}

// TestAdminStreamEnds ends a daemon that somebody watches: they don't hold it up.
func TestAdminStreamEnds(t *testing.T) {
	server := backend(t, "legacy", nil)
	s := start(t, fmt.Sprintf("legacy: {url: %q}\n", server.URL))
	resp, err := s.Client.Get(s.AdminURL() + "/api/v1/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil {
		t.Fatal(first, err)
	}
	began := time.Now()
	s.stop()
	s.ends(t, 10*time.Second)
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestEndWritesWhatIsPending ends a daemon while copies hang and comparisons wait: each is in
// the ledger afterwards, if only as skipped.
func TestEndWritesWhatIsPending(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	hang := newSlow()
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("hang") != "" {
			hang.ServeHTTP(w, r)
			return
		}
		fmt.Fprint(w, "service")
	})
	folder := t.TempDir()
	s := startIn(t, folder, fmt.Sprintf("legacy: {url: %q}\nservices: {a: {urls: [%q]}}\nshadow: {workers: 4}\nroutes:\n  - {name: slow, match: {path: /slow}, service: a, start: shadow, shadow: {control: 0%%, recheck: 0s}}\n", legacy.URL, service.URL))
	for i := range 100 {
		s.get(t, fmt.Sprintf("/slow?n=%d", i))
	}
	s.get(t, "/slow?hang=1")
	<-hang.begun
	for range 23 {
		s.get(t, "/slow?hang=1")
	}
	eventually(t, "all but what hangs is compared", func() bool {
		c := s.Stats().Routes[0].Comparisons
		return c.Diverged == 100 && c.Pending == 24
	})
	s.stop()
	s.ends(t, 20*time.Second)

	kept, err := ledger.Open(t.Context(), filepath.Join(folder, "data", "ledger.db"), ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close(t.Context())
	totals, err := kept.Totals(t.Context())
	got := map[string]int64{}
	for _, total := range totals {
		got[total.Verdict.String()+" "+total.Reason] = total.Count
	}
	if err != nil || got["diverged "] != 100 || got["skipped shutting down"] != 24 || len(got) != 2 {
		t.Errorf("the ledger has %v, %v", got, err)
	}
}
