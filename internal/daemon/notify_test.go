package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// receiver is a webhook without a network, so that it lives in a bubble.
type receiver struct {
	mu     sync.Mutex
	answer func(host string, n int) (*http.Response, error) // n: how often the host was called before
	calls  map[string][]call
}

type call struct {
	at      time.Time
	id, why string
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	var event cloudEvent
	if err := json.NewDecoder(req.Body).Decode(&event); err != nil {
		return nil, err
	}
	r.mu.Lock()
	if r.calls == nil {
		r.calls = map[string][]call{}
	}
	n := len(r.calls[req.URL.Host])
	r.calls[req.URL.Host] = append(r.calls[req.URL.Host], call{time.Now(), event.ID, event.Data.Why})
	r.mu.Unlock()
	resp, err := r.answer(req.URL.Host, n)
	if resp == nil && err == nil { // it hangs
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return resp, err
}

func (r *receiver) got(host string) []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]call(nil), r.calls[host]...)
}

func (r *receiver) whys(host string) (all []string) {
	for _, c := range r.got(host) {
		all = append(all, c.why)
	}
	return all
}

func answered(status int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("text"))}
}

func hook(host string) rollout.Webhook { return rollout.Webhook{URL: "https://" + host + "/tok3n"} }

// notifying runs a notifier in a bubble; what it returns ends it.
func notifying(t *testing.T, answer func(host string, n int) (*http.Response, error)) (*notifier, *receiver, *strings.Builder, func()) {
	t.Helper()
	to, log := &receiver{answer: answer}, &strings.Builder{}
	n := newNotifier(notifierConfig{Source: "http://127.0.0.1:9900", Transport: to, Logger: slog.New(slog.NewTextHandler(log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { n.run(ctx) })
	return n, to, log, func() {
		cancel()
		running.Wait()
		if strings.Contains(log.String(), "tok3n") {
			t.Errorf("a secret in the log:\n%s", log)
		}
	}
}

func TestNotifyWhoIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, to, _, end := notifying(t, func(string, int) (*http.Response, error) { return answered(204), nil })
		n.tell(notice{Type: noticePromoted, Why: "nobody is told"})
		n.tell(notice{Type: noticePromoted, Why: "one"}, hook("a"))
		n.tellAll(hook("all").URL)
		n.tell(notice{Type: noticePromoted, Why: "two"}, hook("a"), hook("b"))
		n.tell(notice{Type: noticePromoted, Why: "three"}, hook("all"))
		n.tellAll("")
		n.tell(notice{Type: noticePromoted, Why: "four"}, hook("b"))
		synctest.Wait()
		end()
		got := map[string][]string{"a": to.whys("a"), "b": to.whys("b"), "all": to.whys("all")}
		want := map[string][]string{"a": {"one", "two"}, "b": {"two", "four"}, "all": {"two", "three"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(notifications{Delivered: 6}, n.state()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestNotifyAgain has a webhook fail in all the ways that may be mended.
func TestNotifyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ways := []func() (*http.Response, error){
			func() (*http.Response, error) { return nil, errors.New("connection refused") },
			func() (*http.Response, error) { return answered(503), nil },
			func() (*http.Response, error) { return nil, nil }, // hangs
			func() (*http.Response, error) { return answered(429, "Retry-After", "200"), nil },
			func() (*http.Response, error) { return answered(408), nil },
			func() (*http.Response, error) { return answered(503, "Retry-After", "999999999"), nil },
		}
		n, to, log, end := notifying(t, func(host string, i int) (*http.Response, error) {
			if host == "bad" && i < len(ways) {
				return ways[i]()
			}
			return answered(200), nil
		})
		n.tell(notice{Type: noticePromoted, Why: "one"}, hook("bad"))
		time.Sleep(100 * time.Millisecond)
		n.tell(notice{Type: noticeRolledBack, Why: "two"}, hook("bad"), hook("good"))
		time.Sleep(100 * time.Millisecond)
		if diff := cmp.Diff([]string{"two"}, to.whys("good")); diff != "" {
			t.Errorf("one that fails keeps others from being told (-want +got):\n%s", diff)
		}
		time.Sleep(20 * time.Minute)
		end()
		if diff := cmp.Diff([]string{"one", "one", "one", "one", "one", "one", "one", "two"}, to.whys("bad")); diff != "" {
			t.Errorf("each until it is taken, in order (-want +got):\n%s", diff)
		}
		calls := to.got("bad")
		for i, c := range calls[:len(ways)+1] {
			if c.id != calls[0].id {
				t.Errorf("attempt %d has the id %s, and the first one %s: nobody could tell that it is the same", i, c.id, calls[0].id)
			}
		}
		if calls[len(ways)+1].id == calls[0].id {
			t.Error("two notices have the same id")
		}
		// 1, 2, 4, 8, 16 and 32 s, half as much more or less; the third one hung for 10 s before.
		for i, within := range [][2]float64{{0.5, 1.5}, {1, 3}, {12, 16}, {200, 200}, {8, 24}, {300, 300}} {
			if pause := calls[i+1].at.Sub(calls[i].at).Seconds(); pause < within[0] || pause > within[1]+0.001 {
				t.Errorf("pause %d is %.1f s, want %v", i, pause, within)
			}
		}
		if diff := cmp.Diff(notifications{Delivered: 3, Failed: int64(len(ways))}, n.state()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if failing, mended := strings.Count(log.String(), "takes no notifications"), strings.Count(log.String(), "again\""); failing != 1 || mended != 1 {
			t.Errorf("it is logged %d times that it fails and %d times that it does no longer, want once each:\n%s", failing, mended, log)
		}
	})
}

// TestNotifyNever has a webhook answer what sending again won't mend.
func TestNotifyNever(t *testing.T) {
	for _, status := range []int{302, 400, 401, 403, 404, 410, 413} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, to, log, end := notifying(t, func(string, int) (*http.Response, error) {
					return answered(status, "Location", "https://elsewhere/"), nil
				})
				n.tell(notice{Type: noticePromoted, Why: "one"}, hook("a"))
				n.tell(notice{Type: noticePromoted, Why: "two"}, hook("a"))
				time.Sleep(time.Hour)
				end()
				if diff := cmp.Diff([]string{"one", "two"}, to.whys("a")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(notifications{Failed: 2, Dropped: 2}, n.state()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := to.got("elsewhere"); got != nil || !strings.Contains(log.String(), fmt.Sprintf("it answers %d %s", status, http.StatusText(status))) {
					t.Errorf("elsewhere got %v; the log:\n%s", got, log)
				}
			})
		})
	}
}

// TestNotifyPatience has a webhook that is never there, and more to tell than may wait.
func TestNotifyPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := time.Now().Add(3 * time.Hour)
		n, to, _, end := notifying(t, func(string, int) (*http.Response, error) {
			if time.Now().Before(gone) {
				return answered(502), nil
			}
			return answered(200), nil
		})
		for i := range 100 {
			n.tell(notice{Type: noticePromoted, Why: fmt.Sprint(i)}, hook("a"))
		}
		synctest.Wait()
		if diff := cmp.Diff(notifications{Failed: 1, Dropped: 36, Waiting: noticeQueue}, n.state()); diff != "" {
			t.Errorf("at first (-want +got):\n%s", diff)
		}
		time.Sleep(noticePatience + 2*noticeMaxPause)
		if s := n.state(); s.Dropped != 100 || s.Waiting != 0 || s.Failed < 8 || s.Failed > 25 {
			t.Errorf("%+v, want all 100 given up after 8 to 25 attempts in all", s)
		}
		time.Sleep(time.Until(gone))
		n.tell(notice{Type: noticePromoted, Why: "last"}, hook("a"))
		time.Sleep(time.Second)
		if calls := to.whys("a"); calls[len(calls)-1] != "last" || n.state().Delivered != 1 {
			t.Errorf("when it is there again: %+v, %v", n.state(), calls[len(calls)-1])
		}
		end()
	})
}

