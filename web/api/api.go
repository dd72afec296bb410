package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/strangler-fig/toolkit/web"
)

// Config is what the API stands on.
type Config struct {
	System  web.System
	Logger  *slog.Logger    // nil: slog.Default()
	Context context.Context // its end ends all event streams; nil: they end with their clients
}

type server struct {
	system web.System
	log    *slog.Logger
	until  context.Context
	seats  chan struct{} // one for each subscriber of events
}

// New returns the API, to be mounted at /api/v1 behind web.NewHandler, which says who sends a
// request. It starts no goroutine.
func New(c Config) http.Handler {
	s := &server{system: c.System, log: c.Logger, until: c.Context, seats: make(chan struct{}, maxSubscribers)}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.until == nil {
		s.until = context.Background()
	}
	return s.router()
}

func (s *server) router() *chi.Mux {
	mux := chi.NewRouter()
	mux.Use(middleware.GetHead)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		web.WriteProblem(w, web.Problem{Status: http.StatusNotFound, Code: web.CodeNotFound, Detail: "no such endpoint"})
	})
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost} {
			find := method
			if find == http.MethodHead {
				find = http.MethodGet
			}
			if mux.Match(chi.NewRouteContext(), find, routePath(r)) {
				allowed = append(allowed, method)
			}
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		web.WriteProblem(w, web.Problem{Status: http.StatusMethodNotAllowed, Code: web.CodeInvalid,
			Detail: "that method is not for this endpoint; use " + strings.Join(allowed, " or ")})
	})
	mux.Group(func(mux chi.Router) {
		mux.Use(web.Require(web.RoleView))
		mux.Get("/routes", s.routes)
		mux.Get("/routes/{name}", s.route)
		mux.Get("/divergences", s.divergences)
		mux.Get("/divergences/{id}", s.divergence)
		mux.Get("/groups", s.groups)
		mux.Get("/groups/{id}", s.group)
		mux.Get("/journal", s.journal)
		mux.Get("/stats", s.stats)
		mux.Get("/services", s.services)
		mux.Get("/config", s.config)
		mux.Post("/explain", s.explain)
		mux.Get("/events", s.events)
	})
	mux.Group(func(mux chi.Router) {
		mux.Use(web.Require(web.RoleOperate))
		mux.Put("/routes/{name}/phase", s.shift)
		mux.Post("/routes/{name}/undo", s.undo)
		mux.Post("/rollback", s.rollback)
	})
	return mux
}

// routePath is what chi matches: the path below where the API is mounted.
func routePath(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePath != "" {
		return c.RoutePath
	}
	return r.URL.Path
}
