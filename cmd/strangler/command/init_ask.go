package command

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
)

// What asking an application may cost: it is alive, and may be slow.
const (
	askTimeout   = 3 * time.Second  // of one request
	asksTimeout  = 15 * time.Second // of all
	mostOfAnswer = 64 << 10         // bytes of a body that are read
	mostCookies  = 10               // that are told of
)

// healthPaths are where applications say how they are, the most usual first.
var healthPaths = []string{"/healthz", "/health", "/actuator/health", "/status", "/ping", "/up", "/health/ready", "/readyz"}

// asked is what an application answers to a few questions.
type asked struct {
	transport *http.Transport
	at        *url.URL
	seen      config.Seen
}

// askLegacy asks an application what a configuration should know of it: a dozen GET requests without
// cookies, none of which follows a redirect.
func askLegacy(ctx context.Context, at *url.URL) config.Seen {
	ctx, cancel := context.WithTimeout(ctx, asksTimeout)
	defer cancel()
	if strings.HasPrefix(at.Scheme, "srv") {
		return config.Seen{Lines: []string{"it was not asked, since SRV records say where it is"}}
	}
	transport := &http.Transport{Proxy: nil, DialContext: (&net.Dialer{Timeout: askTimeout}).DialContext, TLSHandshakeTimeout: askTimeout,
		MaxResponseHeaderBytes: mostOfAnswer, ForceAttemptHTTP2: true, DisableCompression: true}
	defer transport.CloseIdleConnections()
	root := *at
	if root.Scheme == "h2c" {
		root.Scheme = "http"
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	a := &asked{transport: transport, at: &root}
	a.ask(ctx)
	return a.seen
}

func (a *asked) say(format string, args ...any) {
	a.seen.Lines = append(a.seen.Lines, fmt.Sprintf(format, args...))
}

func (a *asked) ask(ctx context.Context) {
	home := *a.at
	if home.Path == "" {
		home.Path = "/"
	}
	began := time.Now()
	answer, err := a.get(ctx, &home, nil)
	if err != nil {
		a.silent(err)
		return
	}
	took := time.Since(began).Round(time.Millisecond)
	by := ""
	for _, name := range []string{"Server", "X-Powered-By", "X-Generator", "X-AspNet-Version"} {
		if value := answer.Header.Get(name); value != "" {
			by += ", " + name + " " + shorten(value, 60)
		}
	}
	a.say("GET %s answers %d in %s%s", home.RequestURI(), answer.StatusCode, took, by)
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		a.say("it wants credentials, which pass through the proxy unchanged")
	case answer.StatusCode/100 == 5:
		a.say("that is a failure: is it up, and is this where its users come in?")
	}
	a.redirect(ctx, &home, answer)
	a.cookies(answer)
	a.health(ctx)
}

// silent says why there is no answer, and what may help.
func (a *asked) silent(err error) {
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	hint := "the file is written all the same; strangler serve answers 502 until it answers"
	switch {
	case errors.As(err, &certificate):
		hint = "if a private CA signed it, name its certificate: legacy.tls.ca"
	case errors.As(err, &record):
		hint = "it doesn't speak TLS there; is its URL http://" + a.at.Host + "?"
	case errors.As(err, &unknown):
		hint = "is the name right, and known on this machine?"
	}
	cause := err.Error()
	if errors.Is(err, context.DeadlineExceeded) {
		cause = "none within " + askTimeout.String()
	}
	a.say("it gave no answer (%s); %s", shorten(cause, 200), hint)
}

