package shadow_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// legacyHandlers are what applications do with a ResponseWriter.
var legacyHandlers = map[string]http.HandlerFunc{
	"plain":   text("hello"),
	"empty":   func(http.ResponseWriter, *http.Request) {},
	"status":  status(404),
	"no body": status(204),
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?a=1", http.StatusFound)
	},
	"sniffed type": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<!doctype html><p>") },
	"chunks": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "chunk %d\n", i)
			w.(http.Flusher).Flush()
		}
	},
	"controller flush": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "a")
		if err := http.NewResponseController(w).Flush(); err != nil {
			panic(err)
		}
	},
	"trailers": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "hello")
		w.Header().Set("X-Sum", "5")
		w.Header().Set(http.TrailerPrefix+"X-Late", "yes")
	},
	"length": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "ok")
	},
	"cookies": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
	},
	"large": func(w http.ResponseWriter, _ *http.Request) { w.Write(bytes.Repeat([]byte("0123456789"), 300_000)) },
	"read from": func(w http.ResponseWriter, _ *http.Request) {
		io.Copy(w, struct{ io.Reader }{strings.NewReader(strings.Repeat("abc", 50_000))})
	},
	"echo": func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) },
	"echo, full duplex": func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			panic(err)
		}
		io.WriteString(w, "early ")
		http.NewResponseController(w).Flush()
		io.Copy(w, r.Body)
	},
	"body not read": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) },
	"early hints": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		io.WriteString(w, "page")
	},
	"cut short": func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			return // a HEAD's client sees no end, and would send the next request on a dead connection
		}
		io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	},
	"hijacked": func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
		conn.Close()
	},
}

// exchanged is all that a client sees of an answer.
type exchanged struct {
	Hints   []int
	Status  int
	Header  http.Header
	Trailer http.Header
	Body    string
	Err     string
}

func exchange(t *testing.T, server *httptest.Server, method, body string) exchanged {
	t.Helper()
	var got exchanged
	var payload io.Reader
	if body != "" {
		payload = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, server.URL+"/x?y=1", payload)
	if err != nil {
		t.Fatal(err)
	}
	r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error { got.Hints = append(got.Hints, code); return nil },
	}))
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		got.Err = err.Error()
	}
	resp.Header.Del("Date")
	got.Status, got.Header, got.Trailer, got.Body = resp.StatusCode, resp.Header, resp.Trailer, string(b)
	return got
}

// TestClientSeesNoDifference lets each handler answer with and without a shadow around it,
// while the service is well, refuses, hangs or talks garbage.
func TestClientSeesNoDifference(t *testing.T) {
	never := make(chan struct{})
	hanging := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-never:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(never) })
	refusing := httptest.NewServer(nil)
	refusing.Close()
	noRedirect := func(s *httptest.Server) *httptest.Server {
		s.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		s.Config.ErrorLog = nil
		return s
	}
	services := map[string]http.RoundTripper{
		"well":     to(t, serve(t, text("hello"))),
		"refusing": to(t, refusing),
		"hanging":  to(t, hanging),
		"garbage":  to(t, garbage(t)),
		"panicking": roundTrip(func(*http.Request) (*http.Response, error) {
			panic("a mistake")
		}),
	}
	for service, other := range services {
		s := start(t, shadow.Config{Timeout: 200_000_000, Logger: quiet, Workers: 32})
		for name, h := range legacyHandlers {
			t.Run(service+"/"+name, func(t *testing.T) {
				p := point(other)
				p.Sandbox = other
				bare := noRedirect(serve(t, h))
				shadowed := noRedirect(serve(t, s.Around(p)(h)))
				for _, method := range []string{"GET", "HEAD", "POST"} {
					body := ""
					if method == "POST" {
						body = strings.Repeat("payload ", 2000)
					}
					want := exchange(t, bare, method, body)
					got := exchange(t, shadowed, method, body)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s with a shadow (-want +got):\n%s", method, diff)
					}
				}
			})
		}
	}
}

// garbage is a server that answers what is no HTTP.
func garbage(t testing.TB) *httptest.Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		talkGarbage(l)
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return &httptest.Server{URL: "http://" + l.Addr().String()}
}

func TestHijackAndSwitchAreUpgrades(t *testing.T) {
	s := start(t, shadow.Config{})
	server := serve(t, s.Around(point(direct(text(""))))(legacyHandlers["hijacked"]))
	exchange(t, server, "GET", "")
	if got := s.Counts()["orders"].Reasons; got[shadow.SkipUpgrade] != 1 {
		t.Errorf("reasons of a hijacked exchange: %v", got)
	}
}

func TestRequestIsTheSameToOthers(t *testing.T) {
	s := start(t, shadow.Config{})
	r := httptest.NewRequest("GET", "/", nil)
	s.Around(point(direct(text(""))))(http.HandlerFunc(func(_ http.ResponseWriter, inner *http.Request) {
		if inner != r {
			t.Error("the handler got another request, so that what a router notes in it is lost outside")
		}
	})).ServeHTTP(httptest.NewRecorder(), r)
}

func TestAnswersAreRecordedWhole(t *testing.T) {
	kept := new(memory)
	s := start(t, shadow.Config{Recorder: kept})
	server := serve(t, s.Around(point(to(t, serve(t, text("other")))))(legacyHandlers["trailers"]))
	exchange(t, server, "GET", "")
	stop(t, s)
	list := kept.all()
	if len(list) != 1 || list[0].Legacy == nil || list[0].Service == nil {
		t.Fatalf("recorded %+v", list)
	}
	got := *list[0].Legacy
	want := http.Header{"X-Sum": {"5"}, "X-Late": {"yes"}}
	if diff := cmp.Diff(want, got.Trailer); diff != "" {
		t.Errorf("trailers (-want +got):\n%s", diff)
	}
	if string(got.Body) != "hello" || got.Size != 5 || got.Hash != xxhash.Sum64String("hello") || got.Latency <= 0 {
		t.Errorf("legacy's answer is recorded as %+v", got)
	}
	if other := *list[0].Service; string(other.Body) != "other" || other.Size != 5 || other.Hash != xxhash.Sum64String("other") {
		t.Errorf("the service's answer is recorded as %+v", other)
	}
}
