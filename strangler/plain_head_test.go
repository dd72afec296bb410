package strangler

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlainRequests(t *testing.T) {
	const host = "Host: shop.example\r\n"
	for request, want := range map[string]head{
		"GET / HTTP/1.1\r\n" + host + "\r\n":                                                headPlain,
		"GET /a%2Fb/?q=1&r;%zz HTTP/1.1\r\n" + host + "\r\n":                                headPlain,
		"GET / HTTP/1.1\r\nhost:shop.example:80\r\nx-a: \t1\t \r\n\r\n":                     headPlain,
		"GET / HTTP/1.1\r\n" + host + "Connection: keep-alive\r\n\r\n":                      headPlain,
		"DELETE / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n":                        headPlain,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabcGET":                    headPlain,
		"GET / HTTP/1.1\r\n" + host:                                                         headPart,
		"GET / HT":                                                                          headPart,
		"GE":                                                                                headPart,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nab":                        headForeign, // the body may take its time
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999\r\n\r\nab":                    headForeign,
		"GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\n":                           headForeign,
		"GET / HTTP/1.1\r\n" + host + "Pragma: no-cache\r\n\r\n":                            headForeign,
		"GET / HTTP/1.1\r\n" + host + "Connection: close, X-A\r\n\r\n":                      headForeign,
		"GET / HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n":   headForeign,
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n":        headForeign,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na":    headForeign,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 01\r\n\r\na":                        headForeign,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na":                        headForeign,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nExpect: 100-continue\r\n\r\na": headForeign,
		"GET / HTTP/1.0\r\n" + host + "\r\n":                                                headForeign,
		"GET / HTTP/1.1\r\n\r\n":                                                            headForeign,
		"GET / HTTP/1.1\r\n" + host + host + "\r\n":                                         headForeign,
		"GET / HTTP/1.1\r\n" + host + "X-A : 1\r\n\r\n":                                     headForeign,
		"GET / HTTP/1.1\r\n" + host + "X-A: 1\r\n folded\r\n\r\n":                           headForeign,
		"GET / HTTP/1.1\r\n" + host + "X-A: 1\n\r\n":                                        headForeign,
		"GET / HTTP/1.1\n" + host:                                                           headForeign, // not waited for
		"GET / HTTP/1.1\r\n" + host + "X-A: \x00\r\n\r\n":                                   headForeign,
		"GET / HTTP/1.1\r\n" + host + "X-A: a\rb\r\n\r\n":                                   headForeign,
		"GET  / HTTP/1.1\r\n" + host + "\r\n":                                               headForeign,
		"GET http://shop.example/ HTTP/1.1\r\n" + host + "\r\n":                             headForeign,
		"OPTIONS * HTTP/1.1\r\n" + host + "\r\n":                                            headForeign,
		"CONNECT /x HTTP/1.1\r\n" + host + "\r\n":                                           headForeign,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                  headForeign,
		"\r\nGET / HTTP/1.1\r\n" + host + "\r\n":                                            headForeign,
		"get / HTTP/1.1\r\n" + host + "\r\n":                                                headForeign,
		"GET /%zz HTTP/1.1\r\n" + host + "\r\n":                                             headForeign,
		"GET / HTTP/1.1\r\n" + host + "X-A: " + strings.Repeat("x", arrivalSize):            headForeign,
	} {
		l := plainOf([]byte(request))
		if got := l.look(); got != want {
			t.Errorf("%.80q is %d, want %d", request, got, want)
		}
	}
	// What isn't plain ends where it ends, and no sooner than that is certain.
	for request, want := range map[string]int64{
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999\r\n\r\nab":             int64(len("POST / HTTP/1.1\r\n"+host+"Content-Length: 99999\r\n\r\n")) + 99999,
		"GET / HTTP/1.1\r\n" + host + "Pragma: no-cache\r\n\r\nGET":                  int64(len("GET / HTTP/1.1\r\n" + host + "Pragma: no-cache\r\n\r\n")),
		"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n": -1,
		"POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999\r\n\r\n":   -1,
	} {
		l := plainOf([]byte(request))
		if l.look(); l.left != want {
			t.Errorf("of %.80q %d bytes are net/http's, want %d", request, l.left, want)
		}
	}
}

func plainOf(b []byte) *plain {
	l := &plain{conn: &frugalConn{}, server: NewServer(http.NotFoundHandler(), ServerConfig{Logger: quiet}), ctx: context.Background()}
	l.to = copy(l.room(), b)
	return l
}

func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		"GET /a/b?c=d HTTP/1.1\r\nHost: h:80\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=b\r\n\r\n",
		"POST /%41//b;c/../d? HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 3\r\n\r\nabcGET",
		"GET / HTTP/1.1\r\nHost: h\r\nPragma: no-cache\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 20\r\n\r\nab",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
		"GET //x HTTP/1.1\r\nHost: h\r\nX_A:\x80\t\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > arrivalSize {
			return
		}
		l := plainOf(b)
		what := l.look()
		if what == headPart || l.left < 0 {
			return
		}
		source := bytes.NewReader(append(bytes.Clone(b), strings.Repeat("x", max(0, int(min(l.left, 1<<16))-len(b)))...))
		r := bufio.NewReaderSize(source, 16) // reads no further than it must, or nearly
		theirs, err := http.ReadRequest(r)
		if what == headForeign {
			if err != nil || l.left > 1<<16 {
				return
			}
			if _, err := io.Copy(io.Discard, theirs.Body); err != nil {
				t.Fatalf("%q ends after %d bytes, and for net/http it doesn't: %v", b, l.left, err)
			}
			if read := source.Size() - int64(source.Len()) - int64(r.Buffered()); read != l.left {
				t.Fatalf("%q ends after %d bytes, for net/http after %d", b, l.left, read)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q is plain, and net/http says %v", b, err)
		}
		ours := l.exchange.request()
		// The server takes Host off, which ReadRequest keeps.
		delete(theirs.Header, "Host")
		type read struct {
			Method, URI, Host, Proto       string
			Path, RawPath, Query, Fragment string
			Force, Close                   bool
			Length                         int64
			Header                         http.Header
			Body                           string
		}
		of := func(r *http.Request) read {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatalf("%q: %v", b, err)
			}
			return read{
				r.Method, r.RequestURI, r.Host, r.Proto, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.URL.Fragment,
				r.URL.ForceQuery, r.Close, r.ContentLength, r.Header, string(body),
			}
		}
		if diff := cmp.Diff(of(theirs), of(ours)); diff != "" {
			t.Fatalf("%q is read otherwise (-net/http +plain):\n%s", b, diff)
		}
		rest := len(b) - int(source.Size()-int64(source.Len())-int64(r.Buffered()))
		if rest != l.to-l.from {
			t.Fatalf("of %q %d bytes are left, for net/http %d", b, l.to-l.from, rest)
		}
	})
}
