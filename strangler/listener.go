package strangler

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/slow"
)

// Where ServerConfig says nothing. There is no time-out for writing, as a stream takes as long
// as it takes; that of a body is Limits.BodyIdle.
const (
	defaultHeaderTimeout = 10 * time.Second
	// defaultIdleTimeout is above the 60 s of common load balancers, so that it is they who close
	// a connection and not we while they send the next request.
	defaultIdleTimeout = 75 * time.Second
	defaultHeaderBytes = 256 << 10
)

// ServerConfig says how a listener serves. The zero value is useful.
type ServerConfig struct {
	Addr   string       // as http.Server has it, for ListenAndServe
	TLS    *tls.Config  // nil: without TLS
	Logger *slog.Logger // nil: slog.Default()

	// HeaderTimeout is how long a request's head may take from its first byte, and a TLS handshake;
	// 0: 10 s. HTTP/2 has it for the handshake only: there IdleTimeout ends a connection on which no
	// head gets complete.
	HeaderTimeout time.Duration
	IdleTimeout   time.Duration // of a connection without a request; 0: 75 s
	HeaderBytes   int           // of a request's head, beyond which it is answered 431; 0: 256 KiB
}

// Server is an http.Server that answers what is plain by itself on [Frugal] connections: requests of HTTP/1.1
// that can be read in one way only, as nearly all are, for less than net/http's server takes. For their
// handlers nothing is different, but that there is no http.CloseNotifier, whose place contexts have taken.
// Where somebody has given the http.Server a ReadTimeout, WriteTimeout or ConnState, no Handler or no
// HTTP/1.1, it answers all. Use this type's methods and not the http.Server's, which knows nothing of those
// requests.
type Server struct {
	*http.Server

	requests          slow.List // that are answered
	draining, cutting atomic.Bool
	brief             atomic.Bool // no connection outlasts an answer

	mu    sync.Mutex
	conns map[*frugalConn]struct{} // on which plain requests are answered
}

// NewServer returns the server that a Proxy wants in front of it (station 1): without TLS it
// speaks HTTP/1.1 and HTTP/2 with prior knowledge, with TLS HTTP/1.1 and HTTP/2; start it with
// Serve or ServeTLS. OPTIONS * reaches the handler. Without TLS it costs less behind a [Frugal]
// listener, for which it has a ConnContext; with another one net/http watches clients as it does.
// What is to be set otherwise in it is set before it serves.
func NewServer(h http.Handler, cfg ServerConfig) *Server {
	log := cfg.Logger
	if log == nil {
		log = slog.Default()
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	if cfg.TLS != nil {
		protocols.SetHTTP2(true)
	} else {
		protocols.SetUnencryptedHTTP2(true)
	}
	s := &Server{conns: make(map[*frugalConn]struct{})}
	s.Server = &http.Server{
		Addr:                         cfg.Addr,
		Handler:                      h,
		TLSConfig:                    cfg.TLS,
		Protocols:                    protocols,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            cmp.Or(cfg.HeaderTimeout, defaultHeaderTimeout),
		IdleTimeout:                  cmp.Or(cfg.IdleTimeout, defaultIdleTimeout),
		MaxHeaderBytes:               cmp.Or(cfg.HeaderBytes, defaultHeaderBytes),
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.ConnContext = s.meet
	return s
}

// Shutdown closes the listeners and idle connections and waits for the requests that are answered, as
// http.Server.Shutdown does.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	for _, c := range s.all() {
		c.drain()
	}
	if err := s.Server.Shutdown(ctx); err != nil {
		return err
	}
	const pause = 2 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for s.busy() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Close closes all listeners and connections at once, but those that were taken over.
func (s *Server) Close() error {
	s.draining.Store(true)
	s.cutting.Store(true)
	err := s.Server.Close()
	for _, c := range s.all() {
		c.Close()
	}
	return err
}

// SetKeepAlivesEnabled is http.Server's.
func (s *Server) SetKeepAlivesEnabled(on bool) {
	s.brief.Store(!on)
	s.Server.SetKeepAlivesEnabled(on)
}

// ends reports whether connections end with their answers.
func (s *Server) ends() bool { return s.draining.Load() || s.brief.Load() }

// waits reports whether a connection may end with its answer.
func (s *Server) waits() bool { return s.ends() && !s.cutting.Load() }

func (s *Server) remember(c *frugalConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
}

func (s *Server) forget(c *frugalConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) all() []*frugalConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

func (s *Server) busy() bool {
	return slices.ContainsFunc(s.all(), func(c *frugalConn) bool { return c.busy.Load() })
}
