package command

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/web"
)

func newServe(c *Config) *cobra.Command {
	var s source
	format := choice{value: "text", among: []string{"text", "json"}}
	level := choice{value: "info", among: []string{"debug", "info", "warn", "error"}}
	cmd := &cobra.Command{
		Use:   "serve [-c strangler.yaml] | --legacy URL",
		Short: "Front the legacy application",
		Long: `Front the legacy application: with a configuration file, or with no file at all.

A file that changes, and SIGHUP, reload it; a bad file changes nothing and says why. SIGUSR1 is
the last resort: it does what rollback --all does, at once, also when the disk is full. SIGTERM and
Ctrl-C drain and stop; a second one ends the process at once.`,
		Example: `  strangler serve --legacy http://127.0.0.1:8000
  strangler serve -c strangler.yaml
  strangler serve --listen :80 --trusted-proxies 10.0.0.0/8`,
		Args: arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if err := s.check(); err != nil {
				return err
			}
			s.translators = translatorNames(c)
			cfg, err := s.load()
			if err != nil {
				return err
			}
			logger := newLogger(cmd.ErrOrStderr(), format.value, level.value)
			options := daemon.Options{Config: cfg, Translators: c.Translators, Logger: logger, Version: version()}
			if s.legacy == "" {
				options.Load = s.load
			}
			return flagged(serve(cmd.Context(), options), s.changed)
		}),
	}
	s.flags(cmd)
	cmd.Flags().Var(&format, "log", "format of the log, on standard error")
	cmd.Flags().Var(&level, "log-level", "what is logged; debug has a line for each request")
	return cmd
}

// newLogger returns a log of that format and level; both have been looked at.
func newLogger(w io.Writer, format, level string) *slog.Logger {
	var options slog.HandlerOptions
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err == nil {
		options.Level = least
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &options))
	}
	return slog.New(slog.NewTextHandler(w, &options))
}

// serve runs a daemon until the process is told to stop; SIGHUP reloads, SIGUSR1 rolls back.
func serve(ctx context.Context, o daemon.Options) error {
	if os.Getenv("GOGC") == "" {
		defer newCollector().stop()
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from here on it doesn't end the process
	defer signal.Stop(hangups)
	last := newEmergency()
	d, err := daemon.New(ctx, o)
	if err != nil {
		last.ignore()
		return err
	}
	last.serve(context.WithoutCancel(ctx), d, func(r web.RollbackResult, err error) { logRollback(o.Logger, r, err) })
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once

	// The daemon ends when ctx does, but no sooner than a reload that is under way.
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	reloading := make(chan struct{})
	go func() {
		defer close(reloading)
		defer end()
		reload(ctx, d, o, hangups)
	}()
	err = d.Run(running)
	stop()
	<-reloading
	last.end()
	if err == nil {
		o.Logger.Info("stopped")
	}
	return err
}

// logRollback says what a signal did; the daemon has logged each step.
func logRollback(log *slog.Logger, r web.RollbackResult, err error) {
	if err != nil {
		log.Error("SIGUSR1: nothing was rolled back", "error", err)
		return
	}
	moved, skipped := routeNames(r.Moved), []string(nil)
	for _, s := range r.Skipped {
		skipped = append(skipped, s.Route+" ("+s.Why+")")
	}
	log.Warn("SIGUSR1: rolled back", "moved", strings.Join(moved, ", "), "left_alone", strings.Join(skipped, ", "), "durable", r.Durable)
}

// reload reads the configuration again at each hangup, until ctx ends.
func reload(ctx context.Context, d *daemon.Daemon, o daemon.Options, hangups <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if o.Load == nil {
			o.Logger.Warn("SIGHUP: there is no configuration file to reload")
			continue
		}
		_ = d.Reload(ctx) // it is logged and shown
	}
}
