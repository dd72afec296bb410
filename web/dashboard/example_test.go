package dashboard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/dashboard"
)

// still is a system in which nothing happens yet.
type still struct{ web.System }

func (still) Services() []web.Service { return nil }
func (still) Legacy() web.Service     { return web.Service{} }
func (still) Facades() []web.Facade   { return nil }
func (still) Routes() []web.Route     { return nil }
func (still) Stats() web.Stats        { return web.Stats{} }
func (still) Freeze() *web.Freeze     { return nil }

func ExampleNew() {
	pages := dashboard.New(dashboard.Config{System: still{}, Version: "v0.1.0"})
	// Package web's shell says who asks; here it is somebody who may look.
	r := httptest.NewRequest(http.MethodGet, "/services", nil)
	r = r.WithContext(web.WithIdentity(r.Context(), web.Identity{Name: "anna", Role: web.RoleView, Verified: true}))
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "No services yet"))
	// Output: 200 true
}
