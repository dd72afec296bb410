package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/examples/bookshop"
	"github.com/strangler-fig/toolkit/examples/bookshop/translate"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"golang.org/x/sync/errgroup"
)

func newDemo() *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run an example: a bookshop, its services, the proxy, and traffic",
		Long: `Run the example: a bookshop monolith, two services cut out of it, the proxy and the dashboard,
in one process and on loopback only, with visitors. Ctrl-C stops all of it, and SIGUSR1 rolls
everything back. What charts show of the weeks before is made up.

With --fast routes move by themselves, and steps that take hours elsewhere take seconds: services
with mistakes are stopped or sent back, and with --repaired they walk to live.`,
		Example: "  strangler demo\n  strangler demo --listen 127.0.0.1:8090 --admin 127.0.0.1:9990 --rate 100\n  strangler demo --fast --repaired",
		Args:    arguments(0, 0),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			if d.rate < 0 || d.rate > 2000 {
				return usagef("--rate %g: it is 0 to 2000 requests per second", d.rate)
			}
			if err := errors.Join(checkAddress("listen", d.listen), checkAddress("admin", d.admin)); err != nil {
				return err
			}
			if !loopback(d.admin) {
				return usagef("--admin %s: the demo has no tokens, so its dashboard is for this machine only; listen on 127.0.0.1", d.admin)
			}
			if d.fast && !cmd.Flags().Changed("rate") {
				d.rate = fastRate
			}
			d.out, d.log = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return d.run(cmd.Context())
		}),
	}
	f := cmd.Flags()
	f.StringVar(&d.listen, "listen", "127.0.0.1:8080", "`address` of the shop, through the proxy")
	f.StringVar(&d.admin, "admin", "127.0.0.1:9900", "`address` of the dashboard and the API")
	f.StringVar(&d.data, "data", "", "`folder` to keep the demo's data in; none: a temporary one that goes with the demo")
	f.Float64Var(&d.rate, "rate", 20, "`requests` per second of the demo's visitors; 0 for none. With --fast 400")
	f.BoolVar(&d.fast, "fast", false, "have routes move by themselves, by steps of seconds")
	f.BoolVar(&d.repaired, "repaired", false, "run the services without their documented mistakes")
	return cmd
}

// demo is the whole example in one process.
type demo struct {
	listen, admin, data string
	rate                float64
	fast, repaired      bool
	out, log            io.Writer
}

// fastRate is how many requests a second make a step of seconds possible.
const fastRate = 400

func (d *demo) run(ctx context.Context) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	last := newEmergency()
	defer last.ignore()
	if d.data == "" {
		if d.data, err = os.MkdirTemp("", "strangler-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.data)) }()
	} else if err := os.MkdirAll(d.data, 0o700); err != nil {
		return err
	}

	apps, err := bookshop.Start(bookshop.Config{Database: filepath.Join(d.data, "bookshop.db"), Repaired: d.repaired})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, apps.Close()) }()
	load, err := d.configuration(apps)
	if err != nil {
		return err
	}
	cfg, err := load()
	if err != nil {
		return d.flagged(err)
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return err
	}
	if err := bookshop.Past(ctx, filepath.Join(cfg.Data, "ledger.db"), d.rate, time.Now()); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelError}))
	proxy, err := daemon.New(ctx, daemon.Options{Config: cfg, Load: load, Translators: translate.All(), Logger: logger, Version: version()})
	if err != nil {
		return d.flagged(err)
	}
	apps.Meet(proxy.FacadeURL("customers"), proxy.KeysURL("shop"))
	if err := retire(ctx, proxy, "book-stock"); err != nil {
		stop()
		return errors.Join(err, proxy.Run(ctx)) // which ends at once, and closes everything
	}
	last.serve(context.WithoutCancel(ctx), proxy, func(r web.RollbackResult, err error) {
		if err != nil {
			fmt.Fprintf(d.log, "SIGUSR1: nothing was rolled back: %v\n", err)
			return
		}
		printRollback(d.log, r)
		warnUndurable(d.log, r.Problem)
	})
	defer last.end()
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return proxy.Run(ctx) })
	shop := "http://" + proxy.Addr()
	running.Go(func() error { bookshop.Visit(ctx, shop, d.rate); return nil })
	d.greet(shop, proxy.AdminURL())
	if d.fast {
		running.Go(func() error { d.follow(ctx, proxy); return nil })
	}
	<-ctx.Done()
	stop() // a second Ctrl-C ends the process at once
	fmt.Fprintln(d.log, "stopping")
	return running.Wait()
}

