package strangler_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// frugal serves a handler over a Frugal listener and returns its address.
func frugal(t testing.TB, handler http.HandlerFunc, cfg strangler.ServerConfig) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := strangler.NewServer(handler, cfg)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(strangler.Frugal{Listener: l}) }()
	t.Cleanup(func() { s.Close(); <-ended })
	return l.Addr().String()
}

func dialFrugal(t testing.TB, addr string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn), bufio.NewReader(conn)
}

func answered(t testing.TB, r *bufio.Reader, want string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := textOf(t, resp); got != want {
		t.Errorf("answer %q, want %q", got, want)
	}
}

// TestFrugalClientThatLeaves has clients leave at once, and later: who answers knows.
func TestFrugalClientThatLeaves(t *testing.T) {
	for name, leave := range map[string]func(*net.TCPConn){
		"closing": func(c *net.TCPConn) { c.Close() },
		"reset":   func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() },
	} {
		for _, after := range []time.Duration{0, 2 * time.Millisecond, 30 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " after ", after), func(t *testing.T) {
				known := make(chan struct{})
				addr := frugal(t, func(_ http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
					close(known)
				}, strangler.ServerConfig{})
				conn, _ := dialFrugal(t, addr)
				say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				time.Sleep(after)
				leave(conn)
				select {
				case <-known:
				case <-time.After(patience):
					t.Error("nobody knows")
				}
			})
		}
	}
}

// TestFrugalRequestsInTurn sends requests one after the other and all at once, quick ones and such
// during which the client is watched.
func TestFrugalRequestsInTurn(t *testing.T) {
	addr := frugal(t, func(w http.ResponseWriter, r *http.Request) {
		if wait, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil {
			time.Sleep(wait)
		}
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, r.URL.Path, string(body), err)
	}, strangler.ServerConfig{})
	request := func(i int) string {
		wait := []string{"0s", "1ms", "5ms", "20ms"}[i%4]
		if i%3 == 0 {
			return fmt.Sprintf("POST /%d?wait=%s HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nb", i, wait)
		}
		return fmt.Sprintf("GET /%d?wait=%s HTTP/1.1\r\nHost: h\r\n\r\n", i, wait)
	}
	answer := func(i int) string {
		if i%3 == 0 {
			return fmt.Sprintf("/%db<nil>", i)
		}
		return fmt.Sprintf("/%d<nil>", i)
	}
	conn, r := dialFrugal(t, addr)
	for i := range 40 {
		say(t, conn, request(i))
		answered(t, r, answer(i))
	}
	all := ""
	for i := range 40 {
		all += request(i)
	}
	say(t, conn, all)
	for i := range 40 {
		answered(t, r, answer(i))
	}
	for i := range 8 { // in pieces, before the one before is answered
		next := request(i + 1)
		say(t, conn, request(i)+next[:1])
		answered(t, r, answer(i))
		say(t, conn, next[1:])
		answered(t, r, answer(i+1))
	}
}

// TestFrugalDeadlines sets deadlines for reading a body in all ways in which one may be set.
func TestFrugalDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*http.ResponseController)
		want error
	}{
		"past": {func(c *http.ResponseController) { _ = c.SetReadDeadline(time.Unix(1, 0)) }, os.ErrDeadlineExceeded},
		"soon": {func(c *http.ResponseController) { _ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) }, os.ErrDeadlineExceeded},
		"sooner than said": {func(c *http.ResponseController) {
			_ = c.SetReadDeadline(time.Now().Add(time.Hour))
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		}, os.ErrDeadlineExceeded},
		"later than said": {func(c *http.ResponseController) {
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_ = c.SetReadDeadline(time.Now().Add(time.Hour))
		}, nil},
		"taken off": {func(c *http.ResponseController) {
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
			_ = c.SetReadDeadline(time.Time{})
		}, nil},
		"during the read": {func(c *http.ResponseController) {
			time.AfterFunc(20*time.Millisecond, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
		}, os.ErrDeadlineExceeded},
		"and put off": {func(c *http.ResponseController) {
			_ = c.SetReadDeadline(time.Now().Add(40 * time.Millisecond))
			time.AfterFunc(10*time.Millisecond, func() { _ = c.SetReadDeadline(time.Now().Add(time.Hour)) })
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan error, 1)
			addr := frugal(t, func(w http.ResponseWriter, r *http.Request) {
				c.set(http.NewResponseController(w))
				_, err := io.ReadAll(r.Body)
				got <- err
			}, strangler.ServerConfig{})
			conn, _ := dialFrugal(t, addr)
			say(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na")
			time.Sleep(80 * time.Millisecond)
			_, _ = conn.Write([]byte("b"))
			select {
			case err := <-got:
				if !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			case <-time.After(patience):
				t.Error("the read goes on")
			}
		})
	}
}

