package strangler

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// IssuedCookie is the name of the cookie that carries an issued cohort id: opaque, random, and
// never a side.
const IssuedCookie = "strangler_id"

// split decides which side answers a request; e is nil where no route holds.
func (t *Table) split(e *entry, r *http.Request) *Decision {
	d := new(Decision)
	t.decide(d, e, r)
	return d
}

func (t *Table) decide(d *Decision, e *entry, r *http.Request) {
	if e == nil {
		*d = Decision{Side: SideLegacy, Why: WhyUnmatched, Bucket: -1, Repeat: RepeatByMethod.For(r.Method)}
		if t.cfg.NoLegacy {
			d.Side = SideService // whatever answers, legacy doesn't
			return
		}
		if t.cfg.Legacy.ByKey {
			d.Key = t.endpointKey(&noRoute, r, d)
		}
		return
	}
	*d = Decision{Route: e.name, Unit: e.unit, Position: e.position, Bucket: -1, Repeat: e.repeat.For(r.Method), Discreet: e.discreet}
	t.choose(d, e, r)
	if e.keyed[d.Side] {
		d.Key = t.endpointKey(e.route, r, d)
	}
}

// choose decides which side answers the requests of a route.
func (t *Table) choose(d *Decision, e *entry, r *http.Request) {
	if side, ok := e.chooses(r); ok {
		d.Side, d.Why = side, WhyOverride
		return
	}
	if e.position.Phase != PhaseCanary {
		d.Side, d.Why = sideOf(e.position.Phase), WhyPhase
		return
	}
	key, source := t.trust.cohortKey(e.route, r)
	d.Why, d.Cohort = WhyWeight, source.String()
	switch {
	case source.Kind == CohortRequest:
		d.Bucket = mathrand.IntN(int(FullWeight))
	case source.Kind == CohortIssued && key == "":
		d.Issued = newIssued()
		d.Bucket = bucket(e.route, d.Issued)
	default:
		d.Bucket = bucket(e.route, key)
	}
	d.Side = e.position.sideOf(d.Bucket)
}

var noRoute Route // what no route holds is known by the client's address

// endpointKey returns the hash of a request's cohort key, by which an endpoint is chosen; 0
// where it has none. Unlike bucket it knows of no route: one client keeps to its endpoint.
func (t *Table) endpointKey(rt *Route, r *http.Request, d *Decision) uint64 {
	key := d.Issued // the client will bring it next time
	if key == "" {
		key, _ = t.trust.cohortKey(rt, r)
	}
	if key == "" {
		return 0
	}
	return max(1, xxhash.Sum64String(key))
}

// sideOf returns the side that a phase other than canary knows.
func sideOf(p Phase) Side {
	if p >= PhaseLive {
		return SideService
	}
	return SideLegacy
}

// sideOf returns the side of a bucket in canary. The service has the buckets below the weight,
// so that raising it only ever takes buckets from legacy, and lowering it only gives them back.
func (p Position) sideOf(bucket int) Side {
	if bucket < int(p.Weight) {
		return SideService
	}
	return SideLegacy
}

// SideFor returns the side that the proxy chooses, without an override, for requests with that
// cohort key on a route of that name and unit (empty: none) that stands there. Without a key each
// call is by itself, as the cohort "request" is.
func (p Position) SideFor(route, unit, key string) Side {
	switch {
	case p.Phase != PhaseCanary:
		return sideOf(p.Phase)
	case key == "":
		return p.sideOf(mathrand.IntN(int(FullWeight)))
	}
	return p.sideOf(bucket(&Route{Name: route, Unit: unit}, key))
}

// bucket returns which of FullWeight buckets a cohort key falls into. Routes of one unit share
// their buckets; all others have their own, so that not always the same clients go first.
func bucket(rt *Route, key string) int {
	name := rt.Name
	if rt.Unit != "" {
		name = rt.Unit
	}
	var d xxhash.Digest
	d.Reset()
	d.WriteString(name)
	d.WriteString("\x00")
	d.WriteString(key)
	return int(d.Sum64() % uint64(FullWeight))
}

// cohortKey returns what a request's stickiness hashes, and which of the route's sources gave
// it: the first one present, else the client's address. An empty value is not present: an
// emptied cookie would put all who have it into one bucket. The key is empty for CohortRequest,
// and for CohortIssued where the request brings no id that we could have issued.
func (t trust) cohortKey(rt *Route, r *http.Request) (string, CohortSource) {
	for _, source := range rt.Cohort {
		switch source.Kind {
		case CohortRequest:
			return "", source
		case CohortIssued:
			return issuedID(r), source
		}
		if key := t.keyFrom(source, r); key != "" {
			return key, source
		}
	}
	address := CohortSource{Kind: CohortAddress}
	return t.keyFrom(address, r), address
}

func (t trust) keyFrom(source CohortSource, r *http.Request) string {
	switch source.Kind {
	case CohortCookie:
		for _, cookie := range r.CookiesNamed(source.Name) {
			if cookie.Value != "" {
				return cookie.Value
			}
		}
	case CohortHeader:
		return r.Header.Get(source.Name)
	case CohortQuery:
		for rest := r.URL.RawQuery; rest != ""; {
			var raw string
			if raw, rest, _ = queryValue(rest, source.Name); raw != "" {
				return queryDecode(raw)
			}
		}
	case CohortJWT:
		return claim(r.Header.Get("Authorization"), source.Name)
	case CohortAddress:
		if client := t.client(r); client.IsValid() {
			return client.String()
		}
		return r.RemoteAddr
	}
	return ""
}

// issuedBytes is the length of an issued id: 128 bits.
const issuedBytes = 16

func newIssued() string {
	var id [issuedBytes]byte
	rand.Read(id[:]) // never fails, as its documentation says
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// issuedID returns the id in our cookie, or the empty string where there is none that we could
// have issued: whoever sets the cookie by hand gets a proper one.
func issuedID(r *http.Request) string {
	for _, cookie := range r.CookiesNamed(IssuedCookie) {
		if len(cookie.Value) != base64.RawURLEncoding.EncodedLen(issuedBytes) {
			continue
		}
		if _, err := base64.RawURLEncoding.Strict().DecodeString(cookie.Value); err == nil {
			return cookie.Value
		}
	}
	return ""
}

// claim returns a claim of the bearer token (RFC 6750 section 2.1) in an Authorization header,
// or the empty string. Nothing is verified: the claim only sorts, it grants nothing. A claim
// that is neither text nor a number counts as absent.
func claim(authorization, name string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	_, rest, _ := strings.Cut(token, ".")
	payload, _, signed := strings.Cut(rest, ".")
	if !signed {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	if err != nil {
		return ""
	}
	var claims map[string]json.RawMessage
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	var value any
	raw := claims[name]
	if json.Unmarshal(raw, &value) != nil {
		return ""
	}
	switch value := value.(type) {
	case string:
		return value
	case float64:
		return string(raw) // as it was written: no precision is lost
	}
	return ""
}
