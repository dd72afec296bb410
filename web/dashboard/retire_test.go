package dashboard

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// TestRetirement looks what keeps a route from retiring, and retires it.
func TestRetirement(t *testing.T) {
	s := good()
	s.obstacles = []string{"legacy was called for it by <cron>"}
	h := as(web.Identity{Role: web.RoleOperate}, New(Config{System: s, Logger: quiet()}))
	page := func(path string) string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Body.String()
	}
	const title = "Until it may retire"
	if text := page("/routes/payments"); !strings.Contains(text, title) || !strings.Contains(text, "legacy was called for it by &lt;cron&gt;") {
		t.Errorf("a live route doesn't say what keeps it: %s", text)
	}
	if strings.Contains(page("/routes/orders-read"), title) {
		t.Error("a canary isn't about to retire")
	}
	if strings.Contains(page("/routes/payments"), `name="proxy-only"`) {
		t.Error("vouching is offered before it is asked for")
	}
	status, body := post(t, h, "/routes/payments/shift", "to=retired&version=3", true)
	if status != 409 || !strings.Contains(body, `name="proxy-only"`) || !strings.Contains(body, `name="force"`) {
		t.Errorf("refused with %d: %s", status, body)
	}
	if status, body := post(t, h, "/routes/payments/shift", "to=retired&version=3&proxy-only=yes", true); status != 200 || !strings.Contains(body, "Moved to retired") {
		t.Errorf("vouched for: %d: %s", status, body)
	}
	if strings.Contains(page("/routes/payments"), title) {
		t.Error("it is retired, and doesn't wait for it")
	}
}
