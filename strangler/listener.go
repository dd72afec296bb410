package strangler

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"
)

// Limits of the listener. There is no time-out for writing, nor for reading a body: an upload
// or a stream takes as long as it takes.
const (
	readHeaderTimeout = 10 * time.Second
	// idleTimeout is above the 60 s of common load balancers, so that it is they who close a
	// connection and not we while they send the next request.
	idleTimeout    = 75 * time.Second
	maxHeaderBytes = 256 << 10
)

// ServerConfig says how a listener serves. The zero value is useful.
type ServerConfig struct {
	Addr   string       // as http.Server has it, for ListenAndServe
	TLS    *tls.Config  // nil: without TLS
	Logger *slog.Logger // nil: slog.Default()
}

// NewServer returns the server that a Proxy wants in front of it (station 1): without TLS it
// speaks HTTP/1.1 and HTTP/2 with prior knowledge, with TLS HTTP/1.1 and HTTP/2; start it with
// Serve or ServeTLS. OPTIONS * reaches the handler.
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
	return &http.Server{
		Addr:                         cfg.Addr,
		Handler:                      h,
		TLSConfig:                    cfg.TLS,
		Protocols:                    protocols,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
