package shadow_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// asked counts what a Comparer is asked.
type asked struct {
	shadow.Comparer
	reflexive bool
	times     atomic.Int64
}

func (a *asked) Compare(legacy, service *shadow.Answer) ([]shadow.Difference, error) {
	a.times.Add(1)
	return a.Comparer.Compare(legacy, service)
}

func (a *asked) Reflexive() bool { return a.reflexive }

// TestSameAnswers holds which answers a Comparer isn't asked about that finds nothing in the same. Few headers count.
func TestSameAnswers(t *testing.T) {
	type says struct {
		status   int
		header   http.Header
		body     string
		trailers http.Header
	}
	plain := says{200, http.Header{"X-A": {"1", "2"}, "Content-Type": {"text/plain"}, "Date": {"today"}}, "body", nil}
	with := func(change func(*says)) says {
		s := plain
		s.header = plain.header.Clone()
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		legacy, service says
		unreflexive     bool
		asked           bool
		verdict         shadow.Verdict
	}{
		"the same":               {legacy: plain, service: plain, verdict: shadow.Match},
		"the same, for another":  {legacy: plain, service: plain, unreflexive: true, asked: true, verdict: shadow.Match},
		"another body":           {legacy: plain, service: with(func(s *says) { s.body = "bode" }), asked: true, verdict: shadow.Diverged},
		"a longer body":          {legacy: plain, service: with(func(s *says) { s.body = "body2" }), asked: true, verdict: shadow.Diverged},
		"another status":         {legacy: plain, service: with(func(s *says) { s.status = 201 }), asked: true, verdict: shadow.Diverged},
		"a header less":          {legacy: plain, service: with(func(s *says) { delete(s.header, "X-A") }), asked: true, verdict: shadow.Match},
		"a header more":          {legacy: plain, service: with(func(s *says) { s.header["X-B"] = []string{"1"} }), asked: true, verdict: shadow.Match},
		"a value less":           {legacy: plain, service: with(func(s *says) { s.header["X-A"] = []string{"1"} }), asked: true, verdict: shadow.Match},
		"another date":           {legacy: plain, service: with(func(s *says) { s.header["Date"] = []string{"tomorrow"} }), asked: true, verdict: shadow.Match},
		"the same redirect":      {legacy: with(func(s *says) { s.status, s.header["Location"] = 302, []string{"/there"} }), service: with(func(s *says) { s.status, s.header["Location"] = 302, []string{"/there"} }), asked: true, verdict: shadow.Match},
		"the same with trailers": {legacy: with(func(s *says) { s.trailers = http.Header{"X-T": {"1"}} }), service: with(func(s *says) { s.trailers = http.Header{"X-T": {"1"}} }), asked: true, verdict: shadow.Match},
		"another trailer":        {legacy: with(func(s *says) { s.trailers = http.Header{"X-T": {"1"}} }), service: with(func(s *says) { s.trailers = http.Header{"X-T": {"2"}} }), asked: true, verdict: shadow.Match},
	} {
		t.Run(name, func(t *testing.T) {
			answer := func(s says) http.HandlerFunc {
				return func(w http.ResponseWriter, _ *http.Request) {
					for name, values := range s.header {
						w.Header()[name] = values
					}
					if s.trailers == nil {
						w.Header().Set("Content-Length", fmt.Sprint(len(s.body)))
					}
					for name := range s.trailers {
						w.Header().Add("Trailer", name)
					}
					w.WriteHeader(s.status)
					_, _ = io.WriteString(w, s.body)
					for name, values := range s.trailers {
						w.Header()[name] = values
					}
				}
			}
			p := again(t, answer(c.legacy), answer(c.service))
			compares := &asked{Comparer: p.Compare, reflexive: !c.unreflexive}
			p.Compare = compares
			var m memory
			s := start(t, shadow.Config{Recorder: &m})
			proxy := serve(t, s.Around(p)(answer(c.legacy)))
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			resp, err := client.Get(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			wait(t, s)
			if all := m.all(); len(all) != 1 || all[0].Verdict != c.verdict {
				t.Errorf("%+v, want one that is %s", all, c.verdict)
			}
			if got := compares.times.Load() > 0; got != c.asked {
				t.Errorf("the Comparer is asked: %t, want %t", got, c.asked)
			}
		})
	}
}
