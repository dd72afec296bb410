package shadow_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

func TestJudge(t *testing.T) {
	rules, err := compare.New(compare.Rules{Ignore: []string{"/at"}})
	if err != nil {
		t.Fatal(err)
	}
	plain := compareFunc(func(*shadow.Answer, *shadow.Answer) ([]shadow.Difference, error) { panic("a mistake") })
	answer := func(body string) *shadow.Answer {
		return &shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	}
	gone := answer(`{}`)
	gone.Status = 404
	unchanged := answer("")
	unchanged.Status = 304
	for _, test := range []struct {
		name, why       string
		point           shadow.Point
		legacy, service *shadow.Answer
		verdict         shadow.Verdict
		reason          string
		patterns        []string
	}{
		{"same", "by structure", shadow.Point{}, answer(`{"id":7, "n":1.0}`), answer(`{"n":1,"id":7}`), shadow.Match, "", nil},
		{"ignored", "by the route's rules", shadow.Point{}, answer(`{"at":1}`), answer(`{"at":2}`), shadow.Match, "", nil},
		{"a value", "counts", shadow.Point{}, answer(`{"items":[{"n":1}]}`), answer(`{"items":[{"n":2}]}`), shadow.Diverged, "", []string{"/items/*/n"}},
		{"status", "counts", shadow.Point{}, answer(`{}`), gone, shadow.Diverged, "", []string{"status"}},
		{"a token against forgery", "is noise by its name", shadow.Point{}, answer(`{"_csrf":"aaaa"}`), answer(`{"_csrf":"bbbb"}`), shadow.Noise, "", []string{"/_csrf"}},
		{"ids", "may be the wrong ones, while nobody was asked twice", shadow.Point{}, answer(`{"request":"4b1f7d0e-8c5b-4f6e-9a6b-0d9f3c1a2b3c"}`),
			answer(`{"request":"11111111-8c5b-4f6e-9a6b-0d9f3c1a2b3c"}`), shadow.Diverged, "", []string{"/request"}},
		{"conditional", "the comparer skips", shadow.Point{}, unchanged, answer(`{}`), shadow.Skipped, shadow.SkipConditional, nil},
		{"too large", "the hashes differ", shadow.Point{}, answer(`"` + strings.Repeat("a", 2000) + `"`), answer(`"` + strings.Repeat("b", 2000) + `"`), shadow.Skipped, shadow.SkipTooLarge, nil},
		{"large and the same", "the hashes do not", shadow.Point{}, answer(`"` + strings.Repeat("a", 2000) + `"`), answer(`"` + strings.Repeat("a", 2000) + `"`), shadow.Match, "", nil},
		{"none", "no body is compared", shadow.Point{Capture: shadow.CaptureNone}, answer(`{"a":1}`), answer(`{"a":2}`), shadow.Skipped, shadow.SkipNotCaptured, nil},
		{"no answer", "there is nothing to compare", shadow.Point{}, answer(`{}`), nil, shadow.Failed, shadow.FailBroken, nil},
		{"comparer panics", "and nobody else", shadow.Point{Compare: plain}, answer(`{}`), answer(`{}`), shadow.Failed, shadow.FailInternal, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			kept := new(memory)
			s := start(t, shadow.Config{Recorder: kept, MaxBody: 1000, Logger: quiet})
			p := test.point
			p.Route = "jobs"
			if p.Compare == nil {
				p.Compare = rules
			}
			c := s.Judge(p, shadow.Given{Request: shadow.Request{Method: "GET", Path: "/a?mail=anna@example.com"}, Legacy: test.legacy, Service: test.service})
			var patterns []string
			for _, d := range c.Differences {
				patterns = append(patterns, d.Pattern)
			}
			if c.Verdict != test.verdict || c.Reason != test.reason || !cmp.Equal(test.patterns, patterns) {
				t.Errorf("%s: %s %q %s at %v, want %s %q at %v", test.why, c.Verdict, c.Reason, c.Detail, patterns, test.verdict, test.reason, test.patterns)
			}
			if diff := cmp.Diff([]shadow.Comparison{c}, kept.all(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("recorded (-returned +recorded):\n%s", diff)
			}
			if strings.Contains(c.Request.Path, "anna") {
				t.Errorf("path %s", c.Request.Path)
			}
			if n := s.Counts()["jobs"]; n.Sampled != 1 || n.Pending != 0 {
				t.Errorf("%+v", n)
			}
		})
	}
}

// What is recorded obeys redact and capture, as of a copied exchange.
// TestJudgeRepeats judges the same again. What a write asks for isn't known without its body.
func TestJudgeRepeats(t *testing.T) {
	rules, err := compare.New(compare.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	kept := new(memory)
	s := start(t, shadow.Config{Recorder: kept, Logger: quiet})
	answer := &shadow.Answer{Status: 200, Body: []byte("a")}
	p := shadow.Point{Route: "jobs", Compare: rules, Distinct: time.Minute}
	for _, r := range []shadow.Request{
		{Method: "GET", Path: "/1"}, {Method: "GET", Path: "/1"}, {Method: "GET", Path: "/2"}, {Method: "GET"}, {Method: "GET"},
		{Method: "POST", Path: "/1"}, {Method: "POST", Path: "/1"},
		{Method: "POST", Path: "/1", Body: []byte("b")}, {Method: "POST", Path: "/1", Body: []byte("b")},
	} {
		s.Judge(p, shadow.Given{Request: r, Legacy: answer, Service: answer})
	}
	var got []bool
	for _, c := range kept.all() {
		got = append(got, c.Repeat)
	}
	if diff := cmp.Diff([]bool{false, true, false, false, false, false, false, false, true}, got); diff != "" {
		t.Errorf("repeats (-want +got):\n%s", diff)
	}
}

func TestJudgeKeepsWhatMayBe(t *testing.T) {
	rules, err := compare.New(compare.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, shadow.Config{Redact: []string{"/card/number"}})
	judge := func(capture shadow.Capture) shadow.Comparison {
		answer := func(number string) *shadow.Answer {
			return &shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"sid=secret"}},
				Body: []byte(`{"card":{"number":"` + number + `"},"total":` + number[:2] + `}`)}
		}
		return s.Judge(shadow.Point{Route: "jobs", Compare: rules, Capture: capture, Pattern: "/jobs/{id}"},
			shadow.Given{Request: shadow.Request{Method: "GET", Path: "/jobs/secret"}, Legacy: answer("17-secret"), Service: answer("18-secret")})
	}
	for _, capture := range shadow.Captures()[:2] {
		c := judge(capture)
		if c.Verdict != shadow.Diverged || len(c.Differences) != 2 {
			t.Fatalf("%s: %s %+v", capture, c.Verdict, c.Differences)
		}
		text := string(c.Legacy.Body) + string(c.Service.Body) + c.Legacy.Header.Get("Set-Cookie")
		for _, d := range c.Differences {
			text += string(d.Legacy) + string(d.Service)
		}
		if capture == shadow.CaptureShape {
			text += c.Request.Path
		}
		if strings.Contains(text, "secret") {
			t.Errorf("%s keeps %s", capture, text)
		}
		if whole := strings.Contains(text, "17"); whole != (capture == shadow.CaptureFull) {
			t.Errorf("%s keeps %s", capture, text)
		}
	}
}
