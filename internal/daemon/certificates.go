package daemon

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/strangler-fig/toolkit/internal/config"
)

// certificates are what clients are shown: those of the files, which a reload replaces, or those
// that an authority issues. Connections keep what they began with.
type certificates struct {
	files     atomic.Pointer[tls.Certificate]
	authority *http.Transport // nil: none is asked
}

// loadPair reads the configuration's certificate; nil: it names none.
func loadPair(cfg *config.Config) (*tls.Certificate, error) {
	if cfg.TLS == nil || cfg.TLS.ACME != nil {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(cfg.TLS.Cert, cfg.TLS.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &pair, nil
}

// use puts a pair in force, unless it is nil, and reports whether that is another one.
func (c *certificates) use(pair *tls.Certificate) bool {
	if pair == nil {
		return false
	}
	before := c.files.Swap(pair)
	return before != nil && !slices.EqualFunc(before.Certificate, pair.Certificate, slices.Equal)
}

// server returns how to speak TLS with clients, or nil. The pair is in use already.
func (c *certificates) server(cfg *config.Config) *tls.Config {
	switch {
	case cfg.TLS == nil:
		return nil
	case cfg.TLS.ACME == nil:
		return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.files.Load(), nil
		}}
	}
	settings := cfg.TLS.ACME
	c.authority = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	manager := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(settings.Cache),
		HostPolicy: autocert.HostWhitelist(settings.Domains...),
		Email:      settings.Email,
		Client:     &acme.Client{DirectoryURL: settings.Directory, HTTPClient: &http.Client{Transport: c.authority}, UserAgent: "strangler"},
	}
	served := manager.TLSConfig() // answers the authority's TLS-ALPN-01 (RFC 8737) too
	served.MinVersion = tls.VersionTLS12
	ask := served.GetCertificate
	served.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := ask(hello)
		if err != nil {
			return nil, fmt.Errorf("no certificate for %q: %w", hello.ServerName, err)
		}
		if pair == nil {
			return nil, errors.New("no certificate")
		}
		return pair, nil
	}
	return served
}

func (c *certificates) close() {
	if c.authority != nil {
		c.authority.CloseIdleConnections()
	}
}