// loopback reports whether only this machine reaches an address that has been looked at.
func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// flagged returns an error about the demo's configuration as one about the flags that went into
// it: nobody wrote that file, and it may be gone.
func (d *demo) flagged(err error) error {
	given := func(string) bool { return true }
	var problems config.Problems
	if !errors.As(err, &problems) {
		return flagged(err, given)
	}
	var all []error
	for _, problem := range problems {
		all = append(all, flagged(problem, given))
	}
	return &usageError{errors.Join(all...)}
}

// configuration writes the bookshop's own file, and returns what reads it with the addresses of this run: now,
// and whenever somebody has changed it.
func (d *demo) configuration(apps *bookshop.Apps) (load func() (*config.Config, error), err error) {
	file := filepath.Join(d.data, "strangler.yaml")
	if err := os.WriteFile(file, bookshop.Configuration, 0o600); err != nil {
		return nil, err
	}
	names := []string{}
	for name := range translate.All() {
		names = append(names, name)
	}
	addresses := apps.Environment()
	// The services are told where these two are, and nobody else has to know.
	maps.Copy(addresses, map[string]string{"LISTEN": d.listen, "ADMIN": d.admin, "FACADE": "127.0.0.1:0", "KEYS": "127.0.0.1:0", "DATA": filepath.Join(d.data, "strangler.data")})
	if d.fast {
		maps.Copy(addresses, bookshop.Fast())
	}
	return func() (*config.Config, error) {
		return config.Load(file, config.Options{Translators: names, Env: func(name string) (string, bool) {
			value, ok := addresses[name]
			return value, ok
		}})
	}, nil
}

// retire brings a route that is live to its end: nothing starts there, so the demo moves it.
func retire(ctx context.Context, proxy *daemon.Daemon, route string) error {
	for _, r := range proxy.Routes() {
		if r.Name == route && r.Phase == strangler.PhaseLive {
			_, err := proxy.Shift(ctx, web.Move{Route: route, To: strangler.At(strangler.PhaseRetired), Force: true, // the months are told, not waited for
				Actor: web.Actor{Name: "demo"}, Reason: "stock has been the catalogue's for months"})
			return err
		}
	}
	return nil
}

// follow prints what becomes of rollouts until ctx ends.
func (d *demo) follow(ctx context.Context, proxy *daemon.Daemon) {
	fmt.Fprintln(d.out)
	told := map[string]string{}
	for event := range proxy.Subscribe(ctx) {
		now := time.Now().Format(time.TimeOnly)
		switch r := event.Data.(type) {
		case web.Route:
			at := strangler.Position{Phase: r.Phase, Weight: r.Weight}.String()
			if told["at "+r.Name] != at { // a rollback is told when it is in effect, and again when it is in the journal
				fmt.Fprintf(d.out, "%s  %s  moved to %s%s\n", now, r.Name, at, because(r.Reason))
			}
			told["at "+r.Name] = at
		case web.Rollout:
			if told[r.Name] != r.State && r.State != web.RolloutRunning {
				fmt.Fprintf(d.out, "%s  %s  is %s at %s%s\n", now, r.Name, r.State, r.Position, because(cmp.Or(r.StateWhy, r.Why)))
			}
			told[r.Name] = r.State
		}
	}
}

// greet says where everything is and what to try, with the command as it was called.
func (d *demo) greet(shop, dashboard string) {
	strangler := "strangler"
	if strings.Contains(os.Args[0], "go-build") {
		strangler = "go run ./cmd/strangler"
	}
	admin := ""
	if dashboard != defaultAdmin {
		admin = " --admin " + dashboard
	}
	fmt.Fprintf(d.out, `The bookshop is open: a legacy monolith, its new services, and visitors.

  shop       %s
  dashboard  %s

Try in another terminal:

  %[3]s status%[4]s
  %[3]s groups%[4]s
  %[3]s shift orders-read 25%%%[4]s

What charts show of the weeks before is made up. Ctrl-C stops everything.
`, shop, dashboard, strangler, admin)
}

// because appends why, where there is a why.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}
