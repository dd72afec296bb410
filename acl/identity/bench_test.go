package identity_test

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// BenchmarkTransport is what a request of a visitor who is known costs.
func BenchmarkTransport(b *testing.B) {
	bridge, err := identity.New(identity.Config{
		Cookie: cookie, Base: &url.URL{Scheme: "http", Host: "legacy"}, Lookup: identity.Lookup{URL: "/whoami"},
		Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"user":"ada"}`))}, nil
		}),
		Issue: &identity.JWT{Issuer: "i", Audience: []string{"a"}, Store: filepath.Join(b.TempDir(), "keys"), Claims: map[string]identity.Claim{"sub": {From: "/user"}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	through := bridge.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	}))
	req, _ := http.NewRequestWithContext(b.Context(), "GET", "http://service/", nil)
	req.Header.Set("Cookie", "theme=dark; "+cookie+"=0123456789abcdef0123456789abcdef; lang=de")
	req.Header.Set("User-Agent", "Browser/1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := through.RoundTrip(req); err != nil {
			b.Fatal(err)
		}
	}
}
