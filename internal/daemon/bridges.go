package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"weak"

	"github.com/strangler-fig/toolkit/acl/identity"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// bridge is one of the configuration's sessions. What it remembers, and its keys, outlive a reload that
// leaves its definition alone.
type bridge struct {
	*identity.Bridge
	key string // what defines it
}

// bridges are those of one configuration, by name.
type bridges map[string]*bridge

// bridges returns those in force.
func (d *Daemon) bridges() bridges {
	if now := d.current.Load(); now != nil {
		return now.bridges
	}
	return nil
}

// open returns the bridges of a configuration, those in b where they are defined alike.
func (b bridges) open(d *Daemon, cfg *config.Config) (bridges, error) {
	next := bridges{}
	for _, name := range cfg.SessionNames {
		session := cfg.Sessions[name]
		base := plainURL(cfg.Legacy.URLs[0])
		key := fmt.Sprintf("%s\x00%s\x00%s\x00%s", session.Text, session.Fingerprint, base, cfg.Legacy.Host)
		if old := b[name]; old != nil && old.key == key {
			next[name] = old
			continue
		}
		c := session.Bridge
		c.Legacy, c.Base, c.Host = &legacyNow{d, "session " + name}, base, cfg.Legacy.Host
		c.Passive, c.Repeatable, c.Logger = d.passive, mayRepeat, d.log
		if keepsKeys(session) {
			jwt := *c.Issue
			jwt.Store, c.Issue = keysOf(d.options.Config.Data, name), &jwt
		}
		made, err := identity.New(c)
		if err != nil {
			return nil, fmt.Errorf("sessions.%s: %w", name, err)
		}
		next[name] = &bridge{made, key}
	}
	return next, nil
}

// mayRepeat reports whether a facade's request may be sent to legacy twice: by the service's method, or by
// what the route says.
func mayRepeat(r *http.Request) bool {
	repeat := strangler.RepeatByMethod
	if decided := strangler.DecisionFrom(r.Context()); decided != nil {
		repeat = decided.Repeat
	}
	return repeat.For(r.Method) != strangler.RepeatNever
}

// replacedBridges are those of former configurations that a request or a lookup may still be in.
type replacedBridges []weak.Pointer[identity.Bridge]

// add adds those that the next bridges don't have, and drops those that nothing is in any more.
func (r replacedBridges) add(before, next bridges) replacedBridges {
	for name, one := range before {
		if next[name] != one {
			r = append(r, weak.Make(one.Bridge))
		}
	}
	return slices.DeleteFunc(r, func(p weak.Pointer[identity.Bridge]) bool { return p.Value() == nil })
}

// close waits for what nobody waits for any more.
func (b bridges) close(ctx context.Context, replaced replacedBridges) error {
	var errs []error
	for _, one := range b {
		errs = append(errs, one.Close(ctx))
	}
	for _, p := range replaced {
		if one := p.Value(); one != nil {
			errs = append(errs, one.Close(ctx))
		}
	}
	return errors.Join(errs...)
}

// around stands around a service.
func (b *bridge) around(next http.RoundTripper, o identity.Options) http.RoundTripper {
	return identified{b.Transport(next, o)}
}

// identified tells a copy whose session isn't known, or can't be found out, from one that the service
// fails.
type identified struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (i identified) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := i.next.RoundTrip(r)
	var unknown *identity.Error
	if err != nil && isCopy(r) && (errors.Is(err, identity.ErrNotCached) || errors.As(err, &unknown)) {
		err = sessionError{err}
	}
	return resp, err
}

// sessionError is why a copy wasn't sent.
type sessionError struct{ error }

// Failure names the reason for the shadow.
func (sessionError) Failure() string { return shadow.SkipSession }

// Unwrap returns what happened.
func (e sessionError) Unwrap() error { return e.error }

// isCopy reports whether a request is a shadow's: clients can't send such a header.
func isCopy(r *http.Request) bool { return r.Header.Get("X-Strangler-Shadow") != "" }

// passive reports whether a request may only use what is known of its session: a copy, whose route
// doesn't say that legacy may be asked again with the client's session.
func (d *Daemon) passive(r *http.Request) bool {
	if !isCopy(r) {
		return false
	}
	route, err := d.configured(r.Header.Get("X-Strangler-Shadow"))
	return err != nil || !route.SecondCall
}

// watching stands around legacy for clients' requests, and tells bridges who logs in and out.
func (b bridges) watching(legacy http.RoundTripper) http.RoundTripper {
	watched := legacy
	for _, one := range b {
		watched = one.Watch(watched)
	}
	if watched == legacy {
		return legacy
	}
	return &listening{watched, strangler.Informs(legacy)}
}

// listening passes informational answers on where what it stands around does.
type listening struct {
	http.RoundTripper
	informs bool
}

// Informs says so.
func (l *listening) Informs() bool { return l.informs }
