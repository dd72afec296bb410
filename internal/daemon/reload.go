package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// refusal is why the last reload changed nothing.
type refusal struct {
	problem string
	at      time.Time
}

// refused returns why the last reload changed nothing; nil: it did. One that is about to be forgotten,
// since another configuration is in force already, is none.
func (d *Daemon) refused() *refusal {
	r := d.refusal.Load()
	if r != nil && d.current.Load().loadedAt.After(r.at) {
		return nil
	}
	return r
}

// Reload reads the configuration again and puts it in force. A bad one changes nothing; it is
// reported in the log, in /readyz' detail and on the dashboard until a good one comes.
func (d *Daemon) Reload(ctx context.Context) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	before := look(d.files.names()) // before they are read: what changes meanwhile is read again
	cfg, err := d.options.Load()
	d.files = before.of(d.concerned(cfg, err))
	if err == nil {
		err = d.adopt(ctx, cfg)
	}
	if err != nil {
		d.log.Error("reload refused; the configuration in force stays", keyError, err)
		d.refusal.Store(&refusal{err.Error(), time.Now()})
	} else {
		d.refusal.Store(nil)
		d.log.Info("configuration reloaded", keyFile, cfg.File, keyRoutes, len(cfg.Routes))
	}
	d.events.publish(web.Event{Type: eventConfig, Data: d.Config()})
	return err
}

// concerned returns the files that a reload depended on: with a bad configuration those of the
// one in force and those that have problems, since it is there that it will be mended.
func (d *Daemon) concerned(cfg *config.Config, err error) []string {
	if err == nil {
		return cfg.Files
	}
	files := slices.Clone(d.current.Load().config.Files)
	problems, _ := errors.AsType[config.Problems](err)
	for _, p := range problems {
		files = append(files, p.File)
	}
	return files
}

// adopt puts a configuration in force: compile, commit, swap. The caller holds d.changing.
func (d *Daemon) adopt(ctx context.Context, cfg *config.Config) error {
	if fixed := needRestart(d.options.Config, cfg); len(fixed) > 0 {
		d.log.Warn("changed since the start, but in effect only after a restart", keySettings, strings.Join(fixed, ", "))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	pair, err := loadPair(cfg)
	if err != nil {
		return err
	}
	var made *compiled
	before := d.present()
	if err := refuseNoLegacy(cfg, before); err != nil {
		return err
	}
	after, err := d.journal.Reconcile(ctx, definitions(cfg, before), journal.Author{Actor: "configuration", Verified: true, Reason: cfg.File},
		func(after map[string]journal.Standing) (err error) {
			if err := refuseRemoved(before, after); err != nil {
				return err
			}
			made, err = d.compile(cfg, after)
			return err
		})
	if err != nil {
		made.discard(d)
		return fmt.Errorf("put the configuration in force: %w", err)
	}
	d.use(made, cfg, time.Now())
	d.tidyKeys(cfg, time.Now())
	d.markerRoom.Store(roomFor(cfg))
	wake(d.unmarked)
	d.versions.use(cfg.Services)
	for _, route := range cfg.Routes {
		if route.Capture == shadow.CaptureFull {
			d.ledger.Allow(route.Name)
		} else {
			if err := d.ledger.Forget(ctx, route.Name); err != nil {
				d.log.Error("what was kept before the route captured less is still there", keyRoute, route.Name, keyError, err)
			}
		}
	}
	if d.certificates.use(pair) {
		d.log.Info("another certificate is in force for new connections", keyFile, cfg.TLS.Cert, keyUntil, pair.Leaf.NotAfter)
	}
	d.notices.tellAll(cfg.Rollout.Notify)
	d.walks.hurry()
	d.watchCalls(ctx, cfg)
	for _, warning := range cfg.Warnings {
		d.log.Warn("configuration", keyProblem, warning.String())
	}
	d.warnOfRemoved(before, after)
	d.warnOfUnmatched(ctx, cfg)
	return nil
}

// needRestart names the settings that differ and are only read at the start.
func needRestart(before, after *config.Config) []string {
	var fixed []string
	for _, setting := range []struct {
		name    string
		changed bool
	}{
		{"listen", before.Listen != after.Listen},
		{"tls", (before.TLS == nil) != (after.TLS == nil) || before.TLS != nil && !before.TLS.ACME.Equal(after.TLS.ACME)},
		{"proxy_protocol", before.ProxyProtocol != after.ProxyProtocol},
		{"limits", before.Limits.HeaderBytes != after.Limits.HeaderBytes || before.Limits.HeaderTimeout != after.Limits.HeaderTimeout || before.Limits.Idle != after.Limits.Idle},
		{"data", before.Data != after.Data},
		{"admin", before.Admin.Listen != after.Admin.Listen || !slices.Equal(before.Admin.Hosts, after.Admin.Hosts) || !slices.Equal(before.Admin.Tokens, after.Admin.Tokens)},
		{"ops", before.Ops != after.Ops},
		{"shadow", before.Shadow.MaxBody != after.Shadow.MaxBody || before.Shadow.Workers != after.Shadow.Workers ||
			before.Shadow.Queue != after.Shadow.Queue || !slices.Equal(before.Shadow.Redact, after.Shadow.Redact) ||
			(before.Shadow.Scrub == nil) != (after.Shadow.Scrub == nil) || !slices.Equal(before.Shadow.Scrub, after.Shadow.Scrub)},
		{"ledger", before.Ledger != after.Ledger},
	} {
		if setting.changed {
			fixed = append(fixed, setting.name)
		}
	}
	return fixed
}
