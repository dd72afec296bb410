package exchange

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
)

// locate translates the headers of an answer that say where something is, but for a Location
// that a Status writes.
func (a *answer) locate(client *http.Request) {
	in := a.incoming
	if a.found != nil && a.found.written(a.way) != nil && in.located == nil {
		if t := a.found.written(!a.way); t != nil {
			read, _ := a.x.pair.prefixes(a.way)
			in.located = in.locatedBy(t, read)
		}
	}
	place := func(reference string) string {
		return a.x.place(client.Context(), in.way, reference, in.resp.Request)
	}
	for _, name := range []string{"Location", "Content-Location"} {
		if values := in.resp.Header[name]; len(values) == 1 {
			if to := place(values[0]); to != "" {
				in.resp.Header[name] = []string{to}
			}
		}
	}
	placeLinks(in.resp.Header, place)
}

// hint translates the header of an informational answer: of what it may say, Link alone has a place in it.
func (x *Exchange) hint(way body.Direction, asked *http.Request, h http.Header) {
	placeLinks(h, func(reference string) string { return x.place(asked.Context(), way, reference, asked) })
}

// written returns the template of the Location that is written; nil: there is none.
func (s *status) written(way body.Direction) *template {
	if way == body.ToLegacy {
		return s.location.Legacy
	}
	return s.location.Service
}

// redirects reports an answer that says where something is, and nothing else.
func (a *answer) redirects() bool {
	return a.found != nil && a.found.written(a.way) != nil && a.status >= 300 && a.status < 400
}

// relocate writes the Location that a Status asks for.
func (a *answer) relocate() error {
	if a.found == nil {
		return nil
	}
	t := a.found.written(a.way)
	if t == nil {
		if a.found.written(!a.way) != nil { // it says what the other side has no Location for
			a.resp.Header.Del("Location")
		}
		return nil
	}
	v := values{}
	for _, name := range t.names() {
		text, there := a.located[name]
		if !there {
			var err error
			if text, there, err = scalarText(followValue(name, a.doc)); err != nil {
				return fmt.Errorf("%s of the translated body, which the Location %s needs: %w", name, t.text, err)
			}
		}
		if there {
			v[name] = text
		}
	}
	path, query, err := t.write(v)
	if err != nil {
		return fmt.Errorf("the Location: %w", err)
	}
	if query != "" {
		path += "?" + query
	}
	a.resp.Header.Set("Location", path)
	return nil
}

// locatedBy returns what the Location of an answer says by that template; nil: it doesn't fit.
func (in *incoming) locatedBy(t *template, prefix string) values {
	u := resolved(in.resp.Header.Get("Location"), in.resp.Request)
	if u == nil || in.resp.Header.Get("Location") == "" {
		return nil
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), prefix)
	if !ok {
		return nil
	}
	found, err := t.read(path, newQuery(u.RawQuery))
	if err != nil {
		return nil
	}
	return found
}

// resolved returns the URL that a reference in an answer means; nil: it isn't one of the server
// that was asked.
func resolved(reference string, asked *http.Request) *url.URL {
	u, err := url.Parse(reference)
	if err != nil || u.Opaque != "" {
		return nil
	}
	if asked == nil || asked.URL == nil {
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			return nil
		}
		return u
	}
	u = asked.URL.ResolveReference(u)
	if u.Host != asked.URL.Host && u.Host != asked.Host { // whoever passes the client's on is known by that
		return nil
	}
	return u
}

// place is a reference in an answer as the client can follow it; empty: it stays as it is.
func (x *Exchange) place(ctx context.Context, way body.Direction, reference string, asked *http.Request) string {
	u := resolved(reference, asked)
	if u == nil {
		return ""
	}
	for _, p := range append([]*pair{x.pair}, x.links...) {
		if p.read(way) == nil || len(p.passage(way).fromBody) > 0 && !p.allOptional(way) {
			continue
		}
		a, err := p.arrive(ctx, way, u)
		if err != nil {
			continue
		}
		out := &url.URL{Fragment: u.Fragment, RawFragment: u.RawFragment}
		if err := p.departTo(way, a, out, ""); err == nil {
			return out.String()
		}
	}
	return ""
}

// allOptional reports whether names that only a body has may be missing.
func (p *pair) allOptional(way body.Direction) bool {
	for _, name := range p.passage(way).fromBody {
		if !p.written(way).optional(name) {
			return false
		}
	}
	return true
}