// TestNotifyKeepsTheNewest says that of more than may wait the oldest go.
func TestNotifyKeepsTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, to, _, end := notifying(t, func(_ string, i int) (*http.Response, error) {
			if i == 0 {
				return nil, nil // hangs
			}
			return answered(200), nil
		})
		n.tell(notice{Type: noticePromoted, Why: "0"}, hook("a"))
		synctest.Wait() // it is under way
		for i := range 70 {
			n.tell(notice{Type: noticePromoted, Why: fmt.Sprint(i + 1)}, hook("a"))
		}
		time.Sleep(time.Minute)
		end()
		got := to.whys("a")[1:]
		if len(got) != noticeQueue || got[0] != "7" || got[len(got)-1] != "70" {
			t.Errorf("%d came, %v", len(got), got)
		}
	})
}

// TestNotifyEnd says that what waits is sent when the daemon ends, if that takes no time.
func TestNotifyEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, to, log, end := notifying(t, func(host string, i int) (*http.Response, error) {
			if host == "hangs" && i == 0 || host == "never" {
				return nil, nil
			}
			return answered(200), nil
		})
		n.tell(notice{Type: noticePromoted, Why: "under way"}, hook("hangs"))
		synctest.Wait()
		n.tell(notice{Type: noticePromoted, Why: "waits"}, hook("hangs"), hook("good"))
		n.tell(notice{Type: noticePromoted, Why: "is lost"}, hook("never"))
		began := time.Now()
		end()
		if took := time.Since(began); took > noticeLast {
			t.Errorf("it took %s to end", took)
		}
		got := map[string][]string{"hangs": to.whys("hangs"), "good": to.whys("good"), "never": to.whys("never")}
		want := map[string][]string{"hangs": {"under way", "under way", "waits"}, "good": {"waits"}, "never": {"is lost"}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(notifications{Delivered: 3, Failed: 1, Dropped: 1}, n.state()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if strings.Count(log.String(), "the proxy ends") != 1 {
			t.Errorf("what is lost is to be logged:\n%s", log)
		}
	})
}

