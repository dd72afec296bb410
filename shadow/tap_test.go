package shadow_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// loud translates answers into capitals.
type loud struct{ next http.RoundTripper }

func (l loud) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(strings.NewReader(strings.ToUpper(string(body))))
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	return resp, nil
}

// through answers a client from an upstream.
func through(t *testing.T, rt http.RoundTripper) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	})
}

func TestTap(t *testing.T) {
	says := func(text string) *httptest.Server {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Raw", "ada@example.com")
			io.WriteString(w, text)
		}))
	}
	base, err := url.Parse(says("new, of ada@example.com").URL)
	if err != nil {
		t.Fatal(err)
	}
	service := loud{shadow.Tap(shadow.To(base, nil))}
	legacy := to(t, says("old"))
	const want = "new, of [redacted e-mail]"
	for name, p := range map[string]shadow.Point{
		"legacy serves":      {Serves: shadow.Legacy, Other: service, Self: legacy},
		"the service serves": {Serves: shadow.Service, Other: legacy, Self: service, LegacyExtra: shadow.Extra{Share: 10, PerSecond: 1e6}},
	} {
		t.Run(name, func(t *testing.T) {
			p.Route, p.Sample, p.Compare, p.Translated = "orders", 1, byJSON(t), true
			c := settled(t, p, through(t, p.Self), httptest.NewRequest(http.MethodGet, "/", nil))
			raw := c.Service.Untranslated
			if raw == nil || string(raw.Body) != want || raw.Header.Get("X-Raw") != "[redacted e-mail]" || raw.Status != 200 {
				t.Errorf("untranslated %+v, want %q", raw, want)
			}
			if string(c.Service.Body) != "NEW, OF [redacted e-mail]" || c.Legacy.Untranslated != nil {
				t.Errorf("translated %s", c.Service.Body)
			}
			p.Translated = false
			if c := settled(t, p, through(t, p.Self), httptest.NewRequest(http.MethodGet, "/", nil)); c.Service.Untranslated != nil {
				t.Error("it is kept where nothing is translated")
			}
		})
	}
}
