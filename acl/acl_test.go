package acl_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/acl"
)

type (
	legacyOrder struct {
		Number string `json:"ORD_NO"`
		Cents  int64  `json:"TOT_CENTS"`
	}
	order struct {
		ID    string `json:"id"`
		Total int64  `json:"total"`
	}
)

var orders = acl.JSON(
	func(o legacyOrder) (order, error) {
		if o.Cents < 0 {
			return order{}, &acl.Error{Direction: acl.ToService, Pointer: "/TOT_CENTS", Err: errors.New("is negative")}
		}
		return order{o.Number, o.Cents}, nil
	},
	func(o order) (legacyOrder, error) { return legacyOrder{o.ID, o.Total}, nil },
)

// serve answers every request through a translating transport from a service that answers with
// status, content type and body, and tells what the service got.
func serve(t *testing.T, translator acl.Translator, answer http.HandlerFunc) (client *http.Client, url string) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: acl.Transport(translator, transport)}, server.URL
}

func TestJSON(t *testing.T) {
	tests := []struct {
		name, send, contentType string
		status                  int
		answerType, answer      string
		wantSent, want, wantErr string
	}{
		{"both ways", `{"ORD_NO":"7","TOT_CENTS":1234}`, "application/json", 201, "application/json", `{"id":"7","total":1234}`,
			`{"id":"7","total":1234}`, `{"ORD_NO":"7","TOT_CENTS":1234}`, ""},
		{"suffix and charset", `{"ORD_NO":"7"}`, "application/vnd.shop+json; charset=utf-8", 200, "application/hal+json", `{"id":"8"}`,
			`{"id":"7","total":0}`, `{"ORD_NO":"8","TOT_CENTS":0}`, ""},
		{"not JSON passes", "a=b", "application/x-www-form-urlencoded", 200, "text/html", "<p>", "a=b", "<p>", ""},
		{"an error passes", `{}`, "application/json", 404, "application/json", `{"title":"none"}`, `{"id":"","total":0}`, `{"title":"none"}`, ""},
		{"an empty answer passes", `{}`, "application/json", 200, "application/json", "", `{"id":"","total":0}`, "", ""},
		{"an empty request passes", "", "application/json", 200, "application/json", "", "", "", ""},
		{"nothing but space passes", " \n", "application/json", 200, "application/json", "\n ", " \n", "\n ", ""},
		{"a wrong type names its place", `{"ORD_NO":"7","TOT_CENTS":"x"}`, "application/json", 200, "application/json", "", "", "", "translate to service: at /TOT_CENTS"},
		{"broken JSON", `{"ORD_NO":`, "application/json", 200, "application/json", "", "", "", "translate to service: at /ORD_NO"},
		{"a refusal of the function", `{"TOT_CENTS":-1}`, "application/json", 200, "application/json", "", "", "", "translate to service: at /TOT_CENTS: is negative"},
		{"an answer of another shape", `{}`, "application/json", 200, "application/json", `[]`, `{"id":"","total":0}`, "", "translate to legacy"},
		{"duplicate names", `{}`, "application/json", 200, "application/json", `{"id":"1","id":"2"}`, `{"id":"","total":0}`, "", "translate to legacy: at /id"},
		{"too large", `{}`, "application/json", 200, "application/json", `{"id":"` + strings.Repeat("x", acl.MaxBody) + `"}`, `{"id":"","total":0}`, "", "larger than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var sent string
			client, url := serve(t, orders, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				sent = string(body)
				if got := r.Header.Get("Content-Digest"); got != "" {
					t.Errorf("the service got the digest %s of another body", got)
				}
				if int64(len(body)) != r.ContentLength {
					t.Errorf("Content-Length %d for %d bytes", r.ContentLength, len(body))
				}
				w.Header().Set("Content-Type", test.answerType)
				w.Header().Set("Content-Digest", "sha-256=:x:")
				w.WriteHeader(test.status)
				io.WriteString(w, test.answer)
			})
			req, _ := http.NewRequest("POST", url, strings.NewReader(test.send))
			req.Header.Set("Content-Type", test.contentType)
			req.Header.Set("Content-Digest", "sha-256=:y:")
			resp, err := client.Do(req)
			if diff := cmp.Diff(test.wantSent, sent); diff != "" {
				t.Errorf("the service got (-want +got):\n%s", diff)
			}
			if test.wantErr != "" {
				var e *acl.Error
				if !errors.As(err, &e) || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error %v, want an *acl.Error with %q", err, test.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if diff := cmp.Diff(test.want, string(body)); diff != "" {
				t.Errorf("the client got (-want +got):\n%s", diff)
			}
			if resp.StatusCode != test.status || resp.Header.Get("Content-Digest") != "" {
				t.Errorf("status %d, digest %q", resp.StatusCode, resp.Header.Get("Content-Digest"))
			}
		})
	}
}

