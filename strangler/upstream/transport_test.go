package upstream

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A net/http server lingers for half a second over a connection whose client may still send.
	// Go's resolver goes on with a look-up that nobody waits for any more, up to its own time-out.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"),
		goleak.IgnoreAnyFunction("net.dnsPacketRoundTrip"), goleak.IgnoreAnyFunction("internal/singleflight.(*Group).doCall"),
		goleak.IgnoreAnyFunction("net.(*Resolver).lookupIPAddr.func2"))
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func serve(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return parse(t, s.URL)
}

func transport(t *testing.T, cfg Config) *Transport {
	t.Helper()
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// nobody returns an address that refuses connections.
func nobody(t *testing.T) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return parse(t, "http://"+l.Addr().String())
}

func send(t *testing.T, tr *Transport, method, body string) (int, string) {
	t.Helper()
	r, _ := http.NewRequest(method, "http://any.example/path", strings.NewReader(body))
	if body == "" {
		r.Body, r.GetBody = nil, nil
	}
	r.GetBody = nil // as a proxy's request is
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

func named(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, name+string(body))
	}
}

func TestRoundRobin(t *testing.T) {
	tr := transport(t, Config{URLs: []*url.URL{serve(t, named("a")), serve(t, named("b")), serve(t, named("c"))}})
	got := map[string]int{}
	for range 9 {
		_, body := send(t, tr, "GET", "")
		got[body]++
	}
	if diff := cmp.Diff(map[string]int{"a": 3, "b": 3, "c": 3}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefusingEndpointIsSkipped(t *testing.T) {
	tr := transport(t, Config{URLs: []*url.URL{nobody(t), serve(t, named("b")), nobody(t)}})
	for i := range 6 {
		if _, body := send(t, tr, "POST", "-body"); body != "b-body" {
			t.Errorf("request %d: %q, want the body at the endpoint that listens", i, body)
		}
	}
	resting := 0
	for _, ep := range tr.State().Endpoints {
		if !ep.Healthy && ep.Why == "connection refused" {
			resting++
		}
	}
	if resting != 2 {
		t.Errorf("%d endpoints were put to rest, want the 2 that refuse", resting)
	}
}

// TestBodyReadForOneThatIsGone has an endpoint go away to which a connection was kept: that is found
// out when the body has been read, which the next endpoint gets all the same.
func TestBodyReadForOneThatIsGone(t *testing.T) {
	for _, size := range []int{5, 2 * inlineBody} {
		leaves := httptest.NewServer(named("a"))
		tr := transport(t, Config{URLs: []*url.URL{parse(t, leaves.URL), serve(t, named("b"))}})
		body := strings.Repeat("x", size)
		post := func() string {
			t.Helper()
			r, _ := http.NewRequest("POST", "http://any.example/", strings.NewReader(body)) // with GetBody
			resp, err := tr.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(answer)
		}
		got := map[string]int{}
		for range 4 {
			got[post()[:1]]++
		}
		if got["a"] == 0 {
			t.Fatal("nothing went to the one that leaves")
		}
		leaves.Close()
		for range 4 {
			if answer := post(); answer != "b"+body {
				t.Errorf("%.10q of %d bytes, want all of the body at b", answer, len(answer))
			}
		}
	}
}

func TestAllRefuse(t *testing.T) {
	tr := transport(t, Config{URLs: []*url.URL{nobody(t), nobody(t)}})
	for range 3 { // also while all rest
		closed := new(closing)
		r, _ := http.NewRequest("POST", "http://any.example/", closed)
		if _, err := tr.RoundTrip(r); err == nil || !refused(err) {
			t.Fatalf("error %v, want a refused connection", err)
		}
		if n := closed.times.Load(); n == 0 {
			t.Error("the body was not closed")
		}
	}
}

type closing struct{ times atomic.Int32 }

func (*closing) Read([]byte) (int, error) { return 0, io.EOF }
func (c *closing) Close() error           { c.times.Add(1); return nil }

// TestSentIsNotSentAgain has an endpoint that takes the request and gives no answer.
func TestSentIsNotSentAgain(t *testing.T) {
	var calls atomic.Int32
	dies := func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		panic(http.ErrAbortHandler)
	}
	tr := transport(t, Config{URLs: []*url.URL{serve(t, dies), serve(t, dies)}})
	r, _ := http.NewRequest("POST", "http://any.example/", strings.NewReader("x"))
	if _, err := tr.RoundTrip(r); err == nil {
		t.Error("no error")
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d endpoints got the request, want 1", n)
	}
}

func TestFirstByteTimeout(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	tr := transport(t, Config{URLs: []*url.URL{u}, Policy: Policy{Timeouts: Timeouts{FirstByte: 20 * time.Millisecond}}})
	r, _ := http.NewRequest("GET", "http://any.example/", nil)
	_, err := tr.RoundTrip(r)
	if timeout, ok := err.(interface{ Timeout() bool }); !ok || !timeout.Timeout() {
		t.Errorf("error %v, want a time-out", err)
	}
}

func TestAddsNothingFollowsNothing(t *testing.T) {
	var header http.Header
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	tr := transport(t, Config{URLs: []*url.URL{u}})
	r, _ := http.NewRequest("GET", "http://any.example/", nil)
	r.Header["User-Agent"] = nil
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound || len(header) > 0 {
		t.Errorf("status %d, headers %v; want the redirect itself and no headers", resp.StatusCode, header)
	}
}

func TestH2C(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	tr := transport(t, Config{URLs: []*url.URL{parse(t, strings.Replace(s.URL, "http:", "h2c:", 1))}})
	if _, body := send(t, tr, "GET", ""); body != "HTTP/2.0" {
		t.Errorf("spoken: %s, want HTTP/2.0", body)
	}
}

// TestIdleOut counts the connections that an upstream sees: one that idled out isn't used again.
func TestIdleOut(t *testing.T) {
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(named(""))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	tr := transport(t, Config{URLs: []*url.URL{parse(t, s.URL)}, IdleTimeout: 20 * time.Millisecond})
	send(t, tr, "GET", "")
	time.Sleep(200 * time.Millisecond)
	send(t, tr, "GET", "")
	if n := conns.Load(); n != 2 {
		t.Errorf("%d connections, want a new one for the second request", n)
	}
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		urls []string
		cfg  Config
		want []string
	}{
		"none":     {want: []string{"name at least one endpoint"}},
		"scheme":   {urls: []string{"ftp://a"}, want: []string{`endpoint "ftp://a": its scheme is`}},
		"mixed":    {urls: []string{"http://a", "https://b", "http://c/x"}, want: []string{`"https://b": scheme https, but the first one has http`, `"http://c/x": path "/x"`}},
		"no host":  {urls: []string{"http:/a"}, want: []string{"names no host"}},
		"negative": {urls: []string{"http://a"}, cfg: Config{IdleTimeout: -1}, want: []string{"IdleTimeout is negative"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range c.urls {
				c.cfg.URLs = append(c.cfg.URLs, parse(t, s))
			}
			_, err := New(c.cfg)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, want %q in it", err, want)
				}
			}
		})
	}
}
