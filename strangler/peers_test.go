package strangler_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// The tests in the files peers_*_test.go hold what the protocols ask for, from a client's
// socket through NewServer, New and package upstream's transport to an upstream's socket, for
// each way to speak HTTP on either side.

// patience is how long a test waits for what should come at once, before it calls that a hang.
const patience = 20 * time.Second

// frontKind is a way for clients to speak to the proxy.
type frontKind struct {
	name  string
	tls   bool
	speak func(*http.Protocols, bool)
}

var (
	front1  = frontKind{"HTTP/1.1", false, (*http.Protocols).SetHTTP1}
	front1s = frontKind{"HTTP/1.1 over TLS", true, (*http.Protocols).SetHTTP1}
	front2  = frontKind{"HTTP/2", true, (*http.Protocols).SetHTTP2}
	front2c = frontKind{"h2c", false, (*http.Protocols).SetUnencryptedHTTP2}

	fronts = []frontKind{front1, front1s, front2, front2c}
)

func (f frontKind) major() int {
	if f.name == front1.name || f.name == front1s.name {
		return 1
	}
	return 2
}

// backKind is a way for the proxy to speak to an upstream.
type backKind struct {
	name     string
	tls      bool
	standard bool // net/http's transport, also where package upstream has its own
	speak    func(*http.Protocols, bool)
}

var (
	back1   = backKind{"HTTP/1.1", false, false, (*http.Protocols).SetHTTP1}
	back1st = backKind{"HTTP/1.1 by the standard transport", false, true, (*http.Protocols).SetHTTP1}
	back1s  = backKind{"HTTP/1.1 over TLS", true, false, (*http.Protocols).SetHTTP1}
	back2   = backKind{"HTTP/2", true, false, (*http.Protocols).SetHTTP2}
	back2c  = backKind{"h2c", false, false, (*http.Protocols).SetUnencryptedHTTP2}

	backs = []backKind{back1, back1st, back1s, back2, back2c}
	// rawBacks are those that a test's own socket can be.
	rawBacks = []backKind{back1, back1st}
)

func (b backKind) major() int {
	if b.name == back2.name || b.name == back2c.name {
		return 2
	}
	return 1
}

// eachPair runs a test for each way in front and each way behind.
func eachPair(t *testing.T, fronts []frontKind, backs []backKind, test func(*testing.T, frontKind, backKind)) {
	for _, f := range fronts {
		for _, b := range backs {
			t.Run(f.name+" to "+b.name, func(t *testing.T) { test(t, f, b) })
		}
	}
}

// peer starts an upstream of net/http's and returns how the proxy reaches it.
func peer(t testing.TB, b backKind, h http.Handler) strangler.Upstream {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Config.DisableGeneralOptionsHandler = true
	s.Config.Protocols = new(http.Protocols)
	b.speak(s.Config.Protocols, true)
	var roots *x509.CertPool
	if b.tls {
		s.EnableHTTP2 = b.major() == 2
		s.StartTLS()
		roots = x509.NewCertPool()
		roots.AddCert(s.Certificate())
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return peerAt(t, b, s.Listener.Addr().String(), roots)
}

// peerAt returns how the proxy reaches what listens at an address.
func peerAt(t testing.TB, b backKind, addr string, roots *x509.CertPool) strangler.Upstream {
	t.Helper()
	u := &url.URL{Scheme: "http", Host: addr}
	cfg := upstream.Config{Standard: b.standard}
	switch {
	case b.tls:
		u.Scheme = "https"
		cfg.TLS = &tls.Config{RootCAs: roots}
	case b.major() == 2:
		u.Scheme = "h2c"
	}
	cfg.URLs = []*url.URL{u}
	own, err := upstream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	copies, err := upstream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(copies.Close)
	return strangler.Upstream{URL: u, Transport: own, Copies: copies}
}

// listenerOf listens for a server that brings its own HTTP/2, with TLS where the kind has it.
func listenerOf(t testing.TB, b backKind) (net.Listener, *x509.CertPool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if !b.tls {
		return l, nil
	}
	certificate, roots := borrowCertificate()
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}}), roots
}

