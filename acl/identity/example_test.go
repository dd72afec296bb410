package identity_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// A browser that is logged in to the legacy application asks a service, which learns from a token who it is
// and verifies that with the keys that the bridge publishes.
func Example() {
	legacy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("BOOKSESS"); err != nil || c.Value != "4711" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		fmt.Fprint(w, `{"user": "ada", "roles": ["buyer"]}`)
	}))
	defer legacy.Close()
	var keys *httptest.Server
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := jwt.ParseSigned(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil {
			fmt.Fprint(w, "hello whoever you are")
			return
		}
		var set jose.JSONWebKeySet
		if resp, err := http.Get(keys.URL); err == nil {
			_ = json.UnmarshalRead(resp.Body, &set)
			resp.Body.Close()
		}
		var claims jwt.Claims
		if err := token.Claims(&set, &claims); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "hello %s, with the cookies %q", claims.Subject, r.Header.Get("Cookie"))
	}))
	defer service.Close()

	folder, err := os.MkdirTemp("", "identity")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	base, _ := url.Parse(legacy.URL)
	bridge, err := identity.New(identity.Config{
		Cookie: "BOOKSESS",
		Legacy: http.DefaultTransport,
		Base:   base,
		Lookup: identity.Lookup{URL: "/whoami"},
		Issue: &identity.JWT{
			Issuer:   "https://shop.example.com",
			Audience: []string{"catalog"},
			Store:    filepath.Join(folder, "keys.json"),
			Claims:   map[string]identity.Claim{"sub": {From: "/user"}, "roles": {From: "/roles"}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bridge.Close(context.Background())
	keys = httptest.NewServer(bridge.JWKS())
	defer keys.Close()

	client := http.Client{Transport: bridge.Transport(http.DefaultTransport)}
	for _, cookies := range []string{"BOOKSESS=4711; lang=de", "lang=de"} {
		req, _ := http.NewRequest("GET", service.URL, nil)
		req.Header.Set("Cookie", cookies)
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(string(body))
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	// Output:
	// hello ada, with the cookies "lang=de"
	// hello whoever you are
}

// A service calls legacy without a visitor: the bridge logs an account in, once, for all of its calls.
func ExampleBridge_Reverse() {
	legacy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" && r.FormValue("USR") == "robot" {
			http.SetCookie(w, &http.Cookie{Name: "BOOKSESS", Value: "robots"})
			http.Redirect(w, r, "/account", http.StatusFound)
			return
		}
		fmt.Fprint(w, "asked with ", r.Header.Get("Cookie"))
	}))
	defer legacy.Close()
	base, _ := url.Parse(legacy.URL)
	bridge, err := identity.New(identity.Config{
		Cookie: "BOOKSESS",
		Legacy: http.DefaultTransport,
		Base:   base,
		Login:  &identity.Login{URL: "/login", Form: map[string]string{"USR": "robot", "PWD": "secret"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bridge.Close(context.Background())
	client := http.Client{Transport: bridge.Reverse(http.DefaultTransport)}
	resp, err := client.Get(legacy.URL + "/stock")
	if err != nil {
		fmt.Println(err)
		return
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Println(string(body))
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	// Output: asked with BOOKSESS=robots
}

// Watch notices a logout that legacy answers: the session's next request asks anew.
func ExampleBridge_Watch() {
	loggedIn := true
	legacy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/logout":
			loggedIn = false
			http.SetCookie(w, &http.Cookie{Name: "BOOKSESS", MaxAge: -1})
		case loggedIn:
			fmt.Fprint(w, `{"user": "ada"}`)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer legacy.Close()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "a token: ", r.Header.Get("X-Identity") != "")
	}))
	defer service.Close()
	folder, err := os.MkdirTemp("", "identity")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	base, _ := url.Parse(legacy.URL)
	bridge, err := identity.New(identity.Config{
		Cookie: "BOOKSESS", Legacy: http.DefaultTransport, Base: base, Lookup: identity.Lookup{URL: "/whoami"},
		Issue: &identity.JWT{
			Issuer: "https://shop.example.com", Audience: []string{"catalog"}, Header: "X-Identity",
			Store: filepath.Join(folder, "keys.json"), Claims: map[string]identity.Claim{"sub": {From: "/user"}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bridge.Close(context.Background())
	toLegacy, toService := bridge.Watch(http.DefaultTransport), bridge.Transport(http.DefaultTransport)
	for _, step := range []struct {
		through http.RoundTripper
		url     string
	}{{toService, service.URL}, {toLegacy, legacy.URL + "/logout"}, {toService, service.URL}} {
		req, _ := http.NewRequest("GET", step.url, nil)
		req.Header.Set("Cookie", "BOOKSESS=4711")
		resp, err := step.through.RoundTrip(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if step.through == toService {
			fmt.Println(string(body))
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	// Output:
	// a token: true
	// a token: false
}
