package upstream

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// said is a connection whose other end says what it says, whatever it is sent, and closes.
type said struct{ r io.Reader }

func (s *said) Read(p []byte) (int, error)       { return s.r.Read(p) }
func (s *said) Write(p []byte) (int, error)      { return len(p), nil }
func (s *said) Close() error                     { return nil }
func (s *said) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *said) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *said) SetDeadline(time.Time) error      { return nil }
func (s *said) SetReadDeadline(time.Time) error  { return nil }
func (s *said) SetWriteDeadline(time.Time) error { return nil }

// slowly returns what it reads in small pieces, so that every place in an answer is once the end
// of what has come.
type slowly struct {
	r    io.Reader
	size int
}

func (s *slowly) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.size)]) }

// outcome is what a client makes of an answer.
type outcome struct {
	Status  int
	Header  http.Header
	Body    string
	Trailer http.Header
}

func outcomeOf(resp *http.Response) (outcome, error) {
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	o := outcome{resp.StatusCode, resp.Header, string(body), resp.Trailer}
	if len(o.Trailer) == 0 {
		o.Trailer = nil
	}
	return o, err
}

// byOurs is what this package makes of an answer.
func byOurs(method string, answer []byte, piece int) (outcome, error) {
	t := newHTTP1(http1Config{Dial: func(context.Context, string, string) (net.Conn, error) {
		return &said{&slowly{bytes.NewReader(answer), piece}}, nil
	}})
	defer t.CloseIdleConnections()
	r, _ := http.NewRequest(method, "http://up.example/", nil)
	resp, err := t.RoundTrip(r)
	if err != nil {
		return outcome{}, err
	}
	return outcomeOf(resp)
}

// byStandard is what net/http's client makes of it.
func byStandard(method string, answer []byte) (outcome, error) {
	r, _ := http.NewRequest(method, "http://up.example/", nil)
	br := bufio.NewReaderSize(bytes.NewReader(answer), readSize)
	for {
		resp, err := http.ReadResponse(br, r)
		if err != nil {
			return outcome{}, err
		}
		if resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		return outcomeOf(resp)
	}
}

// fuzzAnswers are what the fuzzing begins with.
var fuzzAnswers = []string{
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello more",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A, X-B\r\n\r\n0\r\nX-A: 1\r\nX-C: 2\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/0.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
	"HTTP/1.1 200 OK\r\n\r\nuntil the end",
	"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n",
	"HTTP/2.0 200 OK\r\n\r\n", "HTTP/11 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "",
	"HTTP/1.1 200 OK\nX-A: 1\nX-B: 2\n\nbody",
	"HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\n\t3\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\n X-A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A\r\n : 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A \r\n : 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-A\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "HTTP/1.1 200 OK\r\nX A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-A : 1\r\nX-A  : 2\r\nX-A   : 0\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n", "HTTP/1.1 200 OK\r\nX-\xff: 1\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-A: \xe4\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok and more",
	"HTTP/1.1 200 OK\r\nPragma: no-cache\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 20<<10) + "\r\nContent-Length: 1\r\n\r\n1",
}

// FuzzAnswer has it that what net/http's client rejects is rejected here as well, and that of
// what is taken the same is understood. A few fuzzAnswers that it takes are rejected: see parseStatusLine
// and parseField.
func FuzzAnswer(f *testing.F) {
	for _, answer := range fuzzAnswers {
		f.Add(false, 4096, []byte(answer))
	}
	f.Fuzz(func(t *testing.T, head bool, piece int, answer []byte) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		if piece < 1 || len(answer) > 64<<10 {
			return
		}
		ours, err := byOurs(method, answer, piece)
		theirs, wantErr := byStandard(method, answer)
		if err != nil || ours.Status == http.StatusSwitchingProtocols {
			return // what follows a 101 is no HTTP
		}
		if wantErr != nil {
			t.Fatalf("taken with status %d, but net/http says: %v\n%q", ours.Status, wantErr, answer)
		}
		// What net/http adds (RFC 9111 section 5.4 says nothing of fuzzAnswers), and what it leaves in
		// names of headers that nobody can send on, is not wanted.
		if _, sent := ours.Header["Cache-Control"]; !sent && theirs.Header["Pragma"] != nil {
			delete(theirs.Header, "Cache-Control")
		}
		ordered := !slices.ContainsFunc(slices.Collect(maps.Keys(theirs.Header)), func(name string) bool { return strings.HasSuffix(name, " ") })
		for _, h := range []*outcome{&ours, &theirs} {
			h.Header, h.Trailer = plain(h.Header, ordered), plain(h.Trailer, ordered)
		}
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Fatalf("understood otherwise than by net/http (-theirs +ours):\n%s\n%q", diff, answer)
		}
	})
}

// plain is a header as both parsers have it. Of names that differ in the spaces behind them, which
// net/http leaves there, the values have no order.
func plain(h http.Header, ordered bool) http.Header {
	out := http.Header{}
	for name, values := range h {
		name = http.CanonicalHeaderKey(strings.TrimRight(name, " "))
		if name == "Connection" || ownFields(name) {
			continue // net/http edits these
		}
		for _, value := range values {
			out[name] = append(out[name], strings.Join(strings.Fields(value), " "))
		}
	}
	if !ordered {
		for _, values := range out {
			slices.Sort(values)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// TestAnswers says of each seed of the fuzzing whether it is taken, at every size of piece.
func TestAnswers(t *testing.T) {
	for i, answer := range fuzzAnswers {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			whole, wholeErr := byOurs(http.MethodGet, []byte(answer), 1<<20)
			theirs, theirErr := byStandard(http.MethodGet, []byte(answer))
			if theirErr == nil && wholeErr != nil && !strings.Contains(answer, "099") && !strings.Contains(answer, "Length :") && !strings.Contains(answer, "X A") && !strings.HasPrefix(answer, "HTTP/0.0") {
				t.Errorf("%q is rejected (%v), but net/http takes it as %d %q", answer, wholeErr, theirs.Status, theirs.Body)
			}
			for _, piece := range []int{1, 2, 3, 7} {
				again, err := byOurs(http.MethodGet, []byte(answer), piece)
				if (err == nil) != (wholeErr == nil) {
					t.Fatalf("%q by %d: %v, but whole: %v", answer, piece, err, wholeErr)
				}
				if diff := cmp.Diff(whole, again); diff != "" {
					t.Errorf("%q by %d (-whole +pieces):\n%s", answer, piece, diff)
				}
			}
		})
	}
}
