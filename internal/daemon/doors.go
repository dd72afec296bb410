package daemon

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
)

// door is a listener beside the clients', which comes and goes with the configuration: a facade's, or one
// that tells public keys.
type door struct {
	setting  string // where it stands in the file
	listener net.Listener
	server   *strangler.Server
	handler  atomic.Pointer[http.Handler]
	inFlight sync.WaitGroup // requests
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.inFlight.Add(1)
	defer d.inFlight.Done()
	(*d.handler.Load()).ServeHTTP(w, r)
}

// doors are those of the configuration in force. Connections to one outlive a reload that leaves its
// address alone.
type doors struct {
	mu      sync.Mutex
	open    map[string]*door // by address, and by setting too where any port is good
	serving bool             // they are answered
	ended   bool             // for good: a reload that is late opens none
	running sync.WaitGroup
}

// wantedDoor is a door as a configuration wants it.
type wantedDoor struct {
	setting, address string
	handler          http.Handler
}

// key identifies a door over reloads.
func (w wantedDoor) key() string {
	if _, port, _ := net.SplitHostPort(w.address); strings.Trim(port, "0") == "" {
		return w.setting + " " + w.address
	}
	return w.address
}

// doorsOf returns the doors that a configuration wants.
func doorsOf(cfg *config.Config, made *interpreted) (all []wantedDoor) {
	for _, f := range cfg.Facades {
		all = append(all, wantedDoor{"facades." + f.Name + ".listen", f.Listen, made.facades[f.Name]})
	}
	for _, name := range cfg.SessionNames {
		if s := cfg.Sessions[name]; s.Keys != "" {
			all = append(all, wantedDoor{"sessions." + name + ".jwks.listen", s.Keys, made.bridges[name].JWKS()})
		}
	}
	return all
}

// openDoors opens those that aren't open yet. Nothing is answered on them before useDoors.
func (d *Daemon) openDoors(cfg *config.Config, wanted []wantedDoor) (fresh map[string]*door, err error) {
	d.doors.mu.Lock()
	defer d.doors.mu.Unlock()
	fresh = map[string]*door{}
	if d.doors.ended {
		return fresh, nil
	}
	for _, w := range wanted {
		if d.doors.open[w.key()] != nil {
			continue
		}
		listener, err := net.Listen("tcp", w.address)
		if err != nil {
			closeDoors(fresh)
			return nil, cfg.AddressProblem(w.setting, explainListen(w.address, err))
		}
		one := &door{setting: w.setting}
		one.server = strangler.NewServer(one, strangler.ServerConfig{
			Logger:        d.log,
			HeaderTimeout: cfg.Limits.HeaderTimeout,
			IdleTimeout:   cfg.Limits.Idle,
			HeaderBytes:   int(cfg.Limits.HeaderBytes),
		})
		one.server.BaseContext = func(net.Listener) context.Context { return d.serving }
		one.listener = strangler.Frugal{Listener: listener}
		fresh[w.key()] = one
	}
	return fresh, nil
}

func closeDoors(all map[string]*door) {
	for _, one := range all {
		one.listener.Close()
	}
}

// useDoors puts doors in force, the fresh ones among them, and closes those that aren't wanted any more:
// what is in flight on them has the grace period to end.
func (d *Daemon) useDoors(wanted []wantedDoor, fresh map[string]*door, grace time.Duration) {
	d.doors.mu.Lock()
	defer d.doors.mu.Unlock()
	if d.doors.ended {
		closeDoors(fresh)
		return
	}
	next := map[string]*door{}
	for _, w := range wanted {
		one := fresh[w.key()]
		if one == nil {
			one = d.doors.open[w.key()]
		}
		one.setting = w.setting
		one.handler.Store(&w.handler)
		next[w.key()] = one
	}
	before := d.doors.open
	d.doors.open = next
	for key, one := range before {
		if next[key] == nil {
			d.doors.running.Go(func() { d.endDoor(one, grace) })
		}
	}
	if d.doors.serving {
		for _, one := range fresh {
			d.answerDoor(one)
		}
	}
}

// answerDoors begins to answer. The listeners of all doors are open.
func (d *Daemon) answerDoors() {
	d.doors.mu.Lock()
	defer d.doors.mu.Unlock()
	d.doors.serving = true
	for _, one := range d.doors.open {
		d.answerDoor(one)
	}
}

func (d *Daemon) answerDoor(one *door) {
	setting := one.setting
	d.doors.running.Go(func() {
		if err := serve(one.server, one.listener); err != nil {
			d.log.Error("a listener has ended", keySetting, setting, keyError, err)
		}
	})
}

func (d *Daemon) endDoor(one *door, grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := stop(ctx, one.server); err != nil {
		d.log.Warn("requests to a listener that ends were cut", keySetting, one.setting, keyError, err)
	}
	one.listener.Close() // where it was never answered
	// What was cut still holds what its handler stands on.
	select {
	case <-endOf(&one.inFlight):
	case <-time.After(closeTimeout):
		d.log.Error("requests did not end after being cut: a handler is stuck", keySetting, one.setting)
	}
}

// endDoors takes no more requests and waits for those in flight until ctx ends.
func (d *Daemon) endDoors(ctx context.Context) {
	d.doors.mu.Lock()
	open := d.doors.open
	d.doors.open, d.doors.serving, d.doors.ended = nil, false, true
	d.doors.mu.Unlock()
	deadline, _ := ctx.Deadline()
	for _, one := range open {
		d.doors.running.Go(func() { d.endDoor(one, max(time.Until(deadline), time.Second)) })
	}
	d.doors.running.Wait()
}

// FacadeURL returns where services call a facade; empty: there is none of that name.
func (d *Daemon) FacadeURL(name string) string { return d.doorURL("facades." + name + ".listen") }

// KeysURL returns where the public keys of a session's tokens are told; empty: nowhere.
func (d *Daemon) KeysURL(session string) string {
	if u := d.doorURL("sessions." + session + ".jwks.listen"); u != "" {
		return fmt.Sprintf("%s/jwks.json", u)
	}
	return ""
}

func (d *Daemon) doorURL(setting string) string {
	d.doors.mu.Lock()
	defer d.doors.mu.Unlock()
	for _, one := range d.doors.open {
		if one.setting == setting {
			return "http://" + one.listener.Addr().String()
		}
	}
	return ""
}
