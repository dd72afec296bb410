package config

import (
	"github.com/strangler-fig/toolkit/shadow"
	"regexp"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// settings reads the main file.
func (l *loader) settings(root value) {
	c := l.cfg
	root.object(l.listenerFields(fields{
		"listen":          func(v value) { l.listen.main = v; v.address(&c.Listen) },
		"tls":             l.readTLS,
		"trusted_proxies": func(v value) { v.prefixes(&c.TrustedProxies) },
		"data": func(v value) {
			if s, ok := v.scalar(); ok {
				c.Data = l.relative(s)
			}
		},
		"admin": l.readAdmin,
		"ops": func(v value) {
			v.object(fields{"listen": func(v value) { l.listen.ops = v; v.address(&c.Ops) }}, "listen")
		},
		"shutdown": func(v value) {
			v.object(fields{
				"drain_delay": func(v value) { v.duration(&c.Shutdown.DrainDelay, 0) },
				"grace":       func(v value) { v.duration(&c.Shutdown.Grace, 0) },
			})
		},
		"debug_header": func(v value) { v.boolean(&c.DebugHeader) },
		"trace":        func(v value) { v.boolean(&c.Trace) },
		"legacy":       l.readLegacy,
		"services":     l.readServices,
		"shadow":       l.readShadow,
		"ledger": func(v value) {
			v.object(fields{
				"max_size": func(v value) { v.size(&c.Ledger.MaxSize, 1<<20) },
				"max_age":  func(v value) { v.duration(&c.Ledger.MaxAge, 1) },
				"examples": func(v value) { v.integer(&c.Ledger.Examples, 1, 10_000) },
			})
		},
		"rollout":  l.readRollout,
		"defaults": func(v value) { v.object(l.defaults.fields()) },
		"include":  func(v value) { l.includes = v.items() },
		"routes":   l.readRoutes,

		"translators": l.readTranslators,
		"ids":         l.readIDs,
		"sessions":    l.readSessions,
		"facades":     l.readFacades,

		"retire_after": func(v value) { v.retireAfter(&c.RetireAfter) },
	}), "legacy")
}

// included reads a file that the main one includes.
func (l *loader) included(root value) {
	read := fields{"services": l.readServices, "routes": l.readRoutes,
		"translators": l.readTranslators, "ids": l.readIDs, "sessions": l.readSessions, "facades": l.readFacades}
	for _, name := range []string{"listen", "tls", "trusted_proxies", "data", "admin", "ops", "shutdown", "debug_header",
		"trace", "legacy", "shadow", "ledger", "defaults", "include", "limits", "forwarded", "proxy_protocol", "rollout", "retire_after"} {
		read[name] = func(v value) {
			v.fail("an included file has only services, routes, translators, ids, sessions and facades; move this to %s", l.cfg.File)
		}
	}
	root.object(read)
}

func (l *loader) readAdmin(v value) {
	admin := &l.cfg.Admin
	v.object(fields{
		"listen": func(v value) { l.listen.admin = v; v.address(&admin.Listen) },
		"hosts":  func(v value) { v.hostNames(&admin.Hosts) },
		"tokens": l.readTokens,
	})
}

// hostNames reads names that a listener answers to.
func (v value) hostNames(to *[]string) {
	v.texts(to, func(v value, s string) bool {
		if !isHostName(s) {
			v.fail("%q is no host name; write it without scheme and port, such as strangler.internal", s)
			return false
		}
		return true
	})
	for i, host := range *to {
		(*to)[i] = strings.ToLower(host)
	}
}

// minSecret is the shortest secret, in bytes: 16 random letters and digits are not guessed.
const minSecret = 16

func (l *loader) readTokens(v value) {
	for _, item := range v.items() {
		var t Token
		var name, token value
		item.object(fields{
			"name": func(v value) { name = v; v.name(&t.Name) },
			"role": func(v value) { t.Role, _ = v.choice("view", "evidence", "operate") },
			"token": func(v value) {
				token = v
				v.secret(&t.Token)
			},
		}, "name", "role", "token")
		for _, other := range l.cfg.Admin.Tokens {
			if t.Name != "" && other.Name == t.Name {
				name.fail("there is another token %q; the journal tells people apart by name", t.Name)
			}
			if t.Token != "" && other.Token == t.Token {
				token.fail("this is %s's token as well; give each their own", other.Name)
			}
		}
		l.cfg.Admin.Tokens = append(l.cfg.Admin.Tokens, t)
	}
}

// secret reads a secret, which no message repeats.
func (v value) secret(to *string) {
	s, ok := v.scalar()
	switch {
	case !ok:
	case len(s) < minSecret:
		v.fail("a secret of %d bytes is soon guessed; use at least %d, such as from: openssl rand -hex 16", len(s), minSecret)
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		v.fail("a secret travels in a header; use visible ASCII characters without spaces")
	default:
		*to = s
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// name reads what stands in commands, URLs, headers and metrics.
func (v value) name(to *string) {
	if s, ok := v.scalar(); ok && v.isName(s) {
		*to = s
	}
}

func (v value) isName(s string) bool {
	if !plainName.MatchString(s) {
		v.fail("%q is no name; use up to 100 letters, digits, ., _ and -, the first a letter or digit", s)
		return false
	}
	return true
}

func (l *loader) readShadow(v value) {
	s := &l.cfg.Shadow
	v.object(fields{
		"max_body": func(v value) { v.size(&s.MaxBody, 1) },
		"redact": func(v value) {
			v.texts(&s.Redact, func(v value, s string) bool {
				if name, ok := strings.CutPrefix(s, "query:"); ok && name != "" {
					return true
				}
				if pattern, ok := strings.CutPrefix(s, "pattern:"); ok {
					_, err := regexp.Compile(pattern)
					if err != nil {
						v.fail("%v", err)
					}
					return err == nil
				}
				if s == "status" {
					v.fail("a status is never redacted; name a header, a query parameter or a pointer")
					return false
				}
				return v.isPointer(s)
			})
		},
		"scrub": func(v value) {
			s.Scrub = []string{} // an empty list is not none
			v.texts(&s.Scrub, func(v value, s string) bool {
				known := slices.Contains(shadow.Scrubs(), s)
				if !known {
					v.fail("%q is not %s%s", s, either(shadow.Scrubs()), didYouMean(s, shadow.Scrubs()))
				}
				return known
			})
		},
		"capture": func(v value) { v.capture(&s.Capture) },
		"workers": func(v value) { v.integer(&s.Workers, 1, 10_000) },
		"queue":   func(v value) { v.integer(&s.Queue, 1, 1_000_000) },
	})
}

// capture reads how much is kept of exchanges.
func (v value) capture(to *shadow.Capture) {
	var among []string
	for _, c := range shadow.Captures() {
		among = append(among, string(c))
	}
	if s, ok := v.choice(among...); ok {
		*to = shadow.Capture(s)
	}
}

// routeDefaults are what holds for routes that don't say otherwise.
type routeDefaults struct {
	cohort   []strangler.CohortSource
	cohortAt []value
	reported map[int]bool // indices in cohort about which a problem has been reported
	fallback bool
	policy   policy // of services
	plan     plan   // of routes that have a rollout
	maxBody  int64
}

func (d *routeDefaults) fields() fields {
	read := d.policy.fields()
	read["cohort"] = func(v value) { d.cohortAt = v.cohort(&d.cohort) }
	read["fallback"] = func(v value) { v.fallback(&d.fallback) }
	read["rollout"] = d.plan.readDefaults
	read["max_body"] = func(v value) { v.size(&d.maxBody, 0) }
	return read
}

func (v value) fallback(to *bool) {
	if s, ok := v.choice("legacy", "none"); ok {
		*to = s == "legacy"
	}
}

var cohortKinds = []string{"cookie", "header", "query", "jwt", "address", "issued", "request"}

// cohort reads the sources of a cohort key, and returns where each stands.
func (v value) cohort(to *[]strangler.CohortSource) []value {
	var texts []string
	places := v.texts(&texts, func(v value, s string) bool {
		_, err := strangler.ParseCohortSource(s)
		if err != nil {
			kind, _, _ := strings.Cut(s, ":")
			hint := ""
			if !slices.Contains(cohortKinds, kind) {
				hint = didYouMean(kind, cohortKinds)
			}
			v.fail("%s%s", err, hint)
		}
		return err == nil
	})
	*to = make([]strangler.CohortSource, len(texts))
	for i, s := range texts {
		(*to)[i], _ = strangler.ParseCohortSource(s)
		if (*to)[i].Kind == strangler.CohortCookie {
			places[i].adviseSession((*to)[i].Name)
		}
	}
	return places
}
