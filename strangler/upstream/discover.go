package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// place is an endpoint as discovery knows it.
type place struct {
	Endpoint
	dialAs string // see endpoint
}

// same tells two places apart: an endpoint whose address, name or Host changed is another one.
func (p *place) same() [4]string { return [4]string{p.Addr, p.ServerName, p.Host, p.dialAs} }

// lookup finds the places of a transport's URLs through DNS. It is used by one goroutine.
type lookup struct {
	scheme   string
	srv      bool
	urls     []*url.URL
	resolver *net.Resolver
	known    map[*url.URL][]place // those found last; a name that can't be looked up keeps them
}

func (l *lookup) port(u *url.URL) string {
	if l.scheme == "https" {
		return cmp.Or(u.Port(), "443")
	}
	return cmp.Or(u.Port(), "80")
}

// fixed reports whether nothing has to be looked up for u.
func (l *lookup) fixed(u *url.URL) bool {
	_, err := netip.ParseAddr(u.Hostname())
	return err == nil && !l.srv
}

// first returns the places as they are before anything was looked up: names that the dialer
// will have to resolve. SRV records have none.
func (l *lookup) first() (places []place, final bool) {
	final = true
	for _, u := range l.urls {
		final = final && l.fixed(u)
		if !l.srv {
			places = append(places, place{Endpoint: Endpoint{Addr: net.JoinHostPort(u.Hostname(), l.port(u)), Host: u.Host}})
		}
	}
	return places, final
}

// now looks all names up. The error says which could not be; the places are all that are known.
func (l *lookup) now(ctx context.Context) ([]place, error) {
	var all []place
	var errs []error
	for _, u := range l.urls {
		found, err := l.one(ctx, u)
		if err != nil {
			errs = append(errs, fmt.Errorf("look up %s: %w", u.Host, err))
		}
		switch {
		case len(found) > 0:
			l.known[u] = found
		case l.known[u] != nil:
			found = l.known[u]
		case !l.srv:
			found = []place{{Endpoint: Endpoint{Addr: net.JoinHostPort(u.Hostname(), l.port(u)), Host: u.Host}}}
		}
		all = append(all, found...)
	}
	return all, errors.Join(errs...)
}

// one looks one URL's name up. Of SRV records some targets may be known and others not: then it
// returns places and an error.
func (l *lookup) one(ctx context.Context, u *url.URL) ([]place, error) {
	switch {
	case l.fixed(u):
		return []place{{Endpoint: Endpoint{Addr: net.JoinHostPort(u.Hostname(), l.port(u)), Host: u.Host}}}, nil
	case l.srv:
		return l.records(ctx, u)
	}
	return l.addresses(ctx, u.Hostname(), l.port(u), u.Host, 1)
}

// addresses looks a name's addresses up. They are its IPv4 addresses, and only where there are
// none its IPv6 ones: a machine mostly has one of each, and would count twice. Where that is all
// there is the dialer gets the name, and with it both (RFC 8305).
func (l *lookup) addresses(ctx context.Context, host, port, as string, weight int) ([]place, error) {
	ips, err := l.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var v4, v6 []netip.Addr
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.Is4() {
			v4 = append(v4, ip)
		} else {
			v6 = append(v6, ip)
		}
	}
	dialAs := ""
	if len(v4) == 1 && len(v6) == 1 {
		dialAs = net.JoinHostPort(host, port)
	}
	if len(v4) == 0 {
		v4 = v6
	}
	slices.SortFunc(v4, netip.Addr.Compare) // servers shuffle them
	var places []place
	for _, ip := range slices.Compact(v4) {
		places = append(places, place{Endpoint{Addr: net.JoinHostPort(ip.String(), port), ServerName: host, Host: as, Weight: weight}, dialAs})
	}
	return places, nil
}

// records looks SRV records up (RFC 2782): of the lowest priority value that there is, each
// target's addresses, all with the record's weight. The others are not used. A target whose name
// can't be looked up keeps the addresses it had, as any name does; the error says which.
func (l *lookup) records(ctx context.Context, u *url.URL) ([]place, error) {
	_, records, err := l.resolver.LookupSRV(ctx, "", "", u.Hostname())
	if err != nil {
		return nil, err
	}
	var places []place
	var errs []error
	for _, srv := range records { // sorted by priority
		if srv.Priority != records[0].Priority {
			break
		}
		target, port := strings.TrimSuffix(srv.Target, "."), strconv.Itoa(int(srv.Port))
		as, weight := net.JoinHostPort(target, port), max(int(srv.Weight), 1)
		found, err := l.addresses(ctx, target, port, as, weight)
		if err != nil {
			errs = append(errs, err)
			found = l.before(u, as, weight)
		}
		places = append(places, found...)
	}
	if len(places) == 0 && len(errs) == 0 {
		return nil, errors.New("no SRV record")
	}
	return places, errors.Join(errs...)
}

// before returns the places that a record's target had, with the weight that it has now.
func (l *lookup) before(u *url.URL, target string, weight int) (places []place) {
	for _, p := range l.known[u] {
		if p.Host == target {
			p.Weight = weight
			places = append(places, p)
		}
	}
	return places
}

// resolve looks for endpoints until ctx ends, every Config.Resolve, and sooner while it has found
// none.
func (t *Transport) resolve(ctx context.Context, find func(context.Context) ([]place, error)) {
	every := cmp.Or(t.cfg.Resolve, 10*time.Second)
	for first := true; ; first = false {
		one, cancel := context.WithTimeout(ctx, max(every, 5*time.Second))
		places, err := find(one)
		cancel()
		if ctx.Err() != nil {
			return
		}
		t.lookupErr.Store(&err)
		if err == nil || len(places) > 0 {
			t.use(places)
		}
		if first {
			close(t.found)
		}
		wait := every
		if len(t.endpoints.Load().all) == 0 {
			wait = min(every, time.Second)
		}
		// Many proxies that were started together needn't ask together.
		wait -= time.Duration(rand.Int64N(int64(wait)/10 + 1))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// discovered returns how a Discoverer is asked.
func discovered(d Discoverer) func(context.Context) ([]place, error) {
	return func(ctx context.Context) ([]place, error) {
		found, err := d.Discover(ctx)
		if err != nil {
			return nil, err
		}
		places := make([]place, len(found))
		for i, e := range found {
			if e.Host == "" {
				e.Host = e.Addr
				if e.ServerName != "" {
					_, port, _ := net.SplitHostPort(e.Addr)
					e.Host = net.JoinHostPort(e.ServerName, port)
				}
			}
			places[i] = place{Endpoint: e}
		}
		return places, nil
	}
}

// use makes places the endpoints. Those that were there before keep what is known about them;
// those that are gone get no new requests and lose the connections that they don't use, and what
// they are answering they answer to the end.
func (t *Transport) use(places []place) {
	before := map[[4]string]*endpoint{}
	for _, ep := range t.endpoints.Load().all {
		p := place{ep.Endpoint, ep.dialAs}
		before[p.same()] = ep
	}
	now := map[[4]string]bool{}
	var all []*endpoint
	for _, p := range places {
		key := p.same()
		if now[key] {
			continue
		}
		now[key] = true
		ep := before[key]
		if ep == nil {
			ep = t.endpoint(p)
		}
		ep.weight.Store(int64(max(p.Weight, 1)))
		all = append(all, ep)
	}
	t.endpoints.Store(newEndpoints(all))
	for key, ep := range before {
		if !now[key] {
			ep.leave(t.host)
		}
	}
}
