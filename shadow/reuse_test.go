package shadow_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
)

// fates are what may become of an exchange, each of which is its token's beginning.
var fates = []string{
	"match", "fails", "match", "slow-client", "match", "differs", "slow-service", "breaks", "match", "client-panics", "writes-late",
	"service-panics", "match", "client-leaves", "match", "hangs", "match", "with-body",
}

// TestExchangesAreNotMixedUp has thousands of exchanges in turn and at once use the same rooms, each
// with a token in its path, its headers and its bodies. Some go wrong in every way that there is, and
// hold on to what they have. Each comparison is of two answers to the same request, and of what was
// recorded nothing is written over by what came later.
func TestExchangesAreNotMixedUp(t *testing.T) {
	var account shadow.Counts
	for range 3 {
		// Where five of those that fail happen to do so in a row, copies rest for longer than the rest takes.
		if account = mixed(t); account.Reasons[shadow.SkipResting] == 0 {
			break
		}
	}
	t.Logf("account: %+v", account)
	if account.Match < account.Sampled/10 || account.Diverged == 0 || account.Failed == 0 || account.Skipped == 0 || account.Pending != 0 {
		t.Errorf("not all that there is came about: %+v", account)
	}
}

// mixed sends what TestExchangesAreNotMixedUp says, once.
func mixed(t *testing.T) shadow.Counts {
	t.Helper()
	const clients, each = 16, 200
	kept := new(counter)
	s := start(t, shadow.Config{Recorder: kept, Logger: quiet, Queue: 4 * clients * each, Timeout: 50 * time.Millisecond})
	p := point(&loans{t: t})
	p.Compare = &byToken{t: t}
	var late sync.WaitGroup
	h := s.Around(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Path[1:]
		asked, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Token", token)
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s %s", token, asked)
		switch fate(token) {
		case "slow-client":
			time.Sleep(2 * time.Millisecond)
		case "client-panics":
			panic(http.ErrAbortHandler)
		case "writes-late":
			late.Go(func() {
				<-r.Context().Value(returned{}).(chan struct{})
				w.WriteHeader(http.StatusTeapot)
				io.WriteString(w, "late")
			})
		}
		r.Header.Set("X-Token", "changed")
		r.URL.Path = "/changed"
	}))
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range each {
				token := fmt.Sprintf("%s.%d.%d", fates[(c+i)%len(fates)], c, i)
				over := make(chan struct{})
				ctx, leave := context.WithCancel(context.WithValue(context.Background(), returned{}, over))
				body := io.Reader(http.NoBody)
				if fate(token) == "with-body" {
					body = strings.NewReader("asked by " + token)
				}
				r := httptest.NewRequestWithContext(ctx, "GET", "/"+token, body)
				r.Header.Set("X-Token", token)
				if fate(token) == "client-leaves" {
					leave()
				}
				func() {
					defer func() { recover() }()
					h.ServeHTTP(discarding{make(http.Header)}, r)
				}()
				close(over)
				leave()
			}
		})
	}
	all.Wait()
	late.Wait()
	stop(t, s)
	for _, c := range kept.all() {
		token := c.Request.Path[1:]
		if c.Verdict == shadow.Diverged && fate(token) != "differs" {
			t.Errorf("%s diverged: %+v", token, c.Differences)
		}
		for side, a := range map[string]*shadow.Answer{"legacy": c.Legacy, "service": c.Service} {
			if a != nil && a.Header != nil && a.Header.Get("X-Token") != token || a != nil && a.Body != nil && !bytes.HasPrefix(a.Body, []byte(token+" ")) {
				t.Errorf("%s %s: %s has the header %v and the body %q", c.Verdict, token, side, a.Header, a.Body)
			}
		}
		if c.Request.Header != nil && c.Request.Header.Get("X-Token") != token {
			t.Errorf("%s %s: the request has the header %v", c.Verdict, token, c.Request.Header)
		}
	}
	account := s.Counts()["orders"]
	if account.Sampled != clients*each {
		t.Errorf("%d of %d requests were sampled", account.Sampled, clients*each)
	}
	return account
}

// returned is where a context has a channel that is closed when the handler has returned.
type returned struct{}

// fate returns what is to become of an exchange.
func fate(token string) string { name, _, _ := strings.Cut(token, "."); return name }

// byToken compares what both answers say of which request they are answers to.
type byToken struct{ t *testing.T }

func (c *byToken) Compare(legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	token := legacy.Header.Get("X-Token")
	if got := service.Header.Get("X-Token"); got != token || !bytes.HasPrefix(legacy.Body, []byte(token+" ")) || !bytes.HasPrefix(service.Body, []byte(token+" ")) {
		c.t.Errorf("compared: legacy %q %q with service %q %q", token, legacy.Body, got, service.Body)
	}
	if !bytes.Equal(legacy.Body, service.Body) {
		return []shadow.Difference{{Pattern: "", Kind: shadow.KindValue}}, nil
	}
	return nil, nil
}

