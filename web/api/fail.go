package api

import (
	"errors"
	"net/http"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// fail answers with what an error of the system means to a client.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := web.Problem{Detail: err.Error()}
	if e, ok := errors.AsType[*rollout.RefusedError](err); ok {
		p.Status, p.Code, p.Force = http.StatusForbidden, web.CodeRefused, &e.Force
	} else if e, ok := errors.AsType[*web.RefusedMovesError](err); ok {
		p.Code, p.Routes = e.Code(), e.Routes
		switch p.Code {
		case web.CodeConflict:
			p.Status = http.StatusPreconditionFailed
		case web.CodeInvalid:
			p.Status = http.StatusUnprocessableEntity
		default:
			force := e.Force()
			p.Status, p.Force = http.StatusForbidden, &force
		}
	} else if is[*journal.ConflictError](err) {
		p.Status, p.Code = http.StatusPreconditionFailed, web.CodeConflict
	} else if is[*journal.NothingToUndoError](err) {
		p.Status, p.Code = http.StatusConflict, web.CodeNothing
	} else if is[*strangler.UnknownRouteError](err) || is[*web.UnknownRoutesError](err) {
		p.Status, p.Code = http.StatusNotFound, web.CodeUnknownRoute
	} else if is[*web.NotFoundError](err) || is[*rollout.UnknownError](err) {
		p.Status, p.Code = http.StatusNotFound, web.CodeNotFound
	} else if is[*rollout.InvalidError](err) || is[*web.InvalidError](err) {
		p.Status, p.Code = http.StatusUnprocessableEntity, web.CodeInvalid
	} else if is[*web.BusyError](err) {
		p.Status, p.Code = http.StatusServiceUnavailable, web.CodeTooMany
	} else if is[*journal.WriteError](err) || is[*web.UnwritableError](err) {
		s.log.Error("answer admin request", keyMethod, r.Method, keyPath, r.URL.Path, keyError, err)
		p.Status, p.Code = http.StatusServiceUnavailable, web.CodeUnwritable
		p.Detail += "; nothing changed: see to the disk, then repeat"
	} else if r.Context().Err() != nil {
		return // the client left
	} else {
		s.log.Error("answer admin request", keyMethod, r.Method, keyPath, r.URL.Path, keyError, err)
		p = internal()
	}
	web.WriteProblem(w, p)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func invalid(w http.ResponseWriter, status int, detail string) {
	web.WriteProblem(w, web.Problem{Status: status, Code: web.CodeInvalid, Detail: detail})
}

// unknownRoute returns the error for a name that no route has.
func (s *server) unknownRoute(name string) error {
	var names []string
	for _, route := range s.system.Routes() {
		if route.Name == name {
			return nil
		}
		names = append(names, route.Name)
	}
	return &strangler.UnknownRouteError{Name: name, Near: strangler.Nearest(name, names)}
}

// known reports whether a listing that found nothing about a route may say so: a name that no
// route has, and of which nothing is remembered, is a slip of the pen. If not it has answered.
func (s *server) known(w http.ResponseWriter, r *http.Request, name string, found int) bool {
	if found > 0 || name == "" {
		return true
	}
	if err := s.unknownRoute(name); err != nil {
		s.fail(w, r, err)
		return false
	}
	return true
}