func TestJSONRepeatsNothingNew(t *testing.T) {
	for name, body := range map[string]io.Reader{
		"can be sent again":     strings.NewReader(`{"ORD_NO":"7"}`),
		"can't":                 io.MultiReader(strings.NewReader(`{"ORD_NO":"7"}`)),
		"can't, and is nothing": io.MultiReader(),
	} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://service", body)
			req.Header.Set("Content-Type", "application/json")
			again := req.GetBody != nil
			req, err := orders.ToService(req)
			if err != nil {
				t.Fatal(err)
			}
			if (req.GetBody != nil) != again {
				t.Errorf("the body can be had again: %v, want %v", req.GetBody != nil, again)
			}
			sent, err := io.ReadAll(req.Body)
			if err != nil || len(sent) > 0 && int64(len(sent)) != req.ContentLength {
				t.Errorf("%d bytes announced as %d, %v", len(sent), req.ContentLength, err)
			}
		})
	}
}

func TestJSONHead(t *testing.T) {
	client, url := serve(t, orders, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "40")
	})
	resp, err := client.Head(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("Content-Length"); got != "" {
		t.Errorf("Content-Length %q of a body that nobody has translated", got)
	}
}

func TestTransportAsksForTheWhole(t *testing.T) {
	client, url := serve(t, orders, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Range", "If-Range", "Accept-Encoding"} {
			if got := r.Header.Get(name); got != "" {
				t.Errorf("the service got %s: %s", name, got)
			}
		}
	})
	req, _ := http.NewRequest("GET", url, nil)
	req.Header.Set("Range", "bytes=0-1")
	req.Header.Set("If-Range", `"1"`)
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if req.Header.Get("Range") == "" {
		t.Error("the client's own request was changed")
	}
}

func TestTransportSendsTrailers(t *testing.T) {
	client, url := serve(t, acl.Chain{}, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if got := r.Trailer.Get("X-Sum"); got != "7" {
			t.Errorf("the service got the trailer X-Sum: %q, want 7", got)
		}
	})
	body, upload := io.Pipe()
	req, _ := http.NewRequest("POST", url, body)
	req.Trailer = http.Header{"X-Sum": nil}
	go func() {
		_, _ = io.WriteString(upload, "a")
		req.Trailer.Set("X-Sum", "7") // is known only when the body is
		upload.Close()
	}()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestChainOrder(t *testing.T) {
	var trace []string
	step := func(name string) acl.Translator {
		return acl.Funcs{
			Request: func(r *http.Request) (*http.Request, error) {
				trace = append(trace, name+">")
				r.URL.Path += name
				return r, nil
			},
			Answer: func(client *http.Request, resp *http.Response) error {
				trace = append(trace, "<"+name)
				if client.URL.Path != "/" {
					t.Errorf("%s was given %s instead of the client's request", name, client.URL.Path)
				}
				return nil
			},
		}
	}
	client, url := serve(t, acl.Chain{step("a"), acl.Funcs{}, step("b")}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path)
	})
	resp, err := client.Get(url + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if diff := cmp.Diff([]string{"a>", "b>", "<b", "<a"}, trace); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if string(body) != "/ab" {
		t.Errorf("the service was asked for %q", body)
	}
}

// TestPanicClosesTheAnswer says that a translator that panics keeps nothing of the service's.
func TestPanicClosesTheAnswer(t *testing.T) {
	body := &closing{Reader: strings.NewReader("never read")}
	next := roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: r}, nil
	})
	panics := acl.Funcs{Answer: func(*http.Request, *http.Response) error { panic("no such order") }}
	defer func() {
		if v := recover(); v != "no such order" || !body.closed {
			t.Errorf("panicked with %v, answer closed: %t", v, body.closed)
		}
	}()
	acl.Transport(panics, next).RoundTrip(httptest.NewRequest("GET", "http://service/", nil))
}

