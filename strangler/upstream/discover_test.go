package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serveAt serves on an address of the loopback network.
func serveAt(t *testing.T, addr string, h http.HandlerFunc) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("no second loopback address: %v", err) // other systems have only 127.0.0.1
	}
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

func (t *Transport) addrs() []string {
	var all []string
	for _, ep := range t.State().Endpoints {
		all = append(all, ep.Addr)
	}
	return all
}

func waitFor(t *testing.T, tr *Transport, want ...string) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		got := tr.addrs()
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("endpoints %v, want %v", got, want)
		}
	}
}

// TestNameMoves has a name's addresses change under traffic: nothing fails, the Host header stays
// the name, what is gone gets nothing more, and what it is answering it answers to the end.
func TestNameMoves(t *testing.T) {
	for name, standard := range map[string]bool{"own transport": false, "net/http's": true} {
		t.Run(name, func(t *testing.T) {
			release := make(chan struct{})
			began := make(chan struct{}, 1)
			answer := func(who string) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/slow" {
						_, _ = io.WriteString(w, "begun ")
						_ = http.NewResponseController(w).Flush()
						began <- struct{}{}
						<-release
					}
					_, _ = io.WriteString(w, who+" "+r.Host)
				}
			}
			port := serveAt(t, "127.0.0.1:0", answer("one"))
			serveAt(t, "127.0.0.2:"+port, answer("two"))
			dns := &nameserver{}
			dns.say("orders.internal A", "127.0.0.1")
			tr := transport(t, Config{
				URLs: []*url.URL{parse(t, "http://orders.internal:"+port)}, Resolver: dns.resolver(t), Resolve: 5 * time.Millisecond,
				Standard: standard, IdleTimeout: 50 * time.Millisecond,
			})
			_, body := send2(t, tr, "/", "") // whether it has been looked up or not
			if want := "one orders.internal:" + port; body != want {
				t.Errorf("answer %q, want %q", body, want)
			}
			waitFor(t, tr, "127.0.0.1:"+port)
			slow := make(chan string)
			go func() {
				_, body := send2(t, tr, "/slow", "client.example")
				slow <- body
			}()
			<-began
			dns.say("orders.internal A", "127.0.0.2", "127.0.0.1")
			waitFor(t, tr, "127.0.0.1:"+port, "127.0.0.2:"+port)
			seen := map[string]bool{}
			for range 4 {
				_, body := send2(t, tr, "/", "")
				seen[body[:3]] = true
			}
			if len(seen) != 2 {
				t.Errorf("answers of %v, want both", seen)
			}
			gone := tr.endpoints.Load().all[0]
			dns.say("orders.internal A", "127.0.0.2")
			waitFor(t, tr, "127.0.0.2:"+port)
			for range 10 {
				if _, body := send2(t, tr, "/", "client.example"); body != "two client.example" {
					t.Errorf("answer %q, want that of the second address", body)
				}
			}
			close(release)
			if body := <-slow; body != "begun one client.example" {
				t.Errorf("what was under way came to %q", body)
			}
			for gone.state(tr.host).Idle > 0 {
				time.Sleep(time.Millisecond)
			}
		})
	}
}

func send2(t *testing.T, tr *Transport, path, host string) (int, string) {
	t.Helper()
	r, _ := http.NewRequest("GET", "http://any.example"+path, nil)
	r.Host = host
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}

// TestNameserverFails keeps what it knows, and says what is wrong.
func TestNameserverFails(t *testing.T) {
	port := serveAt(t, "127.0.0.1:0", named("a"))
	dns := &nameserver{}
	dns.say("orders.internal A", "127.0.0.1")
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "http://orders.internal:"+port)}, Resolver: dns.resolver(t), Resolve: time.Millisecond})
	waitFor(t, tr, "127.0.0.1:"+port)
	dns.fail(true)
	for tr.State().Lookup == "" {
		time.Sleep(time.Millisecond)
	}
	if s := tr.State().Lookup; !strings.HasPrefix(s, "look up orders.internal:"+port) {
		t.Errorf("it says %q", s)
	}
	waitFor(t, tr, "127.0.0.1:"+port)
	if code, _ := send(t, tr, "GET", ""); code != 200 {
		t.Errorf("status %d", code)
	}
	dns.fail(false)
	for tr.State().Lookup != "" {
		time.Sleep(time.Millisecond)
	}
}

// TestNobodyKnowsTheName is a failed connection.
func TestNobodyKnowsTheName(t *testing.T) {
	dns := &nameserver{}
	for _, scheme := range []string{"http", "srv", "srv+http"} {
		t.Run(scheme, func(t *testing.T) {
			tr := transport(t, Config{URLs: []*url.URL{parse(t, scheme+"://nobody.internal")}, Resolver: dns.resolver(t)})
			_, err := tr.RoundTrip(get(t.Context()))
			wantKind(t, err, KindConnect)
			if _, ok := errors.AsType[*net.DNSError](err); !ok {
				t.Errorf("error %v, want the resolver's in it", err)
			}
		})
	}
}

