package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

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
	bench  chan struct{} // one for each batch that is being compared

	exports       chan struct{} // one for each table of identifiers that is being sent
	maxImport     int64         // bytes of a table of identifiers
	uploadTimeout time.Duration // for all of them
	heartbeat     time.Duration // between signs of life where there are no events
	writeTimeout  time.Duration // for one event; a subscriber that doesn't read is let go
}

// New returns the API, to be mounted at /api/v1 behind web.NewHandler, which says who sends a
// request. It starts no goroutine.
func New(c Config) http.Handler { return newServer(c).router() }

func newServer(c Config) *server {
	s := &server{system: c.System, log: c.Logger, until: c.Context, seats: make(chan struct{}, maxSubscribers), bench: make(chan struct{}, maxBatches),
		exports: make(chan struct{}, maxExports), maxImport: maxImport, uploadTimeout: uploadTimeout, heartbeat: heartbeat, writeTimeout: writeTimeout}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.until == nil {
		s.until = context.Background()
	}
	return s
}

func (s *server) router() *chi.Mux {
	mux := chi.NewRouter()
	mux.Use(middleware.GetHead)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		web.WriteProblem(w, web.Problem{Status: http.StatusNotFound, Code: web.CodeNotFound, Detail: "no such endpoint; /api/v1/openapi.json has them all"})
	})
	mux.MethodNotAllowed(web.MethodNotAllowed)
	mux.Group(func(mux chi.Router) {
		mux.Use(web.Require(web.RoleView))
		mux.Get("/openapi.json", openapi)
		mux.Get("/routes", s.routes)
		mux.Get("/routes/{name}", s.route)
		mux.Get("/routes/{name}/evidence", s.routeEvidence)
		mux.Get("/rollouts", s.rollouts)
		mux.Get("/rollouts/{name}", s.rollout)
		mux.Get("/routes/{name}/retirement", s.retirement)
		mux.Get("/routes/{name}/settings", s.settings)
		mux.Get("/routes/{name}/translation", s.translation)
		mux.Get("/divergences", s.divergences)
		mux.Get("/divergences/{id}", s.divergence)
		mux.Get("/groups", s.groups)
		mux.Get("/groups/{id}", s.group)
		mux.Get("/rules", s.rules)
		mux.Post("/rules/preview", s.previewRules)
		mux.Get("/ids", s.idTables)
		mux.Get("/journal", s.journal)
		mux.Get("/series", s.series)
		mux.Get("/journal/verify", s.verifyJournal)
		mux.Get("/state", s.exportState)
		mux.Get("/stats", s.stats)
		mux.Get("/services", s.services)
		mux.Get("/facades", s.facades)
		mux.Get("/facades/{name}", s.facade)
		mux.Get("/config", s.config)
		mux.Post("/explain", s.explain)
		mux.Post("/decisions", s.decisions)
		mux.Get("/events", s.events)
	})
	mux.With(web.Require(web.RoleEvidence)).Get("/exchanges", s.exchanges)
	mux.With(web.Require(web.RoleEvidence)).Post("/comparisons", s.comparisons)
	mux.With(web.Require(web.RoleEvidence)).Get("/ids/{table}", s.idTable)
	mux.Group(func(mux chi.Router) {
		mux.Use(web.Require(web.RoleOperate))
		mux.Post("/exchanges", s.keep)
		mux.Post("/ids/{table}", s.importIDs)
		mux.Put("/routes/{name}/phase", s.shift)
		mux.Post("/routes/{name}/undo", s.undo)
		mux.Post("/shift", s.shiftMany)
		mux.Post("/rollback", s.rollback)
		mux.Post("/rollouts/{name}/{what}", s.steer)
		mux.Post("/freeze", s.freeze)
		mux.Post("/thaw", s.thaw)
		mux.Post("/retire", s.retire)
		mux.Put("/groups/{id}/state", s.triage)
		mux.Post("/state", s.importState)
		mux.Post("/rules", s.addRules)
		mux.Post("/replays", s.replay)
		mux.Post("/rules/{id}/drop", s.dropRule)
	})
	return mux
}
