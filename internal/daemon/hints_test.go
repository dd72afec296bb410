package daemon_test

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTranslatedHints has a service, over either transport, and legacy behind a facade name another page in 103 Early
// Hints before they do so in the answer: the client can follow both.
func TestTranslatedHints(t *testing.T) {
	t.Parallel()
	hints := func(link string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Link"] = []string{link, "</style.css>; rel=preload"}
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{}")
		}
	}
	service := backend(t, "", hints(`<http://shop.example/v2/customers/8>; rel=next`))
	legacy := backend(t, "", hints(`</cgi/cust.pl?id=8>; rel=next`))
	const path = `path: {legacy: "/cgi/cust.pl?id={id}", service: "/customers/{id}"}`
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {own: {urls: ["%[2]s/v2"]}, standard: {urls: ["%[2]s/v2"], transport: standard}}
routes:
  - {name: own, match: {path: /cgi/cust.pl, host: shop.example}, service: own, start: live, translate: {%[3]s}}
  - {name: standard, match: {path: /cgi/cust.pl, host: shop.example, headers: {X-By: standard}}, service: standard, start: live, translate: {%[3]s}}
  - {name: early, match: {path: /cgi/cust.pl, host: shop.example, headers: {X-By: legacy}}, service: own, start: legacy, translate: {%[3]s}}
facades:
  customers: {listen: 127.0.0.1:0, %[3]s}
`, legacy.URL, service.URL, path))
	const translated = `</cgi/cust.pl?id=8>; rel=next`
	for _, tt := range []struct{ name, url, host, by, want string }{
		{"the proxy's own transport", s.URL + "/cgi/cust.pl?id=7", "shop.example", "", translated},
		{"net/http's", s.URL + "/cgi/cust.pl?id=7", "shop.example", "standard", translated},
		{"legacy, untranslated", s.URL + "/cgi/cust.pl?id=7", "shop.example", "legacy", translated},
		{"a facade", s.FacadeURL("customers") + "/customers/7", "", "", `</customers/8>; rel=next`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got [][]string
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(_ int, h textproto.MIMEHeader) error {
				got = append(got, h["Link"])
				return nil
			}})
			req, err := http.NewRequestWithContext(ctx, "GET", tt.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			if req.Host = tt.host; tt.by != "" {
				req.Header.Set("X-By", tt.by)
			}
			resp, err := s.Client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			link := []string{tt.want, "</style.css>; rel=preload"}
			if diff := cmp.Diff([][]string{link, link}, append(got, resp.Header["Link"])); diff != "" {
				t.Errorf("Link, early and of the answer (-want +got):\n%s", diff)
			}
		})
	}
}
