package shadow

import (
	"math"
	"slices"
	"strings"
	"sync"
)

// Why a difference is noise, which doesn't count. The first two are found out by asking again, the
// others are seen in the two values themselves.
const (
	NoiseLegacy    = "legacy"    // legacy differs from itself there, about as often as the service differs from it
	NoiseLag       = "lag"       // it was gone when both sides were asked again
	NoiseUUID      = "uuid"      // both are UUIDs or ULIDs
	NoiseTimestamp = "timestamp" // both are times near that of the request
	NoiseToken     = "token"     // both are random tokens of the same form
	NoiseCSRF      = "csrf"      // a form's or page's token against forgery
)

// Noises lists all of them.
func Noises() []string {
	return []string{NoiseLegacy, NoiseLag, NoiseUUID, NoiseTimestamp, NoiseToken, NoiseCSRF}
}

// Known is what is known of a place: whether a difference there is noise.
type Known string

// What may be known of a place.
const (
	KnownNoise   Known = "noise"   // legacy differs from itself there about as often as the service from it
	KnownCounts  Known = "counts"  // it doesn't
	KnownUnknown Known = "unknown" // legacy was asked twice too seldom to tell
)

// Place is what was learnt of one place on a route, from exchanges for which legacy was asked
// twice. Counts fade as new ones come, so that a place may change.
type Place struct {
	Pattern string  `json:"pattern"` // a Difference's
	Kind    Kind    `json:"kind"`
	Known   Known   `json:"known"`
	Legacy  float64 `json:"legacy"`  // the share of them in which legacy differed from itself, 0 to 1
	Service float64 `json:"service"` // and the share in which the service differed from legacy
}

// place is where answers differ in one way.
type place struct {
	pattern string
	kind    Kind
}

// placeOf returns a difference's place. An array of another length, and what it has more or less,
// are one: how many differ has no end.
func placeOf(d *Difference) place { return place{d.Pattern, d.Kind} }

func placesOf(differences []Difference) map[place]bool {
	if len(differences) == 0 {
		return nil
	}
	all := make(map[place]bool, len(differences))
	for i := range differences {
		all[placeOf(&differences[i])] = true
	}
	return all
}

// noises learns where a route's legacy answers differ from themselves. It is safe for concurrent
// use.
//
// Each exchange for which legacy was asked twice is a pair of observations of every place: did
// legacy's two answers differ there (l), did the service's differ from legacy's (s)? Diffy's test
// (https://github.com/opendiffy/diffy) calls a place noise unless s and l are apart by more than
// 20 % of their sum, which is s > 1.5 l, and by more than 0.03 %. Diffy compares the plain shares.
// Here s − 1.5 l is a mean over the pairs, and its 95 % confidence interval decides: wholly at or
// under 0.03 % is noise, wholly over it counts, and else it isn't known yet. Half a pair is
// added to each of the four outcomes, without which few pairs would seem to prove much (Agresti
// and Min, Statistics in Medicine 24(5), 2005).
type noises struct {
	mu       sync.Mutex
	controls float64
	pairs    map[place]*pair
}

// pair counts exchanges by which of the two differed at a place; neither is the rest.
type pair struct{ both, legacy, service float64 }

const (
	diffyRelative = 1.5    // from |s − l| / (s + l) = 20 %
	diffyAbsolute = 0.0003 // 0.03 %
	confidence    = 1.96   // standard errors on both sides: 95 %
	neverDiffered = 100    // controls in which legacy never differed from itself somewhere, and so doesn't

	maxPlaces = 1000 // of a route that are learnt; others stay unknown
	fadeAfter = 2000 // controls, after which all counts are halved
)

// learn takes an exchange for which legacy was asked twice: where the service differed from
// legacy, and where legacy did from itself.
func (n *noises) learn(service, legacy map[place]bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.controls++
	for at := range service {
		if p := n.at(at); p == nil {
			continue
		} else if legacy[at] {
			p.both++
		} else {
			p.service++
		}
	}
	for at := range legacy {
		if service[at] {
			continue
		}
		if p := n.at(at); p != nil {
			p.legacy++
		}
	}
	if n.controls >= fadeAfter {
		n.fade()
	}
}

func (n *noises) at(at place) *pair {
	p := n.pairs[at]
	if p == nil && len(n.pairs) < maxPlaces {
		if n.pairs == nil {
			n.pairs = make(map[place]*pair)
		}
		p = new(pair)
		n.pairs[at] = p
	}
	return p
}

// fade halves what was learnt, and forgets places that are all but gone.
func (n *noises) fade() {
	n.controls /= 2
	for at, p := range n.pairs {
		p.both, p.legacy, p.service = p.both/2, p.legacy/2, p.service/2
		if p.both+p.legacy+p.service < 0.5 {
			delete(n.pairs, at)
		}
	}
}

// young reports whether too little is known of the route to ask legacy only now and then.
func (n *noises) young() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.controls < neverDiffered
}

// begun reports whether legacy was ever asked twice.
func (n *noises) begun() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.controls > 0
}

// known says what is known of a place.
func (n *noises) known(at place) Known {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.judge(at)
}

func (n *noises) judge(at place) Known {
	p := n.pairs[at]
	if p == nil {
		p = new(pair)
	}
	if p.both+p.legacy == 0 && n.controls >= neverDiffered {
		return KnownCounts
	}
	lower, upper := p.excess(n.controls)
	switch {
	case upper <= diffyAbsolute:
		return KnownNoise
	case lower > diffyAbsolute:
		return KnownCounts
	}
	return KnownUnknown
}

// excess returns the confidence interval of s − 1.5 l.
func (p *pair) excess(controls float64) (lower, upper float64) {
	const (
		service = 1.0
		both    = 1 - diffyRelative
		legacy  = -diffyRelative
	)
	n := controls + 2
	mean := (service*(p.service+0.5) + both*(p.both+0.5) + legacy*(p.legacy+0.5)) / n
	square := (service*service*(p.service+0.5) + both*both*(p.both+0.5) + legacy*legacy*(p.legacy+0.5)) / n
	margin := confidence * math.Sqrt(max(0, square-mean*mean)/n)
	return mean - margin, mean + margin
}

// read returns what was learnt, and from how many exchanges.
func (n *noises) read() (places []Place, controls int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for at, p := range n.pairs {
		places = append(places, Place{Pattern: at.pattern, Kind: at.kind, Known: n.judge(at),
			Legacy: (p.both + p.legacy) / n.controls, Service: (p.both + p.service) / n.controls})
	}
	slices.SortFunc(places, func(a, b Place) int {
		if c := strings.Compare(a.Pattern, b.Pattern); c != 0 {
			return c
		}
		return strings.Compare(string(a.Kind), string(b.Kind))
	})
	return places, int64(math.Ceil(n.controls))
}
