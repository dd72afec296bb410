package dashboard

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/strangler-fig/toolkit/web"
)

// BenchmarkFirstPage is what the first who looks at the overview after a start waits for with 500 routes,
// readings left out: above all its templates are parsed.
func BenchmarkFirstPage(b *testing.B) {
	s := many(500)
	for b.Loop() {
		b.StopTimer()
		h := as(identity(web.RoleOperate), New(Config{System: s, Logger: quiet(), Context: b.Context()}))
		b.StartTimer()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		if rec.Code != http.StatusOK {
			b.Fatalf("status %d", rec.Code)
		}
	}
}

// BenchmarkNextPage is what everybody after them waits for.
func BenchmarkNextPage(b *testing.B) {
	h := as(identity(web.RoleOperate), New(Config{System: many(500), Logger: quiet(), Context: b.Context()}))
	for b.Loop() {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/", nil))
		if rec.Code != http.StatusOK {
			b.Fatalf("status %d", rec.Code)
		}
	}
}
