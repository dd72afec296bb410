package upstream_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long a test waits for what has to happen.
const patience = 30 * time.Second

// peer is an upstream of raw sockets that does, byte by byte, what a test says.
type peer struct {
	URL      *url.URL
	Accepted atomic.Int64 // connections
	Open     atomic.Int64 // of them, those that play has not returned from
	Requests atomic.Int64 // heads that came whole

	listener net.Listener
	done     chan struct{} // closed when the test is over
	playing  sync.WaitGroup
	mu       sync.Mutex
	conns    map[*peerConn]struct{}
}

// peerConn is one connection to a peer.
type peerConn struct {
	*net.TCPConn
	r    *bufio.Reader
	peer *peer
	nth  int64 // of the peer's connections, from 1
}

// startPeer starts a peer. play has one connection for as long as it runs, on a goroutine of
// its own; the connection is closed after it.
func startPeer(t testing.TB, play func(*peerConn)) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{
		URL:      &url.URL{Scheme: "http", Host: l.Addr().String()},
		listener: l,
		done:     make(chan struct{}),
		conns:    make(map[*peerConn]struct{}),
	}
	p.playing.Go(func() { p.accept(play) })
	t.Cleanup(p.stop)
	return p
}

func (p *peer) accept(play func(*peerConn)) {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			select {
			case <-p.done:
				return
			default: // a test that makes files scarce makes them scarce here too
				time.Sleep(time.Millisecond)
				continue
			}
		}
		c := &peerConn{TCPConn: conn.(*net.TCPConn), r: bufio.NewReaderSize(conn, 16<<10), peer: p, nth: p.Accepted.Add(1)}
		p.mu.Lock()
		p.conns[c] = struct{}{}
		p.mu.Unlock()
		p.Open.Add(1)
		p.playing.Go(func() {
			defer func() {
				c.Close()
				p.mu.Lock()
				delete(p.conns, c)
				p.mu.Unlock()
				p.Open.Add(-1)
			}()
			play(c)
		})
	}
}

func (p *peer) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	close(p.done)
	p.listener.Close()
	p.mu.Lock()
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.playing.Wait()
}

// head reads the next request's head; false: none came.
func (c *peerConn) head() (string, bool) {
	var head strings.Builder
	for {
		line, err := c.r.ReadSlice('\n')
		head.Write(line)
		if err != nil {
			return head.String(), false
		}
		if string(line) == "\r\n" && head.Len() > 2 {
			c.peer.Requests.Add(1)
			return head.String(), true
		}
	}
}

// body reads the body of the request with that head, by its length or in chunks. The error says
// that it didn't come whole.
func (c *peerConn) body(head string) (string, error) {
	if headerOf(head, "Transfer-Encoding") == "chunked" {
		body, err := io.ReadAll(httputil.NewChunkedReader(c.r))
		if err != nil {
			return string(body), err
		}
		for { // trailers, and the empty line after them
			line, err := c.r.ReadString('\n')
			if err != nil || line == "\r\n" {
				return string(body), err
			}
		}
	}
	n, _ := strconv.Atoi(headerOf(head, "Content-Length"))
	body := make([]byte, n)
	m, err := io.ReadFull(c.r, body)
	return string(body[:m]), err
}

// request reads the next request; false: none came whole.
func (c *peerConn) request() (head, body string, ok bool) {
	head, ok = c.head()
	if !ok {
		return head, "", false
	}
	body, err := c.body(head)
	return head, body, err == nil
}

// send writes what it is given, all at once.
func (c *peerConn) send(s string) bool {
	_, err := io.WriteString(c.TCPConn, s)
	return err == nil
}

// drip writes byte by byte, each by itself on the wire.
func (c *peerConn) drip(s string, pause time.Duration) bool {
	for i := range len(s) {
		if !c.send(s[i : i+1]) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}

// flood writes the same again and again until nobody takes it any more or limit bytes went, and
// returns how many went.
func (c *peerConn) flood(s string, limit int) int {
	block := strings.Repeat(s, max(1, 4096/len(s)))
	sent := 0
	for sent < limit {
		n, err := io.WriteString(c.TCPConn, block)
		sent += n
		if err != nil {
			break
		}
	}
	return sent
}

// reset closes the connection with RST, in place of FIN.
func (c *peerConn) reset() {
	_ = c.SetLinger(0)
	c.Close()
}

// untilGone reads until the other end closes, and returns what came before.
func (c *peerConn) untilGone() string {
	rest, _ := io.ReadAll(c.r)
	return string(rest)
}

// path returns the target of a request's head.
func path(head string) string {
	_, rest, _ := strings.Cut(head, " ")
	target, _, _ := strings.Cut(rest, " ")
	return target
}

// method returns the method of a request's head.
func method(head string) string {
	m, _, _ := strings.Cut(head, " ")
	return m
}

// headerOf returns a header's first value in a head as it is on the wire.
func headerOf(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// plain is a whole answer with a length.
func plain(body string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// named answers each request that comes with its path and body, for as long as requests come.
func named(c *peerConn) {
	for {
		head, body, ok := c.request()
		if !ok {
			return
		}
		body = path(head) + body
		answer := plain(body)
		if method(head) == http.MethodHead {
			answer = strings.TrimSuffix(answer, body)
		}
		if !c.send(answer) {
			return
		}
	}
}
