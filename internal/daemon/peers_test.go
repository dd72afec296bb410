package daemon_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// childPeer is the environment variable that makes this test binary a peer of a benchmark's, in a
// process of its own so that what it costs isn't counted: "answer" is an upstream that answers
// everything with 1 KB, "ask" a crowd of clients.
const childPeer = "STRANGLER_TEST_PEER"

// bePeer is a peer until stdin ends.
func bePeer(kind string) {
	in := bufio.NewReader(os.Stdin)
	switch kind {
	case "answer":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("http://" + l.Addr().String())
		go answerAll(l)
		io.Copy(io.Discard, in)
	case "ask":
		crowds := map[string]*crowd{}
		for {
			var target string
			var requests int64
			if _, err := fmt.Fscanln(in, &target, &requests); err != nil {
				return
			}
			if crowds[target] == nil {
				crowds[target] = newCrowd(target)
			}
			fmt.Println(crowds[target].ask(requests))
		}
	}
}

const peerBody = 1024

func answerAll(l net.Listener) {
	answer := []byte("HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Thu, 26 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n" +
		"Cache-Control: no-store\r\nEtag: \"abc\"\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("x", peerBody))
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			buf, have := make([]byte, 4096), 0
			for {
				n, err := conn.Read(buf[have:])
				if err != nil {
					return
				}
				if have += n; !bytes.HasSuffix(buf[:have], []byte("\r\n\r\n")) {
					continue
				}
				have = 0
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}()
	}
}

// crowd is 64 clients that each wait for an answer before they ask again.
type crowd struct {
	conns   []net.Conn
	request []byte
}

func newCrowd(target string) *crowd {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	c := &crowd{request: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n", u.RequestURI(), u.Host)}
	for range 64 {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			panic(err)
		}
		c.conns = append(c.conns, conn)
	}
	return c
}

// ask returns what went wrong, or "ok".
func (c *crowd) ask(requests int64) string {
	var left atomic.Int64
	left.Store(requests)
	var problem atomic.Value
	problem.Store("ok")
	var all sync.WaitGroup
	for _, conn := range c.conns {
		all.Go(func() {
			buf := make([]byte, 8192)
			for left.Add(-1) >= 0 {
				if _, err := conn.Write(c.request); err != nil {
					problem.Store(err.Error())
					return
				}
				for have, want := 0, -1; want < 0 || have < want; {
					n, err := conn.Read(buf[have:])
					if err != nil {
						problem.Store(err.Error())
						return
					}
					have += n
					if end := bytes.Index(buf[:have], []byte("\r\n\r\n")); want < 0 && end >= 0 {
						if want = end + 4 + peerBody; !bytes.HasPrefix(buf, []byte("HTTP/1.1 200 ")) {
							problem.Store(fmt.Sprintf("%q", buf[:end]))
							return
						}
					}
				}
			}
		})
	}
	all.Wait()
	return problem.Load().(string)
}

// peer is such a process as its parent sees it.
type peer struct {
	in  io.Writer
	out *bufio.Reader
}

func startPeer(b *testing.B, kind string) *peer {
	b.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), childPeer+"="+kind)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); process.Wait() })
	return &peer{in, bufio.NewReader(out)}
}

func (p *peer) line(b *testing.B) string {
	b.Helper()
	text, err := p.out.ReadString('\n')
	if err != nil {
		b.Fatalf("hear a peer: %v", err)
	}
	return strings.TrimSpace(text)
}

// answering starts an upstream and returns its URL.
func answering(b *testing.B) string {
	b.Helper()
	return startPeer(b, "answer").line(b)
}

func asking(b *testing.B) *peer {
	b.Helper()
	return startPeer(b, "ask")
}

// ask has 64 clients send so many requests in all, and waits for them.
func (p *peer) ask(b *testing.B, url string, requests int) {
	b.Helper()
	fmt.Fprintln(p.in, url, requests)
	if said := p.line(b); said != "ok" {
		b.Fatalf("ask %s: %s", url, said)
	}
}
