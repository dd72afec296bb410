package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// startTransport returns a transport to a peer.
func startTransport(t testing.TB, p *peer, cfg upstream.Config) *upstream.Transport {
	t.Helper()
	cfg.URLs = []*url.URL{p.URL}
	tr, err := upstream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// request makes a request as a proxy does: nothing in it can be read twice.
func request(t testing.TB, method, path string, body io.Reader, length int64) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://any.example"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Body, r.ContentLength = &closeCounter{Reader: body}, length
	}
	r.Header["User-Agent"] = nil
	return r
}

// closeCounter is a body that knows how often it was closed.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

// Close implements io.Closer.
func (c *closeCounter) Close() error { c.closed.Add(1); return nil }

// closed waits for a request's body to be closed: RoundTrip may return before.
func closed(t testing.TB, r *http.Request) {
	t.Helper()
	if body, ok := r.Body.(*closeCounter); ok {
		eventually(t, "the request's body", func() error {
			if body.closed.Load() == 0 {
				return errors.New("is not closed")
			}
			return nil
		})
	}
}

// roundTrip returns the status and body of an answer.
func roundTrip(t testing.TB, tr http.RoundTripper, r *http.Request) (int, string) {
	t.Helper()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%s %s: read answer: %v", r.Method, r.URL, err)
	}
	return resp.StatusCode, string(body)
}

