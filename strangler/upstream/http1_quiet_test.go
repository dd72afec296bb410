//go:build unix

package upstream

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBelievedQuiet has a connection used again at once, and after a while. It is believed to be quiet
// for a moment where the last answer was read to where nothing more had come and the request may be
// repeated, and looked at otherwise.
func TestBelievedQuiet(t *testing.T) {
	long := strings.Repeat("x", 3*readSize)
	for name, c := range map[string]struct {
		before, method, answer string
		rest                   time.Duration
		looked                 bool
	}{
		"at once":                  {answer: "Content-Length: 2\r\n\r\nok"},
		"an empty answer":          {answer: "Content-Length: 0\r\n\r\n"},
		"chunks":                   {answer: "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"later":                    {answer: "Content-Length: 2\r\n\r\nok", rest: 10 * moment, looked: true},
		"what may not be repeated": {method: "POST", answer: "Content-Length: 2\r\n\r\nok", looked: true},
		"a body that HEAD has not": {before: "HEAD", answer: "Content-Length: 2\r\n\r\n", looked: true},
		"read past the buffer":     {answer: fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(long), long), looked: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go answersAll(l, "HTTP/1.1 200 OK\r\n"+c.answer)
			transport := newHTTP1(http1Config{Dial: new(net.Dialer).DialContext})
			defer transport.CloseIdleConnections()
			ask := func(method string) {
				t.Helper()
				r, _ := http.NewRequest(method, "http://"+l.Addr().String()+"/", nil)
				resp, err := transport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			looks := 0
			for range 50 { // of which one at least isn't held up
				ask(cmp.Or(c.before, "GET"))
				conn := transport.pools.of(l.Addr().String()).take()
				if conn == nil {
					t.Fatal("the connection isn't kept")
				}
				transport.pools.of(l.Addr().String()).put(conn, 1)
				time.Sleep(c.rest)
				call := call1{t: transport, r: &http.Request{Method: cmp.Or(c.method, "GET")}}
				if conn.good(false); conn.waited || !call.mayRepeat() {
					looks++
				}
			}
			if c.looked && looks != 50 || !c.looked && looks == 50 {
				t.Errorf("%d of 50 were looked at", looks)
			}
		})
	}
}

// answersAll gives all requests the same answer.
func answersAll(l net.Listener, answer string) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for br := bufio.NewReader(conn); ; {
				if _, err := http.ReadRequest(br); err != nil {
					return
				}
				if _, err := io.WriteString(conn, answer); err != nil {
					return
				}
			}
		}()
	}
}
