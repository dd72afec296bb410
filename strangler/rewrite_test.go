package strangler

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seen starts a proxy before an upstream that tells what reached it, head and body, sorted but
// for the first line.
func seen(t *testing.T, cfg Config, path string) (address string, heads chan string) {
	t.Helper()
	heads = make(chan string, 10)
	cfg.Legacy = rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		head, err := readHead(r)
		if err != nil {
			return
		}
		heads <- head
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
		_, _ = io.Copy(io.Discard, r) // closing earlier would reset what still comes
	})
	cfg.Legacy.URL.Path = path
	address, _ = front(t, cfg)
	return address, heads
}

var ids = regexp.MustCompile(`(?m)^(X-Request-Id: [0-9a-f]{32}|Traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-00)\r\n`)

// withoutIDs takes off the id and the trace context, which must be there.
func withoutIDs(t *testing.T, head string) string {
	t.Helper()
	if n := len(ids.FindAllString(head, -1)); n != 2 {
		t.Errorf("%d of request id and trace context were added, want 2:\n%s", n, head)
	}
	return ids.ReplaceAllString(head, "")
}

func sortedHead(head string) []string {
	lines := strings.Split(strings.TrimRight(head, "\r\n"), "\r\n")
	slices.SortStableFunc(lines[1:], func(a, b string) int {
		name := func(s string) string { n, _, _ := strings.Cut(s, ":"); return n }
		return strings.Compare(name(a), name(b))
	})
	return lines
}

