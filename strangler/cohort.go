package strangler

import (
	"fmt"
	"strings"
)

// CohortSource says where a cohort key, what stickiness hashes, comes from.
type CohortSource struct {
	Kind CohortKind
	Name string // of the cookie, header, query parameter or claim; else empty
}

// CohortKind is a kind of cohort source.
type CohortKind string

// The kinds of cohort source.
const (
	CohortCookie  CohortKind = "cookie"  // cookie:NAME
	CohortHeader  CohortKind = "header"  // header:NAME
	CohortQuery   CohortKind = "query"   // query:NAME
	CohortJWT     CohortKind = "jwt"     // jwt:CLAIM of the bearer token, unverified: it only sorts
	CohortAddress CohortKind = "address" // the client's address
	CohortIssued  CohortKind = "issued"  // a random id in a cookie of ours
	CohortRequest CohortKind = "request" // each request by itself: no stickiness
)

// ParseCohortSource reads a source as configuration has it.
func ParseCohortSource(s string) (CohortSource, error) {
	kind, name, named := strings.Cut(s, ":")
	src := CohortSource{CohortKind(kind), name}
	switch src.Kind {
	case CohortCookie, CohortHeader, CohortQuery, CohortJWT:
		if name == "" {
			return CohortSource{}, fmt.Errorf("cohort %q needs a name: %s:NAME", s, kind)
		}
		return src, nil
	case CohortAddress, CohortIssued, CohortRequest:
		if named {
			return CohortSource{}, fmt.Errorf("cohort %q takes no name: %s", s, kind)
		}
		return src, nil
	}
	return CohortSource{}, fmt.Errorf("no cohort source %q: it is cookie:NAME, header:NAME, query:NAME, jwt:CLAIM, address, issued or request", s)
}

// String returns the source as ParseCohortSource reads it.
func (s CohortSource) String() string {
	if s.Name == "" {
		return string(s.Kind)
	}
	return string(s.Kind) + ":" + s.Name
}

// MarshalText implements encoding.TextMarshaler.
func (s CohortSource) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *CohortSource) UnmarshalText(text []byte) error {
	parsed, err := ParseCohortSource(string(text))
	*s = parsed
	return err
}