// discarding is a ResponseWriter that two goroutines may write to.
type discarding struct{ header http.Header }

func (w discarding) Header() http.Header         { return w.header }
func (w discarding) Write(p []byte) (int, error) { return len(p), nil }
func (w discarding) WriteHeader(int)             {}

// loans is a transport that writes over everything it gets back, and uses it again.
type loans struct {
	t    *testing.T
	free sync.Pool
	open atomic.Int64
}

// loan is what one copy's answer lies in.
type loan struct {
	of      *loans
	client  string // what the client's request had for a token
	repeats bool
	asked   *http.Request
	token   string
	answer  http.Response
	body    bytes.Reader
	closed  bool
}

func (l *loans) RoundTrip(r *http.Request) (*http.Response, error) { return l.Lend(r).RoundTrip(r) }

func (l *loans) Lend(r *http.Request) http.RoundTripper {
	one, _ := l.free.Get().(*loan)
	if one == nil {
		one = &loan{of: l}
	}
	one.client, one.repeats = r.Header.Get("X-Token"), false
	l.open.Add(1)
	return one
}

// Repeats implements shadow.Repeater for every other copy.
func (l *loan) Repeats(r *http.Request) bool {
	l.repeats = len(l.client)%2 == 0
	return l.repeats
}

func (l *loans) TakeBack(lent http.RoundTripper) bool {
	one := lent.(*loan)
	switch {
	case !one.closed || one.body.Len() > 0:
		l.t.Errorf("%s was given back before its end", one.token)
	case one.asked.URL.Path != "/"+one.token || one.asked.Header.Get("X-Token") != one.token && !one.repeats:
		l.t.Errorf("%s was given back with the request of %s", one.token, one.asked.URL)
	}
	clear(one.answer.Header)
	one.answer.Header.Set("X-Token", "given back")
	one.body.Reset([]byte("given back"))
	one.asked, one.token, one.closed = nil, "given back", false
	l.free.Put(one)
	return true
}

// RoundTrip implements http.RoundTripper.
func (l *loan) RoundTrip(r *http.Request) (*http.Response, error) {
	l.asked, l.token = r, r.URL.Path[1:]
	asked, _ := io.ReadAll(r.Body)
	switch got := r.Header.Get("X-Token"); {
	case l.client != l.token:
		l.of.t.Errorf("the copy of %s is sent by what was lent for %s", l.token, l.client)
	case l.repeats && (len(r.Header) != 1 || r.Header.Get("X-Strangler-Shadow") == ""):
		l.of.t.Errorf("the copy of %s has the header %v beside its request's", l.token, r.Header)
	case !l.repeats && got != l.token:
		l.of.t.Errorf("the copy of %s has the header of %s", l.token, got)
	}
	answer := fmt.Sprintf("%s %s", l.token, asked)
	switch fate(l.token) {
	case "slow-service":
		time.Sleep(time.Millisecond)
	case "differs":
		answer += "otherwise"
	case "fails":
		return nil, errors.New("no")
	case "hangs":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "service-panics":
		panic("no")
	}
	if l.answer.Header == nil {
		l.answer.Header = make(http.Header)
	}
	clear(l.answer.Header)
	l.answer.Header.Set("X-Token", l.token)
	l.body.Reset([]byte(answer))
	l.answer.StatusCode, l.answer.ContentLength, l.answer.Body = http.StatusOK, int64(len(answer)), (*loanBody)(l)
	return &l.answer, nil
}

type loanBody loan

func (b *loanBody) Read(p []byte) (int, error) {
	if fate(b.token) == "breaks" {
		return 0, io.ErrUnexpectedEOF
	}
	return b.body.Read(p)
}

func (b *loanBody) Close() error { b.closed = true; return nil }

// TestEvidenceWhileACopyIsSent ends exchanges while a worker makes their copies: the race detector sees whether what is
// remembered of a request is read from what the worker fills.
func TestEvidenceWhileACopyIsSent(t *testing.T) {
	kept := new(memory)
	s := start(t, shadow.Config{Recorder: kept, Logger: quiet})
	release := make(chan struct{})
	h := s.Around(point(roundTrip(func(*http.Request) (*http.Response, error) {
		<-release
		return nil, errors.New("no")
	})))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half of it")
		time.Sleep(50 * time.Millisecond) // a channel would say which is first
		panic(http.ErrAbortHandler)
	}))
	func() {
		defer func() { recover() }()
		h.ServeHTTP(discarding{make(http.Header)}, httptest.NewRequest("GET", "/orders/7", nil))
	}()
	close(release)
	stop(t, s)
	if got := kept.all(); len(got) != 1 || got[0].Verdict != shadow.Skipped || got[0].Reason != shadow.SkipCutShort || got[0].Request.Path != "/orders/7" {
		t.Errorf("recorded %+v", got)
	}
}
