package upstream

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// schemeOf returns how u's endpoints are spoken to, "http", "https" or "h2c", and whether SRV
// records say where they are; "" where it is no scheme of ours.
func schemeOf(u *url.URL) (scheme string, srv bool) {
	scheme, srv = strings.CutPrefix(u.Scheme, "srv+")
	switch {
	case u.Scheme == "srv":
		return "http", true
	case scheme == "http", scheme == "https", scheme == "h2c":
		return scheme, srv
	}
	return "", false
}

func (cfg *Config) check() error {
	if len(cfg.URLs) == 0 {
		return errors.New("make transport: no URL: name at least one endpoint")
	}
	var errs []error
	for _, u := range cfg.URLs {
		if u == nil {
			errs = append(errs, errors.New("endpoint without URL"))
			continue
		}
		switch scheme, srv := schemeOf(u); {
		case scheme == "":
			errs = append(errs, fmt.Errorf("endpoint %q: its scheme is http, https or h2c, or srv+ and one of these", u.Redacted()))
		case u.Host == "":
			errs = append(errs, fmt.Errorf("endpoint %q names no host", u.Redacted()))
		case srv && u.Port() != "":
			errs = append(errs, fmt.Errorf("endpoint %q: the port is in its SRV records: leave it out", u.Redacted()))
		case cfg.URLs[0] != nil && u.Scheme != cfg.URLs[0].Scheme:
			errs = append(errs, fmt.Errorf("endpoint %q: scheme %s, but the first one has %s: endpoints of one service differ in their hosts only", u.Redacted(), u.Scheme, cfg.URLs[0].Scheme))
		case cfg.URLs[0] != nil && u.EscapedPath() != cfg.URLs[0].EscapedPath():
			errs = append(errs, fmt.Errorf("endpoint %q: path %q, but the first one has %q: endpoints of one service differ in their hosts only", u.Redacted(), u.EscapedPath(), cfg.URLs[0].EscapedPath()))
		}
	}
	errs = append(errs, notNegative(map[string]int64{
		"DialTimeout": int64(cfg.DialTimeout), "IdleTimeout": int64(cfg.IdleTimeout),
		"MaxIdlePerHost": int64(cfg.MaxIdlePerHost), "MaxPerHost": int64(cfg.MaxPerHost),
		"Resolve": int64(cfg.Resolve), "SlowStart": int64(cfg.SlowStart),
		"Health.EjectFor": int64(cfg.Health.EjectFor), "Health.Interval": int64(cfg.Health.Interval),
		"Health.Timeout": int64(cfg.Health.Timeout), "Health.Rise": int64(cfg.Health.Rise), "Health.Fall": int64(cfg.Health.Fall),
	})...)
	if cfg.Balance > BalanceHash {
		errs = append(errs, fmt.Errorf("balance %d: there is no such way", cfg.Balance))
	}
	if path := cfg.Health.Path; path != "" {
		if u, err := url.ParseRequestURI(path); err != nil || u.IsAbs() || !strings.HasPrefix(path, "/") {
			errs = append(errs, fmt.Errorf("health path %q: it begins with a slash", path))
		}
	}
	if _, err := parseStatus(cfg.Health.Status); err != nil {
		errs = append(errs, err)
	}
	if err := cfg.Policy.Check(); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return fmt.Errorf("make transport: %w", errors.Join(errs...))
	}
	return nil
}

// Check returns what is wrong with a policy, all of it; nil: nothing.
func (p Policy) Check() error {
	errs := notNegative(map[string]int64{
		"Bulkhead.InFlight": int64(p.Bulkhead.InFlight), "Bulkhead.Wait": int64(p.Bulkhead.Wait), "Bulkhead.Queue": int64(p.Bulkhead.Queue),
		"Breaker.Requests": int64(p.Breaker.Requests), "Breaker.Window": int64(p.Breaker.Window),
		"Breaker.Open": int64(p.Breaker.Open), "Breaker.Probes": int64(p.Breaker.Probes),
		"Timeouts.FirstByte": int64(p.Timeouts.FirstByte), "Timeouts.Request": int64(p.Timeouts.Request), "Timeouts.Idle": int64(p.Timeouts.Idle),
		"Retry.Attempts": int64(p.Retry.Attempts), "Retry.Backoff": int64(p.Retry.Backoff),
	})
	if f := p.Breaker.Failures; !(f >= 0 && f <= 1) {
		errs = append(errs, fmt.Errorf("breaker opens at a share of %v: use one from 0 to 1", f))
	}
	if b := p.Retry.Budget; !(b >= 0 && b <= 1) {
		errs = append(errs, fmt.Errorf("retry budget of %v: use a share from 0 to 1", b))
	}
	if p.Bulkhead.Adaptive && p.Bulkhead.InFlight == 0 {
		errs = append(errs, errors.New("adaptive bulkhead without an upper bound: say how many may be in flight"))
	}
	if w := p.Breaker.Window; w > 0 && w < 10*time.Millisecond {
		errs = append(errs, fmt.Errorf("breaker window of %s: use 10ms at least", w))
	}
	return errors.Join(errs...)
}

func notNegative(values map[string]int64) (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: use a positive number, or 0 for the default", name))
		}
	}
	return errs
}
