package strangler_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// What an upstream may do with an upload that it has answered already.
const (
	closesPolitely = "closes when it has read on for a moment"
	closesHard     = "closes at once" // which may reset the connection, so that the answer is lost
	keepsReading   = "keeps reading"
	stopsReading   = "stops reading but keeps the connection"
)

var earlyWays = []string{closesPolitely, closesHard, keepsReading, stopsReading}

// earlyPeer is an upstream that answers a request with its token and the length of its body, but
// /early at once with 413, whatever came of its body; then it does as the request says.
type earlyPeer struct {
	// poison counts requests that nobody sent, since they were part of a body. Of strangers nothing is known:
	// another test's client may still come to an address that was its server's before.
	poison atomic.Int32
	over   chan struct{} // ends those who don't read any more
}

func (p *earlyPeer) serve(conn *net.TCPConn, r *bufio.Reader) {
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		token := req.Header.Get("X-Token")
		switch {
		case req.Header.Get("X-Poison") != "":
			p.poison.Add(1)
		case token == "":
			return
		}
		if req.URL.Path != "/early" {
			n, err := io.Copy(io.Discard, req.Body)
			if err != nil {
				return
			}
			answer := fmt.Sprint(token, " ", n)
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
			continue
		}
		answer := token + " early"
		announced := ""
		switch then := req.Header.Get("X-Then"); {
		case then == closesPolitely, then != keepsReading && req.Header.Get("X-Size") != fmt.Sprint(8<<20):
			announced = "Connection: close\r\n" // of a body that may be sent whole nobody else could know
		}
		fmt.Fprintf(conn, "HTTP/1.1 413 Content Too Large\r\n%sContent-Length: %d\r\n\r\n%s", announced, len(answer), answer)
		switch req.Header.Get("X-Then") {
		case keepsReading:
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
		case stopsReading:
			<-p.over
			return
		case closesPolitely:
			_ = conn.CloseWrite()
			_, _ = io.Copy(io.Discard, r)
			return
		case closesHard:
			return
		}
	}
}

// poisonous is a body that is made of requests.
func poisonous(size int) string {
	const request = "GET /early HTTP/1.1\r\nHost: h\r\nX-Poison: 1\r\n\r\n"
	return strings.Repeat(request, size/len(request)+1)[:size]
}

// doer is a client that may be asked one thing after the other.
type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// earlyClient returns one that has an answer whatever becomes of its upload. Go's client of
// HTTP/1.1 hasn't always: it may see first that it can't send any more.
func (g *gateway) earlyClient(t *testing.T) doer {
	if g.front.major() == 2 {
		return g.client(t)
	}
	c := &plainClient{dial: func() (net.Conn, *bufio.Reader) { return g.dial(t) }}
	t.Cleanup(c.uploads.Wait)
	return c
}

// plainClient reads the answer while it sends the request, on one connection as long as that
// lasts.
type plainClient struct {
	dial    func() (net.Conn, *bufio.Reader)
	conn    net.Conn
	r       *bufio.Reader
	uploads sync.WaitGroup
}

// Do implements doer.
func (c *plainClient) Do(req *http.Request) (*http.Response, error) {
	if c.conn == nil {
		c.conn, c.r = c.dial()
	}
	conn := c.conn
	sent := make(chan error, 1)
	c.uploads.Go(func() { sent <- req.Write(conn) })
	resp, err := http.ReadResponse(c.r, req)
	if err != nil {
		conn.Close()
		c.conn = nil
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err == nil && !resp.Close {
		err = <-sent
	} else {
		conn.Close()
		c.conn = nil
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

// send sends one request with a token of its own and says what is wrong with its answer.
func (p *earlyPeer) send(client doer, url, path, then, token, body string, chunked bool) error {
	var upload io.Reader = strings.NewReader(body)
	if chunked {
		upload = io.MultiReader(upload)
	}
	req, err := http.NewRequest("POST", url+path, upload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Token", token)
	req.Header.Set("X-Then", then)
	req.Header.Set("X-Size", fmt.Sprint(len(body)))
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s of %d bytes, then the upstream %s: %w", path, len(body), then, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	got := fmt.Sprint(resp.StatusCode, " ", string(answer), " ", err)
	want := fmt.Sprint("200 ", token, " ", len(body), " <nil>")
	if path == "/early" {
		want = fmt.Sprint("413 ", token, " early <nil>")
		if then == closesHard && resp.StatusCode == http.StatusBadGateway {
			return nil
		}
	}
	if got != want {
		return fmt.Errorf("%s of %d bytes, then the upstream %s: %q, want %q", path, len(body), then, got, want)
	}
	return nil
}

func (p *earlyPeer) check(t *testing.T) {
	t.Helper()
	if n := p.poison.Load(); n > 0 {
		t.Errorf("%d requests came that nobody sent", n)
	}
}

// TestPeerEarlyAnswer has an upstream answer 413 while a large body is still being sent. The
// client gets the answer, and whatever it sends after that gets its own.
func TestPeerEarlyAnswer(t *testing.T) {
	large := poisonous(8 << 20)
	eachPair(t, fronts, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		t.Parallel()
		for _, then := range earlyWays {
			for form, chunked := range map[string]bool{"length": false, "chunked": true} {
				t.Run(then+", "+form, func(t *testing.T) {
					p := &earlyPeer{over: make(chan struct{})}
					g := gatewayOf(t, f, rawPeer(t, b, p.serve))
					defer close(p.over)
					client := g.earlyClient(t)
					for i := range 2 {
						if err := p.send(client, g.url, "/early", then, fmt.Sprint("early-", i), large, chunked); err != nil {
							t.Error(err)
						}
						for j := range 3 {
							if err := p.send(client, g.url, "/", "", fmt.Sprint("next-", i, j), large[:j*1000], chunked); err != nil {
								t.Error(err)
							}
						}
					}
					p.check(t)
				})
			}
		}
	})
}

// TestPeerEarlyAnswersMixed has many clients at once meet early answers of all kinds among
// others. Each answer has its own request's token: no connection gets out of step.
func TestPeerEarlyAnswersMixed(t *testing.T) {
	clients, requests := 6, 25
	if *soak {
		t.Parallel() // to TestPeerIdleClients, which waits
		requests = 2000
	}
	sizes := []int{0, 1, 100, 5000, 40_000, 300_000, 3 << 20}
	large := poisonous(sizes[len(sizes)-1])
	eachPair(t, []frontKind{front1, front2c}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
		t.Parallel()
		p := &earlyPeer{over: make(chan struct{})}
		g := gatewayOf(t, f, rawPeer(t, b, p.serve))
		defer close(p.over)
		seed := rand.Uint64()
		var all sync.WaitGroup
		for c := range clients {
			client := g.earlyClient(t)
			all.Go(func() {
				random := rand.New(rand.NewPCG(seed, uint64(c)))
				for i := range requests {
					path, then := "/", ""
					body := large[:sizes[random.IntN(len(sizes))]]
					if random.IntN(3) == 0 {
						path, then = "/early", earlyWays[random.IntN(len(earlyWays))]
					}
					if err := p.send(client, g.url, path, then, fmt.Sprint("t-", c, "-", i), body, random.IntN(2) == 0); err != nil {
						t.Errorf("seed %d, client %d, request %d: %v", seed, c, i, err)
					}
				}
			})
		}
		all.Wait()
		p.check(t)
	})
}
