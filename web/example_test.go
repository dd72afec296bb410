package web_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/strangler-fig/toolkit/web"
)

// The shell finds out who sends a request; what stands behind it only asks.
func ExampleNewHandler() {
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := web.IdentityFrom(r.Context())
		fmt.Fprintf(w, "%s may %s", who.Name, who.Role)
	})
	handler, err := web.NewHandler(web.Config{
		API:       whoami, // in real life: api.New
		Dashboard: whoami, // and dashboard.New
		Listen:    "127.0.0.1:9900",
		Tokens:    []web.Token{{Name: "anna", Role: web.RoleOperate, Secret: "correct horse"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{"correct horse", "battery staple"} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:9900/api/v1/routes", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Body.Len() > 0)
	}
	// Output:
	// 200 text/plain; charset=utf-8 true
	// 401 application/problem+json true
}