// TestFrugalDeadlineOfBefore has a connection that is used again when the deadline that it was given
// for an earlier request has passed.
func TestFrugalDeadlineOfBefore(t *testing.T) {
	addr := frugal(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) },
		strangler.ServerConfig{HeaderTimeout: 30 * time.Millisecond, IdleTimeout: time.Minute})
	conn, r := dialFrugal(t, addr)
	for range 3 {
		say(t, conn, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
		answered(t, r, "/a")
		time.Sleep(60 * time.Millisecond)
	}
	say(t, conn, "GET /a HTTP/1.1\r\n") // and stops
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("half a head is waited for: %v", err)
	}
}

// TestFrugalHandsOver takes connections over while the client is not watched yet, and while it is.
func TestFrugalHandsOver(t *testing.T) {
	for _, after := range []time.Duration{0, 20 * time.Millisecond} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			addr := frugal(t, func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(after)
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				b := make([]byte, 1) // bytes that came with the request, and one by one
				for {
					if _, err := io.ReadFull(rw, b); err != nil {
						t.Error(err)
						return
					}
					if _, err := conn.Write(b); err != nil || b[0] == '.' {
						break
					}
				}
				_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
				if _, err := conn.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("after the deadline %v", err)
				}
				_ = conn.SetReadDeadline(time.Time{})
				if n, err := conn.Read(b); n != 1 || err != nil {
					t.Errorf("read %d bytes, %v, without a deadline", n, err)
				}
				if n, err := io.Copy(conn, conn); n != 4 || err != nil {
					t.Errorf("copied %d bytes, %v", n, err)
				}
			}, strangler.ServerConfig{HeaderTimeout: 50 * time.Millisecond})
			conn, r := dialFrugal(t, addr)
			say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\nab")
			time.Sleep(2 * after)
			begun := time.Now()
			for _, b := range strings.Split("cdefghijklmnopqrst", "") {
				say(t, conn, b)
			}
			say(t, conn, ".")
			b := make([]byte, 2+18+1)
			if _, err := io.ReadFull(r, b); err != nil || string(b) != "abcdefghijklmnopqrst." {
				t.Errorf("%q, %v", b, err)
			}
			t.Log(time.Since(begun))
			time.Sleep(100 * time.Millisecond)
			say(t, conn, ".more")
			_ = conn.CloseWrite()
			if rest, err := io.ReadAll(r); string(rest) != "more" || err != nil {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

// TestFrugalHandsOverWhatCame has bytes come while the client is watched: whoever takes the connection
// over gets them, however it reads.
func TestFrugalHandsOverWhatCame(t *testing.T) {
	for name, read := range map[string]func(net.Conn, *bufio.ReadWriter) ([]byte, error){
		"buffered": func(_ net.Conn, rw *bufio.ReadWriter) ([]byte, error) { return io.ReadAll(rw) },
		"read":     func(conn net.Conn, _ *bufio.ReadWriter) ([]byte, error) { return io.ReadAll(conn) },
		"copied": func(conn net.Conn, _ *bufio.ReadWriter) ([]byte, error) {
			var b bytes.Buffer
			_, err := io.Copy(struct{ io.Writer }{&b}, conn)
			return b.Bytes(), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			came := make(chan struct{})
			addr := frugal(t, func(w http.ResponseWriter, _ *http.Request) {
				<-came
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				got, err := read(conn, rw)
				if err != nil {
					t.Error(err)
				}
				_, _ = conn.Write(got)
			}, strangler.ServerConfig{})
			conn, r := dialFrugal(t, addr)
			say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			time.Sleep(30 * time.Millisecond)
			say(t, conn, "early")
			time.Sleep(10 * time.Millisecond)
			close(came)
			say(t, conn, " and late")
			_ = conn.CloseWrite()
			if got, err := io.ReadAll(r); string(got) != "early and late" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestFrugalBehindProxyProtocol has a client leave whose connection a load balancer passes on.
func TestFrugalBehindProxyProtocol(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := make(chan struct{})
	s := strangler.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(known)
	}), strangler.ServerConfig{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(&strangler.ProxyProtocol{Listener: strangler.Frugal{Listener: l}, Trusted: func(netip.Addr) bool { return true }})
	}()
	t.Cleanup(func() { s.Close(); <-ended })
	conn, _ := dialFrugal(t, l.Addr().String())
	say(t, conn, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
	time.Sleep(30 * time.Millisecond)
	conn.Close()
	select {
	case <-known:
	case <-time.After(patience):
		t.Error("nobody knows")
	}
}

// TestFrugalHTTP2 sends single bytes in frames of their own.
func TestFrugalHTTP2(t *testing.T) {
	addr := frugal(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		b := make([]byte, 1)
		for {
			n, err := r.Body.Read(b)
			_, _ = w.Write(b[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	}, strangler.ServerConfig{})
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	defer transport.CloseIdleConnections()
	from, to := io.Pipe()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "POST", "http://"+addr, from)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	begun := time.Now()
	b := make([]byte, 1)
	for i := range 200 {
		_, _ = to.Write([]byte{byte(i)})
		if _, err := io.ReadFull(resp.Body, b); err != nil || b[0] != byte(i) {
			t.Fatalf("byte %d: %v, %v", i, b, err)
		}
	}
	to.Close()
	if took := time.Since(begun); took > time.Second { // each a watch's delay would be
		t.Errorf("took %s", took)
	}
}