// redirect looks at where a redirect goes: to another scheme or host it is the loop, or the way around
// the proxy, of everybody's first day.
func (a *asked) redirect(ctx context.Context, home *url.URL, answer *http.Response) {
	if answer.StatusCode/100 != 3 || answer.Header.Get("Location") == "" {
		return
	}
	to, err := home.Parse(answer.Header.Get("Location"))
	if err != nil {
		a.say("it redirects to what is no URL: %s", shorten(answer.Header.Get("Location"), 100))
		return
	}
	shown := shorten(to.Redacted(), 200)
	switch {
	case to.Host == home.Host && to.Scheme == home.Scheme:
		a.say("it redirects to %s", shorten(to.RequestURI(), 200))
	case strings.EqualFold(to.Hostname(), home.Hostname()) && to.Scheme == "https":
		if again, err := a.get(ctx, home, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }); err == nil && !redirectsTo(again, to) {
			a.say("it redirects to %s, but not with X-Forwarded-Proto: https: where TLS ends in front of the proxy, name that load balancer in trusted_proxies, or its clients are redirected for ever", shown)
			return
		}
		a.say("it redirects to %s, also with X-Forwarded-Proto: https: it wants TLS itself; if it has it, take that URL for legacy", shown)
	default:
		if again, err := a.get(ctx, home, func(r *http.Request) { r.Host, r.Header = to.Host, http.Header{"X-Forwarded-Proto": {to.Scheme}} }); err == nil && !redirectsTo(again, to) {
			a.say("it redirects to %s, but not where the Host is %s and X-Forwarded-Proto %s: it goes by the Host header, so let clients come to the proxy by that name, and keep host: preserve", shown, shorten(to.Host, 100), to.Scheme)
			return
		}
		a.say("it redirects to %s whatever the Host header says: clients would leave the proxy; have that name point to the proxy, or change the application's own idea of its URL", shown)
	}
}

// redirectsTo reports whether an answer redirects to that very URL.
func redirectsTo(answer *http.Response, to *url.URL) bool {
	there, err := url.Parse(answer.Header.Get("Location"))
	return answer.StatusCode/100 == 3 && err == nil && there.String() == to.String()
}

func (a *asked) cookies(answer *http.Response) {
	cookies := answer.Cookies()
	for i, c := range cookies {
		if i == mostCookies {
			a.say("and %d cookies more", len(cookies)-i)
			break
		}
		switch name := shorten(c.Name, 60); {
		case config.IsSessionCookie(c.Name):
			a.say("it sets the cookie %s, which looks like a session's; such a one changes at login, so it is no cohort key", name)
			if a.seen.Session == "" {
				a.seen.Session = name
			}
		default:
			a.say("it sets the cookie %s", name)
		}
		if c.Domain != "" {
			a.say("that cookie is for the domain %s: clients send it to the proxy only under that domain", shorten(c.Domain, 60))
		}
	}
}

// health looks for a path that says how the application is, where it doesn't answer alike whatever it
// is asked for.
func (a *asked) health(ctx context.Context) {
	nothing := "/strangler-init-" + strings.ToLower(rand.Text()[:10])
	answer, err := a.get(ctx, a.below(nothing), nil)
	if err != nil {
		return
	}
	if answer.StatusCode/100 == 2 {
		a.say("it answers %d to a path that there can't be, so it can't be told which path is a health check", answer.StatusCode)
		return
	}
	for _, path := range healthPaths {
		at := a.below(path)
		answer, err := a.get(ctx, at, nil)
		switch {
		case err != nil && ctx.Err() != nil:
			a.say("it is slow: after %s no more was asked", asksTimeout)
			return
		case err != nil || answer.StatusCode/100 != 2:
		case len(answer.Cookies()) > 0:
			a.say("%s answers %d, but sets a cookie: each check would begin a session, so it isn't taken", at.Path, answer.StatusCode)
		default:
			a.say("%s answers %d, and is taken as health check", at.Path, answer.StatusCode)
			a.seen.Health = at.Path
			return
		}
	}
	a.say("none of the usual health paths answers: %s", strings.Join(healthPaths, ", "))
}

// below returns a path below the application's URL.
func (a *asked) below(path string) *url.URL {
	u := *a.at
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/")+path, ""
	return &u
}

// get asks for something. The body is read, as far as it isn't too much.
func (a *asked) get(ctx context.Context, at *url.URL, more func(*http.Request)) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	if more != nil {
		more(r)
	}
	r.Header.Set("User-Agent", "strangler-init")
	answer, err := a.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	_, err = io.CopyN(io.Discard, answer.Body, mostOfAnswer)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return answer, err
}

// shorten makes a text from outside fit for a line of a file, and of a terminal.
func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return printable(text)
}
