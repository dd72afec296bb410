package strangler

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"time"
)

// compiler makes the handler chains of a table: one for each route and side, so that choosing a
// side is choosing a chain.
type compiler struct {
	cfg      *Config
	legacy   target
	services map[string]target
	trust    trust
	legacies map[Repeat]*forwarder // one for all routes that say nothing by themselves: what they all use stays in the processor's cache
}

// target is one side as stations 7 to 9 see it.
type target struct {
	name      string // for a person
	log       *slog.Logger
	rewrite   rewriter
	transport http.RoundTripper
	copies    http.RoundTripper
	informs   bool // transport calls Inform, and obeys the Decision's Repeat
	verbatim  bool // transport calls KeepHead
}

// newCompiler checks cfg's upstreams and fills in what they leave out. What it fills in stays
// in cfg, so that tables made from one another share their connections.
func newCompiler(cfg *Config) (*compiler, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	c := &compiler{cfg: cfg, services: make(map[string]target, len(cfg.Services)), legacies: make(map[Repeat]*forwarder)}
	trusted := newTrust(cfg.TrustedProxies)
	c.trust = trusted
	var errs []error
	newUpstream := func(name string, u *Upstream) target {
		t, err := newTarget(name, u, trusted)
		if err != nil {
			errs = append(errs, err)
		}
		t.log = cfg.Logger
		t.rewrite.standard = cfg.Forwarded
		return t
	}
	if cfg.NoLegacy {
		cfg.Legacy = Upstream{}
	} else {
		c.legacy = newUpstream("the legacy application", &cfg.Legacy)
	}
	cfg.Services = maps.Clone(cfg.Services)
	for name, u := range cfg.Services {
		c.services[name] = newUpstream(fmt.Sprintf("service %q", name), &u)
		cfg.Services[name] = u
	}
	return c, errors.Join(errs...)
}

func newTarget(name string, u *Upstream, trusted trust) (target, error) {
	switch {
	case u.URL == nil:
		return target{}, fmt.Errorf("%s has no URL", name)
	case u.URL.Scheme != "http" && u.URL.Scheme != "https" && u.URL.Scheme != "h2c":
		return target{}, fmt.Errorf("%s: URL %q: its scheme is http, https or h2c", name, u.URL.Redacted())
	case u.URL.Host == "":
		return target{}, fmt.Errorf("%s: URL %q names no host", name, u.URL.Redacted())
	case u.URL.User != nil || u.URL.RawQuery != "" || u.URL.Fragment != "":
		return target{}, fmt.Errorf("%s: URL %q: only scheme, host, port and path may be given", name, u.URL.Redacted())
	}
	if u.Transport == nil {
		u.Transport = defaultTransport(u.URL)
	}
	if u.Copies == nil {
		u.Copies = defaultTransport(u.URL)
	}
	return target{name: name, rewrite: newRewriter(u, trusted), transport: u.Transport, copies: u.Copies, informs: Informs(u.Transport), verbatim: verbatim(u.Transport)}, nil
}

// defaultTransport returns what an upstream without a transport gets. It is made from nothing, as
// http.DefaultTransport may be anything, and keeps few connections.
func defaultTransport(u *url.URL) http.RoundTripper {
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		DisableCompression:    true, // whether an answer is compressed is between client and upstream
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       2 * time.Second, // less than servers keep theirs
		ExpectContinueTimeout: time.Second,
		Protocols:             new(http.Protocols),
	}
	switch u.Scheme {
	case "h2c":
		t.Protocols.SetUnencryptedHTTP2(true)
	case "https":
		t.Protocols.SetHTTP2(true)
		fallthrough
	default:
		t.Protocols.SetHTTP1(true)
	}
	return t
}

// chains returns the handlers that answer a route's requests from either side where it stands
// at pos. There is no service chain where the route names no service, and no legacy chain where
// it is retired.
func (c *compiler) chains(rt Route, pos Position) (legacy, service http.Handler, err error) {
	if pos.Phase != PhaseRetired {
		legacy = c.legacyForwarder(rt)
	}
	key := func(r *http.Request) string { key, _ := c.trust.cohortKey(&rt, r); return key }
	around := func(at ShadowPoint, h http.Handler) http.Handler {
		if c.cfg.Shadow == nil {
			return h
		}
		at.Route, at.Position, at.Key = rt, pos, key
		if mw := c.cfg.Shadow(at); mw != nil {
			return mw(h)
		}
		return h
	}
	if pos.Phase == PhaseLegacy {
		legacy = around(ShadowPoint{Serves: SideLegacy}, legacy)
	}
	if rt.Service == "" {
		if pos.Phase == PhaseRetired && rt.Gone != "" {
			return nil, newGone(rt.Gone), nil
		}
		if pos.Phase != PhaseLegacy {
			return nil, nil, fmt.Errorf("route %q is in phase %s and names no service: give it one, or start it in phase legacy", rt.Name, pos.Phase)
		}
		return legacy, nil, nil
	}
	to, ok := c.services[rt.Service]
	if !ok {
		return nil, nil, fmt.Errorf("route %q: no service %q", rt.Name, rt.Service)
	}
	var sandbox http.RoundTripper
	if rt.Sandbox != "" {
		box, ok := c.services[rt.Sandbox]
		if !ok {
			return nil, nil, fmt.Errorf("route %q: no service %q for its sandbox", rt.Name, rt.Sandbox)
		}
		sandbox = c.repeating(c.copier(rt, box), c.legacy)
	}
	service = c.serviceForwarder(rt, pos, to)
	toLegacy, toService := c.repeating(c.legacyCopier(), to), c.repeating(c.copier(rt, to), c.legacy)
	if pos.Phase == PhaseShadow || pos.Phase == PhaseCanary {
		legacy = around(ShadowPoint{Serves: SideLegacy, Self: toLegacy, Other: toService, Sandbox: sandbox}, legacy)
	}
	if pos.Phase == PhaseCanary || pos.Phase == PhaseLive {
		service = around(ShadowPoint{Serves: SideService, Self: toService, Other: toLegacy, Sandbox: sandbox}, service)
	}
	return legacy, service, nil
}

