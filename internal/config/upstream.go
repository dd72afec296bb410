package config

import (
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// Upstream is one side.
type Upstream struct {
	URLs []*url.URL // they differ in their hosts only
	Host string     // preserve, upstream, or a literal name

	Standard    bool // net/http's transport carries HTTP/1.1 too
	Balance     upstream.Balance
	Resolve     time.Duration
	SlowStart   time.Duration
	Connections Connections
	TLS         *ClientTLS // nil: as Go does by default
	Health      upstream.Health
	Dial        time.Duration   // for a connection, and then for its TLS handshake
	Policy      upstream.Policy // of requests whose route has none of its own
	Version     Version         // of a service
}

// Version says where a service tells its version. The zero value: nowhere.
type Version struct {
	Header  string // of its answers, canonical
	Path    string // that is asked for at each endpoint
	Pointer string // into that answer, which is JSON; empty: the answer's text
}

// Connections bound those to one endpoint.
type Connections struct {
	Max         int           // in all; 0: no limit
	Idle        int           // kept for later
	IdleTimeout time.Duration // and for how long at most; 0: 3 s, or as an endpoint says
}

// newUpstream returns an upstream with what holds where a file says nothing; p has no part that
// is off by default.
func newUpstream(p upstream.Policy) Upstream {
	return Upstream{
		Host: "preserve", Resolve: 10 * time.Second, Dial: 5 * time.Second,
		Connections: Connections{Idle: 256},
		Health: upstream.Health{EjectAfter: 5, EjectFor: time.Second, Status: "200-399",
			Interval: 5 * time.Second, Timeout: 2 * time.Second, Rise: 2, Fall: 3},
		Policy: p,
	}
}

// Own reports whether the proxy's own client carries its requests: HTTP/1.1 without TLS.
func (u *Upstream) Own() bool {
	cfg := upstream.Config{URLs: u.URLs, Standard: u.Standard}
	return cfg.Own()
}

// IdleTimeout says how long a connection is kept for later. Only the proxy's own client reads what
// an endpoint says of that.
func (u *Upstream) IdleTimeout() string {
	switch {
	case u.Connections.IdleTimeout > 0:
		return u.Connections.IdleTimeout.String()
	case u.Own():
		return "3s, or as Keep-Alive says"
	}
	return "3s"
}

// readLegacy reads the one side that has a single URL as a rule.
func (l *loader) readLegacy(v value) {
	if l.readNoLegacy(v) {
		return
	}
	u := &l.cfg.Legacy
	read := l.upstream(u, &l.policies.legacy)
	var one value
	read["url"] = func(v value) {
		one = v
		if first, ok := v.url(); ok {
			u.URLs = []*url.URL{first}
		}
	}
	several := read["urls"]
	given := false
	read["urls"] = func(v value) {
		given = true
		if !one.given() {
			several(v)
		}
	}
	v.object(read)
	switch {
	case one.given() && given:
		one.fail("url and urls are both given; keep one of them")
	case !one.given() && !given && (isNull(v.node) || v.node.Kind == yaml.MappingNode):
		v.fail("url is missing")
	}
	u.check(v)
}

func (l *loader) readServices(v value) {
	for key, child := range v.entries() {
		name := key.node.Value
		u, p := newUpstream(upstream.Policy{}), &policy{}
		read := l.upstream(&u, p)
		read["version"] = func(v value) { v.version(&u.Version) }
		child.object(read, "urls")
		u.check(child)
		first, again := l.services[name]
		switch {
		case !key.isName(name):
		case name == "legacy" || name == "service":
			key.fail("%q names a side; give the service another name", name)
		case again && first.src != key.src:
			key.fail("there is another service %q at %s", name, first.pos())
		case !again:
			l.services[name] = key
			l.cfg.Services[name] = u
			l.cfg.ServiceNames = append(l.cfg.ServiceNames, name)
			l.policies.services[name] = p
		}
	}
}

// upstream returns readers of what both sides may say.
func (l *loader) upstream(u *Upstream, p *policy) fields {
	read := fields{
		"urls": func(v value) { v.urls(&u.URLs) },
		"host": func(v value) { v.hostHeader(&u.Host) },
		"transport": func(v value) {
			s, _ := v.choice("own", "standard")
			u.Standard = s == "standard"
		},
		"balance": func(v value) {
			if s, ok := v.choice(balances...); ok {
				u.Balance = upstream.Balance(slices.Index(balances, s))
			}
		},
		"resolve":    func(v value) { v.duration(&u.Resolve, 100*time.Millisecond) },
		"slow_start": func(v value) { v.duration(&u.SlowStart, 0) },
		"connections": func(v value) {
			v.object(fields{
				"max":          func(v value) { v.integer(&u.Connections.Max, 0, 1_000_000) },
				"idle":         func(v value) { v.integer(&u.Connections.Idle, 1, 1_000_000) },
				"idle_timeout": func(v value) { v.duration(&u.Connections.IdleTimeout, time.Millisecond) },
			})
		},
		"tls":    func(v value) { l.readClientTLS(v, u) },
		"health": func(v value) { v.health(&u.Health) },
	}
	for name, reader := range p.fields() {
		read[name] = reader
	}
	read["timeouts"] = func(v value) { p.readTimeouts(v, &u.Dial) }
	return read
}

// balances are the names of upstream's, in their order.
var balances = []string{"round_robin", "least_requests", "hash"}

// BalanceName returns the name that a file has for it.
func BalanceName(b upstream.Balance) string { return balances[b] }

// check looks at what holds between an upstream's parts.
func (u *Upstream) check(v value) {
	if u.TLS == nil || len(u.URLs) == 0 {
		return
	}
	if scheme := u.URLs[0].Scheme; !strings.HasSuffix(scheme, "https") {
		_, at := v.child("tls")
		at.fail("the scheme of its URLs is %s, so no TLS is spoken; write https there, or remove this", scheme)
	}
}

// child returns the key and value of that name in a mapping that has it.
func (v value) child(name string) (key, child value) {
	for k, c := range v.entries() {
		if k.node.Value == name {
			return k, c
		}
	}
	return v, v
}

// urls reads the endpoints of one side.
func (v value) urls(to *[]*url.URL) {
	items := v.items()
	if v.node.Kind == yaml.SequenceNode && len(items) == 0 || isNull(v.node) {
		v.fail("the list is empty; a service has at least one URL")
	}
	for _, item := range items {
		u, ok := item.url()
		if !ok {
			continue
		}
		if slices.ContainsFunc(*to, func(o *url.URL) bool { return o.Scheme == u.Scheme && o.Host == u.Host }) {
			item.fail("%q stands here twice; remove one", u.Scheme+"://"+u.Host)
			continue
		}
		if len(*to) > 0 {
			first := (*to)[0]
			if first.Scheme != u.Scheme || first.EscapedPath() != u.EscapedPath() {
				item.fail("its scheme and path are not those of the first, %q; the URLs of a service differ in their hosts only", first)
				continue
			}
		}
		*to = append(*to, u)
	}
}

// srv reports what a URL says that an SRV record would; empty: nothing.
func srv(u *url.URL) string {
	switch _, err := netip.ParseAddr(u.Hostname()); {
	case err == nil:
		return "an address has no SRV records; name what has them, such as srv+http://_http._tcp.orders.internal"
	case u.Port() != "":
		return "the SRV records of " + u.Hostname() + " say the port; remove :" + u.Port()
	}
	return ""
}

func (v value) health(to *upstream.Health) {
	var path value
	var of []value // what only holds for active checks
	asking := func(read func(value)) func(value) {
		return func(v value) {
			of = append(of, v)
			read(v)
		}
	}
	least := 10 * time.Millisecond
	v.object(fields{
		"eject_after": func(v value) {
			if s := v.word(); s == "off" || s == "0" {
				to.EjectAfter = -1
				return
			}
			v.integer(&to.EjectAfter, 1, 1000)
		},
		"eject_for": func(v value) { v.duration(&to.EjectFor, time.Millisecond) },
		"path": func(v value) {
			path = v
			v.asked(&to.Path, "/healthz")
		},
		"host": asking(func(v value) {
			if s, ok := v.scalar(); ok {
				name, port, colon := strings.Cut(s, ":")
				if !isHostName(name) || colon && !isDigits(port) {
					v.fail("%s is no host name, with or without a port", shown(s))
					return
				}
				to.Host = s
			}
		}),
		"status":   asking(func(v value) { v.statuses(&to.Status) }),
		"interval": asking(func(v value) { v.duration(&to.Interval, least) }),
		"timeout":  asking(func(v value) { v.duration(&to.Timeout, least) }),
		"rise":     asking(func(v value) { v.integer(&to.Rise, 1, 1000) }),
		"fall":     asking(func(v value) { v.integer(&to.Fall, 1, 1000) }),
	})
	if !path.given() && len(of) > 0 {
		of[0].warn("endpoints are only asked how they are where health.path says what to ask for; add it")
	}
}

// asked reads the path of something that endpoints are asked for.
func (v value) asked(to *string, example string) {
	if s, ok := v.scalar(); ok {
		if u, err := url.ParseRequestURI(s); err != nil || !strings.HasPrefix(s, "/") || u.Fragment != "" {
			v.fail("%q is no path; write one such as %s, with a query if it has one", s, example)
			return
		}
		*to = s
	}
}

// version reads where a service tells its version.
func (v value) version(to *Version) {
	var header, path, pointer value
	v.object(fields{
		"header": func(v value) {
			header = v
			if s, ok := v.scalar(); ok {
				if !isToken(s) {
					v.fail("%q is no name of a header", s)
					return
				}
				to.Header = http.CanonicalHeaderKey(s)
			}
		},
		"path": func(v value) {
			path = v
			v.asked(&to.Path, "/version")
		},
		"pointer": func(v value) {
			pointer = v
			s, ok := v.scalar()
			if p, err := compare.ParsePointer(s); ok && (err != nil || !p.Body() || p.Selects() || strings.Contains(s+"/", "/*/")) {
				v.fail("%q is no JSON pointer to one value; write one such as /build/version", s)
				return
			}
			to.Pointer = s
		},
	})
	switch {
	case header.given() && path.given():
		path.fail("the version is in a header or at a path, not both; remove one")
	case header.given() && pointer.given():
		pointer.fail("a header's value is the version; remove this")
	case pointer.given() && !path.given():
		pointer.fail("path is missing: where the JSON is asked for")
	case v.node.Kind == yaml.MappingNode && !header.given() && !path.given() && !v.l.reportedBelow(v):
		v.fail("neither header nor path is given; say where the service tells its version")
	}
}

// statuses reads which statuses are good: 200, 2xx, 200-399.
func (v value) statuses(to *string) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	first, last, _ := strings.Cut(s, "-")
	switch err := (upstream.Health{Status: s}).CheckStatus(); {
	case s != "" && err == nil:
		*to = s
	case len(first) == len(last) && isDigits(first) && isDigits(last) && last < first:
		v.fail("%q ends before it begins; write the smaller status first", s)
	default:
		v.fail("%q is no status from 100 to 599; write 200, 2xx or 200-399", s)
	}
}

