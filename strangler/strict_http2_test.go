package strangler

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestMalformedHTTP2 sends what HTTP/2 frames by length and HTTP/1.1 by characters: nothing of it
// becomes a header, a line or a request more at the upstream, which speaks HTTP/1.1.
func TestMalformedHTTP2(t *testing.T) {
	rec, up := newRecorder(t)
	address, _ := front(t, Config{Legacy: up, Routes: []Route{{Name: "small", Match: Match{Path: "/small"}, MaxBody: 5}}})
	get := []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}
	with := func(more ...string) []string { return append(get[:len(get):len(get)], more...) }
	but := func(name, value string) []string {
		fields := append([]string(nil), get...)
		for i := 0; i < len(fields); i += 2 {
			if fields[i] == name {
				fields[i+1] = value
			}
		}
		return fields
	}
	const reset = "reset" // RST_STREAM, or GOAWAY
	for name, c := range map[string]struct {
		why    string
		fields []string
		body   string
		ends   bool // the headers end the stream, whatever body says
		answer string
		want   string // at the upstream; empty: nothing
	}{
		"an ordinary request":                 {"9113 8.3.1", get, "", true, "200", "GET / HTTP/1.1\nHost: h"},
		"a body with its length":              {"9113 8.1.1", with("content-length", "5"), "hello", false, "200", "GET / HTTP/1.1\nContent-Length: 5\nHost: h\n\nhello"},
		"a body without a length":             {"9113 8.1.1", get, "hello", false, "200", "GET / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nhello"},
		"a method with spaces":                {"9113 8.2.1: a request line could be hidden in it", but(":method", "GET /smuggled HTTP/1.1"), "", true, "400", ""},
		"a method with a line end":            {"9113 8.2.1", but(":method", "GET / HTTP/1.1\r\nX-A: 1"), "", true, reset, ""},
		"a path with a space":                 {"9113 8.3.1, 9112 3: it would end the target", but(":path", "/a HTTP/1.1"), "", true, "400", ""},
		"a path with a line end":              {"9113 8.2.1", but(":path", "/a HTTP/1.1\r\nX-A: 1"), "", true, reset, ""},
		"a query with a space":                {"9113 8.3.1", but(":path", "/?a b"), "", true, "400", ""},
		"a path with a tab":                   {"9113 8.3.1", but(":path", "/a\tb"), "", true, reset, ""},
		"a path that is a URL":                {"9113 8.3.1: begins with a slash", but(":path", "http://evil/x"), "", true, "400", ""},
		"a path without a slash":              {"9113 8.3.1", but(":path", "a"), "", true, reset, ""},
		"an empty path":                       {"9113 8.3.1", but(":path", ""), "", true, reset, ""},
		"an asterisk for GET":                 {"9112 3.2.4", but(":path", "*"), "", true, "400", ""},
		"a scheme that is none":               {"9113 8.3.1", but(":scheme", "http://evil/x?"), "", true, reset, ""},
		"an authority with a path":            {"9113 8.3.1", but(":authority", "a/b"), "", true, "400", ""},
		"an authority with a line end":        {"9113 8.2.1", but(":authority", "a\r\nX-A: 1"), "", true, reset, ""},
		"an authority with a user":            {"9113 8.3.1: MUST NOT", but(":authority", "h@evil"), "", true, reset, ""},
		"an empty authority":                  {"9110 4.2.1", but(":authority", ""), "", true, "400", ""},
		"Host beside the authority":           {"9113 8.3.1: the same is allowed, and sent once", with("host", "h"), "", true, "200", "GET / HTTP/1.1\nHost: h"},
		"Host against the authority":          {"9113 8.3.1", with("host", "evil"), "", true, "400", ""},
		"two Hosts":                           {"9113 8.3.1", with("host", "h", "host", "h"), "", true, "400", ""},
		"Transfer-Encoding":                   {"9113 8.2.2: malformed", with("transfer-encoding", "chunked"), "0\r\n\r\n" + smuggled, false, "400", ""},
		"Connection":                          {"9113 8.2.2", with("connection", "x-a"), "", true, "400", ""},
		"Keep-Alive":                          {"9113 8.2.2", with("keep-alive", "5"), "", true, "400", ""},
		"Upgrade":                             {"9113 8.2.2", with("upgrade", "websocket"), "", true, "400", ""},
		"TE with more than trailers":          {"9113 8.2.2", with("te", "trailers, chunked"), "", true, "400", ""},
		"a length below the body's":           {"9113 8.1.1: malformed", with("content-length", "1"), "hello", false, reset, ""},
		"a length above the body's":           {"9113 8.1.1", with("content-length", "50"), "hello", false, "400", ""},
		"a length without a body":             {"9113 8.1.1", with("content-length", "5"), "", true, "400", ""},
		"two lengths":                         {"9113 8.1.1", with("content-length", "5", "content-length", "6"), "hello", false, "400", ""},
		"a length that is none":               {"9110 8.6", with("content-length", "+5"), "", true, "400", ""},
		"a length with zeros before it":       {"9110 8.6: not what it is passed on as", with("content-length", "05"), "hello", false, "400", ""},
		"a value with a line end":             {"9113 8.2.1", with("x-a", "1\r\nx-b: 2"), "", true, reset, ""},
		"a value with a NUL":                  {"9113 8.2.1", with("x-a", "1\x002"), "", true, reset, ""},
		"a name with a colon":                 {"9113 8.2.1", with("x-a: 1\r\nx-b", "2"), "", true, reset, ""},
		"a name in capitals":                  {"9113 8.2.1", with("X-A", "1"), "", true, reset, ""},
		"a name with a space":                 {"9113 8.2.1", with("x a", "1"), "", true, reset, ""},
		"a pseudo-header behind a header":     {"9113 8.3", with("x-a", "1", ":path", "/evil"), "", true, reset, ""},
		"a pseudo-header twice":               {"9113 8.3", with(":path", "/evil"), "", true, reset, ""},
		"a pseudo-header that nobody knows":   {"9113 8.3", with(":evil", "1"), "", true, reset, ""},
		"CONNECT":                             {"9110 9.3.6", []string{":method", "CONNECT", ":authority", "h:443"}, "", true, "501", ""},
		"CONNECT for a protocol":              {"8441 4: not offered", []string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "h", ":path", "/"}, "", true, reset, ""},
		"PRI":                                 {"9113 3.4", []string{":method", "PRI", ":scheme", "http", ":authority", "h", ":path", "*"}, "", true, "400", ""},
		"too many headers":                    {"6585 5", with(strings.Fields(strings.Repeat("x-a 1 ", defaultHeaders+1))...), "", true, "431", ""},
		"a body that is too large":            {"9110 15.5.14", append(but(":path", "/small"), "content-length", "6"), "hello!", false, "413", ""},
		"a body of no length, and too large":  {"9110 15.5.14", but(":path", "/small"), "hello!", false, "413", ""},
		"a body of no length, and just right": {"9110 15.5.14", but(":path", "/small"), "hello", false, "200", "GET /small HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nhello"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := askHTTP2(t, address, c.fields, c.body, c.ends); got != c.answer {
				t.Errorf("RFC %s: answer %s, want %s", c.why, got, c.answer)
			}
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if diff := cmp.Diff(want, rec.take(t)); diff != "" {
				t.Errorf("RFC %s: at the upstream (-want +got):\n%s", c.why, diff)
			}
		})
	}
}

