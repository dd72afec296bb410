package web

import (
	"context"
	"fmt"
	"net/http"
)

// Role is what somebody may do; each role may do what those before it may.
type Role string

// The roles, weakest first.
const (
	RoleView     Role = "view"     // read everything but recorded answers
	RoleEvidence Role = "evidence" // and recorded answers
	RoleOperate  Role = "operate"  // and move routes
)

// Allows reports whether r may do what wants does. A role that there is not allows nothing.
func (r Role) Allows(want Role) bool {
	return r.rank() > 0 && want.rank() > 0 && r.rank() >= want.rank()
}

func (r Role) rank() int {
	switch r {
	case RoleView:
		return 1
	case RoleEvidence:
		return 2
	case RoleOperate:
		return 3
	}
	return 0
}

// Identity is who sends a request. The zero value may do nothing.
type Identity struct {
	Name     string // the token's; empty where there are no tokens
	Role     Role
	Verified bool // a token proves it
}

// Actor returns who makes a change: the token's name or, without tokens, what the client claims.
func (i Identity) Actor(claimed string) Actor {
	if i.Verified {
		return Actor{Name: i.Name, Verified: true}
	}
	if claimed == "" {
		claimed = "unknown"
	}
	return Actor{Name: claimed}
}

type identityKey struct{}

// IdentityFrom returns who sends the request whose context this is. Outside a handler of
// NewHandler it is the zero value.
func IdentityFrom(ctx context.Context) Identity {
	i, _ := ctx.Value(identityKey{}).(Identity)
	return i
}

// WithIdentity returns a context in which IdentityFrom finds i.
func WithIdentity(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// Require lets only those through whose role allows what role does; others get a 403.
func Require(role Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if has := IdentityFrom(r.Context()).Role; !has.Allows(role) {
				deny(w, r, Problem{Status: http.StatusForbidden, Code: CodeForbidden,
					Detail: fmt.Sprintf("this wants the role %s, and the token has %s; use another token", role, has)})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