// TestNotifyOnTheWire sends over a real connection what CloudEvents wants to see there.
func TestNotifyOnTheWire(t *testing.T) {
	type seen struct {
		method, path, content, user string
		body                        map[string]any
	}
	got := make(chan seen, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := seen{method: r.Method, path: r.RequestURI, content: r.Header.Get("Content-Type")}
		name, password, _ := r.BasicAuth()
		s.user = name + " " + password
		if err := json.NewDecoder(r.Body).Decode(&s.body); err != nil {
			t.Error(err)
		}
		got <- s
	}))
	defer server.Close()
	n := newNotifier(notifierConfig{Source: "http://127.0.0.1:9900", Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { n.run(ctx) })
	from, to := strangler.Canary(500), strangler.At(strangler.PhaseShadow)
	n.tell(notice{
		Type: noticeRolledBack, Time: time.Date(2026, 5, 4, 9, 12, 40, 0, time.FixedZone("", 7200)),
		Routes: []string{"orders-read", "orders-list"}, Unit: "orders", Service: "orders", Version: "1.4.2", From: &from, To: &to, Why: "divergence is above 0.1 %",
		Readings: []rollout.Reading{
			{Route: "orders-read", Gate: "divergence", State: rollout.StateBroken, Limit: 0.001, Estimate: 0.02, Lower: 0.004, Upper: 0.05, Count: 500, Why: "10 of 500"},
			{Route: "orders-list", Gate: "latency", State: rollout.StateOpen, Limit: 1.3, Estimate: math.NaN(), Upper: math.Inf(1), Need: 40},
			{Route: "orders-list", Gate: "errors", State: rollout.StateOff},
		},
	}, rollout.Webhook{URL: strings.Replace(server.URL, "http://", "http://anna:s3cret@", 1) + "/in?key=1"})
	s := <-got
	if id, _ := s.body["id"].(string); len(id) < 20 {
		t.Errorf("the id %q is none", id)
	}
	delete(s.body, "id")
	want := seen{"POST", "/in?key=1", "application/cloudevents+json", "anna s3cret", map[string]any{
		"specversion": "1.0", "source": "http://127.0.0.1:9900", "type": "strangler.rollout.rolled_back", "subject": "orders",
		"time": "2026-05-04T07:12:40Z", "datacontenttype": "application/json",
		"data": map[string]any{
			"routes": []any{"orders-read", "orders-list"}, "unit": "orders", "service": "orders", "service_version": "1.4.2",
			"from": "5%", "to": "shadow", "why": "divergence is above 0.1 %",
			"readings": []any{
				map[string]any{"route": "orders-read", "gate": "divergence", "state": "broken", "limit": 0.001, "estimate": 0.02, "lower": 0.004, "upper": 0.05, "count": 500.0, "why": "10 of 500"},
				map[string]any{"route": "orders-list", "gate": "latency", "state": "open", "limit": 1.3, "lower": 0.0, "count": 0.0, "need": 40.0},
				map[string]any{"route": "orders-list", "gate": "errors", "state": "off", "count": 0.0},
			},
		},
	}}
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNoticeSubject says what receivers sort by.
func TestNoticeSubject(t *testing.T) {
	for _, tt := range []struct {
		name string
		is   notice
		want string
	}{
		{"a route by itself", notice{Routes: []string{"a"}}, "a"},
		{"a unit, also of one route", notice{Routes: []string{"a"}, Unit: "u"}, "u"},
		{"all", notice{}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.is.subject(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			var event map[string]any
			if err := json.Unmarshal(tt.is.event("s"), &event); err != nil {
				t.Fatal(err)
			}
			if subject, there := event["subject"]; there != (tt.want != "") || there && subject != tt.want {
				t.Errorf("%v", event)
			}
			if routes := event["data"].(map[string]any)["routes"]; routes == nil {
				t.Error("routes are null")
			}
		})
	}
}

// TestAsk says what of a webhook's answers lets a promotion go on.
func TestAsk(t *testing.T) {
	long := strings.Repeat("ä", 400)
	for _, tt := range []struct {
		name    string
		status  int
		body    string
		refused string
		err     string
	}{
		{name: "yes", status: 200, body: "never mind"},
		{name: "yes without a word", status: 204},
		{name: "no, in words", status: 409, body: "\n  the load test is under way \nask again at noon", refused: "the load test is under way"},
		{name: "no, in words that no terminal should see", status: 403, body: "no\x1b[2J\x00 \xff", refused: "no [2J  �"},
		{name: "no, in many words", status: 403, body: long, refused: long[:496] + "…"},
		{name: "no, without a word", status: 403, refused: "it answers 403 Forbidden"},
		{name: "not who it is for", status: 404, body: "404 page not found", refused: "it answers 404 Not Found: 404 page not found"},
		{name: "neither yes nor no", status: 503, body: "later", err: "it answers 503 Service Unavailable: later"},
		{name: "too much asked", status: 429, err: "it answers 429 Too Many Requests"},
		{name: "another place", status: 307, err: "it answers 307 Temporary Redirect, and redirects are not followed"},
		{name: "no HTTP status that there is", status: 999, err: "it answers 999"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				w.Header().Set("Location", "/")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			defer server.Close()
			n := newNotifier(notifierConfig{Logger: slog.New(slog.DiscardHandler)})
			defer n.idle()
			refused, err := n.ask(t.Context(), rollout.Webhook{URL: server.URL + "/tok3n"}, notice{Type: noticePromoting, Routes: []string{"a"}})
			if refused != tt.refused {
				t.Errorf("refused: %q, want %q", refused, tt.refused)
			}
			message := ""
			if err != nil {
				message = strings.TrimPrefix(err.Error(), "ask "+server.URL+"/…: ")
			}
			if message != tt.err || calls != 1 {
				t.Errorf("error %q after %d calls, want %q after one", message, calls, tt.err)
			}
		})
	}
}

// TestAskGetsNoAnswer says that silence is no consent.
func TestAskGetsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, _, _, end := notifying(t, func(string, int) (*http.Response, error) { return nil, nil })
		defer end()
		began := time.Now()
		refused, err := n.ask(t.Context(), hook("a"), notice{Type: noticePromoting})
		if refused != "" || err == nil || err.Error() != "ask https://a/…: there is no answer within 10s" || time.Since(began) != noticeTimeout {
			t.Errorf("after %s: %q, %v", time.Since(began), refused, err)
		}
	})
	n := newNotifier(notifierConfig{Logger: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	if refused, err := n.ask(t.Context(), rollout.Webhook{URL: server.URL + "/tok3n"}, notice{}); refused != "" || err == nil || strings.Contains(err.Error(), "tok3n") {
		t.Errorf("nobody is there: %q, %v", refused, err)
	}
}

func TestHooksOn(t *testing.T) {
	a := rollout.Webhook{URL: "a", On: []rollout.Occasion{rollout.BeforePromote, rollout.AfterPromote}}
	b := rollout.Webhook{URL: "b", On: []rollout.Occasion{rollout.OnRollback}}
	for on, want := range map[rollout.Occasion][]rollout.Webhook{
		rollout.BeforePromote: {a}, rollout.AfterPromote: {a}, rollout.OnRollback: {b}, "never": nil,
	} {
		if diff := cmp.Diff(want, hooksOn([]rollout.Webhook{a, b}, on)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", on, diff)
		}
	}
}

// TestReferenceNamesNotices says that the reference lists every type of notice.
func TestReferenceNamesNotices(t *testing.T) {
	text, err := os.ReadFile("../../cmd/strangler/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range noticeTypes() {
		if !strings.Contains(string(text), "`"+kind+"`") {
			t.Errorf("it doesn't tell of %s", kind)
		}
	}
}
