package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestEveryMethodPasses(t *testing.T) {
	answer := func(name string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s %s", name, r.Method, r.RequestURI)
		}))
		t.Cleanup(server.Close)
		return server
	}
	handler, err := newHandler(answer("legacy").URL, answer("orders").URL)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(handler)
	defer front.Close()
	for _, test := range []struct{ method, path, want string }{
		{"GET", "/ping", "."},
		{"GET", "/", "legacy GET /"},
		{"POST", "/now", "legacy POST /now"},
		{"BREW", "/pot?sugar=%zz;milk", "legacy BREW /pot?sugar=%zz;milk"},
		{"PROPFIND", "/now", "legacy PROPFIND /now"},
		{"GET", "/orders/7", "/orders/7"},
	} {
		req, _ := http.NewRequest(test.method, front.URL, nil)
		req.URL.Opaque = test.path
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.Contains(string(body), test.want) {
			t.Errorf("%s %s: %q, want %q", test.method, test.path, body, test.want)
		}
	}
}
