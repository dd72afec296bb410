package web

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Problem is a problem document (RFC 9457): how every error of the admin listener's API looks,
// and the error that the Go client returns.
type Problem struct {
	Type   string `json:"type"` // "urn:strangler:problem:" and the code
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`            // stable; programs decide on it
	Detail string `json:"detail"`          // what happened here and what to do next
	Force  *bool  `json:"force,omitempty"` // code refused only: whether force gets past the guard

	Routes []RefusedMove `json:"routes,omitempty"` // where several were to move together: what stands in whose way
}

// The codes of problems.
const (
	CodeInvalid      = "invalid"       // the request makes no sense
	CodeUnauthorized = "unauthorized"  // no token, or an unknown one
	CodeForbidden    = "forbidden"     // the role, or the origin, doesn't allow it
	CodeUnknownRoute = "unknown_route" // no route of that name
	CodeNotFound     = "not_found"     // nothing else of that name
	CodeConflict     = "conflict"      // the route changed since the caller looked
	CodeNothing      = "nothing_to_undo"
	CodeRefused      = "refused"    // a guard stands in the way
	CodeTooLarge     = "too_large"  // the request's body
	CodeTooMany      = "too_many"   // too often, or too many at once
	CodeUnwritable   = "unwritable" // journal or ledger can't be written; nothing changed
	CodeInternal     = "internal"   // the log says more
)

// Codes lists all codes.
func Codes() []string {
	return []string{CodeInvalid, CodeUnauthorized, CodeForbidden, CodeUnknownRoute, CodeNotFound, CodeConflict,
		CodeNothing, CodeRefused, CodeTooLarge, CodeTooMany, CodeUnwritable, CodeInternal}
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

// WriteProblem answers with a problem document. Title and type follow from status and code.
func WriteProblem(w http.ResponseWriter, p Problem) {
	p.Type, p.Title = "urn:strangler:problem:"+p.Code, http.StatusText(p.Status)
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // whether the client is still there is its own business
}

// deny answers a request that the shell doesn't let through: the API's clients read problem
// documents, people read text.
func deny(w http.ResponseWriter, r *http.Request, p Problem) {
	if isAPI(r) {
		WriteProblem(w, p)
		return
	}
	http.Error(w, p.Detail, p.Status)
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }
