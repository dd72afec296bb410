package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/sqlitedb"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
	"github.com/strangler-fig/toolkit/web/dashboard"
	"golang.org/x/sync/errgroup"
)

// Options say what to assemble.
type Options struct {
	Config      *config.Config                 // what to start with
	Load        func() (*config.Config, error) // reads the configuration again; nil: there is nothing to reload
	Translators map[string]acl.Translator      // by the names that the configuration uses
	Logger      *slog.Logger                   // nil: slog.Default()
	Version     string                         // of the program, for the dashboard
}

// Daemon is a running system. It implements web.System; all methods are safe for concurrent use.
type Daemon struct {
	options Options
	log     *slog.Logger
	started time.Time

	unlock    func() error // the data folder
	journal   *journal.Journal
	ledger    *ledger.Ledger
	shadow    *shadow.Shadow
	proxy     *strangler.Proxy
	traffic   *traffic
	calls     callsOnRecord
	samples   sampler
	chronicle seriesCache
	events    events
	guests    guests
	walks     *walks
	versions  *versions
	notices   *notifier

	identifiers *identifiers
	replaced    replacedBridges // guarded by changing
	doors       doors

	pending      pendings
	unsettled    chan struct{} // has something when something is pending that the journal wasn't given yet
	unmarked     chan struct{} // has something when the marker may have to be written
	marker       *marker       // nil: there is none yet. It and its path belong to keepingMarker while that runs
	markerPath   string
	markerRoom   atomic.Int64       // how large a slot it wants, in bytes
	stopPending  context.CancelFunc // ends the two goroutines that care for what is pending
	pendingCared sync.WaitGroup     // for them

	changing  sync.Mutex // one change at a time: it guards upstreams, and what is done between compile and swap
	upstreams *upstreams
	current   atomic.Pointer[inForce]
	refusal   atomic.Pointer[refusal] // of the last reload; nil: it was accepted
	ruled     chan struct{}           // has something when rules changed, unless somebody is about to look
	replaying chan struct{}           // has something while stored requests are sent again
	verifying sync.Mutex              // held while the journal's chain is computed anew
	files     fingerprint             // of the configuration's, as the last reload found them; guarded by changing

	certificates        certificates
	listeners           listeners
	clients, admin, ops server // nil: there is none
	draining            atomic.Bool
	inFlight            sync.WaitGroup  // clients' requests, upgraded connections included
	serving             context.Context // of clients' requests; ends when those that are left are cut
	cut                 context.CancelFunc
	watching            context.Context // ends before the admin server is shut down, so that event streams end
	stopWatching        context.CancelFunc
}

// inForce is the configuration in force.
type inForce struct {
	config    *config.Config
	upstreams *upstreams
	comparers map[string]*compare.Comparer // by route
	bridges   bridges
	loadedAt  time.Time
}

// New opens the state, compiles the configuration and opens the listeners; nothing is answered
// before Run. On an error nothing stays open.
func New(ctx context.Context, o Options) (_ *Daemon, err error) {
	d := &Daemon{options: o, upstreams: &upstreams{}, log: o.Logger, started: time.Now(), files: look(o.Config.Files), ruled: make(chan struct{}, 1), replaying: make(chan struct{}, 1),
		unsettled: make(chan struct{}, 1), unmarked: make(chan struct{}, 1), walks: newWalks()}
	if d.log == nil {
		d.log = slog.Default()
	}
	d.watching, d.stopWatching = context.WithCancel(context.WithoutCancel(ctx))
	d.serving, d.cut = context.WithCancel(context.WithoutCancel(ctx))
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close(ctx))
		}
	}()
	cfg := o.Config
	d.identifiers = newIdentifiers(cfg.Data, d.log)
	if err := d.openState(ctx, cfg); err != nil {
		return nil, err
	}
	registry := newRegistry(d)
	d.traffic = newTraffic(func(r *http.Request) netip.Addr { return d.proxy.Table().Client(r) })
	d.traffic.standsIn = d.standsIn
	d.recallSeen(ctx)
	d.versions = newVersions(d.versionChanged, d.log)
	learnt, err := d.ledger.Learnt(ctx)
	if err != nil {
		d.log.Warn("what was learnt of noise is learnt anew", keyError, err)
	}
	if d.shadow, err = shadow.New(shadow.Config{
		Recorder: d.ledger,
		MaxBody:  cfg.Shadow.MaxBody,
		Workers:  cfg.Shadow.Workers,
		Queue:    cfg.Shadow.Queue,
		Redact:   cfg.Shadow.Redact,
		Scrub:    cfg.Shadow.Scrub,
		Served:   served,
		Observe:  d.traffic.observePair,
		Learnt:   learnt,
		Logger:   d.log,
	}); err != nil {
		return nil, err
	}
	if d.listeners, err = listen(cfg); err != nil { // before the journal is written: a start that fails leaves no trace
		return nil, err
	}
	d.honour(ctx, cfg)
	d.notices = newNotifier(notifierConfig{Source: cmp.Or(d.AdminURL(), "http://"+d.Addr()), Logger: d.log})
	if err := d.adopt(ctx, cfg); err != nil {
		return nil, err
	}
	d.carePending(ctx)
	d.look(ctx, false) // so that there is an answer to who asks first
	return d, d.buildServers(cfg, metricsHandler(registry))
}

