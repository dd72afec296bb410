package strangler

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// untranslatable is what a translator says of a message, as package acl's does.
type untranslatable struct {
	status          int
	detail, pointer string
}

func (u *untranslatable) Error() string { return u.detail }
func (u *untranslatable) Problem() (status int, title, detail, pointer string) {
	return u.status, "the request could not be read", u.detail, u.pointer
}

// TestUntranslatable says what a client is told of a message that a translator refuses, and whose
// failure it is.
func TestUntranslatable(t *testing.T) {
	late := &untranslatable{502, "no such status", "/9/status"}
	for name, c := range map[string]struct {
		err      error
		fallback bool
		status   int // 0: legacy answered
		detail   string
		pointer  string
		failure  string
		plain    bool // no problem document
	}{
		"an answer":                   {err: &untranslatable{502, "no such status", "/status"}, status: 502, detail: "service \"s\"", pointer: "/status", failure: failTranslate},
		"an answer, with fallback":    {err: &untranslatable{502, "no such status", "/status"}, fallback: true, failure: failTranslate},
		"the client's fault":          {err: &untranslatable{400, "it isn't JSON", ""}, status: 400, detail: "it isn't JSON", failure: FailureMalformed},
		"too large":                   {err: &untranslatable{413, "too large", ""}, status: 413, detail: "too large", failure: FailureMalformed},
		"the client's, with fallback": {err: &untranslatable{400, "it isn't JSON", ""}, fallback: true, failure: FailureMalformed},
		"wrapped":                     {err: errors.Join(errors.New("x"), &untranslatable{502, "no such status", "/a~1b"}), status: 502, detail: "no such status", pointer: "/a~1b", failure: failTranslate},
		"one that explains nothing":   {err: errors.New("at 127.0.0.1"), status: 502, plain: true, failure: failTranslate},
		"another status":              {err: &untranslatable{200, "odd", ""}, status: 502, detail: "odd", failure: failTranslate},
		"late":                        {err: late, status: 200, failure: failTranslate},
	} {
		t.Run(name, func(t *testing.T) {
			o := newObservations()
			address, _ := front(t, Config{
				Observe: o.seeing, Legacy: upstreamOf(t, echoes), Services: map[string]Upstream{"s": upstreamOf(t, says(200, "ok"))},
				Routes: []Route{{Name: "r", Match: Match{Path: "/r"}, Service: "s", Start: At(PhaseLive), Fallback: c.fallback}},
				Translate: func(Route) func(http.RoundTripper) http.RoundTripper {
					return func(http.RoundTripper) http.RoundTripper {
						return roundTrip(func(r *http.Request) (*http.Response, error) {
							if c.err != error(late) {
								return nil, c.err
							}
							return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, ContentLength: -1, Request: r,
								Body: io.NopCloser(io.MultiReader(strings.NewReader("half"), failing{late}))}, nil
						})
					}
				},
			})
			resp, err := client(t).Get(address + "/r")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if c.err == error(late) {
				if !errors.Is(err, io.ErrUnexpectedEOF) || string(body) != "half" {
					t.Errorf("%q, %v: want the connection cut", body, err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			d := o.next(t).Decision
			if d.Failure != c.failure || d.FellBack != c.fallback {
				t.Errorf("failure %q, fell back %t, want %q, %t", d.Failure, d.FellBack, c.failure, c.fallback)
			}
			if c.status == 0 {
				if resp.Header.Get("X-Side") != "legacy" {
					t.Errorf("status %d %q, want legacy's answer", resp.StatusCode, body)
				}
				return
			}
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if c.plain || c.err == error(late) {
				return
			}
			var got problemDocument
			if err := json.Unmarshal(body, &got); err != nil || resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%s %q: %v", resp.Header.Get("Content-Type"), body, err)
			}
			if !strings.Contains(got.Detail, c.detail) || got.RequestID == "" {
				t.Errorf("told %+v, want %q", got, c.detail)
			}
			got.Detail, got.RequestID = "", ""
			if diff := cmp.Diff(problemDocument{Type: "about:blank", Title: http.StatusText(c.status), Status: c.status, Pointer: c.pointer}, got); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestToldInTheirForm has a route whose clients know faults: whatever is said because no side answers is one, also of
// a body that is too large, whose length may be known, and of a panic, and whoever sends something else gets the
// document.
func TestToldInTheirForm(t *testing.T) {
	tells := func(client *http.Request, status int, problem []byte) *http.Response {
		if client.Header.Get("Content-Type") != "text/xml" {
			return nil
		}
		return &http.Response{StatusCode: 500, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader("<Fault>" + string(problem) + "</Fault>"))}
	}
	address, _ := front(t, Config{
		Legacy: upstreamOf(t, echoes), Services: map[string]Upstream{"s": upstreamOf(t, echoes), "gone": {URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}},
		Routes: []Route{
			{Name: "told", Match: Match{Path: "/told"}, Service: "s", Start: At(PhaseLive), MaxBody: 3},
			{Name: "nobody", Match: Match{Path: "/nobody"}, Service: "gone", Start: At(PhaseLive)},
			{Name: "plain", Match: Match{Path: "/plain"}, Service: "s", Start: At(PhaseLive), MaxBody: 3},
			{Name: "panics", Match: Match{Path: "/panics"}, Service: "s", Start: At(PhaseLive)},
			{Name: "plainly", Match: Match{Path: "/plainly"}, Service: "s", Start: At(PhaseLive)},
			{Name: "speechless", Match: Match{Path: "/speechless"}, Service: "gone", Start: At(PhaseLive)},
		},
		Translate: func(rt Route) func(http.RoundTripper) http.RoundTripper {
			if rt.Name != "panics" && rt.Name != "plainly" {
				return nil
			}
			return func(http.RoundTripper) http.RoundTripper {
				return roundTrip(func(*http.Request) (*http.Response, error) { panic("no such order") })
			}
		},
		Unanswered: func(rt Route) func(*http.Request, int, []byte) *http.Response {
			switch rt.Name {
			case "plain", "plainly":
				return nil
			case "speechless":
				return func(*http.Request, int, []byte) *http.Response { panic("no such fault") }
			}
			return tells
		},
		DebugHeader: true,
	})
	for name, c := range map[string]struct {
		path, sends string
		status      int
		announced   string
		says        string
	}{
		"too large":           {"/told", "text/xml", 500, "text/xml", `<Fault>{"type":"about:blank","title":"Request Entity Too Large","status":413,`},
		"too large, of JSON":  {"/told", "application/json", 413, "application/problem+json", `"status":413`},
		"too large elsewhere": {"/plain", "text/xml", 413, "text/plain; charset=utf-8", "Request Entity Too Large: "},
		"nobody":              {"/nobody", "text/xml", 500, "text/xml", `<Fault>{"type":"about:blank","title":"Bad Gateway","status":502,`},
		"nobody, of JSON":     {"/nobody", "application/json", 502, "application/problem+json", `"status":502`},
		"a panic":             {"/panics", "text/xml", 500, "text/xml", `<Fault>{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"the gateway made a mistake;`},
		"a panic, of JSON":    {"/panics", "application/json", 500, "application/problem+json", `"status":500`},
		"a panic of the form": {"/speechless", "text/xml", 500, "text/plain; charset=utf-8", "Internal Server Error: the gateway made a mistake;"},
		"a panic elsewhere":   {"/plainly", "text/xml", 500, "text/plain; charset=utf-8", "Internal Server Error: "},
	} {
		for _, chunked := range []bool{false, true} {
			in := io.Reader(strings.NewReader("four"))
			if chunked {
				in = io.MultiReader(in)
			}
			resp, err := client(t).Post(address+c.path, c.sends, in)
			if err != nil {
				t.Fatal(err)
			}
			body := bodyOf(t, resp)
			if resp.StatusCode != c.status || resp.Header.Get("Content-Type") != c.announced || !strings.Contains(body, c.says) {
				t.Errorf("%s, chunked %t: %d %s %q, want %d %s %q", name, chunked, resp.StatusCode, resp.Header.Get("Content-Type"), body, c.status, c.announced, c.says)
			}
			if got, want := resp.Header.Get("X-Strangler"), "route="+c.path[1:]+"; side=service; phase=live; why=phase"; got != want {
				t.Errorf("%s, chunked %t: decided %q, want %q", name, chunked, got, want)
			}
		}
	}
}
