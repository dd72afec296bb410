package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// TestCancel ends a request's context at each of its stages: the error is the context's, and
// the upstream's connection goes.
func TestCancel(t *testing.T) {
	leavesNothing(t)
	arrived, gone := make(chan struct{}, 10), make(chan struct{}, 10)
	p := startPeer(t, func(c *peerConn) {
		defer func() { gone <- struct{}{} }()
		head, ok := c.head()
		if !ok {
			return
		}
		switch path(head) {
		case "/head":
			c.send("HTTP/1.1 200 OK\r\nX-A")
		case "/hint":
			c.send("HTTP/1.1 103 Early Hints\r\n\r\n")
		case "/body":
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
		case "/chunks":
			c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
		case "/stuck": // reads nothing
			arrived <- struct{}{}
			<-c.peer.done
			return
		}
		arrived <- struct{}{}
		c.untilGone()
	})
	tr := startTransport(t, p, upstream.Config{})
	for _, how := range []string{"cancel", "deadline"} {
		for _, stage := range []string{"/nothing", "/head", "/hint", "/body", "/chunks", "/upload", "/stuck", "/unread"} {
			t.Run(how+" "+stage[1:], func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				want := context.Canceled
				if how == "deadline" {
					ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
					want = context.DeadlineExceeded
				}
				defer cancel()
				var body io.Reader
				length := int64(0)
				switch stage {
				case "/upload": // nothing more comes
					body, length = io.MultiReader(strings.NewReader("abc"), waiting{ctx}), -1
				case "/stuck":
					body, length = endless{}, -1
				}
				go func() {
					<-arrived
					if how == "cancel" {
						cancel()
					}
				}()
				r := request(t, "POST", stage, body, length).WithContext(ctx)
				resp, err := tr.RoundTrip(r)
				if err == nil {
					if stage == "/unread" {
						t.Fatal("answered")
					}
					var got []byte
					got, err = io.ReadAll(resp.Body)
					if string(got) != "half" {
						t.Errorf("%q came before", got)
					}
					resp.Body.Close()
				}
				if !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
				closed(t, r)
				if stage != "/stuck" {
					within(t, gone, "the upstream's connection is still there")
				}
			})
		}
	}
}

type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

// waiting is a body of which nothing comes until the request ends, as net/http's server has it.
type waiting struct{ context.Context }

// Read implements io.Reader.
func (w waiting) Read([]byte) (int, error) {
	<-w.Done()
	return 0, w.Err()
}

// TestCancelAsItEnds cancels requests at about the time that their answers come and end. Nothing
// of it reaches the next request, which may use the same connection.
func TestCancelAsItEnds(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{MaxPerHost: 4})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 150 {
				ctx, cancel := context.WithCancel(t.Context())
				r := request(t, "POST", fmt.Sprintf("/gone-%d-%d", worker, i), strings.NewReader("abc"), 3).WithContext(ctx)
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					for start := time.Now(); time.Since(start) < time.Duration(i%50)*4*time.Microsecond; {
					}
					cancel()
				}()
				if resp, err := tr.RoundTrip(r); err == nil {
					body, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if want := fmt.Sprintf("/gone-%d-%dabc", worker, i); err == nil && string(body) != want {
						t.Errorf("%q, want %s", body, want)
					}
				} else if !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
				own := fmt.Sprintf("/own-%d-%d", worker, i)
				if i%2 == 0 { // while the cancelling may still be under way
					<-ended
				}
				if _, got := roundTrip(t, tr, request(t, "POST", own, strings.NewReader("!"), 1)); got != own+"!" {
					t.Errorf("%q, want %s", got, own)
				}
				<-ended
			}
		})
	}
	all.Wait()
}

// TestCancelAfterwards cancels a request when its answer was read: whoever has its connection
// now isn't disturbed.
func TestCancelAfterwards(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			c.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha")
			if path(head) == "/second" {
				time.Sleep(2 * time.Millisecond)
			}
			c.send("lf")
		}
	})
	tr := startTransport(t, p, upstream.Config{})
	for range 30 {
		ctx, cancel := context.WithCancel(t.Context())
		roundTrip(t, tr, request(t, "GET", "/first", nil, 0).WithContext(ctx))
		resp, err := tr.RoundTrip(request(t, "GET", "/second", nil, 0))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "half" {
			t.Fatalf("%q, %v", body, err)
		}
		resp.Body.Close()
	}
	if n := p.Accepted.Load(); n != 1 {
		t.Errorf("%d connections: the test is about one", n)
	}
}

// TestDeadlinesDontStay gives requests deadlines that pass when they are long answered.
func TestDeadlinesDontStay(t *testing.T) {
	leavesNothing(t)
	p := startPeer(t, named)
	tr := startTransport(t, p, upstream.Config{
		IdleTimeout: time.Minute,
		Policy:      upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: 50 * time.Millisecond}},
	})
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		roundTrip(t, tr, request(t, "GET", "/", nil, 0).WithContext(ctx))
		time.Sleep(80 * time.Millisecond)
		cancel()
	}
	if n := p.Accepted.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestCancelWhileWaitingForAPlace has requests leave the queue for a connection.
func TestCancelWhileWaitingForAPlace(t *testing.T) {
	leavesNothing(t)
	release := make(chan struct{})
	p := startPeer(t, func(c *peerConn) {
		for {
			head, _, ok := c.request()
			if !ok {
				return
			}
			if path(head) == "/long" {
				<-release
			}
			c.send(plain(path(head)))
		}
	})
	tr := startTransport(t, p, upstream.Config{MaxPerHost: 1})
	var all sync.WaitGroup
	all.Go(func() { roundTrip(t, tr, request(t, "GET", "/long", nil, 0)) })
	eventually(t, "the long request", func() error {
		if p.Requests.Load() == 0 {
			return errors.New("isn't there")
		}
		return nil
	})
	for i := range 20 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*time.Millisecond)
			defer cancel()
			r := request(t, "POST", "/", strings.NewReader("abc"), 3).WithContext(ctx)
			if _, err := tr.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want the deadline's", err)
			}
			closed(t, r)
		})
	}
	for range 3 {
		all.Go(func() { roundTrip(t, tr, request(t, "GET", "/patient", nil, 0)) })
	}
	time.Sleep(30 * time.Millisecond) // the deadlines pass
	close(release)
	all.Wait()
	if n := p.Requests.Load(); n != 4 {
		t.Errorf("the upstream got %d requests, want 4: the others had left", n)
	}
}
