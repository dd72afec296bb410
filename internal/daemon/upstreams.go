package daemon

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// copiesPerHost bounds the connections that shadow copies may hold to one endpoint.
const copiesPerHost = 64

// pool is the connections to one side: those of clients' requests, and others for copies.
type pool struct {
	clients, copies *upstream.Transport
}

func (p pool) close() {
	p.clients.Close()
	p.copies.Close()
}

// pools are the connections to all sides by what defines them, so that they outlive a reload
// that doesn't change them.
type pools map[string]pool

// upstreams returns both kinds of upstream for a configuration: with the connections that
// there are where the definition is the same, with new ones otherwise. The pools that it
// returns are all those in use; those in p that are not among them may be closed after a swap.
//
// FirstByte is how long a service may take until the head of its answer; 0: 30 s. Legacy has no
// such limit: it is as slow as it always was.
func (p pools) upstreams(cfg *config.Config, firstByte time.Duration) (legacy strangler.Upstream, services map[string]strangler.Upstream, used pools, err error) {
	used = pools{}
	open := func(name string, u config.Upstream, firstByte time.Duration) (strangler.Upstream, error) {
		key := poolKey(name, u)
		known, ok := p[key]
		if !ok {
			if known, err = newPool(u.URLs, firstByte); err != nil {
				return strangler.Upstream{}, fmt.Errorf("%s: %w", name, err)
			}
		}
		used[key] = known
		return strangler.Upstream{URL: u.URLs[0], Host: u.Host, Transport: known.clients, Copies: known.copies}, nil
	}
	if legacy, err = open("legacy", cfg.Legacy, 0); err != nil {
		return legacy, nil, used, err
	}
	services = map[string]strangler.Upstream{}
	for name, u := range cfg.Services {
		if services[name], err = open("services."+name, u, cmp.Or(firstByte, upstream.DefaultFirstByteTimeout)); err != nil {
			return legacy, nil, used, err
		}
	}
	return legacy, services, used, nil
}

func newPool(urls []*url.URL, firstByte time.Duration) (pool, error) {
	clients, err := upstream.New(upstream.Config{URLs: urls, Policy: upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: firstByte}}})
	if err != nil {
		return pool{}, err
	}
	copies, err := upstream.New(upstream.Config{URLs: urls, MaxPerHost: copiesPerHost})
	if err != nil {
		clients.Close()
		return pool{}, err
	}
	return pool{clients, copies}, nil
}

// closeUnused closes the pools that are not in used. What is under way on them ends as it would.
func (p pools) closeUnused(used pools) {
	for key, known := range p {
		if _, ok := used[key]; !ok {
			known.close()
		}
	}
}

func poolKey(name string, u config.Upstream) string {
	urls := make([]string, len(u.URLs))
	for i, one := range u.URLs {
		urls[i] = one.String()
	}
	return strings.Join(slices.Concat([]string{name}, urls), "\x00")
}
