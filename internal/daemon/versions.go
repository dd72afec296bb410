package daemon

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
)

// When a version counts as the one that answers at present. While a deployment replaces one
// endpoint after another two versions take turns: the one before stays until no other answers.
const (
	versionAnswers  = 10          // in a row have it in their header,
	versionSpan     = time.Second // for at least this long: of many requests ten in a row are soon found
	versionRounds   = 3           // in a row all endpoints tell it where they are asked for it,
	versionInterval = 10 * time.Second
	versionRecent   = time.Minute
)

// versions knows which version of each service answers at present. Its methods are safe for
// concurrent use.
type versions struct {
	changed func(service, version string)
	log     *slog.Logger

	mu      sync.Mutex
	known   map[versionSource]*version
	present map[string]*version // by service
}

// versionSource is where a service tells its version. Whoever tells it elsewhere is known anew.
type versionSource struct {
	service string
	where   config.Version
}

// newVersions returns a versions that knows nothing yet. changed is called when another version
// answers, of each service in order; it is called by who serves requests, and must not block.
func newVersions(changed func(service, version string), log *slog.Logger) *versions {
	return &versions{changed: changed, log: log, known: map[versionSource]*version{}, present: map[string]*version{}}
}

// Current returns the version of a service that answers at present; empty: it isn't known, or not
// yet, or the service doesn't tell it. A version that was known stays until another one is.
func (v *versions) Current(service string) string {
	v.mu.Lock()
	one := v.present[service]
	v.mu.Unlock()
	if one == nil {
		return ""
	}
	return one.get()
}

// Latest returns the newest version of a service that was seen of late, be it only once, else the one
// that answers at present: while a deployment goes wrong it is the one to blame. Empty: none is known.
func (v *versions) Latest(service string) string {
	v.mu.Lock()
	one := v.present[service]
	v.mu.Unlock()
	if one == nil {
		return ""
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if time.Since(one.lastAt) < versionRecent {
		return one.last
	}
	return one.get()
}

// use puts in force where services tell their versions, after a swap. What is known of those that
// tell it where they did stays.
func (v *versions) use(services map[string]config.Upstream) {
	v.mu.Lock()
	defer v.mu.Unlock()
	next, known := map[string]*version{}, map[versionSource]*version{}
	for name, u := range services {
		if u.Version == (config.Version{}) {
			continue
		}
		source := versionSource{name, u.Version}
		next[name] = v.of(source)
		known[source] = next[name]
	}
	for _, one := range v.known {
		one.inForce.Store(false)
	}
	for _, one := range next {
		one.inForce.Store(true)
	}
	v.known, v.present = known, next
}

// of returns what is known by a source. The caller holds v.mu.
func (v *versions) of(source versionSource) *version {
	one := v.known[source]
	if one == nil {
		one = &version{source: source, changed: v.changed, log: v.log}
		if source.where.Header == "" {
			one.need = versionRounds
		} else {
			one.need, one.span = versionAnswers, versionSpan
		}
		v.known[source] = one
	}
	return one
}

// watch returns next, with an eye on the version in its answers where the service tells it there.
// An answer without the header says nothing: a service that fails often fails without it.
func (v *versions) watch(service string, where config.Version, next http.RoundTripper) http.RoundTripper {
	if where.Header == "" || next == nil {
		return next
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return &watched{next, v.of(versionSource{service, where})}
}

// watched is a way to a service whose answers tell its version.
type watched struct {
	next http.RoundTripper
	of   *version
}

// RoundTrip implements http.RoundTripper.
func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err == nil {
		if values := resp.Header[w.of.source.where.Header]; len(values) > 0 {
			w.of.seen(values[0])
		}
	}
	return resp, err
}

// Informs says that informational answers pass where they did.
func (w *watched) Informs() bool {
	i, ok := w.next.(interface{ Informs() bool })
	return ok && i.Informs()
}

// version is what is known by one source.
type version struct {
	source  versionSource
	changed func(service, version string)
	log     *slog.Logger
	need    int           // sightings in a row
	span    time.Duration // from the first of them to the last, at least
	inForce atomic.Bool   // what is seen by another one any more isn't told

	current atomic.Pointer[string]
	streak  atomic.Int32 // sightings in a row of another one

	mu      sync.Mutex
	another string
	since   time.Time // of the streak
	last    string    // the other one that was seen last
	lastAt  time.Time

	unfit   sync.Once              // has been said of what is no version, in a header
	trouble atomic.Pointer[string] // why it can't be told, where it is asked for; empty: it can
}

func (v *version) get() string {
	if current := v.current.Load(); current != nil {
		return *current
	}
	return ""
}

// seen notes one sighting. While nothing changes it is a comparison.
func (v *version) seen(text string) {
	if current := v.current.Load(); current != nil && *current == text && v.streak.Load() == 0 {
		return
	}
	text, err := web.ServiceVersion(text)
	if err != nil {
		v.unfit.Do(func() {
			v.log.Warn("a service doesn't tell its version", keyService, v.source.service, keyProblem, v.source.where.Header+": "+err.Error())
		})
		return
	}
	v.count(strings.Clone(text)) // it may be a part of something larger
}

// count notes a sighting that matters.
func (v *version) count(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	if text != v.get() {
		v.last, v.lastAt = text, now
	}
	switch {
	case text == v.get():
		v.streak.Store(0)
		return
	case v.streak.Load() == 0 || v.another != text:
		v.another, v.since = text, now
		v.streak.Store(1)
	default:
		v.streak.Add(1)
	}
	if int(v.streak.Load()) < v.need || now.Sub(v.since) < v.span {
		return
	}
	v.current.Store(&text)
	v.streak.Store(0)
	if v.inForce.Load() {
		v.changed(v.source.service, text)
	}
}

// unseen ends a streak: nothing can be said.
func (v *version) unseen() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.streak.Store(0)
}
