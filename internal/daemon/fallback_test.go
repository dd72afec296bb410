package daemon_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// firstByte is how long services have in these tests.
const firstByte = 300 * time.Millisecond

// speaking accepts connections, reads a request's head, says what it always says, and hangs up.
func speaking(t testing.TB, words string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, words)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func refusing(testing.TB) string {
	return "http://127.0.0.1:1" // a port that was free a moment ago may be the next test's
}

// hanging is a service that never answers.
func hanging(t testing.TB) string {
	t.Helper()
	return backend(t, "", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server sees the client leave
		<-r.Context().Done()
	}).URL
}

func status(t testing.TB, code int) string {
	t.Helper()
	return backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(code)
		fmt.Fprint(w, "the service's own words")
	}).URL
}

// TestFallback sends requests to services that fail, each in its way, and looks who answers
// them under which settings.
func TestFallback(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "legacy %s %d %v", r.Method, len(text), err)
	})
	services := map[string]string{
		"refused": refusing(t), "hangs": hanging(t), "cut": speaking(t, ""),
		"s502": status(t, 502), "s503": status(t, 503), "s504": status(t, 504),
		"s500": status(t, 500), // an answer, if a bad one
	}
	var text strings.Builder
	fmt.Fprintf(&text, "legacy: {url: %q}\ndefaults: {timeouts: {first_byte: %s}, breaker: off}\nservices:\n", legacy.URL, firstByte)
	for name, url := range services {
		fmt.Fprintf(&text, "  %s: {urls: [%q]}\n", name, url)
	}
	text.WriteString("routes:\n")
	for name := range services {
		for variant, settings := range map[string]string{
			"plain": "", "none": ", fallback: none", "owns": ", return: never", "idem": ", repeat: idempotent", "once": ", repeat: never",
		} {
			fmt.Fprintf(&text, "  - {name: %[1]s-%[2]s, match: {path: /%[1]s/%[2]s}, service: %[1]s, start: live%[3]s}\n", name, variant, settings)
		}
	}
	s := start(t, text.String())

	const small, large = 64 << 10, 64<<10 + 1
	fallsBack := func(method string, size int) string { return fmt.Sprintf("200 legacy %s %d <nil>", method, size) }
	tests := []struct {
		name, method, path string
		body               int // bytes
		want               string
	}{
		{"refused", "GET", "/refused/plain", 0, fallsBack("GET", 0)},
		{"hangs", "GET", "/hangs/plain", 0, fallsBack("GET", 0)},
		{"cut", "GET", "/cut/plain", 0, fallsBack("GET", 0)},
		{"502", "GET", "/s502/plain", 0, fallsBack("GET", 0)},
		{"503", "GET", "/s503/plain", 0, fallsBack("GET", 0)},
		{"504", "GET", "/s504/plain", 0, fallsBack("GET", 0)},
		{"500 is an answer", "GET", "/s500/plain", 0, "500 the service's own words"},
		{"body that is kept", "PUT", "/s503/plain", small, fallsBack("PUT", small)},
		{"body that is kept, refused", "PUT", "/refused/plain", small, fallsBack("PUT", small)},
		{"body that is kept, cut", "PUT", "/cut/plain", 1000, fallsBack("PUT", 1000)},
		{"body that is kept, hangs", "PUT", "/hangs/plain", small, fallsBack("PUT", small)},
		{"body that is too large", "PUT", "/s503/plain", large, "503 the service's own words"},
		{"unsafe", "POST", "/s503/plain", 5, "503 the service's own words"},
		{"unsafe, refused", "POST", "/refused/plain", 5, "502"},
		{"unsafe, hangs", "POST", "/hangs/plain", 5, "504"},
		{"said to be idempotent", "POST", "/s503/idem", 5, fallsBack("POST", 5)},
		{"said to be never repeated", "GET", "/s503/once", 0, "503 the service's own words"},
		{"said to be never repeated, refused", "GET", "/refused/once", 0, "502"},
		{"fallback none, refused", "GET", "/refused/none", 0, "502"},
		{"fallback none, hangs", "GET", "/hangs/none", 0, "504"},
		{"fallback none, cut", "GET", "/cut/none", 0, "502"},
		{"fallback none, 503", "GET", "/s503/none", 0, "503 the service's own words"},
		{"return never, refused", "GET", "/refused/owns", 0, "502"},
		{"return never, hangs", "GET", "/hangs/owns", 0, "504"},
	}
	fallbacks := map[string]int64{} // by route
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, s.URL+tt.path, strings.NewReader(strings.Repeat("x", tt.body)))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := s.Client.Do(r)
			got, err := body(resp, err)
			if err != nil {
				t.Fatal(err)
			}
			if got = fmt.Sprintf("%d %s", resp.StatusCode, got); got != tt.want && !(len(tt.want) == 3 && strings.HasPrefix(got, tt.want)) {
				t.Errorf("answer %q, want %q", got, tt.want)
			}
			side := "service; phase=live; why=phase"
			if strings.HasPrefix(tt.want, "200 ") {
				side = "legacy; phase=live; why=fallback"
				route := strings.ReplaceAll(tt.path[1:], "/", "-")
				fallbacks[route]++
			}
			if header := resp.Header.Get("X-Strangler"); !strings.HasSuffix(header, side) {
				t.Errorf("header %q, want it to end in %q", header, side)
			}
		})
	}
	eventually(t, "all comparisons are done", func() bool {
		for _, route := range s.Stats().Routes {
			if route.Comparisons.Pending > 0 {
				return false
			}
		}
		return true
	})
	for _, route := range s.Stats().Routes {
		want := fallbacks[route.Route]
		if route.Fallbacks != want {
			t.Errorf("%s: %d fallbacks are counted, want %d", route.Route, route.Fallbacks, want)
		}
		if route.Route != "" && (route.Service.Failures < want || route.Legacy.Requests != want) {
			t.Errorf("%s: both sides' requests are counted wrong: %+v", route.Route, route)
		}
		if got := route.Comparisons.Reasons[shadow.FailFallback]; got != want {
			t.Errorf("%s: %d comparisons failed by fallback, with %d fallbacks: %+v", route.Route, got, want, route.Comparisons)
		}
	}
	if want := fmt.Sprint(`strangler_fallbacks_total{route="hangs-plain"} `, fallbacks["hangs-plain"]); !strings.Contains(s.metrics(t), want) {
		t.Errorf("/metrics doesn't say %s", want)
	}
}

// metrics returns what /metrics says.
func (s *system) metrics(t testing.TB) string {
	t.Helper()
	text, err := body(s.Client.Get(s.AdminURL() + "/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAnswerCutShort looks at a service that fails when its answer has begun: nobody else can
// answer then, the client sees that it isn't whole, and it counts as the service's failure.
func TestAnswerCutShort(t *testing.T) {
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "the first half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, service.URL)+"    start: live\n")
	for range 3 {
		resp, err := s.Client.Get(s.URL + "/orders/1")
		text, err := body(resp, err)
		if err == nil || text != "the first half" {
			t.Errorf("the client takes %q for whole, %v", text, err)
		}
	}
	eventually(t, "three failures", func() bool {
		route := s.Stats().Routes[0]
		return route.Service.Requests == 3 && route.Service.Failures == 3 && route.Legacy.Requests == 0 && route.Fallbacks == 0 &&
			route.Comparisons.Sampled == 3 && route.Comparisons.Skipped == 3 // half an answer proves nothing
	})
}
