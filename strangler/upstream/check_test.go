package upstream

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseStatus(t *testing.T) {
	for in, want := range map[string]statuses{
		"": {200, 399}, "200": {200, 200}, "2xx": {200, 299}, "5xx": {500, 599}, "200-399": {200, 399}, "401-401": {401, 401},
	} {
		if got, err := parseStatus(in); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"ok", "2x", "0xx", "6xx", "99", "600", "399-200", "200-999", "099", "+200", "200-+300", "200-", "-200", "200,201", "20x", "xx", "2xxx", " 200"} {
		if got, err := parseStatus(in); err == nil {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

// TestChecks follows one endpoint through bad and good answers.
func TestChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var code atomic.Int64
		code.Store(200)
		var asked atomic.Int64
		next := answers(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/healthz" || r.URL.RawQuery != "deep=1" || r.Host != "checked.example" || r.Method != "GET" {
				t.Errorf("asked for %s %s at %s", r.Method, r.URL, r.Host)
			}
			asked.Add(1)
			switch code := int(code.Load()); code {
			case 0:
				return nil, errRefused
			case 1:
				return hangs(r)
			case 2:
				return nil, errReset
			case 3:
				resp := status(r, 200)
				resp.Body = io.NopCloser(failing{io.ErrUnexpectedEOF})
				return resp, nil
			default:
				return status(r, code), nil
			}
		})
		tr := inBubble(t, Config{Health: Health{
			Path: "/healthz?deep=1", Host: "checked.example", Status: "2xx", Interval: 10 * time.Second, Rise: 2, Fall: 3,
		}}, map[string]answers{"10.0.0.1:80": next})
		synctest.Wait()
		if asked.Load() != 1 {
			t.Fatalf("asked %d times at once, want once", asked.Load())
		}
		is := func(why string) {
			t.Helper()
			synctest.Wait()
			if s := tr.State().Endpoints[0]; s.Why != why || s.Healthy != (why == "") {
				t.Errorf("%+v, want it out since %q", s, why)
			}
		}
		is("")
		round := func(to int64, n int) {
			code.Store(to)
			for until := asked.Load() + int64(n); asked.Load() < until; {
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(2500 * time.Millisecond) // those that hang run out of time
		}
		for _, c := range []struct {
			code int64
			why  string
		}{
			{503, "check: status 503"}, {302, "check: status 302"}, {0, "check: connection refused"},
			{1, "check: no answer within 2s"}, {2, "check: no valid answer"}, {3, "check: answer broke off"},
		} {
			round(c.code, 2)
			is("") // two are not enough
			round(c.code, 1)
			is(c.why)
			round(204, 1)
			is(c.why) // one is not enough
			round(c.code, 1)
			round(204, 1)
			is(c.why) // nor are two that are not in a row
			round(204, 1)
			is("")
		}
		if s := tr.State().Endpoints[0]; s.Ejections != 6 || s.Requests != 0 || s.Failures != 0 {
			t.Errorf("%+v, want 6 ejections and no requests", s)
		}
		before := asked.Load()
		time.Sleep(100 * time.Second)
		if n := asked.Load() - before; n < 10 || n > 12 {
			t.Errorf("asked %d times within 100 s, want every 9 to 10 s", n)
		}
		tr.Close() // ends the checks: the bubble waits for its goroutines
	})
}

// TestChecksOverSockets has the checks alone find out that one of two endpoints is ill.
func TestChecksOverSockets(t *testing.T) {
	var ill atomic.Bool
	one := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/up" && ill.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "one "+r.Host)
	})
	tr := transport(t, Config{
		URLs:   []*url.URL{one, serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "two "+r.Host) })},
		Health: Health{Path: "/up", Interval: 2 * time.Millisecond, Rise: 1, Fall: 1},
	})
	wait := func(healthy bool) {
		for tr.State().Endpoints[0].Healthy != healthy {
			time.Sleep(time.Millisecond)
		}
	}
	ill.Store(true)
	wait(false)
	for range 10 {
		if _, body := send(t, tr, "GET", ""); !strings.HasPrefix(body, "two") {
			t.Fatalf("answered by %q, which is out", body)
		}
	}
	ill.Store(false)
	wait(true)
	seen := map[string]bool{}
	for range 10 {
		_, body := send(t, tr, "GET", "")
		seen[body[:3]] = true
	}
	if len(seen) != 2 {
		t.Errorf("answers of %v, want both", seen)
	}
}
