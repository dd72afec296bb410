package daemon

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// whyFacade and whySession are why legacy was asked by other requests than clients', in
// ledger.LegacyCall.
const (
	whyFacade  = "facade"
	whySession = "session"
)

// legacyNow carries the proxy's own requests to legacy as the configuration in force reaches it, and
// counts them among those that keep legacy in use. agent is what they are known by there.
type legacyNow struct {
	d     *Daemon
	agent string
}

// RoundTrip implements http.RoundTripper.
func (l *legacyNow) RoundTrip(r *http.Request) (*http.Response, error) {
	now := l.d.current.Load()
	if now == nil || now.config.NoLegacy {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errors.New("there is no legacy application")
	}
	l.d.calledLegacy(r, whySession, l.agent)
	return now.upstreams.legacy.guard.RoundTrip(r)
}

// facadeCalls carries a facade's requests to legacy, and counts them among those that keep legacy in use.
type facadeCalls struct {
	d     *Daemon
	agent string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c *facadeCalls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.d.calledLegacy(r, whyFacade, c.agent)
	return c.next.RoundTrip(r)
}

// calledLegacy counts a request that legacy is sent as a call to the route that holds it: where that is to
// retire, whoever still calls its endpoint has to be told.
func (d *Daemon) calledLegacy(r *http.Request, why, agent string) {
	now := d.current.Load()
	if now == nil {
		return
	}
	asked := r
	if prefix := strings.TrimSuffix(now.config.Legacy.URLs[0].EscapedPath(), "/"); prefix != "" {
		u := *r.URL
		asked = r.WithContext(r.Context())
		asked.URL = &u
		if path, err := u.Parse(strings.TrimPrefix(u.EscapedPath(), prefix)); err == nil {
			u.Path, u.RawPath = path.Path, path.RawPath
		}
	}
	route := d.proxy.Table().Match(asked)
	d.traffic.of(route).legacy.add(caller{why: why, agent: agent}, time.Now().UnixMicro())
}