// TestAddressFamilies says which of a name's addresses are endpoints.
func TestAddressFamilies(t *testing.T) {
	for name, c := range map[string]struct {
		v4, v6 []string
		want   []string
		byName bool
	}{
		"IPv4 only":       {v4: []string{"10.0.0.2", "10.0.0.1"}, want: []string{"10.0.0.1:80", "10.0.0.2:80"}},
		"IPv6 only":       {v6: []string{"fd00::2", "fd00::1"}, want: []string{"[fd00::1]:80", "[fd00::2]:80"}},
		"one of each":     {v4: []string{"10.0.0.1"}, v6: []string{"fd00::1"}, want: []string{"10.0.0.1:80"}, byName: true},
		"several of each": {v4: []string{"10.0.0.1", "10.0.0.2"}, v6: []string{"fd00::1", "fd00::2"}, want: []string{"10.0.0.1:80", "10.0.0.2:80"}},
		"one twice":       {v4: []string{"10.0.0.1", "10.0.0.1"}, want: []string{"10.0.0.1:80"}},
	} {
		t.Run(name, func(t *testing.T) {
			dns := &nameserver{}
			dns.say("x.internal A", c.v4...)
			dns.say("x.internal AAAA", c.v6...)
			l := &lookup{scheme: "http", resolver: dns.resolver(t)}
			found, err := l.addresses(t.Context(), "x.internal", "80", "x.internal", 1)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range found {
				got = append(got, p.Addr)
				if (p.dialAs == "x.internal:80") != c.byName {
					t.Errorf("%s is dialled as %q", p.Addr, p.dialAs)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestBothFamiliesAreTried has a name's IPv4 address refuse and its IPv6 one answer, as localhost
// often does.
func TestBothFamiliesAreTried(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6: %v", err) // containers often have none
	}
	s := httptest.NewUnstartedServer(named("six"))
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	dns := &nameserver{}
	dns.say("x.internal A", "127.0.0.1")
	dns.say("x.internal AAAA", "::1")
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "http://x.internal:"+port)}, Resolver: dns.resolver(t)})
	waitFor(t, tr, "127.0.0.1:"+port)
	if _, body := send(t, tr, "GET", ""); body != "six" {
		t.Errorf("answer %q", body)
	}
}

// TestServiceRecords finds hosts, ports and weights through SRV.
func TestServiceRecords(t *testing.T) {
	one := serveAt(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "one "+r.Host) })
	two := serveAt(t, "127.0.0.1:0", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "two "+r.Host) })
	dns := &nameserver{}
	dns.say("a.internal A", "127.0.0.1")
	dns.say("b.internal A", "127.0.0.1")
	dns.say("_http._tcp.orders.internal SRV", "10 30 "+one+" a.internal", "10 10 "+two+" b.internal", "20 1000 1 c.internal")
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "srv://_http._tcp.orders.internal")}, Resolver: dns.resolver(t), Resolve: time.Millisecond})
	got := map[string]int{}
	for range 40 {
		_, body := send2(t, tr, "/", "") // the first waits for the lookup
		got[body]++
	}
	want := map[string]int{"one a.internal:" + one: 30, "two b.internal:" + two: 10}
	for who, n := range want {
		if d := got[who] - n; d > 2 || -d > 2 || len(got) != 2 {
			t.Errorf("answers %v, want about %v", got, want)
		}
	}
	dns.say("_http._tcp.orders.internal SRV", "10 1 "+two+" b.internal")
	waitFor(t, tr, "127.0.0.1:"+two)
}

