package dashboard

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

const csp = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"

// as puts h behind what package web puts it behind.
func as(id web.Identity, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r.WithContext(web.WithIdentity(r.Context(), id)))
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	body, _ := io.ReadAll(rec.Result().Body)
	return rec.Code, string(body)
}

// pages are all pages that the good system has.
var pages = []string{"/", "/?x=1", "/routes/orders-read", "/routes/catalogue-page?method=GET&url=/api/orders/1&headers=A:%20b",
	"/routes/stock?url=bad", "/groups", "/groups?route=stock&state=open", "/groups/g1", "/groups/g1?example=d2", "/groups/g2",
	"/divergences/d1", "/divergences/d2", "/divergences/d3", "/divergences/d4", "/journal", "/journal?route=stock", "/journal?before=3",
	"/journal?at=2026-03-04+11:00", "/journal?at=yesterday", "/services", "/config", "/rollback", "/rollback?route=orders-read",
	"/rollback?route=payments", "/rollback?route=stock", "/rollback?service=orders", "/rollback?unit=orders"}

func TestPages(t *testing.T) {
	for name, s := range map[string]*system{"good": good(), "hostile": hostile()} {
		for _, role := range []web.Role{web.RoleView, web.RoleEvidence, web.RoleOperate} {
			h := as(identity(role), New(Config{System: s, Logger: quiet(), Version: "v0.1.0"}))
			for _, path := range pages {
				t.Run(name+" "+string(role)+" "+path, func(t *testing.T) {
					if name == "hostile" && strings.Contains(path, "=orders") && strings.HasPrefix(path, "/rollback?") && !strings.Contains(path, "route") {
						return // its units and services have other names
					}
					status, body := get(t, h, path)
					if status != http.StatusOK || !strings.Contains(body, "</html>") {
						t.Fatalf("status %d, %.300s", status, body)
					}
				})
			}
		}
	}
}
