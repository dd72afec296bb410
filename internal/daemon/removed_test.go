package daemon_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestRemoveWhatMustNotReturn takes a route out of the file whose traffic must not go back.
func TestRemoveWhatMustNotReturn(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	text := fmt.Sprintf(oneRoute, legacy.URL, service.URL)
	s := start(t, text+"    return: never\n")
	s.shift(t, "orders-read", "live")

	without := fmt.Sprintf("legacy: {url: %q}\nservices:\n  orders: {urls: [%q]}\n", legacy.URL, service.URL)
	s.write(t, without)
	if err := s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), `route "orders-read" is gone`) {
		t.Errorf("removed: %v", err)
	}
	if _, body, _ := s.get(t, "/orders/7"); !strings.HasPrefix(body, "service") {
		t.Errorf("after a reload that was refused: %q", body)
	}

	s.write(t, text+"    return: free\n")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.write(t, without)
	if err := s.Reload(t.Context()); err != nil {
		t.Errorf("removed knowingly: %v", err)
	}
	if _, body, _ := s.get(t, "/orders/7"); !strings.HasPrefix(body, "legacy") {
		t.Errorf("after it was removed knowingly: %q", body)
	}
}
