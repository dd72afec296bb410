package config

import (
	"crypto/tls"
	"math"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Limits bound what clients send.
type Limits struct {
	HeaderBytes   int64
	HeaderCount   int // lines
	HeaderTimeout time.Duration
	BodyIdle      time.Duration // 0: as long as it takes
	Idle          time.Duration
	MaxBody       int64 // of what no route wants, in bytes; 0: any number
}

// TLS names the files of the certificate chain and its key, both PEM; or says who issues them.
type TLS struct {
	Cert, Key string
	ACME      *ACME // nil: the files
}

// ACME says how certificates are got from a certificate authority (RFC 8555).
type ACME struct {
	Domains   []string // in lower case
	Email     string   // empty: none is told
	Cache     string   // the folder that keeps keys and certificates
	Directory string   // the authority's URL
}

// Equal reports whether two are the same settings.
func (a *ACME) Equal(other *ACME) bool {
	if a == nil || other == nil {
		return a == other
	}
	return slices.Equal(a.Domains, other.Domains) && a.Email == other.Email && a.Cache == other.Cache && a.Directory == other.Directory
}

// letsEncrypt is the authority that is asked where none is named.
const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

func defaultLimits() Limits {
	return Limits{HeaderBytes: 256 << 10, HeaderCount: 200, HeaderTimeout: 10 * time.Second, BodyIdle: time.Minute, Idle: 75 * time.Second}
}

// listenerFields are the settings of how clients are listened to, beside the address.
func (l *loader) listenerFields(known fields) fields {
	c := l.cfg
	known["limits"] = l.readLimits
	known["forwarded"] = func(v value) { v.boolean(&c.Forwarded) }
	known["proxy_protocol"] = func(v value) { l.proxyProtocol = v; v.boolean(&c.ProxyProtocol) }
	return known
}

func (l *loader) readLimits(v value) {
	to := &l.cfg.Limits
	v.object(fields{
		"header_bytes": func(v value) {
			v.size(&to.HeaderBytes, 4<<10)
			if to.HeaderBytes > math.MaxInt32 {
				v.fail("a head of more than 2GiB is none; write such as 256KiB")
			}
		},
		"header_count":   func(v value) { v.integer(&to.HeaderCount, 10, 100_000) },
		"header_timeout": func(v value) { v.duration(&to.HeaderTimeout, 100*time.Millisecond) },
		"body_idle":      func(v value) { v.duration(&to.BodyIdle, 0) },
		"idle":           func(v value) { v.duration(&to.Idle, 100*time.Millisecond) },
	})
}

// checkProxyProtocol wants to know who may send what is believed.
func (l *loader) checkProxyProtocol() {
	if l.cfg.ProxyProtocol && len(l.cfg.TrustedProxies) == 0 {
		l.proxyProtocol.warn("no peer is trusted to send the PROXY protocol; name the load balancers in trusted_proxies")
	}
}

func (l *loader) readTLS(v value) {
	l.cfg.TLS = &TLS{}
	file := func(to *string, at *value) func(value) {
		return func(v value) {
			if s, ok := v.scalar(); ok {
				*to, *at = l.relative(s), v
			}
		}
	}
	known := fields{
		"cert": file(&l.cfg.TLS.Cert, &l.tls.cert),
		"key":  file(&l.cfg.TLS.Key, &l.tls.key),
		"acme": l.readACME,
	}
	if v.has("acme") {
		v.object(known)
		for _, file := range []value{l.tls.cert, l.tls.key} {
			if file.given() {
				file.fail("certificates come from files or through acme, not both; remove one")
			}
		}
		return
	}
	v.object(known, "cert", "key")
	if !l.tls.cert.given() || !l.tls.key.given() {
		return
	}
	l.cfg.Files = append(l.cfg.Files, l.cfg.TLS.Cert, l.cfg.TLS.Key) // a renewal is a reload
	cert, certErr := l.read(l.cfg.TLS.Cert)
	key, keyErr := l.read(l.cfg.TLS.Key)
	if certErr != nil {
		l.tls.cert.fail("read %s: %s", l.cfg.TLS.Cert, reason(certErr))
	}
	if keyErr != nil {
		l.tls.key.fail("read %s: %s", l.cfg.TLS.Key, reason(keyErr))
	}
	if certErr == nil && keyErr == nil {
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			v.fail("the certificate and key don't serve: %s", strings.TrimPrefix(err.Error(), "tls: "))
		}
	}
}

// has reports whether a mapping has a key.
func (v value) has(name string) bool {
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		if v.node.Content[i].Value == name {
			return true
		}
	}
	return false
}

func (l *loader) readACME(v value) {
	a := &ACME{Cache: l.relative("strangler.acme"), Directory: letsEncrypt}
	l.cfg.TLS.ACME = a
	v.object(fields{
		"domains": func(v value) {
			places := v.texts(&a.Domains, func(v value, s string) bool {
				good := isHostName(s) && net.ParseIP(s) == nil && strings.Contains(strings.Trim(s, "."), ".")
				if !good {
					v.fail("%q is no domain that a certificate could be issued for; write one such as shop.example.com, without wildcard, scheme and port", s)
				}
				return good
			})
			if len(places) == 0 && len(v.items()) == 0 {
				v.fail("the list is empty; name the domains that are served")
			}
			for i, domain := range a.Domains {
				a.Domains[i] = strings.ToLower(strings.TrimSuffix(domain, "."))
			}
		},
		"email": func(v value) {
			if s, ok := v.scalar(); ok {
				if name, host, found := strings.Cut(s, "@"); !found || name == "" || !isHostName(host) || strings.ContainsAny(name, " <>,") {
					v.fail("this is no address such as ops@example.com")
					return
				}
				a.Email = s
			}
		},
		"cache": func(v value) {
			if s, ok := v.scalar(); ok {
				a.Cache = l.relative(s)
			}
		},
		"directory": func(v value) {
			s, ok := v.scalar()
			if !ok {
				return
			}
			u, err := url.Parse(s)
			if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(net.JoinHostPort(u.Hostname(), "0"))) {
				v.fail("the directory of an authority is a https URL, such as %s", letsEncrypt)
				return
			}
			a.Directory = s
		},
	}, "domains")
}
