package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// newMux returns a router whose own refusals are as readable as all others.
func newMux() *chi.Mux {
	mux := chi.NewRouter()
	mux.Use(secure, middleware.GetHead)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		deny(w, r, Problem{Status: http.StatusNotFound, Code: CodeNotFound, Detail: "there is nothing at " + r.URL.Path})
	})
	mux.MethodNotAllowed(MethodNotAllowed)
	return mux
}

func noSuchAPI(w http.ResponseWriter, r *http.Request) {
	deny(w, r, Problem{Status: http.StatusNotFound, Code: CodeNotFound, Detail: "there is no API but the one at /api/v1"})
}

// MethodNotAllowed answers a request whose path a chi router knows, but not with its method.
func MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	var allowed []string
	if c := chi.RouteContext(r.Context()); c != nil {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost} {
			if c.Routes.Match(chi.NewRouteContext(), method, path) {
				allowed = append(allowed, method)
				if method == http.MethodGet {
					allowed = append(allowed, http.MethodHead)
				}
			}
		}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	deny(w, r, Problem{Status: http.StatusMethodNotAllowed, Code: CodeInvalid,
		Detail: "the method " + r.Method + " is not for " + r.URL.Path + "; use " + strings.Join(allowed, " or ")})
}

// PathParam returns a part of the path that a chi router names, decoded.
func PathParam(r *http.Request, name string) string {
	raw := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return raw // chi matched the decoded path
	}
	if decoded, err := url.PathUnescape(raw); err == nil {
		return decoded
	}
	return raw
}
