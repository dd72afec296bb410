package daemon

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
)

// watchInterval is how often the configuration's files are looked at.
const watchInterval = 500 * time.Millisecond

// refusal is why the last reload changed nothing.
type refusal struct {
	problem string
	at      time.Time
}

// Reload reads the configuration again and puts it in force. A bad one changes nothing; it is
// reported in the log, in /readyz' detail and on the dashboard until a good one comes.
func (d *Daemon) Reload(ctx context.Context) error {
	d.changing.Lock()
	defer d.changing.Unlock()
	cfg, err := d.options.Load()
	if err == nil {
		err = d.adopt(ctx, cfg)
	}
	if err != nil {
		d.refusal.Store(&refusal{err.Error(), time.Now()})
		d.log.Error("reload refused; the configuration in force stays", keyError, err)
	} else {
		d.refusal.Store(nil)
		d.log.Info("configuration reloaded", keyFile, cfg.File, keyRoutes, len(cfg.Routes))
	}
	d.events.publish(web.Event{Type: eventConfig, Data: d.Config()})
	return err
}

// adopt puts a configuration in force: compile, commit, swap. The caller holds d.changing.
func (d *Daemon) adopt(ctx context.Context, cfg *config.Config) error {
	if inForce := d.current.Load(); inForce != nil {
		if fixed := needRestart(inForce.config, cfg); len(fixed) > 0 {
			d.log.Warn("changed, but in effect only after a restart", keySettings, strings.Join(fixed, ", "))
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	var table *strangler.Table
	var used pools
	_, err := d.journal.Reconcile(ctx, definitions(cfg, d.journal.Present()), journal.Author{Actor: "configuration", Verified: true, Reason: cfg.File},
		func(after map[string]journal.Standing) (err error) {
			table, used, err = d.compile(cfg, after)
			return err
		})
	if err != nil {
		if used != nil {
			used.closeUnused(d.pools)
		}
		return fmt.Errorf("put the configuration in force: %w", err)
	}
	if d.proxy == nil {
		d.proxy = new(strangler.Proxy)
	}
	d.proxy.Swap(table)
	d.pools.closeUnused(used)
	d.pools = used
	d.current.Store(&inForce{config: cfg, loadedAt: time.Now()})
	for _, warning := range cfg.Warnings {
		d.log.Warn("configuration", keyProblem, warning.String())
	}
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
		{"tls", (before.TLS == nil) != (after.TLS == nil) || before.TLS != nil && *before.TLS != *after.TLS},
		{"data", before.Data != after.Data},
		{"admin", before.Admin.Listen != after.Admin.Listen || !slices.Equal(before.Admin.Hosts, after.Admin.Hosts) || !slices.Equal(before.Admin.Tokens, after.Admin.Tokens)},
		{"ops", before.Ops != after.Ops},
		{"shadow", before.Shadow.MaxBody != after.Shadow.MaxBody || before.Shadow.Workers != after.Shadow.Workers ||
			before.Shadow.Queue != after.Shadow.Queue || !slices.Equal(before.Shadow.Redact, after.Shadow.Redact)},
		{"ledger", before.Ledger != after.Ledger},
	} {
		if setting.changed {
			fixed = append(fixed, setting.name)
		}
	}
	return fixed
}

// watch reloads when one of the configuration's files changes, until ctx ends.
func (d *Daemon) watch(ctx context.Context) {
	if d.options.Load == nil {
		return
	}
	seen := fingerprint(d.current.Load().config.Files) // what is in force
	before := seen                                     // what the last look saw
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := fingerprint(d.current.Load().config.Files)
		if now == seen || now != before {
			before = now // changed just now: an editor writes in several steps, so look once more
			continue
		}
		_ = d.Reload(ctx) // it is logged and shown
		seen = fingerprint(d.current.Load().config.Files)
		before = seen
	}
}

// fingerprint tells whether files changed: their sizes and times.
func fingerprint(files []string) string {
	var b strings.Builder
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			fmt.Fprintf(&b, "%s: gone\n", file)
			continue
		}
		fmt.Fprintf(&b, "%s: %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}
