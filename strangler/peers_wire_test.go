package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ours are the headers that the proxy adds to each request.
var ours = []string{"X-Forwarded-", "X-Request-Id:", "Traceparent:"}

// TestPeerRequestOnTheWire compares what a client sends with what the upstream gets, byte by byte
// but for the order of different headers: names canonical, repeated values in their order, and
// nothing invented.
func TestPeerRequestOnTheWire(t *testing.T) {
	for name, c := range map[string]struct {
		sent string // the head's lines after the first, and the body
		got  string // where it differs
	}{
		"nothing":                        {"", ""},
		"names become canonical":         {"x-lower: 1\r\nX-UPPER: 2\r\nx-mIxEd-case: 3\r\n\r\n", "X-Lower: 1\r\nX-Upper: 2\r\nX-Mixed-Case: 3\r\n\r\n"},
		"values stay in order":           {"X-A: 3\r\nX-B: x\r\nX-A: 1\r\nx-a: 2\r\n\r\n", "X-A: 3\r\nX-A: 1\r\nX-A: 2\r\nX-B: x\r\n\r\n"},
		"odd values stay":                {"X-A: a,b;c=\"d, e\"\t(f) \xff\xc3\xbc\r\nX-Empty:\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n", "X-A: a,b;c=\"d, e\"\t(f) \xff\xc3\xbc\r\nX-Empty: \r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"},
		"what is usual and was sent":     {"User-Agent: x/1\r\nAccept: */*\r\nAccept-Encoding: zstd, br;q=0.5\r\nDate: yesterday\r\nReferer: y\r\nAuthorization: Basic eA==\r\nIf-None-Match: W/\"x\"\r\nRange: bytes=1-\r\n\r\n", ""},
		"an empty User-Agent":            {"User-Agent:\r\n\r\n", "User-Agent: \r\n\r\n"},
		"a length":                       {"Content-Length: 4\r\nContent-Type: x/y\r\n\r\nbody", ""},
		"a length of nothing":            {"Content-Length: 0\r\n\r\n", ""},
		"a body without a type":          {"Content-Length: 6\r\n\r\n<html>", ""},
		"chunks":                         {"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", ""},
		"chunks of nothing":              {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
		"chunks with extensions":         {"Transfer-Encoding: chunked\r\n\r\n4;x=\"y\"\r\nbody\r\n0;z\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"},
		"trailers":                       {"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n", ""},
		"TE":                             {"TE: trailers\r\nConnection: TE\r\n\r\n", "Te: trailers\r\n\r\n"},
		"hop by hop":                     {"Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nX-End: 1\r\n\r\n", "X-End: 1\r\n\r\n"},
		"what is ours is not a client's": {"X-Strangler-Side: service\r\nX-Strangler-Shadow: r\r\nX-A: 1\r\n\r\n", "X-A: 1\r\n\r\n"},
	} {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"} {
			for _, b := range rawBacks {
				if b.standard && name == "chunks of nothing" {
					continue // it sends nothing where a method usually has nothing
				}
				t.Run(fmt.Sprint(name, ", ", method, ", ", b.name), func(t *testing.T) {
					got := make(chan string, 1)
					g := gatewayOf(t, front1, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
						head, err := headOf(r)
						if err != nil {
							return
						}
						body := ""
						switch {
						case strings.Contains(head, "Transfer-Encoding: chunked\r\n"):
							for !strings.HasSuffix(body, "0\r\n\r\n") && !strings.HasSuffix(body, "0\r\nX-Sum: 7\r\n\r\n") && err == nil {
								var c byte
								c, err = r.ReadByte()
								body += string(rune(c))
							}
						case strings.Contains(head, "Content-Length: "):
							_, after, _ := strings.Cut(head, "Content-Length: ")
							n := 0
							_, _ = fmt.Sscan(after, &n)
							b := make([]byte, n)
							_, _ = io.ReadFull(r, b)
							body = string(b)
						}
						got <- strings.Join(linesOf(head, ours...), "\r\n") + "\r\n\r\n" + strings.Replace(body, "1\r\nb\r\n3\r\nody\r\n", "4\r\nbody\r\n", 1) // as net/http cuts it
						_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
					}))
					const target = "/a//b/%2F/c;d=e|f?x=%zz;y&&z"
					sent, want := c.sent, c.got
					if sent == "" {
						sent = "\r\n"
					}
					if want == "" {
						want = sent
					}
					conn, r := g.dial(t)
					say(t, conn, method+" "+target+" HTTP/1.1\r\nHost: Shop.example:81\r\n"+sent)
					if head, err := headOf(r); err != nil || !strings.HasPrefix(head, "HTTP/1.1 204 ") {
						t.Fatalf("answer %q, %v", head, err)
					}
					head, body, _ := strings.Cut(method+" "+target+" HTTP/1.1\r\nHost: Shop.example:81\r\n"+want, "\r\n\r\n")
					want = strings.Join(linesOf(head+"\r\n\r\n"), "\r\n") + "\r\n\r\n" + body
					seen := <-got
					if b.standard { // it has its own mind about what is empty
						want = strings.Replace(want, "User-Agent: \r\n", "", 1)
						want = strings.Replace(want, "Content-Length: 0\r\n", "", 1)
						seen = strings.Replace(seen, "Content-Length: 0\r\n", "", 1)
					}
					if diff := cmp.Diff(want, seen); diff != "" {
						t.Errorf("as the upstream got it (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

// TestPeerAnswerOnTheWire is the same of answers.
func TestPeerAnswerOnTheWire(t *testing.T) {
	for name, c := range map[string]struct{ sent, got string }{
		"nothing is invented":      {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", ""},
		"names become canonical":   {"HTTP/1.1 200 OK\r\nx-lower: 1\r\nX-UPPER: 2\r\nETag: \"e\"\r\nWWW-Authenticate: Basic\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Lower: 1\r\nX-Upper: 2\r\nEtag: \"e\"\r\nWww-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"},
		"values stay in order":     {"HTTP/1.1 200 OK\r\nSet-Cookie: b=2; Path=/; HttpOnly\r\nVia: 1.1 x\r\nSet-Cookie: a=1\r\nSet-Cookie: c=\"3, 4\"\r\nContent-Length: 0\r\n\r\n", ""},
		"what is usual and came":   {"HTTP/1.1 200 OK\r\nDate: yesterday\r\nServer: x\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nCache-Control: no-store\r\nAlt-Svc: h3=\":1\"\r\nContent-Length: 2\r\n\r\nok", ""},
		"odd values stay":          {"HTTP/1.1 200 OK\r\nX-A: \xff\xc3\xbc\t\"x\"\r\nX-Empty:\r\nContent-Type:\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: \xff\xc3\xbc\t\"x\"\r\nX-Empty: \r\nContent-Type: \r\nContent-Length: 0\r\n\r\n"},
		"a status of another kind": {"HTTP/1.1 299 Fine\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 299 status code 299\r\nContent-Length: 0\r\n\r\n"},
		"chunks":                   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ""},
		"chunks and a length":      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"trailers":                 {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n", ""},
		"hop by hop":               {"HTTP/1.1 200 OK\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"one length, twice":        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
		"an error without a type":  {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno", ""},
	} {
		eachPair(t, []frontKind{front1, front1s}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
			t.Run(name, func(t *testing.T) {
				g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					for {
						if _, err := headOf(r); err != nil {
							return
						}
						_, _ = io.WriteString(conn, c.sent)
					}
				}))
				want := c.got
				if want == "" {
					want = c.sent
				}
				head, body, _ := strings.Cut(want, "\r\n\r\n")
				conn, r := g.dial(t)
				for range 2 {
					say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
					got, err := headOf(r)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(linesOf(head+"\r\n\r\n"), linesOf(got)); diff != "" {
						t.Errorf("head (-want +got):\n%s", diff)
					}
					gotBody := make([]byte, len(body))
					if _, err := io.ReadFull(r, gotBody); err != nil || string(gotBody) != body {
						t.Errorf("body %q, %v; want %q", gotBody, err, body)
					}
				}
			})
		})
	}
}