// TestRequestOnTheWire compares what an upstream gets with what it must get.
func TestRequestOnTheWire(t *testing.T) {
	leavesNothing(t)
	wire := make(chan string, 10)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, body, ok := c.request()
			if !ok {
				return
			}
			wire <- head + body
			c.send(plain(""))
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	for name, c := range map[string]struct {
		method string
		body   io.Reader
		length int64
		edit   func(*http.Request)
		want   []string // lines, in any order but for the first; the body after an empty one
	}{
		"GET":              {method: "GET", want: []string{"GET /p HTTP/1.1", "Host: any.example", "", ""}},
		"no method":        {method: "", want: []string{"GET /p HTTP/1.1", "Host: any.example", "", ""}},
		"no path":          {method: "GET", edit: func(r *http.Request) { r.URL.Path = "" }, want: []string{"GET / HTTP/1.1", "Host: any.example", "", ""}},
		"query":            {method: "GET", edit: func(r *http.Request) { r.URL.RawQuery = "a=%zz;b" }, want: []string{"GET /p?a=%zz;b HTTP/1.1", "Host: any.example", "", ""}},
		"an empty query":   {method: "GET", edit: func(r *http.Request) { r.URL.ForceQuery = true }, want: []string{"GET /p? HTTP/1.1", "Host: any.example", "", ""}},
		"opaque":           {method: "GET", edit: func(r *http.Request) { r.URL.Opaque = "/a|b" }, want: []string{"GET /a|b HTTP/1.1", "Host: any.example", "", ""}},
		"an encoded slash": {method: "GET", edit: func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b", "/a%2Fb" }, want: []string{"GET /a%2Fb HTTP/1.1", "Host: any.example", "", ""}},
		"OPTIONS *":        {method: "OPTIONS", edit: func(r *http.Request) { r.URL.Path = "*" }, want: []string{"OPTIONS * HTTP/1.1", "Host: any.example", "", ""}},
		"own Host":         {method: "GET", edit: func(r *http.Request) { r.Host = "own.example:81" }, want: []string{"GET /p HTTP/1.1", "Host: own.example:81", "", ""}},
		"a Host header":    {method: "GET", edit: func(r *http.Request) { r.Header["Host"] = []string{"evil.example"} }, want: []string{"GET /p HTTP/1.1", "Host: any.example", "", ""}},
		"headers": {method: "GET", edit: func(r *http.Request) {
			r.Header["X-A"], r.Header["X-B"], r.Header["User-Agent"] = []string{"1", "2"}, nil, []string{"me"}
		}, want: []string{"GET /p HTTP/1.1", "Host: any.example", "User-Agent: me", "X-A: 1", "X-A: 2", "", ""}},
		"line ends in a value are spaces": {method: "GET", edit: func(r *http.Request) { r.Header["X-A"] = []string{" a\tb "} }, want: []string{"GET /p HTTP/1.1", "Host: any.example", "X-A: a\tb", "", ""}},
		"framing headers that are not ours": {method: "POST", body: strings.NewReader("abc"), length: 3, edit: func(r *http.Request) {
			r.Header["Content-Length"], r.Header["Transfer-Encoding"], r.Header["Trailer"] = []string{"7"}, []string{"gzip"}, []string{"X-T"}
		}, want: []string{"POST /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"length":                 {method: "POST", body: strings.NewReader("abc"), length: 3, want: []string{"POST /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"length, byte by byte":   {method: "POST", body: iotest.OneByteReader(strings.NewReader("abc")), length: 3, want: []string{"POST /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"length, with the end":   {method: "POST", body: iotest.DataErrReader(strings.NewReader("abc")), length: 3, want: []string{"POST /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"unknown length":         {method: "POST", body: strings.NewReader("abc"), length: -1, want: []string{"POST /p HTTP/1.1", "Host: any.example", "Transfer-Encoding: chunked", "", "abc"}},
		"unknown, byte by byte":  {method: "PUT", body: iotest.OneByteReader(strings.NewReader("abc")), length: -1, want: []string{"PUT /p HTTP/1.1", "Host: any.example", "Transfer-Encoding: chunked", "", "abc"}},
		"unknown, and nothing":   {method: "POST", body: strings.NewReader(""), length: -1, want: []string{"POST /p HTTP/1.1", "Host: any.example", "Transfer-Encoding: chunked", "", ""}},
		"POST without a body":    {method: "POST", want: []string{"POST /p HTTP/1.1", "Host: any.example", "", ""}},
		"PUT without a body":     {method: "PUT", want: []string{"PUT /p HTTP/1.1", "Host: any.example", "", ""}},
		"DELETE without a body":  {method: "DELETE", want: []string{"DELETE /p HTTP/1.1", "Host: any.example", "", ""}},
		"http.NoBody":            {method: "POST", edit: func(r *http.Request) { r.Body = http.NoBody }, want: []string{"POST /p HTTP/1.1", "Host: any.example", "", ""}},
		"GET with a body":        {method: "GET", body: strings.NewReader("abc"), length: 3, want: []string{"GET /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"DELETE with a body":     {method: "DELETE", body: strings.NewReader("abc"), length: 3, want: []string{"DELETE /p HTTP/1.1", "Content-Length: 3", "Host: any.example", "", "abc"}},
		"length 0 said to be so": {method: "DELETE", edit: func(r *http.Request) { r.Body, r.TransferEncoding = http.NoBody, []string{"identity"} }, want: []string{"DELETE /p HTTP/1.1", "Content-Length: 0", "Host: any.example", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, c.method, "/p", c.body, c.length)
			r.Method = c.method
			if c.edit != nil {
				c.edit(r)
			}
			if status, _ := roundTrip(t, tr, r); status != 200 {
				t.Fatalf("status %d", status)
			}
			closed(t, r)
			head, body, _ := strings.Cut(<-wire, "\r\n\r\n")
			got := strings.Split(head, "\r\n")
			sortLines(got[1:])
			sortLines(c.want[1 : len(c.want)-2])
			if diff := cmp.Diff(c.want, append(got, "", body)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func sortLines(lines []string) {
	for i := range lines {
		for j := i; j > 0 && lines[j] < lines[j-1]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
}

// TestRequestTrailersOnTheWire sends trailers, whose values are known when the body ends.
func TestRequestTrailersOnTheWire(t *testing.T) {
	leavesNothing(t)
	wire := make(chan string, 1)
	p := startPeer(t, func(c *peerConn) {
		head, ok := c.head()
		if !ok {
			return
		}
		for !strings.HasSuffix(head, "\r\n0\r\nX-Sum: 7\r\n\r\n") {
			line, err := c.r.ReadString('\n')
			if head += line; err != nil {
				break
			}
		}
		wire <- head
		c.send(plain(""))
	})
	tr := startTransport(t, p, upstream.Config{})
	r := request(t, "POST", "/", nil, 0)
	r.Trailer = http.Header{"X-Sum": nil}
	r.ContentLength = -1
	r.Body = &closeCounter{Reader: io.MultiReader(strings.NewReader("abc"), readerFunc(func([]byte) (int, error) {
		r.Trailer["X-Sum"] = []string{"7"}
		return 0, io.EOF
	}))}
	if status, _ := roundTrip(t, tr, r); status != 200 {
		t.Errorf("status %d", status)
	}
	got := within(t, wire, "no request came")
	if headerOf(got, "Trailer") != "X-Sum" || !strings.Contains(got, "\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n") {
		t.Errorf("%q", got)
	}
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestInvalidRequests has requests that no upstream may get: nothing of them is sent, least of
// all a second request in them.
func TestInvalidRequests(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			c.send(plain(head))
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	for name, c := range map[string]struct {
		edit func(*http.Request)
		// Harmless is what the request becomes where it is sent all the same: without the part
		// that must not be.
		harmless bool
	}{
		"a method with a space":          {edit: func(r *http.Request) { r.Method = "GET /evil" }},
		"a method with a line end":       {edit: func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET" }},
		"a header name with a space":     {edit: func(r *http.Request) { r.Header["X Evil"] = []string{"1"} }},
		"a header name with a line end":  {edit: func(r *http.Request) { r.Header["X-A: 1\r\nX-Evil"] = []string{"1"} }},
		"a header name with a colon":     {edit: func(r *http.Request) { r.Header["X-Evil:"] = []string{"1"} }},
		"an empty header name":           {edit: func(r *http.Request) { r.Header[""] = []string{"1"} }},
		"a header value with a line end": {edit: func(r *http.Request) { r.Header["X-A"] = []string{"1\r\nX-Evil: 1"} }},
		"a header value with LF":         {edit: func(r *http.Request) { r.Header["X-A"] = []string{"1\nX-Evil: 1"} }},
		"a header value with NUL":        {edit: func(r *http.Request) { r.Header["X-Evil"] = []string{"1\x00"} }},
		"no header map":                  {edit: func(r *http.Request) { r.Header = nil }, harmless: true},
		"a trailer name with a line end": {edit: func(r *http.Request) { r.Trailer = http.Header{"X-A: 1\r\nX-Evil": {"1"}} }},
		"a trailer value with line ends": {edit: func(r *http.Request) { r.Trailer = http.Header{"X-A": {"1\r\nX-Evil: 1"}} }},
		"a trailer that frames":          {edit: func(r *http.Request) { r.Trailer = http.Header{"Content-Length": {"1"}} }},
		"a host with a line end":         {edit: func(r *http.Request) { r.Host = "h\r\nX-Evil: 1" }, harmless: true},
		"a host with a space":            {edit: func(r *http.Request) { r.Host = "h X-Evil" }, harmless: true},
		"a host with a slash":            {edit: func(r *http.Request) { r.Host = "h/X-Evil" }, harmless: true},
		"a target with a line end":       {edit: func(r *http.Request) { r.URL.Opaque = "/ HTTP/1.1\r\nX-Evil: 1\r\n\r\n" }},
		"a target with LF":               {edit: func(r *http.Request) { r.URL.Opaque = "/\nX-Evil: 1" }},
		"a query with a line end":        {edit: func(r *http.Request) { r.URL.RawQuery = "a HTTP/1.1\r\nX-Evil: 1" }},
		"a body and no length":           {edit: func(r *http.Request) { r.Body, r.ContentLength = nil, 5 }, harmless: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "/", strings.NewReader("abc"), -1)
			c.edit(r)
			body := r.Body
			resp, err := tr.RoundTrip(r)
			if err == nil {
				got, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if !c.harmless || strings.Contains(string(got), "X-Evil") {
					t.Errorf("it was sent: %q", got)
				}
			}
			r.Body = body
			closed(t, r)
			// Whatever was begun is not the next request's.
			if status, got := roundTrip(t, tr, request(t, "GET", "/next", nil, 0)); status != 200 || !strings.HasPrefix(got, "GET /next ") {
				t.Errorf("the next request: %d %q", status, got)
			}
		})
	}
}

// TestBodyThatIsNotAsLong has bodies that are shorter or longer than was said: an upstream never
// gets more than that, nor takes the next request for the rest.
func TestBodyThatIsNotAsLong(t *testing.T) {
	leavesNothing(t)
	seen := make(chan string, 100)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, body, ok := c.request()
			if !ok {
				return
			}
			seen <- path(head) + body
			c.send(plain(path(head) + body))
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
	}{
		"shorter":                  {strings.NewReader("ab"), 3},
		"nothing":                  {strings.NewReader(""), 3},
		"longer":                   {strings.NewReader("abc" + smuggled), 3},
		"longer, byte by byte":     {iotest.OneByteReader(strings.NewReader("abc" + smuggled)), 3},
		"longer, in pieces":        {io.MultiReader(strings.NewReader("abc"), strings.NewReader(smuggled)), 3},
		"much longer":              {io.MultiReader(strings.NewReader("abc"), strings.NewReader(strings.Repeat(smuggled, 10_000))), 3},
		"breaks":                   {io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errors.New("broken"))), 3},
		"breaks, length unknown":   {io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(errors.New("broken"))), -1},
		"breaks at once":           {iotest.ErrReader(errors.New("broken")), -1},
		"breaks at its end":        {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("broken"))), 3},
		"breaks after a large one": {io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), iotest.ErrReader(errors.New("broken"))), -1},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, "POST", "/odd", c.body, c.length)
			resp, err := tr.RoundTrip(r)
			if err == nil { // the upstream had all that was said to come
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			closed(t, r)
			for range 3 {
				if status, got := roundTrip(t, tr, request(t, "GET", "/next", nil, 0)); status != 200 || got != "/next" {
					t.Errorf("the next request: %d %q", status, got)
				}
			}
			for n := len(seen); n > 0; n-- {
				if got := <-seen; got != "/next" && (got != "/oddabc" || !strings.HasPrefix(name, "longer") && name != "much longer" && name != "breaks at its end") {
					t.Errorf("the upstream got %q", got)
				}
			}
		})
	}
}

// TestRequestIsSentAgain uses one request twice, as callers may.
func TestRequestIsSentAgain(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{})
	r := request(t, "GET", "/again", nil, 0)
	r.Header.Set("X-A", "1")
	before := r.Clone(t.Context())
	for range 3 {
		if _, got := roundTrip(t, tr, r); got != "/again" {
			t.Errorf("%q", got)
		}
	}
	if diff := cmp.Diff(before.Header, r.Header); diff != "" || r.URL.String() != before.URL.String() || r.Host != before.Host {
		t.Errorf("the request was changed: %s %s", r.URL, diff)
	}
}

// TestUploadIsNotHeldBack has a body that comes bit by bit: its head is sent before, and each
// piece when it is there. A body that is short is not sent before it is there.
func TestUploadIsNotHeldBack(t *testing.T) {
	leavesNothing(t)
	for _, length := range []int64{-1, 1 << 20} {
		arrived := make(chan string, 10)
		p := startPeer(t, func(c *peerConn) {
			head, ok := c.head()
			if !ok {
				return
			}
			arrived <- "head"
			got := ""
			for len(got) < 6 {
				b, err := c.r.ReadByte()
				if err != nil {
					return
				}
				if 'a' <= b && b <= 'f' && !strings.ContainsRune(got, rune(b)) {
					got += string(b)
					arrived <- string(b)
				}
			}
			if headerOf(head, "Transfer-Encoding") != "" {
				_, _ = io.CopyN(io.Discard, c.r, int64(len("\r\n0\r\n\r\n")))
			}
			c.send(plain(got))
		})
		tr := startTransport(t, p, upstream.Config{})
		body, upload := io.Pipe()
		done := make(chan string, 1)
		go func() {
			resp, err := tr.RoundTrip(request(t, "POST", "/", body, length))
			if err != nil {
				done <- err.Error()
				return
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			done <- string(got)
		}()
		for _, piece := range []string{"head", "a", "b", "c", "d", "e", "f"} {
			if piece != "head" {
				fmt.Fprint(upload, piece)
			}
			if got := within(t, arrived, "a piece is held back"); got != piece {
				t.Errorf("%q arrived, want %q", got, piece)
			}
		}
		if length > 0 {
			upload.CloseWithError(errors.New("the rest doesn't come"))
			<-done
			continue
		}
		upload.Close()
		if got := within(t, done, "no answer"); got != "abcdef" {
			t.Errorf("%q", got)
		}
	}
}

// TestSlowUploadIsNoSlowAnswer has the time for the head begin when the request is out.
func TestSlowUploadIsNoSlowAnswer(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{Policy: upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: 60 * time.Millisecond}}})
	body, upload := io.Pipe()
	go func() {
		for range 5 {
			time.Sleep(30 * time.Millisecond)
			fmt.Fprint(upload, "x")
		}
		upload.Close()
	}()
	if _, got := roundTrip(t, tr, request(t, "POST", "/", body, -1)); got != "/xxxxx" {
		t.Errorf("%q", got)
	}
}

// TestBodyIsClosedOnFailure has a request end in each way that is none of the answer's.
func TestBodyIsClosedOnFailure(t *testing.T) {
	leavesNothing(t)
	hang := startPeer(t, func(c *peerConn) { c.untilGone() })
	kill := startPeer(t, func(c *peerConn) { c.head() })
	gone := startPeer(t, func(*peerConn) {})
	gone.stop()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	soon, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for name, c := range map[string]struct {
		peer *peer
		ctx  context.Context
	}{"refused": {gone, t.Context()}, "killed": {kill, t.Context()}, "over before it begins": {hang, over}, "over while it waits": {hang, soon}} {
		for _, length := range []int64{3, -1} {
			tr := startTransport(t, c.peer, upstream.Config{})
			r := request(t, "POST", "/", strings.NewReader("abc"), length).WithContext(c.ctx)
			resp, err := tr.RoundTrip(r)
			if err == nil {
				resp.Body.Close()
				t.Errorf("%s: answered %d", name, resp.StatusCode)
			}
			if c.ctx.Err() != nil && !errors.Is(err, c.ctx.Err()) {
				t.Errorf("%s: error %v, want the context's", name, err)
			}
			closed(t, r)
		}
	}
}
