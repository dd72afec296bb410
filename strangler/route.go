package strangler

import (
	"fmt"
	"net/http"
)

// Route defines a named set of requests and how they are to be treated. Where it stands is a
// Position; the definition only says where it starts.
//
// Its JSON form is what the journal keeps of a definition; secrets are not part of it.
type Route struct {
	Name     string         `json:"name"`
	Match    Match          `json:"match"`
	Service  string         `json:"service,omitempty"`  // a key of Config.Services
	Unit     string         `json:"unit,omitempty"`     // routes of one unit split alike and move together
	Owner    string         `json:"owner,omitempty"`    // who answers for it: a team or a person, in words; shown, and nothing hangs on it
	Start    Position       `json:"start"`              // where it stands before anybody moved it
	Cohort   []CohortSource `json:"cohort,omitempty"`   // first one present decides; then the client's address
	Override *Override      `json:"override,omitempty"` // nil: no request chooses its side itself
	Repeat   Repeat         `json:"repeat"`
	Return   Return         `json:"return"`
	Fallback bool           `json:"fallback"`           // legacy answers where the service fails before its first byte
	Sandbox  string         `json:"sandbox,omitempty"`  // the service that takes copies of requests that may not be repeated; empty: none are copied
	Discreet bool           `json:"discreet,omitempty"` // the paths of its requests stay out of logs
	Gone     string         `json:"gone,omitempty"`     // what a route without a service answers with status 410 once it is retired: a text, or the URL of what replaces it
	MaxBody  int64          `json:"max_body,omitempty"` // bytes of a request's body, beyond which it is answered 413; 0: any number
}

// Match says which requests belong to a route. Matching is on the raw path, as doc.go tells.
type Match struct {
	Methods []string          `json:"methods,omitempty"` // exactly as listed; none: every method
	Path    string            `json:"path"`
	Host    string            `json:"host,omitempty"`    // without port; *.example.com for any subdomain
	Headers map[string]string `json:"headers,omitempty"` // "*": any value
	Query   map[string]string `json:"query,omitempty"`   // "*": any value
}

// Override lets a request that knows the secret choose its side:
//
//	X-Strangler-Side: service; SECRET
//
// The header is read, then removed.
type Override struct {
	Header string `json:"header"`
	Secret string `json:"-"`
}

// Repeat says whether a route's requests may be sent a second time; shadow, retry and fallback
// obey it.
type Repeat uint8

// RepeatByMethod, the zero value, is RepeatSafe for GET, HEAD, OPTIONS and TRACE,
// RepeatIdempotent for PUT and DELETE (RFC 9110 section 9.2), and RepeatNever for all others.
const (
	RepeatByMethod Repeat = iota
	RepeatSafe
	RepeatIdempotent
	RepeatNever
)

var repeatNames = [...]string{"method", "safe", "idempotent", "never"}

// String returns the name as it stands in configuration and JSON.
func (r Repeat) String() string { return nameOf(repeatNames[:], int(r), "repeat") }

// MarshalText implements encoding.TextMarshaler.
func (r Repeat) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Repeat) UnmarshalText(text []byte) error {
	i, err := indexOf(repeatNames[:], string(text), "repeat")
	*r = Repeat(i)
	return err
}

// For returns what r means for a method: never RepeatByMethod.
func (r Repeat) For(method string) Repeat {
	if r != RepeatByMethod {
		return r
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return RepeatSafe
	case http.MethodPut, http.MethodDelete:
		return RepeatIdempotent
	}
	return RepeatNever
}

// Return says whether a route's traffic may go back to legacy once the service served it.
type Return uint8

// ReturnFree is the zero value. ReturnConfirm wants --force; ReturnNever means that the
// service owns the data, so that nothing sends its traffic back.
const (
	ReturnFree Return = iota
	ReturnConfirm
	ReturnNever
)

var returnNames = [...]string{"free", "confirm", "never"}

// String returns the name as it stands in configuration and JSON.
func (r Return) String() string { return nameOf(returnNames[:], int(r), "return") }

// MarshalText implements encoding.TextMarshaler.
func (r Return) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Return) UnmarshalText(text []byte) error {
	i, err := indexOf(returnNames[:], string(text), "return")
	*r = Return(i)
	return err
}

func nameOf(names []string, i int, what string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", what, i)
}

func indexOf(names []string, s, what string) (int, error) {
	for i, name := range names {
		if s == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("no %s %q: it is one of %q", what, s, names)
}

// UnknownRouteError says that there is no route of that name.
type UnknownRouteError struct {
	Name string
	Near string // the most similar name there is; empty if none is
}

// Error implements error.
func (e *UnknownRouteError) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("no route %q; did you mean %q?", e.Name, e.Near)
	}
	return fmt.Sprintf("no route %q", e.Name)
}
