package shadow_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestAccountHoldsAtEveryMoment drives everything at once and sums up all the time.
func TestAccountHoldsAtEveryMoment(t *testing.T) {
	kept := new(memory)
	s, err := shadow.New(shadow.Config{
		Recorder: kept, Workers: 4, Queue: 8, MaxBody: 4096, MaxMemory: 64 << 10, Timeout: 5 * time.Millisecond, Logger: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	other := roundTrip(func(r *http.Request) (*http.Response, error) {
		switch rand.N(6) {
		case 0:
			<-r.Context().Done()
			return nil, r.Context().Err()
		case 1:
			panic("a mistake")
		case 2:
			return direct(text("no")).RoundTrip(r)
		}
		return direct(text("yes")).RoundTrip(r)
	})
	legacy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch rand.N(8) {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			w.WriteHeader(http.StatusNotModified)
		case 2:
			text(strings.Repeat("x", 10_000))(w, r)
		case 3:
			text("yes")(w, r)
			time.Sleep(rand.N(10 * time.Millisecond))
		default:
			text("yes")(w, r)
		}
	})

	var clients, observer sync.WaitGroup
	done := make(chan struct{})
	observer.Go(func() {
		for {
			for name, c := range s.Counts() {
				checkSum(t, name, c)
			}
			select {
			case <-done:
				return
			default:
				runtime.Gosched()
			}
		}
	})
	var sent atomic.Int64
	for i := range 8 {
		clients.Go(func() {
			for n := range 300 {
				p := point(other)
				if n%3 == 0 {
					p.Serves = shadow.Service
				}
				h := s.Around(p)(legacy) // a new table each time
				method := []string{"GET", "POST", "HEAD"}[(n+i)%3]
				sent.Add(1)
				func() {
					defer func() { recover() }()
					h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/", strings.NewReader("a=1")))
				}()
				if i == 0 && n == 250 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
					s.Close(ctx)
					cancel()
				}
			}
		})
	}
	clients.Wait()
	close(done)
	observer.Wait()
	stop(t, s)
	c := s.Counts()["orders"]
	if c.Sampled != sent.Load() {
		t.Errorf("sampled %d of %d", c.Sampled, sent.Load())
	}
	if got := int64(len(kept.all())); got != c.Sampled {
		t.Errorf("recorded %d of %d", got, c.Sampled)
	}
	for _, reason := range []string{shadow.SkipConditional, shadow.SkipCutShort, shadow.SkipNotRepeatable, shadow.SkipShuttingDown} {
		if c.Reasons[reason] == 0 {
			t.Errorf("nothing was skipped as %q, so that the test saw less than it means to: %+v", reason, c)
		}
	}
}

// streaming answers at once and ends when told to.
func streaming(end <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "yes")
		w.(http.Flusher).Flush()
		<-end
	}
}

func get(h http.Handler) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

func TestStreamsHoldNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Workers: 2, Queue: 40})
		end := make(chan struct{})
		h := s.Around(point(direct(text("yes"))))
		var streams sync.WaitGroup
		for range 10 {
			streams.Go(func() { get(h(streaming(end))) })
		}
		synctest.Wait()
		get(h(text("yes")))
		synctest.Wait()
		if c := s.Counts()["orders"]; c.Match != 1 || c.Pending != 10 {
			t.Errorf("beside 10 streams: %+v", c)
		}
		close(end)
		streams.Wait()
		synctest.Wait()
		if c := s.Counts()["orders"]; c.Match != 11 || c.Pending != 0 {
			t.Errorf("when the streams have ended: %+v", c)
		}
	})
}

func TestWaitingForAStreamIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Timeout: 10 * time.Second, Queue: 6})
		end := make(chan struct{})
		h := s.Around(point(direct(text("yes"))))(streaming(end))
		var streams sync.WaitGroup
		for range 5 {
			streams.Go(func() { get(h) })
			synctest.Wait()
		}
		if c := s.Counts()["orders"]; c.Pending != 3 || c.Reasons[shadow.SkipQueueFull] != 2 {
			t.Errorf("5 streams where 3 of 6 may wait: %+v", c)
		}
		time.Sleep(12 * time.Second)
		if c := s.Counts()["orders"]; c.Pending != 0 || c.Reasons[shadow.SkipCutShort] != 3 {
			t.Errorf("after the time-out: %+v", c)
		}
		if _, _, _, held := s.Load(); held != 0 {
			t.Errorf("after the time-out %d bytes are held", held)
		}
		close(end)
		streams.Wait()
	})
}

func TestHangingServiceFillsTheQueueAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, shadow.Config{Workers: 4, Queue: 6, Timeout: 10 * time.Second, Logger: quiet})
		h := s.Around(point(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})))(text("yes"))
		began := time.Now()
		for range 10 {
			get(h)
			synctest.Wait()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("clients waited %v", took)
		}
		if c := s.Counts()["orders"]; c.Pending != 5 || c.Reasons[shadow.SkipQueueFull] != 5 {
			t.Errorf("10 requests, 2 of 4 workers, 3 of 6 places: %+v", c)
		}
		if queue, capacity, workers, _ := s.Load(); queue != 3 || capacity != 6 || workers != 4 {
			t.Errorf("load: %d of %d, %d workers", queue, capacity, workers)
		}
		time.Sleep(time.Minute)
		if c := s.Counts()["orders"]; c.Failed != 5 || c.Reasons[shadow.FailTimeout] != 5 {
			t.Errorf("after the time-outs: %+v", c)
		}
	})
}

func TestCloseGivesUpWhenItsTimeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := shadow.New(shadow.Config{Workers: 1, Timeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		h := s.Around(point(roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})))(text("yes"))
		for range 5 {
			get(h)
		}
		end := make(chan struct{})
		var stream sync.WaitGroup
		stream.Go(func() { get(s.Around(point(direct(text("yes"))))(streaming(end))) })
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := s.Close(ctx); err == nil {
			t.Error("Close gave up five copies without an error")
		}
		get(h)
		c := s.Counts()["orders"]
		if c.Pending != 0 || c.Reasons[shadow.SkipShuttingDown] != 7 {
			t.Errorf("after Close: %+v", c)
		}
		close(end)
		stream.Wait()
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func TestCloseDrainsWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := shadow.New(shadow.Config{Workers: 4})
		if err != nil {
			t.Fatal(err)
		}
		h := s.Around(point(roundTrip(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return direct(text("yes")).RoundTrip(r)
		})))(text("yes"))
		for range 5 {
			get(h)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if c := s.Counts()["orders"]; c.Match != 5 {
			t.Errorf("after Close: %+v", c)
		}
	})
}

func TestClientThatLeavesIsCutShort(t *testing.T) {
	s := start(t, shadow.Config{})
	reached := make(chan struct{})
	server := serve(t, s.Around(point(direct(text("yes"))))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "ye")
		w.(http.Flusher).Flush()
		close(reached)
		<-r.Context().Done()
	})))
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	<-reached
	cancel()
	resp.Body.Close()
	server.Close() // waits for the handler
	if c := s.Counts()["orders"]; c.Reasons[shadow.SkipCutShort] != 1 {
		t.Errorf("the client left: %+v", c)
	}
}

func TestBrokenRecorderTouchesNobody(t *testing.T) {
	s := start(t, shadow.Config{Recorder: panicking{}, Logger: quiet})
	h := s.Around(point(direct(text("yes"))))(text("yes"))
	for range 10 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Body.String() != "yes" {
			t.Fatalf("the client got %q", w.Body)
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
	}
}

type panicking struct{}

func (panicking) Record(shadow.Comparison) { panic("a mistake") }

func TestOversizedStreamIsNotReadForEver(t *testing.T) {
	s := start(t, shadow.Config{MaxBody: 1000, Timeout: time.Hour})
	get(s.Around(point(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: io.NopCloser(endless{})}, nil
	})))(text("yes")))
	stop(t, s) // hangs where the copy is read to its end
	if c := s.Counts()["orders"]; c.Reasons[shadow.SkipTooLarge] != 1 {
		t.Errorf("endless answer: %+v", c)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestIDsSortByTimeAndAreUnique(t *testing.T) {
	kept := new(memory)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := start(t, shadow.Config{Recorder: kept, Now: func() time.Time { return now }})
	h := s.Around(point(direct(text("yes"))))(text("yes"))
	seen := make(map[string]bool)
	last := ""
	for i := range 100 {
		now = now.Add(time.Millisecond)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", fmt.Sprint("/", i), nil)) // settled at once
		id := kept.all()[i].ID
		if seen[id] || id <= last || len(id) != 26 {
			t.Fatalf("id %q after %q", id, last)
		}
		seen[id], last = true, id
	}
}
