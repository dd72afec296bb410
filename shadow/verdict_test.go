package shadow_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

func TestVerdictNames(t *testing.T) {
	for _, v := range shadow.Verdicts() {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back shadow.Verdict
		if err := json.Unmarshal(b, &back); err != nil || back != v {
			t.Errorf("%s: read back %v, %v", b, back, err)
		}
	}
	if _, err := shadow.ParseVerdict("maybe"); err == nil {
		t.Error(`ParseVerdict("maybe") has no error`)
	}
}

func later(by time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(by)
		h(w, r)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func broken(err error) http.RoundTripper {
	return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
}

type namedError struct{ reason string }

func (e namedError) Error() string   { return "order has no customer" }
func (e namedError) Failure() string { return e.reason }

func TestVerdicts(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 100)
	get := func() *http.Request { return httptest.NewRequest("GET", "/orders/7?full=1", nil) }
	post := func(body string) *http.Request {
		return httptest.NewRequest("POST", "/orders", strings.NewReader(body))
	}
	with := func(r *http.Request, name, value string) *http.Request { r.Header.Set(name, value); return r }
	reverse := func(p *shadow.Point) {
		p.Serves = shadow.Service
		p.LegacyExtra = shadow.Extra{Share: 1, PerSecond: 1000}
	}
	served := func(side shadow.Side, failure string, overridden bool) func(*shadow.Config) {
		return func(c *shadow.Config) {
			c.Served = func(*http.Request) (shadow.Side, string, bool) { return side, failure, overridden }
		}
	}
	type verdict struct {
		Verdict shadow.Verdict
		Reason  string
	}
	skipped := func(reason string) verdict { return verdict{shadow.Skipped, reason} }
	failed := func(reason string) verdict { return verdict{shadow.Failed, reason} }

	for name, test := range map[string]struct {
		request *http.Request
		client  http.HandlerFunc  // nil: "yes"
		other   http.RoundTripper // nil: "yes"
		config  func(*shadow.Config)
		point   func(*shadow.Point)
		want    verdict
	}{
		"equal":     {want: verdict{Verdict: shadow.Match}},
		"different": {other: direct(text("no")), want: verdict{Verdict: shadow.Diverged}},
		"status":    {client: status(404), other: direct(status(410)), want: verdict{Verdict: shadow.Diverged}},
		"handler that writes nothing answers 200": {
			client: func(http.ResponseWriter, *http.Request) {}, other: direct(status(200)), want: verdict{Verdict: shadow.Match}},
		"type that net/http adds for a handler": {
			client: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
			other: direct(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				io.WriteString(w, "<html>")
			}),
			want: verdict{Verdict: shadow.Match}},

		"too large and equal":     {client: text(large), other: direct(text(large)), want: verdict{Verdict: shadow.Match}},
		"too large and different": {client: text(large), other: direct(text(large + ".")), want: skipped(shadow.SkipTooLarge)},
		"too large on one side":   {other: direct(text(large)), want: skipped(shadow.SkipTooLarge)},
		"too large, equal, other header": {
			client: text(large), want: verdict{Verdict: shadow.Diverged},
			other: direct(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, large) })},
		"too large, and the service fails": {
			client: text(large), want: verdict{Verdict: shadow.Diverged},
			other: direct(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oh", 500) })},
		"request too large": {request: post(large), point: func(p *shadow.Point) { p.Sandbox = p.Other }, want: skipped(shadow.SkipTooLarge)},
		"request too large, length unknown": {
			request: func() *http.Request { r := post(large); r.ContentLength = -1; return r }(),
			point:   func(p *shadow.Point) { p.Sandbox = p.Other }, want: skipped(shadow.SkipTooLarge)},
		"no memory for the request": {
			request: post("x"), point: func(p *shadow.Point) { p.Sandbox = p.Other },
			config: func(c *shadow.Config) { c.MaxMemory = 1; c.MaxBody = 100 }, want: skipped(shadow.SkipQueueFull)},
		"no memory for the answer": {config: func(c *shadow.Config) { c.MaxMemory = 1 }, want: skipped(shadow.SkipQueueFull)},

		"not modified":      {client: status(304), want: skipped(shadow.SkipConditional)},
		"range":             {client: status(206), want: skipped(shadow.SkipConditional)},
		"precondition":      {client: status(412), want: skipped(shadow.SkipConditional)},
		"unsatisfiable":     {client: status(416), want: skipped(shadow.SkipConditional)},
		"service's own 304": {other: direct(status(304)), want: verdict{Verdict: shadow.Diverged}},

		"write":            {request: post("a=1"), want: skipped(shadow.SkipNotRepeatable)},
		"write to sandbox": {request: post("a=1"), point: func(p *shadow.Point) { p.Sandbox = p.Other }, want: verdict{Verdict: shadow.Match}},
		"route says that reads are not repeatable": {
			point: func(p *shadow.Point) { p.Repeatable = func(string) bool { return false } }, want: skipped(shadow.SkipNotRepeatable)},
		"upgrade asked for":    {request: with(with(get(), "Connection", "keep-alive, Upgrade"), "Upgrade", "websocket"), want: skipped(shadow.SkipUpgrade)},
		"overridden":           {config: served(shadow.Legacy, "", true), want: skipped(shadow.SkipOverridden)},
		"legacy never reached": {client: status(502), config: served(shadow.Legacy, "connect", false), want: failed(shadow.FailConnect)},
		"legacy's own 503":     {client: status(503), config: served(shadow.Legacy, "status 503", false), want: verdict{Verdict: shadow.Diverged}},

		"handler panics": {client: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "ye")
			panic(http.ErrAbortHandler)
		}, want: skipped(shadow.SkipCutShort)},
		"answer shorter than its length": {client: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "ye")
		}, want: skipped(shadow.SkipCutShort)},
		"request not read": {
			request: post("a=1"), point: func(p *shadow.Point) { p.Sandbox = p.Other },
			client: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "early") }, want: skipped(shadow.SkipCutShort)},

		"refused":                {other: broken(&net.OpError{Op: "dial", Err: errors.New("refused")}), want: failed(shadow.FailConnect)},
		"garbage":                {other: broken(errors.New("malformed HTTP response")), want: failed(shadow.FailBroken)},
		"named reason":           {other: broken(namedError{shadow.FailTranslate}), want: failed(shadow.FailTranslate)},
		"unknown reason":         {other: broken(namedError{"weather"}), want: failed(shadow.FailBroken)},
		"no connection to spare": {other: broken(namedError{"full"}), want: skipped(shadow.SkipQueueFull)},
		"hangs": {
			config: func(c *shadow.Config) { c.Timeout = 20 * time.Millisecond },
			other: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}), want: failed(shadow.FailTimeout)},
		"body ends early": {other: roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("ye"), failing{}))}, nil
		}), want: failed(shadow.FailBroken)},
		"copy panics": {other: roundTrip(func(*http.Request) (*http.Response, error) { panic("oh") }), want: failed(shadow.FailInternal)},
		"copy's body panics": {other: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader("ye"), panickingReader{}))}, nil
		}), want: failed(shadow.FailInternal)},
		"comparer panics": {point: func(p *shadow.Point) {
			p.Compare = compareFunc(func(_, _ *shadow.Answer) ([]shadow.Difference, error) { panic("oh") })
		}, want: failed(shadow.FailInternal)},
		"comparer's error": {point: func(p *shadow.Point) {
			p.Compare = compareFunc(func(_, _ *shadow.Answer) ([]shadow.Difference, error) { return nil, io.ErrUnexpectedEOF })
		}, want: failed(shadow.FailInternal)},
		"comparer's skip": {point: func(p *shadow.Point) {
			p.Compare = compareFunc(func(_, _ *shadow.Answer) ([]shadow.Difference, error) {
				return nil, &shadow.SkipError{Reason: shadow.SkipTooComplex}
			})
		}, want: skipped(shadow.SkipTooComplex)},
		"Served panics": {config: func(c *shadow.Config) {
			c.Served = func(*http.Request) (shadow.Side, string, bool) { panic("oh") }
		}, want: failed(shadow.FailInternal)},
		"Repeatable panics": {point: func(p *shadow.Point) { p.Repeatable = func(string) bool { panic("oh") } }, want: failed(shadow.FailInternal)},

		"reverse":                 {point: reverse, want: verdict{Verdict: shadow.Match}},
		"reverse write":           {request: post("a=1"), point: func(p *shadow.Point) { reverse(p); p.Sandbox = p.Other }, want: skipped(shadow.SkipNotRepeatable)},
		"reverse OPTIONS":         {request: httptest.NewRequest("OPTIONS", "/", nil), point: reverse, want: skipped(shadow.SkipNotRepeatable)},
		"reverse with cookie":     {request: with(get(), "Cookie", "theme=dark"), point: reverse, want: skipped(shadow.SkipSession)},
		"reverse with credential": {request: with(get(), "Authorization", "Bearer x"), point: reverse, want: skipped(shadow.SkipSession)},
		"reverse with session, allowed": {
			request: with(get(), "Cookie", "sid=1"), point: func(p *shadow.Point) { reverse(p); p.WithSession = true }, want: verdict{Verdict: shadow.Match}},
		"reverse, cookie set": {
			point: func(p *shadow.Point) { reverse(p); p.WithSession = true }, want: skipped(shadow.SkipCookieSet),
			client: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "sid=2") }},
		"reverse, legacy 304":     {point: reverse, other: direct(status(304)), want: skipped(shadow.SkipConditional)},
		"reverse, beyond budget":  {point: func(p *shadow.Point) { p.Serves = shadow.Service }, want: skipped(shadow.SkipLegacyBudget)},
		"fallback":                {point: reverse, config: served(shadow.Legacy, "timeout", false), want: failed(shadow.FailFallback)},
		"fallback of a write":     {request: post("a=1"), point: reverse, config: served(shadow.Legacy, "timeout", false), want: failed(shadow.FailFallback)},
		"fallback with a cookie":  {request: with(get(), "Cookie", "sid=1"), point: reverse, config: served(shadow.Legacy, "status 503", false), want: failed(shadow.FailFallback)},
		"write failed for good":   {request: post("a=1"), point: reverse, client: status(502), config: served(shadow.Service, "connect", false), want: failed(shadow.FailConnect)},
		"service failed for good": {point: reverse, client: status(504), config: served(shadow.Service, "timeout", false), want: failed(shadow.FailTimeout)},
	} {
		t.Run(name, func(t *testing.T) {
			config := shadow.Config{MaxBody: 1000, Logger: quiet}
			if test.config != nil {
				test.config(&config)
			}
			if test.client == nil {
				test.client = text("yes")
			}
			if test.other == nil {
				test.other = direct(text("yes"))
			}
			if test.request == nil {
				test.request = get()
			}
			p := point(test.other)
			if test.point != nil {
				test.point(&p)
			}
			got := one(t, config, p, test.client, test.request)
			if diff := cmp.Diff(test.want, verdict{got.Verdict, got.Reason}); diff != "" {
				t.Errorf("verdict (-want +got), detail %q:\n%s", got.Detail, diff)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type panickingReader struct{}

func (panickingReader) Read([]byte) (int, error) { panic("oh") }

func TestSidesAreLegacysAndTheServicesWhoeverServed(t *testing.T) {
	for _, serves := range []shadow.Side{shadow.Legacy, shadow.Service} {
		t.Run(string(serves), func(t *testing.T) {
			answers := map[shadow.Side]string{shadow.Legacy: "old", shadow.Service: "new"}
			other := shadow.Service
			if serves == shadow.Service {
				other = shadow.Legacy
			}
			p := point(direct(text(answers[other])))
			p.Serves, p.LegacyExtra = serves, shadow.Extra{Share: 1, PerSecond: 1000}
			got := one(t, shadow.Config{}, p, text(answers[serves]), httptest.NewRequest("GET", "/", nil))
			if got.Served != serves || string(got.Legacy.Body) != "old" || string(got.Service.Body) != "new" {
				t.Errorf("served %s, legacy %q, service %q", got.Served, got.Legacy.Body, got.Service.Body)
			}
		})
	}
}

func TestCopyIsTheClientsRequest(t *testing.T) {
	var got *http.Request
	var body string
	p := point(nil)
	p.Sandbox = roundTrip(func(r *http.Request) (*http.Response, error) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
		return nil, errors.New("enough")
	})
	p.Other = p.Sandbox
	r := httptest.NewRequest("PUT", "/a%2Fb?x=%zz;y", strings.NewReader("hello"))
	r.Host = "shop.example.com"
	r.RemoteAddr = "192.0.2.7:1234"
	for name, value := range map[string]string{
		"X-Request-Id": "abc", "Expect": "100-continue", "If-None-Match": `"1"`, "Range": "bytes=0-1", "Accept-Encoding": "gzip",
	} {
		r.Header.Set(name, value)
	}
	one(t, shadow.Config{}, p, func(w http.ResponseWriter, r *http.Request) {
		text("")(w, r)
		r.Header.Set("X-Late", "1") // a handler may do that; the copy must not see it
		r.URL.Path = "/elsewhere"
	}, r)

	want := http.Header{"X-Request-Id": {"abc"}, "Accept-Encoding": {"gzip"}, "X-Strangler-Shadow": {"orders"}}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("the copy's header (-want +got):\n%s", diff)
	}
	if body != "hello" || got.ContentLength != 5 || got.Method != "PUT" || got.Host != "shop.example.com" ||
		got.RemoteAddr != "192.0.2.7:1234" || got.URL.RequestURI() != "/a%2Fb?x=%zz;y" || got.RequestURI != "/a%2Fb?x=%zz;y" {
		t.Errorf("the copy is %s %s from %s to %s with %q (%d)", got.Method, got.URL, got.RemoteAddr, got.Host, body, got.ContentLength)
	}
}

func TestSample(t *testing.T) {
	for name, test := range map[string]struct {
		share    float64
		min, max int64
	}{
		"none": {0, 0, 0},
		"some": {0.25, 150, 350},
		"all":  {1, 1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, shadow.Config{})
			p := point(direct(text("yes")))
			p.Sample = test.share
			h := s.Around(p)(text("yes"))
			for range 1000 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			}
			if got := s.Counts()["orders"].Sampled; got < test.min || got > test.max {
				t.Errorf("sampled %d of 1000, want %d to %d", got, test.min, test.max)
			}
		})
	}
}

func TestNewTellsWhatIsWrong(t *testing.T) {
	_, err := shadow.New(shadow.Config{Workers: -1})
	if err == nil || !strings.Contains(err.Error(), "Workers is -1") {
		t.Errorf("New with -1 workers: %v", err)
	}
	_, err = shadow.New(shadow.Config{Redact: []string{"cookie:sid", "header:"}})
	if err == nil || !strings.Contains(err.Error(), `"cookie:sid"`) || !strings.Contains(err.Error(), `"header:"`) {
		t.Errorf("New with two bad redactions: %v", err)
	}
}
