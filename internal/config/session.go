package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/identity"
)

// Session says how sessions of the legacy application become what services expect, and the other way
// round. Where the keys lie that are made, and how legacy is reached, is the assembler's to say.
type Session struct {
	Name   string
	Bridge identity.Config
	Keys   string // the address on which the public keys are told; empty: nowhere
	Pos    Position
	// Text is the definition as the file has it, in compact JSON, without what logs an account in.
	Text json.RawMessage
	// Fingerprint is another where what logs an account in is another, or what a file of keys says.
	Fingerprint string
}

// sessionDraft is a session as far as it has been read.
type sessionDraft struct {
	Session
	key, at, listen value
	bad             bool
}

func (l *loader) readSessions(v value) {
	for key, child := range v.entries() {
		name := key.node.Value
		before := len(l.problems) + l.dropped
		d := &sessionDraft{key: key, at: child}
		d.Name, d.Pos, d.Bridge.Name = name, key.pos(), name
		d.read(child)
		first, again := l.sessions[name]
		switch {
		case !key.isName(name):
		case again && first.key.src != key.src:
			key.fail("there is another session %q at %s", name, first.key.pos())
		case !again:
			l.sessions[name] = d
			l.sessionNames = append(l.sessionNames, name)
		}
		d.bad = len(l.problems)+l.dropped > before
	}
}

func (d *sessionDraft) read(v value) {
	c := &d.Bridge
	v.object(fields{
		"cookie":   func(v value) { v.text(&c.Cookie) },
		"lookup":   func(v value) { v.lookup(&c.Lookup) },
		"cache":    func(v value) { v.remembered(&c.Cache) },
		"negative": func(v value) { v.remembered(&c.Negative) },
		"sessions": func(v value) { v.integer(&c.Sessions, 1, 10_000_000) },
		"required": func(v value) { v.boolean(&c.Required) },
		"issue": func(v value) {
			c.Issue = &identity.JWT{}
			v.object(fields{"jwt": func(v value) { v.jwt(c.Issue) }}, "jwt")
		},
		"csrf": func(v value) {
			c.CSRF = &identity.CSRF{}
			v.object(fields{
				"from":    func(v value) { v.text(&c.CSRF.From) },
				"service": func(v value) { v.text(&c.CSRF.Service) },
				"answer":  func(v value) { v.text(&c.CSRF.Answer) },
			}, "from")
		},
		"login": func(v value) {
			c.Login = &identity.Login{}
			v.login(c.Login)
		},
		"jwks": func(v value) {
			v.object(fields{"listen": func(v value) { d.listen = v; v.address(&d.Keys) }}, "listen")
		},
	}, "cookie")
	if v.isMapping() && !v.has("lookup") && !v.has("login") {
		v.fail("neither lookup nor login is given; say where legacy tells who is logged in, such as lookup: {url: /whoami}")
	}
	if d.listen.given() && c.Issue == nil {
		d.listen.fail("there is no token (issue) that anybody would verify; add it, or remove this")
	}
	d.Text = d.at.without("jwks", "login.form").compact()
	d.Fingerprint = d.fingerprint()
}

func (v value) lookup(to *identity.Lookup) {
	v.object(fields{
		"url":     func(v value) { v.text(&to.URL) },
		"method":  func(v value) { v.method(&to.Method) },
		"timeout": func(v value) { v.duration(&to.Timeout, time.Millisecond) },
		"headers": func(v value) { v.texts(&to.Headers, nil) },
		"anonymous": func(v value) {
			to.Anonymous = []int{}
			for _, item := range v.items() {
				if status, ok := item.status(); ok {
					to.Anonymous = append(to.Anonymous, status)
				}
			}
		},
		"at_a_time": func(v value) { v.integer(&to.AtATime, 1, 100_000) },
	}, "url")
}

// remembered reads how long something is remembered; 0s: not at all.
func (v value) remembered(to *time.Duration) {
	d := time.Duration(-1)
	if v.duration(&d, 0); d > 0 {
		*to = d
	} else if d == 0 {
		*to = -1
	}
}

