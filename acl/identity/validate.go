package identity

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/net/http/httpguts"
)

// Problem is one thing that is wrong with a Config.
type Problem struct {
	Option  string // as a configuration calls it: "lookup.url", "issue.jwt.claims.sub"
	Message string
}

// Problems is all that is wrong with a Config.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	var lines []string
	for _, one := range p {
		lines = append(lines, one.Option+": "+one.Message)
	}
	return strings.Join(lines, "\n")
}

// reserved are the claims that the bridge fills.
var reserved = []string{"iss", "aud", "exp", "iat", "nbf", "jti", "sid"}

// Check returns what New would refuse of a Config, as Problems, without reading or making keys.
func Check(c Config) error {
	_, err := complete(c)
	return err
}

// complete returns a Config with its defaults, or all that is wrong with it.
func complete(c Config) (Config, error) {
	v := &validation{}
	v.needs(httpguts.ValidHeaderFieldName(c.Cookie), "cookie", "the session cookie's name is needed, not %q", c.Cookie)
	v.needs(c.Legacy != nil, "legacy", "a transport to legacy is needed")
	v.needs(c.Base != nil && (c.Base.Scheme == "http" || c.Base.Scheme == "https") && c.Base.Host != "", "legacy", "legacy's URL is needed: http://HOST")
	v.needs(c.Host == "" || httpguts.ValidHostHeader(c.Host), "host", "%q is no host", c.Host)
	v.needs(c.Lookup.URL != "" || c.Login != nil, "lookup.url", "a lookup is needed, as /whoami, or an account to log in")
	c.Name = cmp.Or(c.Name, c.Cookie)
	if c.Repeatable == nil {
		c.Repeatable = idempotent
	}
	c.Cache = cmp.Or(c.Cache, DefaultCache)
	c.Negative = cmp.Or(c.Negative, DefaultNegative)
	v.needs(c.Sessions >= 0, "sessions", "%d can't be below 0", c.Sessions)
	c.Sessions = cmp.Or(c.Sessions, DefaultSessions)
	c.Lookup = v.lookup(c)
	if c.Issue != nil {
		jwt := v.jwt(*c.Issue)
		c.Issue = &jwt
	}
	if c.CSRF != nil {
		csrf := v.csrf(*c.CSRF, c.Cookie, c.Issue)
		c.CSRF = &csrf
	}
	if c.Login != nil {
		login := v.login(*c.Login)
		c.Login = &login
	}
	if c.Lookup.URL == "" {
		v.needs(!c.Required, "required", "nobody can be asked who is logged in: a lookup is needed")
		v.needs(c.Issue == nil, "issue", "nobody can be asked what to put into a token: a lookup is needed")
		v.needs(c.CSRF == nil, "csrf", "nobody can be asked for a token: a lookup is needed")
	}
	if len(v.problems) > 0 {
		return c, v.problems
	}
	return c, nil
}

type validation struct{ problems Problems }

func (v *validation) needs(ok bool, option, format string, args ...any) {
	if !ok {
		v.problems = append(v.problems, Problem{option, fmt.Sprintf(format, args...)})
	}
}

