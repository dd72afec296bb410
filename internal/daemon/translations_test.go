package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/web"
)

// TestUntranslated holds that what can't be translated is counted and on record, redacted as all that is
// recorded, and over a restart.
func TestUntranslated(t *testing.T) {
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "legacy") })
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"status":%q,"card":"4111","mail":"ada@example.com"}`, r.URL.Query().Get("status"))
	})
	type serviceOrder struct{ Status string }
	translator := acl.JSON(nil, func(o struct {
		Status string `json:"status"`
	}) (serviceOrder, error) {
		if o.Status != "open" {
			return serviceOrder{}, &acl.Error{Pointer: "/status", Err: fmt.Errorf("legacy has no code for %q", o.Status)}
		}
		return serviceOrder{"O"}, nil
	})
	dir := t.TempDir()
	file := fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
shadow: {redact: [/card]}
routes:
  - {name: kept, match: {path: "/kept/{x}"}, service: orders, start: live, translate: {with: shop}}
  - {name: hidden, match: {path: "/hidden/{x}"}, service: orders, start: live, translate: {with: shop}, shadow: {capture: shape}}
  - {name: plain, match: {path: "/plain/{x}"}, service: orders, start: live}
`, legacy.URL, service.URL)
	options := daemon.Options{Translators: map[string]acl.Translator{"shop": translator}}
	s := startWith(t, dir, file, options)
	ask := func(path, want string) {
		t.Helper()
		if status, body, _ := s.get(t, path); status != 200 || body != want {
			t.Fatalf("%s: %d %q", path, status, body)
		}
	}
	ask("/kept/1?status=open", `{"Status":"O"}`)
	for range 3 {
		ask("/kept/1?status=lost", "legacy")
		ask("/hidden/1?status=lost", "legacy")
	}
	look := func(s *system, route string) web.Translation {
		t.Helper()
		got, err := s.Translation(t.Context(), route)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Failures {
			f := &got.Failures[i]
			if f.First.IsZero() || f.Last.Before(f.First) {
				t.Errorf("first %s, last %s", f.First, f.Last)
			}
			f.First = f.Last
		}
		return got
	}
	kept := look(s, "kept")
	if diff := cmp.Diff([2]web.TranslationCount{{Translated: 4}, {Translated: 1, Failed: 3}}, [2]web.TranslationCount{kept.Requests, kept.Answers}); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(kept.Failures) != 1 {
		t.Fatalf("failures %+v, want one kind", kept.Failures)
	}
	f := kept.Failures[0]
	want := web.TranslationFailure{Direction: "to legacy", Pointer: "/status", Kind: "legacy has no code for …", Count: 3, First: f.Last, Last: f.Last,
		Example: &web.UntranslatedMessage{At: f.Example.At, Method: "GET", Path: "/kept/1?status=lost", Pointer: "/status", Reason: `legacy has no code for "lost"`, Status: 200,
			ContentType: "application/json", Size: 56, Body: f.Example.Body}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("what is on record (-want +got):\n%s", diff)
	}
	if body := f.Example.Body; strings.Contains(body, "4111") || strings.Contains(body, "ada@example.com") || !strings.Contains(body, `"lost"`) {
		t.Errorf("the example isn't redacted as everything is: %s", body)
	}
	if hidden := look(s, "hidden"); len(hidden.Failures) != 1 || hidden.Failures[0].Count != 3 || hidden.Failures[0].Example != nil {
		t.Errorf("of a route of which no values are kept there is %+v", hidden.Failures)
	}
	if plain := look(s, "plain"); len(plain.Parts)+len(plain.Failures) > 0 {
		t.Errorf("a route without translation has %+v", plain)
	}
	text := s.metrics(t)
	for _, line := range []string{`strangler_translations_total{message="answer",outcome="failed",route="kept"} 3`, `strangler_translations_total{message="request",outcome="translated",route="kept"} 4`} {
		if !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}

	s.logs(t, "legacy has no code for …")
	if strings.Contains(s.Log.String(), `"lost\"`) {
		t.Errorf("the log tells values:\n%s", s.Log)
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	again := look(startWith(t, dir, file, options), "kept")
	if len(again.Failures) != 1 || again.Failures[0].Count != 3 || again.Answers.Failed != 0 {
		t.Errorf("after a restart: %+v", again)
	}
}