// openState locks the data folder and opens what lies in it.
func (d *Daemon) openState(ctx context.Context, cfg *config.Config) (err error) {
	if d.unlock, err = sqlitedb.LockFolder(cfg.Data); err != nil {
		return err
	}
	if err := removeSpools(cfg.Data); err != nil { // the folder is this process'
		d.log.Warn("what an import left is still there", keyError, err)
	}
	file := filepath.Join(cfg.Data, "journal.db")
	records := filepath.Join(cfg.Data, "ledger.db")
	_, absent := os.Stat(records) // it is made after the journal
	if d.journal, err = journal.Open(ctx, file, journal.Config{Logger: d.log, Lived: absent == nil}); err != nil {
		return err
	}
	if d.journal.Fresh() && len(cfg.Routes) > 0 { // without routes there is nothing to have lost
		d.log.Warn("there was no journal: a new one begins, and every route stands where the configuration starts it", keyFile, file)
	}
	d.ledger, err = ledger.Open(ctx, records, ledger.Config{
		MaxSize: cfg.Ledger.MaxSize, MaxAge: cfg.Ledger.MaxAge, Examples: cfg.Ledger.Examples, Guess: compare.Guess, Logger: d.log,
	})
	return err
}

func (d *Daemon) buildServers(cfg *config.Config, metrics http.Handler) error {
	d.clients = d.clientServer(cfg)
	if d.listeners.admin != nil {
		tokens := make([]web.Token, len(cfg.Admin.Tokens))
		for i, t := range cfg.Admin.Tokens {
			tokens[i] = web.Token{Name: t.Name, Role: web.Role(t.Role), Secret: t.Token}
		}
		handler, err := web.NewHandler(web.Config{
			API:       api.New(api.Config{System: d, Logger: d.log, Context: d.watching}),
			Dashboard: dashboard.New(dashboard.Config{System: d, Logger: d.log, Version: d.options.Version, Context: d.watching}),
			Tokens:    tokens,
			Hosts:     cfg.Admin.Hosts,
			Listen:    d.listeners.admin.Addr().String(),
			Ready:     d.ready,
			Metrics:   metrics,
			Logger:    d.log,
		})
		if err != nil {
			return err
		}
		admin := web.NewServer(handler)
		admin.RegisterOnShutdown(d.stopWatching)
		d.admin = admin
	}
	if d.listeners.ops != nil {
		d.ops = web.NewServer(web.NewOps(web.OpsConfig{Ready: d.ready, Metrics: metrics}))
	}
	return nil
}

// counted counts the requests in flight, so that the end can wait for upgraded connections too,
// which a http.Server forgets about.
func (d *Daemon) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.inFlight.Add(1)
		defer d.inFlight.Done()
		next.ServeHTTP(w, r)
	})
}

// Addr returns the address that clients are answered on.
func (d *Daemon) Addr() string { return d.listeners.clients.Addr().String() }

// AdminURL returns where the dashboard and the API are; empty if nowhere.
func (d *Daemon) AdminURL() string {
	if d.listeners.admin == nil {
		return ""
	}
	return "http://" + d.listeners.admin.Addr().String()
}

