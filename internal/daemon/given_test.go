package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// TestCompareForPrograms hands in what a program in any language could, and finds it in groups beside
// what the proxy found, by the rules of the route.
func TestCompareForPrograms(t *testing.T) {
	t.Parallel()
	s := start(t, fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL)+
		"    shadow: {compare: {ignore: [/at]}}\n")
	answer := func(body string) api.GivenAnswer { return api.GivenAnswer{Status: 200, Body: json.RawMessage(body)} }
	exchange := func(route, legacy, service string) api.GivenExchange {
		return api.GivenExchange{Route: route, Method: "GET", Path: "/orders/7", Legacy: answer(legacy), Service: answer(service)}
	}
	got, err := s.API.Compare(t.Context(),
		exchange("orders-read", `{"total":1,"at":1}`, `{"total":1.0,"at":2}`),
		exchange("orders-read", `{"total":1}`, `{"total":100}`),
		exchange("nightly-job", `{"at":1}`, `{"at":2}`),
		exchange("nightly-job", `"anna@example.com"`, `"paul@example.com"`))
	if err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		known    bool
		verdict  shadow.Verdict
		patterns []string
	}
	var outcomes []outcome
	for _, j := range got {
		o := outcome{known: j.Known, verdict: j.Verdict}
		for _, d := range j.Differences {
			o.patterns = append(o.patterns, d.Pattern)
		}
		outcomes = append(outcomes, o)
		if (j.Divergence != "") != (j.Verdict == shadow.Diverged) {
			t.Errorf("divergence %q of %s", j.Divergence, j.Verdict)
		}
	}
	want := []outcome{{true, shadow.Match, nil}, {true, shadow.Diverged, []string{"/total"}},
		{false, shadow.Diverged, []string{"/at"}}, {false, shadow.Diverged, []string{""}}}
	if diff := cmp.Diff(want, outcomes, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := string(got[3].Differences[0].Legacy); strings.Contains(text, "anna") {
		t.Errorf("a secret is answered: %s", text)
	}

	var groups []web.Group
	for end := time.Now().Add(20 * time.Second); len(groups) < 2 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if groups, err = s.API.Groups(t.Context(), "nightly-job", ""); err != nil && !unknown(err) {
			t.Fatal(err)
		}
	}
	if len(groups) != 2 {
		t.Fatalf("groups of the job: %+v", groups)
	}
	d, err := s.API.Divergence(t.Context(), got[1].Divergence)
	if err != nil || d.Method != "GET" || d.Path != "/orders/7" || d.Legacy == nil || d.Legacy.Body != `{"total":1}` {
		t.Errorf("the divergence: %+v, error %v", d, err)
	}
	stats, err := s.API.Stats(t.Context())
	if err != nil || stats.Routes[0].Comparisons.Sampled != 2 || stats.Routes[0].Comparisons.Diverged != 1 {
		t.Errorf("stats: %+v, error %v", stats.Routes[0].Comparisons, err)
	}
}

// unknown reports whether nothing is on record of a name yet.
func unknown(err error) bool {
	p, ok := errors.AsType[*api.Problem](err)
	return ok && p.Code == web.CodeUnknownRoute
}

// TestCompareBoundsNames has names that no route has until there are no more.
func TestCompareBoundsNames(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text := fmt.Sprintf(oneRoute, backend(t, "legacy", nil).URL, backend(t, "service", nil).URL)
	s := startIn(t, folder, text)
	named := func(name string) error {
		_, err := s.API.Compare(t.Context(), api.GivenExchange{Route: name, Legacy: api.GivenAnswer{Status: 200}, Service: api.GivenAnswer{Status: 200}})
		return err
	}
	for i := range 200 {
		if err := named(fmt.Sprint("job-", i)); err != nil {
			t.Fatal(err)
		}
	}
	full := func(when string) {
		t.Helper()
		p, ok := errors.AsType[*api.Problem](named("one-more"))
		if !ok || p.Status != 422 || !strings.Contains(p.Detail, "201 names that no route has, and there may be 200") {
			t.Errorf("%s: %+v", when, p)
		}
		if err := errors.Join(named("job-17"), named("orders-read")); err != nil {
			t.Errorf("%s: a known name: %v", when, err)
		}
	}
	full("at first")
	p, ok := errors.AsType[*api.Problem](named("a name"))
	if !ok || !strings.Contains(p.Detail, `/comparisons/0/route: name "a name"`) {
		t.Errorf("no name: %+v", p)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	s = startIn(t, folder, text)
	full("after a restart")
}