// hinted is a translator with hints.
type hinted struct {
	acl.Funcs
	hint func(asked *http.Request, header http.Header)
}

func (h hinted) Hint(asked *http.Request, header http.Header) { h.hint(asked, header) }

// TestPanicInAHint says that a panic over an informational answer reaches who asked, though net/http learns of that
// on another goroutine, and nobody else learns of that answer.
func TestPanicInAHint(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Link"] = []string{"</a>; rel=preload"}
		w.WriteHeader(http.StatusEarlyHints)
	}))
	defer service.Close()
	told := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, header textproto.MIMEHeader) error {
		told += len(header)
		return nil
	}})
	panics := hinted{hint: func(*http.Request, http.Header) { panic("no such page") }}
	next := &http.Transport{}
	defer next.CloseIdleConnections()
	defer func() {
		if v := recover(); v != "no such page" || told != 0 {
			t.Errorf("panicked with %v, told of %d headers", v, told)
		}
	}()
	req, err := http.NewRequestWithContext(ctx, "GET", service.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	acl.Transport(panics, next).RoundTrip(req)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"id":"1","total":2}`, `[`, "\xff", `{"id":"\ud800"}`, `{"total":1e400}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
			Body: io.NopCloser(strings.NewReader(string(body)))}
		err := orders.ToLegacy(httptest.NewRequest("GET", "/", nil), resp)
		if err != nil {
			return
		}
		out, _ := io.ReadAll(resp.Body)
		if int64(len(out)) != resp.ContentLength {
			t.Errorf("%d bytes announced as %d", len(out), resp.ContentLength)
		}
	})
}

// TestFacadeErrors has a reversed translator whose errors go the right way, and are told.
func TestFacadeErrors(t *testing.T) {
	var told []*acl.Error
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ORD_NO":7}`)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	facade := acl.Reversed(acl.JSON(
		func(o order) (legacyOrder, error) { return legacyOrder{o.ID, o.Total}, nil },
		func(o legacyOrder) (order, error) { return order{o.Number, o.Cents}, nil },
	))
	client := &http.Client{Transport: acl.FacadeTransport(facade, transport, acl.Options{
		Observe: func(_ *http.Request, e *acl.Error) { told = append(told, e) },
	})}
	for name, c := range map[string]struct {
		send      string
		direction acl.Direction
		pointer   string
		status    int
	}{
		"a request that isn't JSON": {`{"id":`, acl.ToLegacy, "/id", 400},
		"a request of another type": {`{"id":7}`, acl.ToLegacy, "/id", 502},
		"a request too large":       {`{"id":"` + strings.Repeat("x", acl.MaxBody) + `"}`, acl.ToLegacy, "", 413},
		"an answer":                 {`{"id":"7"}`, acl.ToService, "/ORD_NO", 502},
	} {
		told = nil
		_, err := client.Post(server.URL, "application/json", strings.NewReader(c.send))
		var e *acl.Error
		if !errors.As(err, &e) || len(told) != 1 || told[0] != e {
			t.Errorf("%s: %v, told %v", name, err, told)
			continue
		}
		status, title, detail, pointer := e.Problem()
		if e.Direction != c.direction || pointer != c.pointer || status != c.status || title == "" || detail == "" {
			t.Errorf("%s: %v, %d %s: %s at %s; want %s, %d at %s", name, e.Direction, status, title, detail, pointer, c.direction, c.status, c.pointer)
		}
	}
}

// TestProblemKeepsAddresses says that a client isn't told where the network broke.
func TestProblemKeepsAddresses(t *testing.T) {
	e := &acl.Error{Direction: acl.ToLegacy, Err: fmt.Errorf("the answer: %w", &net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, Err: errors.New("reset")})}
	if _, _, detail, _ := e.Problem(); strings.Contains(detail, "10.0.0.1") || detail == "" {
		t.Errorf("told %q", detail)
	}
}
