package identity_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// FuzzCookies sends any Cookie lines and has them answered with any Set-Cookie line: the service never sees
// the session, and the others as they came.
func FuzzCookies(f *testing.F) {
	for _, seed := range [][3]string{
		{"a=1; BOOKSESS=x; b=2", "", "BOOKSESS=y; Path=/"}, {"BOOKSESS=x", "BOOKSESS=y", "BOOKSESS=; Max-Age=0"}, {"BOOKSESS", ";;", "=;"},
		{` BOOKSESS = "x;y" `, "\tBOOKSESS=1\t;", "BOOKSESS=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, {"XBOOKSESS=1; BOOKSESSX=2", "\x00\xff", "a"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	var asked string
	b, err := identity.New(identity.Config{
		Cookie: cookie, Base: &url.URL{Scheme: "http", Host: "legacy"}, Lookup: identity.Lookup{URL: "/whoami"}, Cache: -1,
		Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked = r.Header.Get("Cookie")
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
		}),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, first, second, set string) {
		asked = ""
		var seen []string
		through := b.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = r.Header["Cookie"]
			return &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {set}}, Body: http.NoBody}, nil
		}))
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://service/", nil)
		req.Header["Cookie"] = []string{first, second}
		resp, err := through.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Header["Set-Cookie"]; len(got) != 1 || got[0] != set {
			t.Errorf("%q was sent as %q", set, got)
		}
		names := func(lines []string) (all []string) {
			for _, line := range lines {
				for pair := range strings.SplitSeq(line, ";") {
					if pair = strings.Trim(pair, " \t"); pair != "" {
						all = append(all, pair)
					}
				}
			}
			return all
		}
		isSession := func(pair string) bool {
			name, _, _ := strings.Cut(pair, "=")
			return strings.Trim(name, " \t") == cookie
		}
		var want []string
		sessions := 0
		for _, pair := range names([]string{first, second}) {
			if isSession(pair) {
				sessions++
			} else {
				want = append(want, pair)
			}
		}
		got := names(seen)
		for _, pair := range got {
			if isSession(pair) {
				t.Errorf("the service saw %q", seen)
			}
		}
		if strings.Join(got, ";") != strings.Join(want, ";") {
			t.Errorf("of %q the service saw %q", []string{first, second}, seen)
		}
		if asked != "" && sessions == 0 {
			t.Errorf("legacy was asked with %q", asked)
		}
		watched := b.Watch(roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Set-Cookie": {set}}, Body: http.NoBody}, nil
		}))
		if _, err := watched.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLookup has a lookup answered with any bytes: the service is told of a visitor in a JWT with exactly one
// sub, of none, or the request fails.
func FuzzLookup(f *testing.F) {
	for _, seed := range []string{`{"user":"ada","roles":[1,{"a":null}]}`, `{"user":null}`, `{"user":1e400,"roles":0}`, `{"user":"a","user":"b"}`, "\xff", `[`, ``,
		`{"user":"\ud800","roles":1}`, `{"user":"\u0000\"","roles":"\u2028"}`, `{"user":{"user":1},"roles":1}`} {
		f.Add([]byte(seed), "X")
	}
	var body []byte
	var header string
	b, err := identity.New(identity.Config{
		Cookie: cookie, Base: &url.URL{Scheme: "http", Host: "legacy"}, Lookup: identity.Lookup{URL: "/whoami"}, Cache: -1, Negative: -1,
		Legacy: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"X-Name": {header}}, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
		}),
		Issue: &identity.JWT{Issuer: "i", Audience: []string{"a"}, Store: filepath.Join(f.TempDir(), "keys"), Session: true,
			Claims: map[string]identity.Claim{"sub": {From: "/user"}, "roles": {From: "/roles/0", Optional: true}, "name": {From: "header:X-Name"}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { b.Close(context.Background()) })
	n := 0
	f.Fuzz(func(t *testing.T, given []byte, name string) {
		body, header = given, name
		n++
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://service/", nil)
		req.Header.Set("Cookie", cookie+"="+strings.Repeat("x", n%100+1)) // a failed lookup is known for a second
		token := ""
		_, err := b.Transport(roundTripper(func(r *http.Request) (*http.Response, error) {
			token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})).RoundTrip(req)
		b.Forget(strings.Repeat("x", n%100+1))
		if err != nil || token == "" {
			return
		}
		parts := strings.Split(token, ".")
		var claims map[string]any
		payload := decode(t, parts[1])
		if err := json.Unmarshal([]byte(payload), &claims); err != nil {
			t.Fatalf("%s: %v", payload, err)
		}
		if sub, ok := claims["sub"].(string); !ok || sub == "" {
			t.Errorf("sub is %v of %s", claims["sub"], given)
		}
		// And it is one that the bridge takes back.
		cookies := ""
		if _, err := b.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
			cookies = r.Header.Get("Cookie")
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
		})).RoundTrip(&http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}}); err != nil || cookies != cookie+"="+strings.Repeat("x", n%100+1) {
			t.Errorf("it came back as %q: %v", cookies, err)
		}
	})
}

// FuzzToken sends any token back: nothing but 401 comes of it.
func FuzzToken(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJFZERTQSJ9.e30.AA", strings.Repeat(".", 1000)} {
		f.Add(seed)
	}
	b, err := identity.New(identity.Config{
		Cookie: cookie, Base: &url.URL{Scheme: "http", Host: "legacy"}, Lookup: identity.Lookup{URL: "/whoami"},
		Legacy: http.DefaultTransport,
		Issue: &identity.JWT{Issuer: "i", Audience: []string{"a"}, Store: filepath.Join(f.TempDir(), "keys"), Session: true,
			Claims: map[string]identity.Claim{"sub": {From: "/user"}}},
	})
	if err != nil {
		f.Fatal(err)
	}
	facade := b.Reverse(roundTripper(func(r *http.Request) (*http.Response, error) {
		f.Errorf("legacy was asked with %v", r.Header)
		return nil, io.ErrUnexpectedEOF
	}))
	f.Fuzz(func(t *testing.T, token string) {
		resp, err := facade.RoundTrip(&http.Request{Header: http.Header{"Authorization": {"Bearer " + token}}})
		if err != nil || resp.StatusCode != 401 {
			t.Errorf("%q: %v, %v", token, resp, err)
		}
	})
}