// legacyCopier returns what sends copies to legacy, whatever the route.
func (c *compiler) legacyCopier() *copier {
	return &copier{rewrite: c.legacy.rewrite, next: c.legacy.copies, done: Informs(c.legacy.copies), alone: verbatim(c.legacy.copies)}
}

// repeating has copies of requests that from answers sent with the head that those were sent with, where that may be.
func (c *compiler) repeating(to *copier, from target) *copier {
	to.repeats = c.cfg.Verbatim && to.done && to.alone && to.rewrite.alike(&from.rewrite)
	return to
}

// catchAll returns the handler of what no route holds, in which m is the matcher of those that there are.
func (c *compiler) catchAll(m *matcher) http.Handler {
	if c.cfg.NoLegacy {
		return newNothing(c.cfg.Routes, m)
	}
	return c.legacyForwarder(Route{})
}

func (c *compiler) legacyForwarder(rt Route) *forwarder {
	if tells := c.tells(rt); tells != nil {
		return &forwarder{side: SideLegacy, target: c.legacy, repeat: rt.Repeat, tells: tells}
	}
	f := c.legacies[rt.Repeat]
	if f == nil {
		f = &forwarder{side: SideLegacy, target: c.legacy, repeat: rt.Repeat}
		c.legacies[rt.Repeat] = f
	}
	return f
}

// tells returns how the route's clients are told that no side answers; nil: as all are.
func (c *compiler) tells(rt Route) telling {
	if c.cfg.Unanswered == nil || rt.Name == "" {
		return nil
	}
	return c.cfg.Unanswered(rt)
}

func (c *compiler) serviceForwarder(rt Route, pos Position, to target) *forwarder {
	f := &forwarder{side: SideService, target: to, repeat: rt.Repeat, tells: c.tells(rt)}
	if c.cfg.Upstream != nil {
		if own := c.cfg.Upstream(rt); own != nil {
			f.transport = own
		}
	}
	f.transport = c.translated(rt, f.transport)
	f.verbatim = verbatim(f.transport)
	f.rewrite.tidy = c.translates(rt)
	if fallsBack(&rt, pos) {
		f.fallback = c.legacyForwarder(rt)
	}
	if f.rewrite.tidy {
		f.held = keptForFallback
		if c.cfg.Buffer != nil {
			f.held = max(f.held, c.cfg.Buffer(rt))
		}
	}
	return f
}

// fallsBack reports whether legacy may answer where the service fails.
func fallsBack(rt *Route, pos Position) bool {
	return rt.Fallback && rt.Return != ReturnNever && pos.Phase != PhaseRetired
}

// keyed reports whether who answers a route's requests from a side wants to know their cohort
// key: the side's transport, or legacy's where it may have to stand in.
func (c *compiler) keyed(rt *Route, pos Position, side Side) bool {
	if side == SideService && (c.cfg.Services[rt.Service].ByKey || !fallsBack(rt, pos)) {
		return c.cfg.Services[rt.Service].ByKey
	}
	return c.cfg.Legacy.ByKey
}

// copier returns what sends copies of a route's requests to a service.
func (c *compiler) copier(rt Route, to target) *copier {
	next := c.translated(rt, to.copies)
	return &copier{rewrite: to.rewrite, next: next, done: Informs(to.copies) && !c.translates(rt), alone: verbatim(next)}
}

// translates reports whether the route has a translation.
func (c *compiler) translates(rt Route) bool {
	return c.cfg.Translate != nil && c.cfg.Translate(rt) != nil
}

// translated puts the route's translation, if it has one, around a transport.
func (c *compiler) translated(rt Route, next http.RoundTripper) http.RoundTripper {
	if c.cfg.Translate != nil {
		if around := c.cfg.Translate(rt); around != nil {
			return &translation{around(untranslated{next})}
		}
	}
	return next
}
