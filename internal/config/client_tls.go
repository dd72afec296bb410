package config

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ClientTLS is how an upstream is known, and how it knows the proxy.
type ClientTLS struct {
	CA, Cert, Key string // PEM files; CA empty: the system's; Cert empty: none is shown
	ServerName    string // empty: the URL's host

	config  *tls.Config
	content map[string]string // what the files said, hashed, by key
}

// Config returns the settings as crypto/tls wants them.
func (t *ClientTLS) Config() *tls.Config { return t.config.Clone() }

// Content identifies what the files said when they were read.
func (t *ClientTLS) Content() string {
	return t.content["ca"] + t.content["cert"] + t.content["key"]
}

// readClientTLS reads the files at once, so that a configuration in force has what it needs,
// and has them watched: a certificate that is renewed is a reload.
func (l *loader) readClientTLS(v value, u *Upstream) {
	if isNull(v.node) {
		return
	}
	t := &ClientTLS{config: &tls.Config{MinVersion: tls.VersionTLS12}, content: map[string]string{}}
	texts, places := map[string][]byte{}, map[string]value{}
	file := func(name string, to *string) func(value) {
		return func(v value) {
			s, ok := v.scalar()
			if !ok {
				return
			}
			*to, places[name] = l.relative(s), v
			text, err := l.read(*to)
			if err != nil {
				v.fail("read %s: %s", *to, reason(err))
				return
			}
			if !slices.Contains(l.cfg.Files, *to) {
				l.cfg.Files = append(l.cfg.Files, *to)
			}
			sum := sha256.Sum256(text)
			texts[name], t.content[name] = text, hex.EncodeToString(sum[:])
		}
	}
	v.object(fields{
		"ca":   file("ca", &t.CA),
		"cert": file("cert", &t.Cert),
		"key":  file("key", &t.Key),
		"server_name": func(v value) {
			s, ok := v.scalar()
			if _, err := netip.ParseAddr(s); ok && err != nil && !isHostName(s) {
				v.fail("%s is no host name; write the one in the upstream's certificate, without a port", shown(s))
				return
			}
			t.ServerName, t.config.ServerName = s, s
		},
	})
	if v.node.Kind == yaml.MappingNode {
		u.TLS = t
	}
	if text, ok := texts["ca"]; ok {
		t.config.RootCAs = x509.NewCertPool()
		if !t.config.RootCAs.AppendCertsFromPEM(text) {
			places["ca"].fail("%s has no certificate in PEM form", t.CA)
		}
	}
	cert, hasCert := places["cert"]
	key, hasKey := places["key"]
	switch {
	case hasCert && !hasKey:
		cert.fail("cert wants its key; add it")
	case hasKey && !hasCert:
		key.fail("key wants its cert; add it")
	case texts["cert"] != nil && texts["key"] != nil:
		pair, err := tls.X509KeyPair(texts["cert"], texts["key"])
		if err != nil {
			v.fail("the certificate and key don't serve: %s", strings.TrimPrefix(err.Error(), "tls: "))
			return
		}
		t.config.Certificates = []tls.Certificate{pair}
	}
}
