package upstream

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Transport is a http.RoundTripper to one side's endpoints. It asks for nothing that the
// request doesn't (no compression), uses no proxy and follows no redirect. It is safe for
// concurrent use.
type Transport struct {
	next      connections
	endpoints endpoints
}

// New returns a transport. The error joins all problems there are.
func New(cfg Config) (*Transport, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	dial := cmp.Or(cfg.DialTimeout, 5*time.Second)
	idle := cmp.Or(cfg.MaxIdlePerHost, 256)
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dial, KeepAlive: 15 * time.Second}).DialContext,
		TLSClientConfig:        cfg.TLS.Clone(),
		TLSHandshakeTimeout:    dial,
		DisableCompression:     true,
		MaxIdleConns:           idle * len(cfg.URLs),
		MaxIdleConnsPerHost:    idle,
		MaxConnsPerHost:        cfg.MaxPerHost,
		IdleConnTimeout:        cmp.Or(cfg.IdleTimeout, 3*time.Second),
		ResponseHeaderTimeout:  cfg.Policy.Timeouts.FirstByte,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
		ReadBufferSize:         16 << 10,
		WriteBufferSize:        16 << 10,
		ForceAttemptHTTP2:      true,
		// A connection whose other end is gone without a word would swallow requests until TCP
		// gives up.
		HTTP2:     &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		Protocols: protocols(cfg.URLs[0].Scheme),
	}
	made := &Transport{next: t, endpoints: newEndpoints(cfg.URLs)}
	if cfg.URLs[0].Scheme == "http" && !cfg.Standard && cfg.Policy.Timeouts.FirstByte == 0 {
		made.next = newHTTP1(http1Config{Dial: dialer(dial), IdleTimeout: cfg.IdleTimeout, MaxIdlePerHost: idle, MaxPerHost: cfg.MaxPerHost})
	}
	return made, nil
}

// connections carries requests to the address in their URL.
type connections interface {
	http.RoundTripper
	CloseIdleConnections()
}

// Informs reports whether informational answers go to strangler.Inform.
func (t *Transport) Informs() bool {
	_, ok := t.next.(*http1)
	return ok
}

func protocols(scheme string) *http.Protocols {
	p := new(http.Protocols)
	switch scheme {
	case "h2c":
		p.SetUnencryptedHTTP2(true)
	case "https":
		p.SetHTTP1(true)
		p.SetHTTP2(true)
	default:
		p.SetHTTP1(true)
	}
	return p
}

func (cfg *Config) check() error {
	if len(cfg.URLs) == 0 {
		return errors.New("make transport: no URL: name at least one endpoint")
	}
	var errs []error
	for _, u := range cfg.URLs {
		if u == nil {
			errs = append(errs, errors.New("endpoint without URL"))
			continue
		}
		switch {
		case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "h2c":
			errs = append(errs, fmt.Errorf("endpoint %q: its scheme is http, https or h2c", u.Redacted()))
		case u.Host == "":
			errs = append(errs, fmt.Errorf("endpoint %q names no host", u.Redacted()))
		case cfg.URLs[0] != nil && u.Scheme != cfg.URLs[0].Scheme:
			errs = append(errs, fmt.Errorf("endpoint %q: scheme %s, but the first one has %s: endpoints of one service differ in their hosts only", u.Redacted(), u.Scheme, cfg.URLs[0].Scheme))
		case cfg.URLs[0] != nil && u.EscapedPath() != cfg.URLs[0].EscapedPath():
			errs = append(errs, fmt.Errorf("endpoint %q: path %q, but the first one has %q: endpoints of one service differ in their hosts only", u.Redacted(), u.EscapedPath(), cfg.URLs[0].EscapedPath()))
		}
	}
	for name, n := range map[string]int64{
		"DialTimeout": int64(cfg.DialTimeout), "Policy.Timeouts.FirstByte": int64(cfg.Policy.Timeouts.FirstByte),
		"IdleTimeout": int64(cfg.IdleTimeout), "MaxIdlePerHost": int64(cfg.MaxIdlePerHost), "MaxPerHost": int64(cfg.MaxPerHost),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: use a positive number, or 0 for the default", name))
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("make transport: %w", errors.Join(errs...))
	}
	return nil
}

// RoundTrip implements http.RoundTripper. The request's URL may name any host: it goes to an
// endpoint. Where one refuses the connection the next one is tried, since nothing was sent.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(t.endpoints.all) == 1 {
		return t.next.RoundTrip(t.endpoints.all[0].request(r))
	}
	return t.balance(r)
}

// Close closes the connections that are not in use. Those in use are closed when their answers
// end, as they idle out.
func (t *Transport) Close() { t.next.CloseIdleConnections() }