func (v value) jwt(to *identity.JWT) {
	v.object(fields{
		"issuer": func(v value) { v.text(&to.Issuer) },
		"audience": func(v value) {
			if v.node.Kind == yaml.SequenceNode {
				v.texts(&to.Audience, nil)
			} else if s, ok := v.scalar(); ok {
				to.Audience = []string{s}
			}
		},
		"expires": func(v value) { v.duration(&to.Expires, time.Second) },
		"leeway":  func(v value) { v.duration(&to.Leeway, time.Second) },
		"algorithm": func(v value) {
			s, _ := v.choice(string(identity.EdDSA), string(identity.ES256), string(identity.RS256))
			to.Algorithm = identity.Algorithm(s)
		},
		"header":  func(v value) { v.text(&to.Header) },
		"key":     func(v value) { v.keyFile(&to.Key) },
		"rotate":  func(v value) { v.duration(&to.Rotate, time.Second) },
		"session": func(v value) { v.boolean(&to.Session) },
		"claims": func(v value) {
			to.Claims = map[string]identity.Claim{}
			for key, child := range v.entries() {
				to.Claims[key.node.Value] = child.claim()
			}
		},
	}, "issuer", "audience", "claims")
}

// claim reads where a claim comes from: a place in the lookup's answer, or more.
func (v value) claim() (c identity.Claim) {
	if !v.isMapping() {
		v.text(&c.From)
		return c
	}
	v.object(fields{
		"from":     func(v value) { v.text(&c.From) },
		"const":    func(v value) { v.text(&c.Const) },
		"optional": func(v value) { v.boolean(&c.Optional) },
	})
	v.notEmpty("from or const")
	return c
}

// fingerprint hashes what Text lacks.
func (d *sessionDraft) fingerprint() string {
	h := sha256.New()
	if c := d.Bridge.Login; c != nil {
		for _, name := range slices.Sorted(maps.Keys(c.Form)) {
			fmt.Fprintf(h, "%q=%q ", name, c.Form[name])
		}
	}
	if c := d.Bridge.Issue; c != nil && c.Key != "" {
		text, err := d.at.l.read(c.Key)
		fmt.Fprintf(h, "%q %v", text, err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keyFile reads the name of a file with private keys.
func (v value) keyFile(to *string) {
	s, ok := v.scalar()
	if !ok {
		return
	}
	*to = v.l.relative(s)
	text, err := v.l.read(*to)
	if err != nil {
		v.fail("read %s: %s", *to, reason(err))
		return
	}
	v.l.cfg.Files = append(v.l.cfg.Files, *to) // other keys are a reload
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return
		}
	}
	v.fail("%s has no private key in PEM form; openssl genpkey -algorithm ed25519 makes one", *to)
}

func (v value) login(to *identity.Login) {
	v.object(fields{
		"url":    func(v value) { v.text(&to.URL) },
		"method": func(v value) { v.method(&to.Method) },
		"form": func(v value) {
			to.Form = map[string]string{}
			for key, child := range v.entries() {
				if s, ok := child.raw(); ok {
					to.Form[key.node.Value] = s
				}
			}
		},
		"timeout":  func(v value) { v.duration(&to.Timeout, time.Millisecond) },
		"page":     func(v value) { v.text(&to.Page) },
		"sessions": func(v value) { v.integer(&to.Sessions, 1, 100) },
	}, "url", "form")
}

// settleSessions checks what is whole.
func (l *loader) settleSessions() {
	for _, name := range l.sessionNames {
		d := l.sessions[name]
		if l.cfg.NoLegacy {
			d.key.fail("there is no legacy application (legacy: none) that could be asked who is logged in; remove it")
			d.bad = true
		}
		if !d.bad && len(l.cfg.Legacy.URLs) > 0 {
			c := d.Bridge
			c.Legacy, c.Base = http.DefaultTransport, &url.URL{Scheme: "http", Host: l.cfg.Legacy.URLs[0].Host}
			if c.Issue != nil && c.Issue.Key == "" {
				jwt := *c.Issue
				jwt.Store, c.Issue = "keys", &jwt
			}
			problems, _ := errors.AsType[identity.Problems](identity.Check(c))
			for _, p := range problems {
				d.at.below(p.Option).fail("%s", p.Message)
			}
		}
		if l.cfg.Sessions == nil {
			l.cfg.Sessions = map[string]Session{}
		}
		l.cfg.Sessions[name] = d.Session
		l.cfg.SessionNames = append(l.cfg.SessionNames, name)
	}
}

// checkSession looks at whether a session can do what a route, or a facade, wants of it.
func (l *loader) checkSession(r reference, facade bool) {
	c := &l.sessions[r.name].Bridge
	switch {
	case !facade && c.Lookup.URL == "":
		r.at.fail("session %q has no lookup, so that nobody could be asked who is logged in; add it there", r.name)
	case facade && c.Login == nil && (c.Issue == nil || !c.Issue.Session):
		r.at.fail("session %q has neither an account (login) nor the session in its tokens (issue.jwt.session), so that no service would get through; add one of them there", r.name)
	}
}