func (v *validation) lookup(c Config) Lookup {
	l := c.Lookup
	if l.URL != "" {
		v.needs(below(l.URL), "lookup.url", "%q is no path of legacy, as /whoami is", l.URL)
	}
	l.Method = cmp.Or(l.Method, http.MethodGet)
	v.needs(httpguts.ValidHeaderFieldName(l.Method), "lookup.method", "%q is no method", l.Method)
	l.Timeout = v.timeout("lookup.timeout", l.Timeout)
	if l.Headers == nil {
		l.Headers = DefaultHeaders()
	}
	l.Headers = slices.Clone(l.Headers)
	for i, name := range l.Headers {
		v.header("lookup.headers", name)
		l.Headers[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	if l.Anonymous == nil {
		l.Anonymous = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusFound, http.StatusSeeOther}
	}
	for _, status := range l.Anonymous {
		v.needs(status >= 300 && status <= 499, "lookup.anonymous", "%d doesn't say that nobody is logged in: 300 to 499 may", status)
	}
	v.needs(l.AtATime >= 0, "lookup.at_a_time", "%d can't be below 0", l.AtATime)
	l.AtATime = cmp.Or(l.AtATime, DefaultLookups)
	return l
}

func (v *validation) jwt(j JWT) JWT {
	const at = "issue.jwt."
	j.Audience, j.Claims = slices.Clone(j.Audience), maps.Clone(j.Claims)
	v.needs(j.Issuer != "", at+"issuer", "who issues the token is needed, for services to check: a name or URL")
	v.needs(len(j.Audience) > 0 && !slices.Contains(j.Audience, ""), at+"audience", "whom the token is for is needed, for services to check")
	j.Expires = cmp.Or(j.Expires, DefaultExpires)
	v.needs(j.Expires >= 2*time.Second && j.Expires <= MaxExpires && j.Expires%time.Second == 0, at+"expires", "%s isn't whole seconds from 2s to 24h", j.Expires)
	j.Leeway = cmp.Or(j.Leeway, DefaultLeeway)
	v.needs(j.Leeway >= 0 && j.Leeway <= MaxLeeway, at+"leeway", "%s isn't 0s to 5m", j.Leeway)
	v.needs(slices.Contains([]Algorithm{"", EdDSA, ES256, RS256}, j.Algorithm), at+"algorithm", "%q is none of %s, %s and %s", j.Algorithm, EdDSA, ES256, RS256)
	j.Header = cmp.Or(textproto.CanonicalMIMEHeaderKey(j.Header), "Authorization")
	v.bearer(at+"header", j.Header)
	v.needs((j.Key == "") != (j.Store == ""), at+"key", "one is needed of a PEM file with a key and a file to keep keys in that are made")
	if j.Key != "" {
		v.needs(j.Rotate == 0, at+"rotate", "keys in %s are rotated by who writes it", j.Key)
	} else {
		j.Algorithm = cmp.Or(j.Algorithm, EdDSA)
		j.Rotate = cmp.Or(j.Rotate, DefaultRotate)
		least := max(MinRotate, 2*(j.Expires+j.Leeway))
		v.needs(j.Rotate >= least, at+"rotate", "%s is less than %s: services would not hear of a key before it signs", j.Rotate, least)
	}
	if _, ok := j.Claims["sub"]; !ok {
		v.needs(false, at+"claims.sub", "where the visitor's name or number is in the lookup's answer is needed, as /user")
	}
	for _, name := range slices.Sorted(maps.Keys(j.Claims)) {
		option, claim := at+"claims."+name, j.Claims[name]
		v.needs(name != "" && !slices.Contains(reserved, name), option, "the claim %q is the bridge's", name)
		v.needs((claim.From == "") != (claim.Const == ""), option, "one is needed of a place and a constant")
		if claim.From != "" {
			v.place(option, claim.From)
		}
		v.needs(name != "sub" || claim.From != "" && !claim.Optional, option, "who the visitor is can be neither a constant nor optional")
	}
	return j
}

func (v *validation) csrf(c CSRF, session string, issue *JWT) CSRF {
	v.place("csrf.from", c.From)
	v.needs(c.Service != "" || c.Answer != "", "csrf", "the token has to go somewhere: service, answer, or both")
	if c.Service != "" {
		c.Service = textproto.CanonicalMIMEHeaderKey(c.Service)
		v.bearer("csrf.service", c.Service)
	}
	if c.Service != "" && issue != nil && c.Service == issue.Header {
		v.needs(false, "csrf.service", "%s carries the visitor's token already", c.Service)
	}
	cookie, isCookie := strings.CutPrefix(c.Answer, "cookie:")
	switch {
	case isCookie:
		v.needs(httpguts.ValidHeaderFieldName(cookie) && cookie != session, "csrf.answer", "%q can't be the cookie's name", cookie)
	case c.Answer != "":
		c.Answer = textproto.CanonicalMIMEHeaderKey(c.Answer)
		v.bearer("csrf.answer", c.Answer)
		v.needs(c.Answer != c.Service, "csrf.service", "%s is the header that clients are given the token in and send it back in: "+
			"if the bridge set it, forged requests would bear the right one. Name another, as %s-Expected, for the service to compare with", c.Service, c.Service)
	}
	return c
}

func (v *validation) login(l Login) Login {
	v.needs(below(l.URL), "login.url", "%q is no path of legacy, as /login is", l.URL)
	l.Form = maps.Clone(l.Form)
	l.Method = cmp.Or(l.Method, http.MethodPost)
	v.needs(httpguts.ValidHeaderFieldName(l.Method), "login.method", "%q is no method", l.Method)
	v.needs(len(l.Form) > 0, "login.form", "the fields that log in are needed: a name, a password")
	l.Timeout = v.timeout("login.timeout", l.Timeout)
	v.needs(l.Page == "" || below(l.Page), "login.page", "%q is no path of legacy, as /login is", l.Page)
	l.Page = cmp.Or(l.Page, l.URL)
	v.needs(l.Sessions >= 0 && l.Sessions <= 100, "login.sessions", "%d isn't 1 to 100", l.Sessions)
	l.Sessions = cmp.Or(l.Sessions, 1)
	return l
}

func (v *validation) timeout(option string, d time.Duration) time.Duration {
	v.needs(d >= 0 && d <= time.Minute, option, "%s isn't 0s to 1m", d)
	return cmp.Or(d, DefaultTimeout)
}

// unfit are headers that neither go along nor carry anything: they say how a message is sent.
var unfit = []string{"Connection", "Content-Length", "Transfer-Encoding", "Trailer", "Te", "Upgrade", "Keep-Alive", "Proxy-Connection", "Host"}

func (v *validation) header(option, name string) {
	v.needs(httpguts.ValidHeaderFieldName(name) && !slices.Contains(unfit, textproto.CanonicalMIMEHeaderKey(name)), option, "%q can't be the header", name)
}

// bearer checks the name of a header that the bridge sets.
func (v *validation) bearer(option, name string) {
	v.header(option, name)
	v.needs(!slices.Contains([]string{"Cookie", "Set-Cookie", "Content-Type", "Content-Encoding", "Cache-Control", "Location"}, name), option, "%s has another use", name)
}

// place checks Claim.From.
func (v *validation) place(option, from string) {
	if name, ok := strings.CutPrefix(from, "header:"); ok {
		v.header(option, name)
		return
	}
	v.needs(from != "" && jsontext.Pointer(from).IsValid(), option, "%q is neither a JSON pointer, as /user, nor header:NAME", from)
}

// below reports whether a text is a path, perhaps with a query, and nothing else.
func below(text string) bool {
	u, err := url.Parse(text)
	return err == nil && strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && u.Fragment == "" && !strings.Contains(text, "#")
}