// listening calls serve for each connection to an address of its own, and waits for all of them
// at the test's end. It closes them.
func listening(t testing.TB, serve func(conn *net.TCPConn, r *bufio.Reader)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(patience))
				serve(conn.(*net.TCPConn), bufio.NewReader(conn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return l.Addr().String()
}

// rawPeer is an upstream of HTTP/1.1 that is nothing but a socket.
func rawPeer(t testing.TB, b backKind, serve func(conn *net.TCPConn, r *bufio.Reader)) strangler.Upstream {
	t.Helper()
	return peerAt(t, b, listening(t, serve), nil)
}

// gateway is a proxy that listens.
type gateway struct {
	*strangler.Proxy
	front frontKind
	addr  string
	url   string
	log   *logLines
	roots *x509.CertPool
}

// gatewayOf starts a proxy in front of a legacy application and nothing else.
func gatewayOf(t testing.TB, f frontKind, legacy strangler.Upstream) *gateway {
	t.Helper()
	return gatewayWith(t, f, strangler.Config{Legacy: legacy})
}

// gatewayWith starts a proxy.
func gatewayWith(t testing.TB, f frontKind, cfg strangler.Config) *gateway {
	t.Helper()
	g := &gateway{front: f, log: new(logLines)}
	cfg.Logger = slog.New(slog.NewTextHandler(g.log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	var err error
	if g.Proxy, err = strangler.New(cfg); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.addr = l.Addr().String()
	g.url = "http://" + g.addr
	server := strangler.ServerConfig{Logger: cfg.Logger}
	if f.tls {
		certificate, roots := borrowCertificate()
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
		g.roots = roots
		g.url = "https://" + g.addr
	}
	s := strangler.NewServer(g.Proxy, server)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if f.tls {
			_ = s.ServeTLS(l, "", "")
		} else {
			_ = s.Serve(strangler.Frugal{Listener: l})
		}
	}()
	t.Cleanup(func() { s.Close(); <-ended })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", g.log)
		}
		if strings.Contains(g.log.String(), "panic") {
			t.Errorf("something panicked:\n%s", g.log)
		}
	})
	return g
}

// borrowCertificate returns a certificate for 127.0.0.1, and who trusts it.
func borrowCertificate() (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.TLS.Certificates[0], roots
}

// client returns a client that speaks as the front does, adds nothing of its own and follows
// nothing.
func (g *gateway) client(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DisableCompression:    true,
		Protocols:             new(http.Protocols),
		TLSClientConfig:       &tls.Config{RootCAs: g.roots},
		ExpectContinueTimeout: patience,
		MaxIdleConnsPerHost:   100,
	}
	g.front.speak(transport.Protocols, true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial opens a raw connection to the proxy, with TLS where the front has it.
func (g *gateway) dial(t testing.TB) (halfCloser, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		t.Fatal(err)
	}
	if g.front.tls {
		conn = tls.Client(conn, &tls.Config{RootCAs: g.roots, ServerName: "127.0.0.1", NextProtos: []string{"http/1.1"}})
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(halfCloser), bufio.NewReader(conn)
}

// halfCloser is a connection whose one direction may be ended: one of TCP or of TLS.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// ask sends bytes on a connection of their own and returns all that comes back until the proxy
// closes it.
func (g *gateway) ask(t testing.TB, request string) string {
	t.Helper()
	conn, r := g.dial(t)
	say(t, conn, request)
	answer, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%v after %q", err, answer)
	}
	return string(answer)
}

// say writes to a raw connection.
func say(t testing.TB, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// headOf reads a message's head as it is on the wire.
func headOf(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String(), err
		}
	}
}

// linesOf returns a head's first line and its header lines in alphabetical order; those of one
// name stay in the order in which they came. Names that are left out are prefixes.
func linesOf(head string, leftOut ...string) []string {
	lines := strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n")
	rest := slices.DeleteFunc(lines[1:], func(line string) bool {
		return slices.ContainsFunc(leftOut, func(name string) bool { return strings.HasPrefix(line, name) })
	})
	slices.SortStableFunc(rest, func(a, b string) int {
		a, _, _ = strings.Cut(a, ":")
		b, _, _ = strings.Cut(b, ":")
		return strings.Compare(a, b)
	})
	return append(lines[:1:1], rest...)
}

// textOf reads an answer's body.
func textOf(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	return string(body)
}

// within waits for something that another goroutine does.
func within(t testing.TB, limit time.Duration, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("in %v it did not come to this: %s", limit, what)
	}
}

// logLines is a log that may be read while it is written.
type logLines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// flushed writes and lets nothing wait.
type flushed struct{ w http.ResponseWriter }

func (f flushed) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err == nil {
		err = http.NewResponseController(f.w).Flush()
	}
	return n, err
}

// withPolicy is an upstream that is nothing but a socket, behind layers of package upstream.
func withPolicy(t *testing.T, p upstream.Policy, serve func(conn *net.TCPConn, r *bufio.Reader)) strangler.Upstream {
	t.Helper()
	return withConfig(t, upstream.Config{Policy: p}, serve)
}

func withConfig(t *testing.T, cfg upstream.Config, serve func(conn *net.TCPConn, r *bufio.Reader)) strangler.Upstream {
	t.Helper()
	u := &url.URL{Scheme: "http", Host: listening(t, serve)}
	cfg.URLs = []*url.URL{u}
	tr, err := upstream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return strangler.Upstream{URL: u, Transport: tr, Copies: tr}
}