// TestServiceTargetFails has one of two targets not be looked up for a moment, over and over: it
// keeps its endpoint, and the transport says what is wrong.
func TestServiceTargetFails(t *testing.T) {
	const records, a, b = "_http._tcp.orders.internal SRV", "10.0.0.1:8001", "10.0.0.2:8002"
	dns := &nameserver{}
	dns.say("a.internal A", "10.0.0.1")
	dns.say("b.internal A", "10.0.0.2")
	dns.say(records, "10 1 8001 a.internal", "10 1 8002 b.internal")
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "srv://_http._tcp.orders.internal")}, Resolver: dns.resolver(t), Resolve: time.Millisecond})
	says := func(want string) {
		t.Helper()
		for until := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			got := tr.State().Lookup
			if got == want || want != "" && strings.Contains(got, want) {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("what could not be looked up: %q, want %q", got, want)
			}
		}
	}
	waitFor(t, tr, a, b)
	both := tr.endpoints.Load().all
	dns.say("b.internal A")
	says("lookup b.internal")
	dns.say(records, "10 1 8001 a.internal", "10 7 8002 b.internal", "10 1 8003 c.internal") // c is not known yet
	says("lookup c.internal")
	waitFor(t, tr, a, b)
	if now := tr.endpoints.Load().all; now[0] != both[0] || now[1] != both[1] || now[1].weight.Load() != 7 {
		t.Errorf("weight %d, want those endpoints that were there, and the second's new weight", now[1].weight.Load())
	}
	dns.say("c.internal A", "10.0.0.3")
	waitFor(t, tr, a, b, "10.0.0.3:8003")
	dns.say(records, "10 1 8001 a.internal")
	waitFor(t, tr, a) // no record, no endpoint
	says("")
	dns.say(records, "10 1 8002 b.internal")
	says("lookup b.internal")
	waitFor(t, tr, a) // better than none
}

// TestDiscoverer asks one that is not DNS.
func TestDiscoverer(t *testing.T) {
	a, b := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "a "+r.Host) }), serve(t, named("b"))
	found := make(chan []Endpoint, 1)
	var fail atomic.Bool
	tr := transport(t, Config{URLs: []*url.URL{parse(t, "http://orders")}, Resolve: time.Millisecond, Discover: discover(func(ctx context.Context) ([]Endpoint, error) {
		if fail.Load() {
			return nil, errors.New("no registry")
		}
		select {
		case f := <-found:
			found <- f
			return f, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})})
	say := func(e ...Endpoint) {
		select {
		case <-found:
		default:
		}
		found <- e
	}
	go func() {
		time.Sleep(5 * time.Millisecond)
		found <- []Endpoint{{Addr: a.Host, ServerName: "orders.internal"}}
	}()
	if _, body := send2(t, tr, "/", ""); body != "a orders.internal:"+a.Port() {
		t.Errorf("the first request, which has to wait: %q", body)
	}
	say(Endpoint{Addr: a.Host, Host: "orders.example"}, Endpoint{Addr: b.Host})
	waitFor(t, tr, a.Host, b.Host)
	for {
		if _, body := send2(t, tr, "/", ""); body == "a orders.example" {
			break
		}
	}
	fail.Store(true)
	for tr.State().Lookup == "" {
		time.Sleep(time.Millisecond)
	}
	waitFor(t, tr, a.Host, b.Host)
	fail.Store(false)
	say()
	waitFor(t, tr)
	_, err := tr.RoundTrip(get(t.Context()))
	if told := wantKind(t, err, KindConnect); !errors.Is(err, errNoEndpoints) || told.Told != "has no endpoint at present" {
		t.Errorf("error %v, told %q", err, told.Told)
	}
}

type discover func(context.Context) ([]Endpoint, error)

func (f discover) Discover(ctx context.Context) ([]Endpoint, error) { return f(ctx) }

// TestDiscoveryTakesLong waits no longer than a connection may take.
func TestDiscoveryTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := transport(t, Config{URLs: []*url.URL{parse(t, "http://orders")}, DialTimeout: time.Second, Discover: discover(func(ctx context.Context) ([]Endpoint, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})})
		begun := time.Now()
		_, err := tr.RoundTrip(get(t.Context()))
		wantKind(t, err, KindConnect)
		if took := time.Since(begun); took != time.Second {
			t.Errorf("it took %s", took)
		}
		tr.Close()
	})
}

// TestServerName has a name's certificate be asked for, and checked, at its address.
func TestServerName(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS.ServerName, " ", r.Host, " ", r.Proto)
	}))
	s.EnableHTTP2 = true
	s.StartTLS() // its certificate is for example.com
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	dns := &nameserver{}
	dns.say("example.com A", "127.0.0.1")
	dns.say("other.internal A", "127.0.0.1")
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	tr := transport(t, Config{
		URLs: []*url.URL{parse(t, "https://example.com:"+port), parse(t, "https://other.internal:"+port)}, Resolver: dns.resolver(t),
		TLS: &tls.Config{RootCAs: roots}, Health: Health{EjectAfter: -1},
	})
	waitFor(t, tr, "127.0.0.1:"+port, "127.0.0.1:"+port)
	for range 4 { // the other's certificate is wrong, which is no connection: the next endpoint is tried
		if _, body := send2(t, tr, "/", ""); body != "example.com example.com:"+port+" HTTP/2.0" {
			t.Errorf("answer %q", body)
		}
	}
	all := tr.State().Endpoints
	if all[0].Failures != 0 || all[1].Failures == 0 {
		t.Errorf("failures %d and %d, want only the second's", all[0].Failures, all[1].Failures)
	}
}
