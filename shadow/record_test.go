package shadow_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// shelf is a Keeper that wants a few, and remembers nothing else.
type shelf struct {
	memory
	mu   sync.Mutex
	kept []shadow.Comparison
}

func (s *shelf) Wants(_ string, most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept) < most
}

func (s *shelf) Keep(c shadow.Comparison, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, c)
}

func TestKeepMatches(t *testing.T) {
	same := answers(func(call int64, r *http.Request) string {
		return `{"path":"` + r.URL.Path + `","mail":"ada@example.com"}`
	})
	p := again(t, same, same)
	p.Keep = 2
	var k shelf
	s := start(t, shadow.Config{Recorder: &k})
	h := s.Around(p)(same)
	for _, path := range []string{"/1", "/2", "/3"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		wait(t, s)
	}
	if len(k.kept) != 2 || len(k.all()) != 3 {
		t.Fatalf("%d are kept and %d recorded, want 2 and 3", len(k.kept), len(k.all()))
	}
	for i, c := range k.kept {
		want := `{"path":"/` + string(rune('1'+i)) + `","mail":"[redacted e-mail]"}`
		if string(c.Legacy.Body) != want || string(c.Service.Body) != want || c.Verdict != shadow.Match {
			t.Errorf("kept %d: %s, %s; want %s", i, c.Legacy.Body, c.Service.Body, want)
		}
	}
}

// TestRecord keeps what passes where there is no other side.
func TestRecord(t *testing.T) {
	legacy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.Write([]byte("answer to " + r.Method + " " + string(body)))
		switch r.URL.Path {
		case "/panics":
			panic(http.ErrAbortHandler)
		case "/large":
			w.Write([]byte(strings.Repeat("x", 1000)))
		}
	})
	var k shelf
	s := start(t, shadow.Config{Recorder: &k, MaxBody: 500})
	proxy := serve(t, s.Around(shadow.Point{Route: "orders", Serves: shadow.Legacy, Keep: 10})(legacy))
	send := func(method, path, body string, header ...string) {
		t.Helper()
		r, err := http.NewRequest(method, proxy.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	send("GET", "/orders/7?full=1", "", "Cookie", "sid=s3cret")
	send("HEAD", "/orders/7", "")
	send("POST", "/orders", "not to be sent again")
	send("GET", "/panics", "")
	send("GET", "/large", "")
	send("GET", "/orders/8", "a body")
	stop(t, s)

	type kept struct{ Method, Path, Cookie, Asked, Answer string }
	var got []kept
	for _, c := range k.kept {
		if c.Service != nil {
			t.Errorf("%s has an answer of the service's", c.Request.Path)
		}
		got = append(got, kept{c.Request.Method, c.Request.Path, c.Request.Header.Get("Cookie"), string(c.Request.Body), string(c.Legacy.Body)})
	}
	want := []kept{
		{"GET", "/orders/7?full=1", "[redacted]", "", "answer to GET "},
		{"HEAD", "/orders/7", "", "", ""},
		{"GET", "/orders/8", "", "a body", "answer to GET a body"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	if c := s.Counts()["orders"]; c.Sampled != 0 || len(k.all()) != 0 {
		t.Errorf("counted %+v, recorded %d: nothing was compared", c, len(k.all()))
	}
}

// TestRecordCapturesNothing holds that only a full capture is kept.
func TestRecordCapturesNothing(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "x") })
	for _, c := range []shadow.Capture{shadow.CaptureShape, shadow.CaptureNone} {
		var k shelf
		s := start(t, shadow.Config{Recorder: &k})
		p := again(t, answer, answer)
		p.Keep, p.Capture = 10, c
		s.Around(p)(answer).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		p.Other = nil
		s.Around(p)(answer).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		wait(t, s)
		if len(k.kept) > 0 {
			t.Errorf("capture %s keeps %+v", c, k.kept[0])
		}
	}
}