func TestRequestOnTheWire(t *testing.T) {
	forwarded := []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: h", "X-Forwarded-Port: 80", "X-Forwarded-Proto: http"}
	host := "Host: h\r\n"
	for name, c := range map[string]struct {
		send string
		path string // of the upstream's URL
		line string // as it reaches the upstream; empty: as it was sent
		want []string
	}{
		"nothing is invented":            {send: "GET / HTTP/1.1\r\n" + host},
		"double slashes":                 {send: "GET //a//b/ HTTP/1.1\r\n" + host},
		"an encoded slash":               {send: "GET /a%2Fb%2fc HTTP/1.1\r\n" + host},
		"dot segments":                   {send: "GET /a/../b/./c HTTP/1.1\r\n" + host},
		"characters net/url would quote": {send: "GET /a|b\"c<d>^`{}[] HTTP/1.1\r\n" + host},
		"bytes beyond ASCII":             {send: "GET /gr\xc3\xbc\xdfe HTTP/1.1\r\n" + host},
		"a hash in the path":             {send: "GET /a#b HTTP/1.1\r\n" + host},
		"needlessly encoded":             {send: "GET /%61%7e HTTP/1.1\r\n" + host},
		"an empty query":                 {send: "GET /? HTTP/1.1\r\n" + host},
		"odd queries":                    {send: "GET /?a;b=1&%zz&=&&c=%2f+|\" HTTP/1.1\r\n" + host},
		"a prefix":                       {send: "GET //a%2Fb|? HTTP/1.1\r\n" + host, path: "/base/", line: "GET /base//a%2Fb|? HTTP/1.1"},
		"a plain prefix":                 {send: "GET /a?b HTTP/1.1\r\n" + host, path: "/base", line: "GET /base/a?b HTTP/1.1"},
		"absolute form":                  {send: "GET http://h/a|b?c HTTP/1.1\r\n" + host, line: "GET /a|b?c HTTP/1.1"},
		"absolute form without a path":   {send: "GET http://h HTTP/1.1\r\n" + host, line: "GET / HTTP/1.1"},
		"a method nobody knows":          {send: "BREW /pot HTTP/1.1\r\n" + host},
		"a lower-case method":            {send: "get / HTTP/1.1\r\n" + host},
		"the whole server":               {send: "OPTIONS * HTTP/1.1\r\n" + host},
		"the whole server, prefixed":     {send: "OPTIONS * HTTP/1.1\r\n" + host, path: "/base"},
		"HTTP/1.0":                       {send: "GET / HTTP/1.0\r\n" + host, line: "GET / HTTP/1.1"},
		"values in order": {
			send: "GET / HTTP/1.1\r\n" + host + "x-b: 2\r\nX-A: z\r\nX-A: a\r\nX-B: 1\r\nCookie: a=1\r\nCookie: b=2\r\n",
			want: []string{"Cookie: a=1", "Cookie: b=2", "X-A: z", "X-A: a", "X-B: 2", "X-B: 1"},
		},
		"an agent and encodings": {
			send: "GET / HTTP/1.1\r\n" + host + "User-Agent: me\r\nAccept-Encoding: br\r\n",
			want: []string{"Accept-Encoding: br", "User-Agent: me"},
		},
		"hop by hop": {
			send: "GET / HTTP/1.1\r\n" + host + "Connection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nTE: gzip\r\nX-End: 1\r\n",
			want: []string{"X-End: 1"},
		},
		"TE trailers is kept": {
			send: "GET / HTTP/1.1\r\n" + host + "TE: gzip, Trailers\r\n",
			want: []string{"Te: trailers"},
		},
		"an upgrade": {
			send: "GET / HTTP/1.1\r\n" + host + "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
			want: []string{"Connection: Upgrade", "Upgrade: websocket"},
		},
		"no upgrade without Connection": {send: "GET / HTTP/1.1\r\n" + host + "Upgrade: websocket\r\n"},
		"no upgrade to h2c":             {send: "GET / HTTP/1.1\r\n" + host + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"},
		"a body with a length":          {send: "GET / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc", want: []string{"Content-Length: 3"}},
		"an empty body with a length":   {send: "DELETE / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n", want: []string{"Content-Length: 0"}},
		"no body and no length":         {send: "DELETE / HTTP/1.1\r\n" + host},
		"a body in chunks":              {send: "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", want: []string{"Transfer-Encoding: chunked"}},
		"headers that are ours":         {send: "GET / HTTP/1.1\r\n" + host + "X-Strangler-Side: service\r\nx-strangler-shadow: r\r\nX-Stranglers: 1\r\n", want: []string{"X-Stranglers: 1"}},
		"nor in disguise": {
			send: "GET / HTTP/1.1\r\n" + host + "X_Forwarded_For: 1.2.3.4\r\nX-Forwarded_Proto: https\r\nx_strangler_shadow: r\r\nX_Other: 1\r\n",
			want: []string{"X_other: 1"},
		},
		"forwarding headers are not believed": {
			send: "GET / HTTP/1.1\r\n" + host + "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nForwarded: for=1.2.3.4\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, heads := seen(t, Config{}, c.path)
			conn, answer := dial(t, address)
			writeRaw(t, conn, "%s\r\n", c.send)
			status, err := answer.ReadString('\n')
			if err != nil || !strings.Contains(status, "200") {
				t.Fatalf("answer %q, %v", status, err)
			}
			line := c.line
			if line == "" {
				line, _, _ = strings.Cut(c.send, "\r\n")
			}
			want := append(append([]string{line, "Host: h"}, c.want...), forwarded...)
			if diff := cmp.Diff(sortedHead(strings.Join(want, "\r\n")), sortedHead(withoutIDs(t, <-heads))); diff != "" {
				t.Errorf("at the upstream (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForwardingHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		trusted bool
		sent    []string
		want    []string
	}{
		"trusted, all sent": {true,
			[]string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop", "X-Forwarded-Port: 8443", "Forwarded: for=1.2.3.4"},
			[]string{"Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4, 5.6.7.8, 127.0.0.1", "X-Forwarded-Host: shop", "X-Forwarded-Port: 8443", "X-Forwarded-Proto: https"}},
		"trusted, filled where absent": {true,
			[]string{"X-Forwarded-Proto: https"},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: h:81", "X-Forwarded-Port: 81", "X-Forwarded-Proto: https"}},
		"trusted, port by scheme": {true,
			[]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: shop"},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: shop", "X-Forwarded-Port: 443", "X-Forwarded-Proto: https"}},
		"untrusted": {false,
			[]string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "Forwarded: for=1.2.3.4"},
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: h:81", "X-Forwarded-Port: 81", "X-Forwarded-Proto: http"}},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg Config
			if c.trusted {
				cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			}
			address, heads := seen(t, cfg, "")
			conn, answer := dial(t, address)
			writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h:81\r\n%s\r\n\r\n", strings.Join(c.sent, "\r\n"))
			_, _ = answer.ReadString('\n')
			if diff := cmp.Diff(append([]string{"GET / HTTP/1.1"}, sortedHead("\r\n" + strings.Join(append(c.want, "Host: h:81"), "\r\n"))[1:]...), sortedHead(withoutIDs(t, <-heads))); diff != "" {
				t.Errorf("at the upstream (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostPolicy(t *testing.T) {
	for policy, want := range map[string]string{"": "client.example", "preserve": "client.example", "literal.example": "literal.example", "upstream": "up.example:80"} {
		rw := newRewriter(&Upstream{URL: &url.URL{Scheme: "http", Host: "up.example:80"}, Host: policy}, nil)
		r := &http.Request{Host: "client.example", URL: &url.URL{Path: "/"}, Header: http.Header{}}
		out := rw.request(t.Context(), r, nil)
		host := out.Host
		if host == "" {
			host = out.URL.Host // as net/http does
		}
		if host != want {
			t.Errorf("policy %q: Host %q, want %q", policy, host, want)
		}
	}
}

func TestIdentityIsKept(t *testing.T) {
	address, heads := seen(t, Config{}, "")
	conn, answer := dial(t, address)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Request-Id\r\nX-Request-Id: mine\r\ntraceparent: %s\r\ntracestate: a=b\r\n\r\n", trace)
	_, _ = answer.ReadString('\n')
	head := <-heads
	for _, want := range []string{"X-Request-Id: mine\r\n", "Traceparent: " + trace + "\r\n", "Tracestate: a=b\r\n"} {
		if !strings.Contains(head, want) {
			t.Errorf("%q didn't reach the upstream:\n%s", want, head)
		}
	}
}

func TestOneWarningPerStranger(t *testing.T) {
	var log bytes.Buffer
	p, err := New(Config{Legacy: upstreamOf(t, says(200, "")), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	from := func(peer string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-Proto": {"https"}}}
		p.warned.check(p.Table(), r)
	}
	from("10.1.1.1:1")
	if log.Len() > 0 {
		t.Errorf("a trusted peer is warned of: %s", &log)
	}
	from("192.0.2.1:1")
	from("192.0.2.1:2")
	if n := strings.Count(log.String(), "--trusted-proxies"); n != 1 {
		t.Errorf("%d warnings name --trusted-proxies, want 1:\n%s", n, &log)
	}
	for i := range 2 * maxStrangers {
		from(fmt.Sprintf("192.0.%d.%d:1", i/200, i%200))
	}
	if n := len(p.warned.peers); n != maxStrangers {
		t.Errorf("%d peers are remembered, want %d", n, maxStrangers)
	}
}

// TestPathsWithUnencodedCharacters are the paths that can't be sent as they came: what was an
// encoded slash must not become a separator.
func TestPathsWithUnencodedCharacters(t *testing.T) {
	for name, c := range map[string]struct {
		tidy         bool
		prefix, path string
		want         string
	}{
		"may be translated":         {true, "", "/a%2Fb|\xff%2e%c3", "/a%2Fb%7C%FF%2e%c3"},
		"may be, behind a prefix":   {true, "/base", "/a%2Fb\"", "/base/a%2Fb%22"},
		"begins with two slashes":   {false, "", "//a%2Fb|", "//a%2Fb%7C"},
		"only the first is special": {false, "/base", "//a%2Fb|", "/base//a%2Fb|"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := url.ParseRequestURI(c.path) // as net/http's server does
			if err != nil {
				t.Fatal(err)
			}
			rw := rewriter{tidy: c.tidy, prefix: c.prefix, path: c.prefix}
			var u url.URL
			rw.url(&u, in)
			if got := u.RequestURI(); got != c.want {
				t.Errorf("%q is sent as %q, want %q", c.path, got, c.want)
			}
		})
	}
}

// FuzzURL has it that every path and query that net/http parses reach the upstream unchanged;
// but for what rewriter.url says.
func FuzzURL(f *testing.F) {
	for _, seed := range []string{"/", "//a", "/a%2Fb|c", "/a?b;c=%zz", "/?", "/%", "*", "/a#b?c#d", "/..//.", "/\xff", "//|", "/%7c|", "//%2f|"} {
		f.Add(seed, "")
		f.Add(seed, "/base")
	}
	f.Fuzz(func(t *testing.T, target, prefix string) {
		in, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			return // answered 400 by net/http, or in absolute form
		}
		base := &url.URL{Scheme: "http", Host: "up"}
		if prefix != "" {
			if base, err = url.Parse("http://up/" + strings.Trim(prefix, "/")); err != nil || base.RawQuery != "" || base.Fragment != "" || base.ForceQuery {
				return
			}
		}
		rw := newRewriter(&Upstream{URL: base}, nil)
		var u url.URL
		rw.url(&u, in)
		got := u.RequestURI()
		want := rw.prefix + target
		path, _, _ := strings.Cut(want, "?")
		if strings.HasPrefix(path, "//") && rw.prefix+in.EscapedPath() != path {
			sent, _, _ := strings.Cut(got, "?")
			if decoded, err := url.PathUnescape(sent); err != nil || decoded != in.Path || strings.Count(sent, "/") != strings.Count(path, "/") {
				t.Errorf("%q is sent as %q, which is another path", target, got)
			}
			return
		}
		if got != want {
			t.Errorf("%q before prefix %q is sent as %q", target, rw.prefix, got)
		}
	})
}
