package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
)

// listeners are the sockets that the daemon answers on. admin and ops may be nil.
type listeners struct {
	clients, admin, ops net.Listener
}

// listen opens them all, or none.
func listen(cfg *config.Config) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, one := range []struct {
		setting, addr string
		to            *net.Listener
	}{
		{"listen", cfg.Listen, &l.clients},
		{"admin.listen", cfg.Admin.Listen, &l.admin},
		{"ops.listen", cfg.Ops, &l.ops},
	} {
		if one.addr == "" {
			continue
		}
		if *one.to, err = net.Listen("tcp", one.addr); err != nil {
			return l, cfg.AddressProblem(one.setting, explainListen(one.addr, err))
		}
	}
	return l, nil
}

func (l listeners) close() {
	for _, one := range []net.Listener{l.clients, l.admin, l.ops} {
		if one != nil {
			one.Close()
		}
	}
}

// explainListen says what a person can do about an address that can't be listened on.
func explainListen(addr string, err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Sprintf("%s is in use already; stop what listens there or choose another address", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("%s may not be listened on by this user; choose a port above 1023 or grant CAP_NET_BIND_SERVICE", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("%s is not an address of this machine", addr)
	}
	return err.Error()
}

// clientServer returns the server that answers clients.
func (d *Daemon) clientServer(cfg *config.Config) server {
	s := strangler.NewServer(d.counted(d.proxy), strangler.ServerConfig{
		TLS:           d.certificates.server(cfg),
		Logger:        d.log,
		HeaderTimeout: cfg.Limits.HeaderTimeout,
		IdleTimeout:   cfg.Limits.Idle,
		HeaderBytes:   int(cfg.Limits.HeaderBytes),
	})
	s.BaseContext = func(net.Listener) context.Context { return d.serving }
	if s.TLSConfig == nil {
		d.listeners.clients = strangler.Frugal{Listener: d.listeners.clients}
	}
	if cfg.ProxyProtocol {
		d.listeners.clients = &strangler.ProxyProtocol{
			Listener: d.listeners.clients,
			Trusted:  func(peer netip.Addr) bool { return d.proxy.Table().Trusts(peer) },
			Timeout:  cfg.Limits.HeaderTimeout,
			Logger:   d.log,
		}
	}
	if s.TLSConfig != nil {
		return secure{s}
	}
	return s
}

// limits returns what bounds clients' requests, in the form in which the proxy has it.
func limits(cfg *config.Config) strangler.Limits {
	l := strangler.Limits{Headers: cfg.Limits.HeaderCount, BodyIdle: cfg.Limits.BodyIdle, MaxBody: cfg.Limits.MaxBody}
	if l.BodyIdle == 0 {
		l.BodyIdle = -1 // there, 0 is the default
	}
	return l
}

// server is what answers on a listener.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
	Close() error
}

// secure is a server that speaks TLS.
type secure struct{ *strangler.Server }

// Serve implements server.
func (s secure) Serve(l net.Listener) error { return s.ServeTLS(l, "", "") }

// serve runs a server on a listener until it is shut down.
func serve(s server, l net.Listener) error {
	err := s.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", l.Addr(), err)
}

// stop ends a server: it waits for what is in flight until ctx ends, then cuts.
func stop(ctx context.Context, s server) error {
	if s == nil {
		return nil
	}
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were still in flight: %w", err), s.Close())
	}
	return nil
}