// askHTTP2 sends header fields as they are given, name by value, and a body. It returns the
// answer's status, or that the stream was reset.
func askHTTP2(t *testing.T, address string, fields []string, body string, ends bool) string {
	t.Helper()
	conn, r := dial(t, address)
	writeRaw(t, conn, "%s", http2.ClientPreface)
	return startHTTP2(t, conn, r, fields, body, ends, true)
}

// startHTTP2 is askHTTP2 on a connection whose preface is sent. Where headers don't end the stream
// the body does, if it ends at all.
func startHTTP2(t *testing.T, conn net.Conn, r io.Reader, fields []string, body string, headersEnd, bodyEnds bool) string {
	t.Helper()
	framer := http2.NewFramer(conn, r)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		if err := encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(
		framer.WriteSettings(),
		framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: headersEnd, EndHeaders: true}),
	)
	if !headersEnd {
		err = errors.Join(err, framer.WriteData(1, bodyEnds, []byte(body)))
	}
	if err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := frame.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame:
			return "reset"
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				return "reset"
			}
		}
	}
}

// TestStrictIsFree has it that an ordinary request pays for none of this with an allocation.
func TestStrictIsFree(t *testing.T) {
	for name, r := range map[string]*http.Request{
		"HTTP/1.1": {Method: "GET", Host: "shop.example.com:8080", RequestURI: "/api/orders/17?x=1", ProtoMajor: 1, ProtoMinor: 1, URL: &url.URL{Path: "/api/orders/17"},
			Header: http.Header{"Accept": {"*/*"}, "Cookie": {"sid=1"}, "User-Agent": {"curl"}, "Connection": {"keep-alive"}}},
		"HTTP/2": {Method: "GET", Host: "shop.example.com", RequestURI: "/api/orders/17?x=1", ProtoMajor: 2, URL: &url.URL{Path: "/api/orders/17"},
			Header: http.Header{"Accept": {"*/*"}, "Cookie": {"sid=1"}, "User-Agent": {"curl"}}},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if refused := strict(r, defaultHeaders); refused.status != 0 || closesAfter(r) {
				t.Errorf("%s: %v", name, refused)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkStrict(b *testing.B) {
	r := &http.Request{Method: "GET", Host: "shop.example.com:8080", RequestURI: "/api/orders/17?x=1", ProtoMajor: 1, ProtoMinor: 1, URL: &url.URL{Path: "/api/orders/17"},
		Header: http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"gzip"}, "Cookie": {"sid=1"}, "User-Agent": {"curl"}, "Connection": {"keep-alive"}, "X-Request-Id": {"1"}, "Traceparent": {"1"}}}
	b.ReportAllocs()
	for b.Loop() {
		if strict(r, defaultHeaders).status != 0 {
			b.Fatal("refused")
		}
	}
}
