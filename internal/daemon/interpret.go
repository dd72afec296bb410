package daemon

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/identity"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
)

// around is what stands around a transport.
type around func(next http.RoundTripper) http.RoundTripper

// interpreted is what one configuration translates, compiled.
type interpreted struct {
	routes  map[string]around // of those that translate something
	refuse  map[string]acl.Refuser
	buffers map[string]int64 // how much of a body they hold, in bytes
	facades map[string]http.Handler
	bridges bridges
	tables  map[string]*identifierTable
}

// interpret compiles what a configuration translates. The caller holds d.changing.
func (d *Daemon) interpret(cfg *config.Config, used *upstreams) (*interpreted, error) {
	tables, err := d.identifiers.tables(cfg)
	if err != nil {
		return nil, err
	}
	i, err := cfg.Interpreter(lensTables(tables))
	if err != nil {
		return nil, err
	}
	made := &interpreted{routes: map[string]around{}, refuse: map[string]acl.Refuser{}, buffers: map[string]int64{}, facades: map[string]http.Handler{}, tables: tables}
	if made.bridges, err = d.bridges().open(d, cfg); err != nil {
		return nil, err
	}
	for _, route := range cfg.Routes {
		if route.Translate == nil {
			continue
		}
		translator, err := d.translator(i, cfg, route)
		if err != nil {
			return nil, fmt.Errorf("route %q: %w", route.Name, err)
		}
		if route.Translate.Translates() {
			if made.buffers[route.Name] = route.Translate.Exchange.Buffer; made.buffers[route.Name] == 0 {
				made.buffers[route.Name] = exchange.DefaultBuffer // also of what is plugged in, which holds no more (acl.JSON)
			}
		}
		if refuser, ok := translator.(acl.Refuser); ok {
			made.refuse[route.Name] = refuser
		}
		made.routes[route.Name] = d.aroundService(cfg, route, translator, made.bridges[route.Translate.Session])
	}
	for _, f := range cfg.Facades {
		if made.facades[f.Name], err = d.facade(i, cfg, f, used, made.bridges); err != nil {
			return nil, fmt.Errorf("facades.%s: %w", f.Name, err)
		}
	}
	return made, nil
}

// translator returns what translates a route's exchanges; nil: nothing does.
func (d *Daemon) translator(i *config.Interpreter, cfg *config.Config, route config.Route) (acl.Translator, error) {
	t := route.Translate
	switch {
	case len(t.Go) > 0:
		return d.plugged(t.Go)
	case t.Declared():
		x, err := i.Compile(t, plainURL(cfg.Services[route.Service].URLs[0]))
		if err != nil {
			return nil, err
		}
		return x.Front(), nil
	}
	return nil, nil
}

// plugged returns what is plugged in from Go under those names, as one translator.
func (d *Daemon) plugged(names []string) (acl.Translator, error) {
	var chain acl.Chain
	for _, name := range names {
		one, ok := d.options.Translators[name]
		if !ok {
			return nil, fmt.Errorf("no translator %q is plugged in", name)
		}
		chain = append(chain, one)
	}
	if len(chain) == 1 {
		return chain[0], nil
	}
	return chain, nil
}

// aroundService returns what stands around a service: the bridge on the client's side, so that what it
// says for legacy isn't translated, then the translator, then the shadow's tap.
func (d *Daemon) aroundService(cfg *config.Config, route config.Route, translator acl.Translator, session *bridge) around {
	hidden, prefix := cfg.RedactedInService(route.Translate), ""
	if urls := cfg.Services[route.Service].URLs; len(urls) > 0 {
		prefix = strings.TrimSuffix(urls[0].EscapedPath(), "/")
	}
	return func(next http.RoundTripper) http.RoundTripper {
		if translator != nil {
			through := shadow.Tap(next)
			next = d.counting(talk{route.Name, acl.ToService, route.Capture, hidden}, func(o acl.Options) http.RoundTripper { return acl.Transport(translator, through, o) })
		}
		if session != nil {
			o := identity.Options{Prefix: prefix}
			if refuser, ok := translator.(acl.Refuser); ok {
				o.Refuser = blameless{refuser}
			}
			next = session.around(next, o)
		}
		return next
	}
}

// translate returns what a routing table asks for what stands around a route's service.
func (i *interpreted) translate(route strangler.Route) func(http.RoundTripper) http.RoundTripper {
	return i.routes[route.Name]
}

// refusal returns what a routing table asks for what tells a route's clients that no side answers.
func (i *interpreted) refusal(route strangler.Route) func(*http.Request, int, []byte) *http.Response {
	if refuser := i.refuse[route.Name]; refuser != nil {
		return refuser.Refusal
	}
	return nil
}

// buffer returns how much of a request's body is held before anything is sent, in bytes; 0: the bridge of a
// session alone doesn't read it.
func (i *interpreted) buffer(route strangler.Route) int64 { return i.buffers[route.Name] }

// blameless has a visitor's not being logged in count as nobody's failure, though SOAP 1.1 tells whatever it is
// by 500.
type blameless struct{ acl.Refuser }

// Refusal implements acl.Refuser.
func (b blameless) Refusal(client *http.Request, status int, problem []byte) *http.Response {
	resp := b.Refuser.Refusal(client, status, problem)
	if d := strangler.DecisionFrom(client.Context()); d != nil && resp != nil && resp.StatusCode >= http.StatusInternalServerError {
		d.Failure = strangler.FailureMalformed
	}
	return resp
}