// shownUpstream is an upstream as `strangler diff` shows it: all of it, in the words of the file.
// Of TLS it is what the files say that counts, not where they lie.
func shownUpstream(u Upstream) any {
	urls := []string{}
	for _, one := range u.URLs {
		urls = append(urls, one.Redacted())
	}
	transport := "own"
	if u.Standard {
		transport = "standard"
	}
	health := map[string]any{"eject_after": u.Health.EjectAfter, "eject_for": u.Health.EjectFor.String()}
	if u.Health.EjectAfter < 0 {
		health = map[string]any{"eject_after": "off"}
	}
	if h := u.Health; h.Path != "" {
		health["path"], health["status"], health["rise"], health["fall"] = h.Path, h.Status, h.Rise, h.Fall
		health["interval"], health["timeout"] = h.Interval.String(), h.Timeout.String()
		if h.Host != "" {
			health["host"] = h.Host
		}
	}
	shown := map[string]any{
		"urls": urls, "host": u.Host, "transport": transport, "balance": balances[u.Balance],
		"resolve": u.Resolve.String(), "slow_start": u.SlowStart.String(), "health": health,
		"connections": map[string]any{"max": u.Connections.Max, "idle": u.Connections.Idle, "idle_timeout": u.IdleTimeout()},
	}
	if u.TLS != nil {
		files := map[string]any{}
		for _, name := range []string{"ca", "cert"} {
			if sum := u.TLS.content[name]; sum != "" {
				files[name] = "sha256:" + sum[:16]
			}
		}
		if u.TLS.ServerName != "" {
			files["server_name"] = u.TLS.ServerName
		}
		shown["tls"] = files
	}
	if version := u.Version; version != (Version{}) {
		at := map[string]string{"header": version.Header, "path": version.Path, "pointer": version.Pointer}
		maps.DeleteFunc(at, func(_, value string) bool { return value == "" })
		shown["version"] = at
	}
	for name, part := range shownPolicy(u.Policy) {
		shown[name] = part
	}
	shown["timeouts"].(map[string]any)["dial"] = u.Dial.String()
	return shown
}
