package strangler

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"
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

// NewServer returns the server that a Proxy wants in front of it (station 1): without TLS it
// speaks HTTP/1.1 and HTTP/2 with prior knowledge, with TLS HTTP/1.1 and HTTP/2; start it with
// Serve or ServeTLS. OPTIONS * reaches the handler. Without TLS it costs less behind a [Frugal]
// listener, for which it has a ConnContext; with another one net/http watches clients as it does.
func NewServer(h http.Handler, cfg ServerConfig) *http.Server {
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
	s := &http.Server{
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
	watchClients(s)
	return s
}
