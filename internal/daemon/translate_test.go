package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/shadow"
)

// TestTranslator registers a translator by name, which the file names; where it can't translate,
// legacy answers if it may.
func TestTranslator(t *testing.T) {
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"NR":7}`)
	})
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"number":7,"path":%q}`, r.URL.Path)
	})
	translator := acl.Funcs{
		Request: func(r *http.Request) (*http.Request, error) {
			if r.URL.Query().Get("bad") == "request" {
				return nil, errors.New("no word for it")
			}
			r.URL.Path = "/v2" + r.URL.Path
			return r, nil
		},
		Answer: func(client *http.Request, resp *http.Response) error {
			text, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || client.URL.Query().Get("bad") == "answer" {
				return errors.Join(err, errors.New("no word for it"))
			}
			translated := strings.ReplaceAll(string(text), `"number"`, `"NR"`)
			resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(translated)), int64(len(translated))
			resp.Header.Set("Content-Length", fmt.Sprint(len(translated)))
			return nil
		},
	}
	s := startWith(t, t.TempDir(), fmt.Sprintf(`
legacy: {url: %q}
services: {orders: {urls: [%q]}}
routes:
  - {name: live, match: {path: "/live/{x}"}, service: orders, start: live, translate: {with: shop}}
  - {name: alone, match: {path: "/alone/{x}"}, service: orders, start: live, translate: {with: shop}, fallback: none}
  - {name: shadowed, match: {path: "/shadowed/{x}"}, service: orders, start: shadow, translate: {with: shop}, shadow: {compare: {ignore: [/path]}}}
`, legacy.URL, service.URL), daemon.Options{Translators: map[string]acl.Translator{"shop": translator}})

	for _, tt := range []struct {
		name, path, want string
		status           int
	}{
		{"both ways", "/live/1", `{"NR":7,"path":"/v2/live/1"}`, 200},
		{"request that can't be", "/live/1?bad=request", `{"NR":7}`, 200},
		{"answer that can't be", "/live/1?bad=answer", `{"NR":7}`, 200},
		{"request that can't be, alone", "/alone/1?bad=request", "could not be translated: translate to service: no word for it", 502},
		{"answer that can't be, alone", "/alone/1?bad=answer", "could not be translated: translate to legacy: no word for it", 502},
		{"in the shadow", "/shadowed/1", `{"NR":7}`, 200},
		{"in the shadow, request", "/shadowed/1?bad=request", `{"NR":7}`, 200},
		{"in the shadow, answer", "/shadowed/1?bad=answer", `{"NR":7}`, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body, decision := s.get(t, tt.path)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %q (%s), want %d with %q", status, body, decision, tt.status, tt.want)
			}
		})
	}
	eventually(t, "three comparisons", func() bool {
		c := s.Stats().Routes[2].Comparisons
		return c.Sampled == 3 && c.Match == 1 && c.Failed == 2 && c.Reasons[shadow.FailTranslate] == 2
	})
	if c := s.Stats().Routes[0].Comparisons; c.Reasons[shadow.FailFallback] != 2 {
		t.Errorf("fallbacks for want of a translation: %+v", c)
	}
}

// TestTranslatorPanics says that a translator that panics takes no room for good: neither of the
// bulkhead nor of the endpoint.
func TestTranslatorPanics(t *testing.T) {
	service := backend(t, strings.Repeat("x", 100<<10), nil)
	panics := acl.Funcs{Answer: func(*http.Request, *http.Response) error { panic("no such order") }}
	s := startWith(t, t.TempDir(), fmt.Sprintf(`
legacy: {url: %[1]q}
services: {orders: {urls: [%[1]q], bulkhead: {in_flight: 2}}}
routes:
  - {name: all, match: {path: /x}, service: orders, start: live, translate: {with: shop}, fallback: none}
`, service.URL), daemon.Options{Translators: map[string]acl.Translator{"shop": panics}})
	for range 3 {
		if status, body, _ := s.get(t, "/x"); status != http.StatusInternalServerError {
			t.Errorf("%d %q, want 500", status, body)
		}
	}
	eventually(t, "room", func() bool {
		one := s.service(t, "orders")
		return one.Guard.Bulkhead.InFlight == 0 && one.Endpoints[0].InFlight == 0
	})
}
