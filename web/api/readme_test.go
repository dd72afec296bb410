package api

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/strangler-fig/toolkit/web"
)

// TestReadme holds that people can read about every endpoint and every code.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(text)
	for _, code := range web.Codes() {
		if !strings.Contains(readme, "| `"+code+"` |") {
			t.Errorf("README.md has no row for the code %s", code)
		}
	}
	err = chi.Walk(newServer(Config{System: newSystem()}).router(), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !strings.Contains(readme, "`"+method+" "+route+"`") && !strings.Contains(readme, "`"+method+" "+route+"?") {
			t.Errorf("README.md has no row for %s %s", method, route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