// Run answers until ctx ends, then drains: /readyz fails for the drain delay, the listener
// closes, and what is in flight ends within the grace period. It returns when everything that
// the daemon started has ended and its files are closed.
func (d *Daemon) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running errgroup.Group
	for _, one := range []struct {
		server server
		serve  func() error
	}{
		{d.clients, func() error { return serve(d.clients, d.listeners.clients) }},
		{d.admin, func() error { return serve(d.admin, d.listeners.admin) }},
		{d.ops, func() error { return serve(d.ops, d.listeners.ops) }},
	} {
		if one.server == nil {
			continue
		}
		running.Go(func() error {
			defer cancel() // one listener that fails ends the whole: half a daemon misleads
			return one.serve()
		})
	}
	d.answerDoors()
	running.Go(func() error { d.watch(ctx); return nil })
	running.Go(func() error { d.report(ctx); return nil })
	running.Go(func() error { d.tend(ctx); return nil })
	running.Go(func() error { d.walk(ctx); return nil })
	running.Go(func() error { d.versions.poll(ctx, d.askedForVersions); return nil })
	running.Go(func() error { d.keepingRecords(ctx); return nil })
	running.Go(func() error { eachInterval(ctx, seriesInterval, d.sample); return nil })
	running.Go(func() error { eachInterval(ctx, keyFileInterval, d.tidyKeysNow); return nil })
	telling, hush := context.WithCancel(context.WithoutCancel(ctx)) // until nobody is left who has something to tell
	var told sync.WaitGroup
	told.Go(func() { d.notices.run(telling) })
	d.log.Info("serving", keyAddr, d.Addr(), keyAdmin, d.AdminURL(), keyData, d.options.Config.Data)

	<-ctx.Done()
	stopped := d.shutdown(context.WithoutCancel(ctx))
	err := running.Wait()
	hush()
	told.Wait()
	return errors.Join(err, stopped, d.close(context.WithoutCancel(ctx)))
}

// shutdown lets load balancers look away, then ends the listeners.
func (d *Daemon) shutdown(ctx context.Context) error {
	limits := d.current.Load().config.Shutdown
	d.draining.Store(true)
	if limits.DrainDelay > 0 {
		d.log.Info("draining", keyDelay, limits.DrainDelay)
		time.Sleep(limits.DrainDelay)
	}
	grace, cancel := context.WithTimeout(ctx, limits.Grace)
	defer cancel()
	err := d.endClients(grace)
	d.endDoors(grace) // services may have called legacy for those clients
	// The admin side goes last, so that a drain can be watched; its streams end at once.
	admin, cancelAdmin := context.WithTimeout(ctx, closeTimeout)
	defer cancelAdmin()
	return errors.Join(err, stop(admin, d.admin), stop(admin, d.ops))
}

// endClients takes no more requests, lets those in flight end until grace does, then cuts them,
// which is no error: the configuration asks for it.
func (d *Daemon) endClients(grace context.Context) error {
	err := stop(grace, d.clients)
	ended := endOf(&d.inFlight)
	select {
	case <-ended:
		if grace.Err() != nil {
			return nil // only connections without a request were left
		}
		return err
	case <-grace.Done():
	}
	d.log.Warn("the grace period is over: requests that are still in flight are cut")
	d.cut()
	select {
	case <-ended:
		return nil
	case <-time.After(closeTimeout):
		return fmt.Errorf("requests did not end within %s of being cut: a handler is stuck", closeTimeout)
	}
}

// endOf returns a channel that is closed when what was added to a group is done.
func endOf(group *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	return done
}

// closeTimeout bounds how long each part of the daemon may take to end by itself.
const closeTimeout = 5 * time.Second

// close closes what New opened, in the order opposite to that of its data.
func (d *Daemon) close(ctx context.Context) error {
	d.stopWatching()
	d.cut()
	d.listeners.close()
	d.endDoors(ctx) // where New fails
	d.certificates.close()
	var errs []error
	if d.stopPending != nil {
		d.stopPending()
		d.pendingCared.Wait()
		d.mark() // what the journal doesn't have by now the next start honours
	}
	errs = append(errs, d.marker.close())
	d.changing.Lock() // a reload may still be under way
	defer d.changing.Unlock()
	// Each has a time of its own: a service that hangs must not cost the ledger what is pending.
	ending := func(end func(context.Context) error) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return end(ctx)
	}
	if d.shadow != nil {
		if err := ending(d.shadow.Close); err != nil {
			d.log.Warn("copies were given up", keyError, err) // and counted: skipped, shutting down
		}
	}
	if d.shadow != nil && d.ledger != nil {
		learnt, cancel := context.WithTimeout(ctx, learnTimeout)
		d.keepLearnt(learnt)
		d.walks.mu.Lock()
		d.keepSeen(learnt)
		d.walks.mu.Unlock()
		cancel()
	}
	if d.traffic != nil && d.ledger != nil {
		keeping, cancel := context.WithTimeout(ctx, learnTimeout)
		d.keepRecords(keeping)
		cancel()
		d.sample() // when copies and clients have ended
	}
	d.chronicle.running.Wait() // it has been cut
	if d.ledger != nil {
		errs = append(errs, ending(d.ledger.Close))
	}
	if d.journal != nil {
		errs = append(errs, d.journal.Close())
	}
	errs = append(errs, ending(func(ctx context.Context) error { return d.bridges().close(ctx, d.replaced) }), d.identifiers.close())
	d.upstreams.closeUnused(nil)
	if d.unlock != nil {
		errs = append(errs, d.unlock())
	}
	return errors.Join(errs...)
}
