package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"github.com/strangler-fig/toolkit/internal/config"
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
		return fmt.Sprintf("%s is in use by another process; stop that one or choose another address", addr)
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("%s may not be listened on by this user; choose a port above 1023 or grant CAP_NET_BIND_SERVICE", addr)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("%s is not an address of this machine", addr)
	}
	return err.Error()
}

// serverTLS returns how to speak TLS with clients, or nil.
func serverTLS(cfg *config.Config) (*tls.Config, error) {
	if cfg.TLS == nil {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// serve runs a server on a listener until it is shut down.
func serve(server *http.Server, l net.Listener) error {
	var err error
	if server.TLSConfig != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve %s: %w", l.Addr(), err)
}

// stop ends a server: it waits for what is in flight until ctx ends, then cuts.
func stop(ctx context.Context, server *http.Server) error {
	if server == nil {
		return nil
	}
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were still in flight: %w", err), server.Close())
	}
	return nil
}
