package daemon_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// heads is an upstream that keeps, byte by byte, the heads of the requests that it gets.
type heads struct {
	URL string

	mu   sync.Mutex
	seen map[string]string // by what X-Token says
}

func newHeads(t *testing.T) *heads {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &heads{URL: "http://" + l.Addr().String(), seen: map[string]string{}}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { h.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return h
}

func (h *heads) serve(conn net.Conn) {
	defer conn.Close()
	from := bufio.NewReader(conn)
	for {
		var head bytes.Buffer
		token, length, chunked := "", int64(0), false
		for {
			line, err := from.ReadString('\n')
			if err != nil {
				return
			}
			head.WriteString(line)
			name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
			switch name {
			case "X-Token":
				token = value
			case "Content-Length":
				fmt.Sscan(value, &length)
			case "Transfer-Encoding":
				chunked = true
			}
			if line == "\r\n" {
				break
			}
		}
		body := new(bytes.Buffer)
		io.CopyN(body, from, length)
		for chunked && !bytes.HasSuffix(body.Bytes(), []byte("0\r\n\r\n")) {
			line, err := from.ReadString('\n')
			if err != nil {
				return
			}
			body.WriteString(line)
		}
		h.mu.Lock()
		if h.seen[token] == "" { // what comes after it is legacy, asked again
			h.seen[token] = head.String()
		}
		h.mu.Unlock()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Token: %s\r\n\r\n%s", body.Len(), token, body)
	}
}

// of returns the head of the request with that token.
func (h *heads) of(token string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[token]
}

// TestCopiesHeads compares the head that a copy is sent with to the one that its request was sent with. Both have
// the same fields, but for those that copies are meant to have or not to have; where both sides
// are sent the same they are the same to the byte, with the copy's mark at the end.
func TestCopiesHeads(t *testing.T) {
	t.Parallel()
	const browser = "Host: shop.example\r\nUser-Agent: browser\r\nAccept: */*\r\naccept-language: de\r\nCookie: sid=7\r\nCookie: lang=de\r\n"
	long := strings.Repeat("a body of some length ", 2000)
	for _, tt := range []struct {
		name, legacy, service, route, request string
		repeated                              bool                // to the byte
		but                                   func(string) string // what a line is for the comparison, where it may be otherwise; empty: none
	}{
		{name: "a browser's", request: "GET /orders/7?q=a%20b HTTP/1.1\r\n" + browser, repeated: true},
		{name: "hardly any", request: "GET /orders/7 HTTP/1.1\r\nHost: shop.example\r\n", repeated: true},
		{name: "the rest of the connection's", request: "GET /orders/7 HTTP/1.1\r\nConnection: X-Gone, keep-alive\r\nX-Gone: 1\r\nTE: trailers\r\nX-Forwarded-For: 6.6.6.6\r\n" + browser, repeated: true},
		{name: "an odd path", request: "GET /orders/a%2Fb|c?q=%zz;a HTTP/1.1\r\n" + browser, repeated: true},
		{name: "a body", request: "POST /orders/7 HTTP/1.1\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n" + browser + "\r\nfour", repeated: true},
		{name: "a body of some length", request: fmt.Sprintf("POST /orders/7 HTTP/1.1\r\nContent-Length: %d\r\n%s\r\n%s", len(long)/2, browser, long[:len(long)/2]), repeated: true},
		{name: "a body of nothing", request: "DELETE /orders/7 HTTP/1.1\r\nContent-Length: 0\r\n" + browser, repeated: true},
		{name: "a long body", request: fmt.Sprintf("POST /orders/7 HTTP/1.1\r\nContent-Length: %d\r\n%s\r\n%s", len(long), browser, long)},
		{name: "a body in chunks", request: "POST /orders/7 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + browser + "\r\n4\r\nfour\r\n0\r\n",
			but: func(line string) string {
				return strings.Replace(line, "Transfer-Encoding: chunked", "Content-Length: 4", 1)
			}},
		{name: "a body that is asked for", request: "POST /orders/7 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n" + browser + "\r\nfour",
			but: func(line string) string { return without(line, "Expect: ") }},
		{name: "conditional", request: "GET /orders/7 HTTP/1.1\r\nIf-None-Match: \"7\"\r\n" + browser,
			but: func(line string) string { return without(line, "If-None-Match: ") }},
		{name: "HTTP/1.0 without a host", request: "GET /orders/7 HTTP/1.0\r\nX-Other: 1\r\n", but: anyHost},
		{name: "another host", service: ", host: orders.example", request: "GET /orders/7 HTTP/1.1\r\n" + browser, but: anyHost},
		{name: "the upstream's host", legacy: ", host: upstream", service: ", host: upstream", request: "GET /orders/7 HTTP/1.1\r\n" + browser, but: anyHost},
		{name: "the same name for both", legacy: ", host: orders.example", service: ", host: orders.example", request: "GET /orders/7 HTTP/1.1\r\n" + browser, repeated: true},
		{name: "another path", service: "/v2", request: "GET /orders/7 HTTP/1.1\r\n" + browser,
			but: func(line string) string { return strings.Replace(line, "GET /orders", "GET /v2/orders", 1) }},
		{name: "with retries", legacy: ", retry: {attempts: 2}", service: ", retry: {attempts: 2}", request: "GET /orders/7 HTTP/1.1\r\n" + browser, repeated: true},
		{name: "with time-outs", legacy: ", timeouts: {request: 5s, first_byte: 4s}", service: ", timeouts: {request: 5s}", request: "GET /orders/7 HTTP/1.1\r\n" + browser, repeated: true},
		{name: "the standard transport", service: ", transport: standard", request: "GET /orders/7 HTTP/1.1\r\n" + browser},
		{name: "legacy's standard transport", legacy: ", transport: standard", request: "GET /orders/7 HTTP/1.1\r\n" + browser},
		{name: "live", route: "    start: live\n    shadow: {second_call: with_session, legacy_extra: {share: 100%, per_second: 1000}}\n", request: "GET /orders/7 HTTP/1.1\r\n" + browser, repeated: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			legacy, service := newHeads(t), newHeads(t)
			path, more := "", tt.service
			if strings.HasPrefix(more, "/") {
				path, more = more, ""
			}
			route := tt.route
			if route == "" {
				route = "    start: shadow\n    shadow: {sandbox: orders}\n"
			}
			s := start(t, fmt.Sprintf("legacy: {url: %q%s}\nservices:\n  orders: {urls: [%q]%s}\nroutes:\n  - name: orders\n    match: {path: /orders/*}\n    service: orders\n%s",
				legacy.URL, tt.legacy, service.URL+path, more, route))
			served, copied := legacy, service
			if strings.Contains(tt.route, "live") {
				served, copied = service, legacy
			}
			compared := 0
			for i := 0; compared < 3; i++ { // on connections that are new, and on such that are kept
				// Whatever came before them, such as bodies whose buffers are too large to wait for a copy.
				for range 4 {
					if code := s.status(t, fmt.Sprintf("POST /other HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(long)/2, long[:len(long)/2])); code != http.StatusOK {
						t.Fatalf("answered %d", code)
					}
				}
				token := fmt.Sprint("token-", i)
				request := strings.Replace(tt.request, "\r\n", "\r\nX-Token: "+token+"\r\n", 1)
				if head, body, ok := strings.Cut(request, "\r\n\r\n"); ok {
					request = head + "\r\nConnection: close\r\n\r\n" + body
				} else {
					request += "Connection: close\r\n"
				}
				if code := s.status(t, request+"\r\n"); code != http.StatusOK {
					t.Fatalf("answered %d", code)
				}
				// Copies to legacy have a budget.
				skipped := func() bool {
					return s.Stats().Routes[0].Comparisons.Reasons[shadow.SkipLegacyBudget] > int64(i-compared)
				}
				eventually(t, "the copy has come", func() bool { return copied.of(token) != "" || skipped() })
				if copied.of(token) == "" {
					continue
				}
				compared++
				sent, got := served.of(token), copied.of(token)
				marked, ok := strings.CutSuffix(got, "X-Strangler-Shadow: orders\r\n\r\n")
				if tt.repeated && (!ok || marked+"\r\n" != sent) {
					t.Errorf("the copy was sent with\n%s\nits request with\n%s", got, sent)
				}
				if diff := cmp.Diff(lines(sent, tt.but), lines(strings.Replace(got, "X-Strangler-Shadow: orders\r\n", "", 1), tt.but)); diff != "" {
					t.Errorf("the copy's head (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// status sends bytes as they are and reads the answer to its end, whatever informational ones come before it.
func (s *system) status(t *testing.T, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(from, nil)
		if err == nil && resp.StatusCode < http.StatusOK {
			continue
		}
		if _, err := body(resp, err); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
}

// without returns a line unless it begins so.
func without(line, begin string) string {
	if strings.HasPrefix(line, begin) {
		return ""
	}
	return line
}

// anyHost leaves out which host it is.
func anyHost(line string) string {
	if strings.HasPrefix(line, "Host: ") {
		return "Host: of any name"
	}
	return line
}

// lines are a head's, sorted, and changed if they are to be.
func lines(head string, change func(string) string) []string {
	all := strings.Split(head, "\r\n")
	for i := range all {
		if change != nil {
			all[i] = change(all[i])
		}
	}
	all = slices.DeleteFunc(all, func(line string) bool { return line == "" })
	slices.Sort(all)
	return all
}
