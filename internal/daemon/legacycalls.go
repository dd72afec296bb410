package daemon

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
)

// maxAgent bounds what a caller calls itself, in bytes.
const maxAgent = 64

// Why legacy was asked where the route's phase doesn't say it, in ledger.LegacyCall.
const (
	whyFallback = "fallback"
	whyOverride = "override"
)

// legacyCalls are the calls to legacy of one route since they were written down last. Before live they
// are the rule, and only counted; later, and where a route is to be gone, they are what stands in its
// way, so that it is told who calls.
type legacyCalls struct {
	named  atomic.Bool // callers are told apart whatever the phase
	phases [strangler.PhaseCanary + 1]phaseCalls

	mu      sync.Mutex // never held while anything waits
	callers map[caller]*ledger.LegacyCall
	others  map[string]*ledger.LegacyCall // by reason: beyond ledger.MaxCallers
}

// phaseCalls are those of a phase. Times are microseconds since 1970.
type phaseCalls struct{ count, first, last atomic.Int64 }

type caller struct {
	why   string
	addr  netip.Addr
	agent string
}

// observe counts a request that legacy answered, or was to. It costs a few atomic operations, or where
// callers are told apart a lock that nothing waits under.
func (l *legacyCalls) observe(o strangler.Observation, now time.Time, client func(*http.Request) netip.Addr) {
	phase, at := o.Decision.Position.Phase, now.UnixMicro()
	why := phase.String()
	if phase <= strangler.PhaseCanary {
		if !l.named.Load() {
			l.phases[phase].add(at)
			return
		}
	} else if why = whyFallback; !o.Decision.FellBack {
		why = whyOverride
	}
	who := caller{why: why}
	if !o.Decision.Discreet { // of which nothing is kept that tells of anybody
		who.addr, who.agent = client(o.Request), product(o.Request.UserAgent())
	}
	l.add(who, at)
}

func (p *phaseCalls) add(at int64) {
	p.last.Store(at)
	p.first.CompareAndSwap(0, at)
	p.count.Add(1)
}

func (l *legacyCalls) add(who caller, at int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.callers[who]
	if c == nil && len(l.callers) >= ledger.MaxCallers {
		c = l.others[who.why]
	}
	if c == nil {
		c = &ledger.LegacyCall{Why: who.why, First: time.UnixMicro(at)}
		if len(l.callers) < ledger.MaxCallers {
			who.agent = strings.Clone(who.agent) // it is a part of a header
			c.Addr, c.Agent = who.name(), who.agent
			if l.callers == nil {
				l.callers = map[caller]*ledger.LegacyCall{}
			}
			l.callers[who] = c
		} else {
			c.Addr = ledger.OtherCallers
			if l.others == nil {
				l.others = map[string]*ledger.LegacyCall{}
			}
			l.others[who.why] = c
		}
	}
	c.Last = time.UnixMicro(at)
	c.Count++
}

func (c caller) name() string {
	if !c.addr.IsValid() {
		return "unknown"
	}
	return c.addr.String()
}

// product returns the first product of a User-Agent (RFC 9110 section 10.1.5), as far as it is plain.
func product(agent string) string {
	end := strings.IndexFunc(agent, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || !unicode.IsPrint(r) })
	if end >= 0 {
		agent = agent[:end]
	}
	return agent[:min(len(agent), maxAgent)]
}

// take returns what there is and forgets it.
func (l *legacyCalls) take(route string) []ledger.LegacyCall {
	var taken []ledger.LegacyCall
	for phase := range l.phases {
		p := &l.phases[phase]
		n := p.count.Swap(0)
		if n == 0 {
			continue
		}
		last := p.last.Load()
		first := p.first.Swap(0)
		if first == 0 || first > last {
			first = last // of a request that was counted meanwhile
		}
		taken = append(taken, ledger.LegacyCall{Why: strangler.Phase(phase).String(),
			First: time.UnixMicro(first), Last: time.UnixMicro(last), Count: n})
	}
	l.mu.Lock()
	callers, others := l.callers, l.others
	l.callers, l.others = nil, nil
	l.mu.Unlock()
	for _, c := range callers {
		taken = append(taken, *c)
	}
	for _, c := range others {
		taken = append(taken, *c)
	}
	for i := range taken {
		taken[i].Route = route
	}
	return taken
}

// callsOnRecord brings calls to legacy into the ledger. Its zero value is ready for use.
type callsOnRecord struct {
	mu      sync.Mutex
	pending map[string][]ledger.LegacyCall // by route: not written yet
}

// recordCalls writes down which clients' requests legacy answered. What can't be written stays in memory,
// bounded, for the next time.
func (d *Daemon) recordCalls(ctx context.Context) error {
	d.calls.mu.Lock()
	defer d.calls.mu.Unlock()
	if d.calls.pending == nil {
		d.calls.pending = map[string][]ledger.LegacyCall{}
	}
	var all []ledger.LegacyCall
	for route, figures := range *d.traffic.routes.Load() {
		if taken := figures.legacy.take(route); len(taken) > 0 {
			d.calls.pending[route] = ledger.FoldCalls(append(d.calls.pending[route], taken...))
		}
		all = append(all, d.calls.pending[route]...)
	}
	if len(all) == 0 {
		return nil
	}
	if err := d.ledger.AddLegacyCalls(ctx, all); err != nil {
		return err
	}
	clear(d.calls.pending)
	return nil
}

// keepCalls is recordCalls for one who can't do anything about an error.
func (d *Daemon) keepCalls(ctx context.Context) {
	if err := d.recordCalls(ctx); err != nil && ctx.Err() == nil {
		d.log.Warn("calls to legacy are kept in memory only", keyError, err)
	}
}

// watchCalls has calls to legacy recorded of the routes of a configuration, and of what no route holds.
func (d *Daemon) watchCalls(ctx context.Context, cfg *config.Config) {
	watched := map[string]string{"": ""}
	texts := cfg.Matches()
	for _, route := range cfg.Routes {
		watched[route.Name] = texts[route.Name]
		d.traffic.of(route.Name).legacy.named.Store(route.Service == "" && route.Gone != "")
	}
	if err := d.ledger.Watch(ctx, watched); err != nil {
		d.log.Error("it is not on record since when calls to legacy are, so that nothing can retire without --force", keyError, err)
	}
}
