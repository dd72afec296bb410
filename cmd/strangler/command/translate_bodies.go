package command

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/roundtrip"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// maxExchanges is how many stored exchanges the API gives at a time.
const maxExchanges = 1000

// ofFiles tests what lies in files.
func (p *proving) ofFiles(cmd *cobra.Command, c *Config, cfg *config.Config, routeName string) ([]*tested, error) {
	name, route := p.translator, config.Route{}
	var err error
	if name == "" {
		if route, err = routeIn(cfg, routeName); err != nil {
			return nil, err
		}
		if err := translates(cfg, route, true); err != nil {
			return nil, err
		}
		if name = route.Translate.Answer; name == "" {
			name = route.Translate.Request
		}
	}
	files, err := p.globs.files("files")
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(files, isArchive); i >= 0 {
		switch {
		case p.side.value == "service":
			return nil, usagef("%s: an archive's answers are legacy's; --side service is for files of bodies", files[i])
		case route.Translate != nil && route.Translate.Answer == "":
			return nil, usagef("%s: an archive has answers, and route %s translates requests alone", files[i], route.Name)
		}
	}
	t, err := newTested(c, cfg, name, "bodies", p.side.value)
	if err != nil {
		return nil, err
	}
	t.Route = route.Name
	bar := newBar(cmd.ErrOrStderr(), false)
	defer bar.clear()
	for i, file := range files {
		bar.show(int64(i), int64(len(files)), "%d of %s", i, count(len(files), "file"))
		bodies, err := bodiesIn(cmd, file)
		if err != nil {
			return nil, err
		}
		for n, b := range bodies {
			if len(files) == 1 { // an archive
				bar.show(int64(n), int64(len(bodies)), "%d of %s", n, bodiesText(len(bodies)))
			}
			if p.limit--; p.limit < 0 {
				t.skip("beyond --limit")
				continue
			}
			if err := t.add(cmd.Context(), b); err != nil {
				return nil, err
			}
		}
	}
	return []*tested{t}, nil
}

// isArchive reports whether a file is an HTTP archive, by its name.
func isArchive(file string) bool { return strings.EqualFold(filepath.Ext(file), ".har") }

// bodiesIn reads a file: a body, or the answers of an archive.
func bodiesIn(cmd *cobra.Command, file string) ([]roundtrip.Body, error) {
	if !isArchive(file) {
		text, err := readInput(cmd, maxTranslated, file)
		if err != nil {
			return nil, err
		}
		return []roundtrip.Body{{Name: inputName(file), Text: text}}, nil
	}
	all, err := readHAR(file)
	if err != nil {
		return nil, err
	}
	var bodies []roundtrip.Body
	for _, x := range all {
		if x.Legacy.Status < 200 || x.Legacy.Status > 299 {
			continue
		}
		bodies = append(bodies, bodyOf(x.Method+" "+x.Path, x.Legacy, 1))
	}
	return bodies, nil
}

// bodyOf is an answer's body as it is tested.
func bodyOf(name string, a *web.Answer, weight float64) roundtrip.Body {
	text := []byte(a.Body)
	if a.Binary {
		if decoded, err := base64.StdEncoding.DecodeString(a.Body); err == nil {
			text = decoded
		}
	}
	return roundtrip.Body{Name: name, Text: text, ContentType: contentTypeOf(a), Weight: weight}
}

// contentTypeOf returns what an answer says of its body. What was recorded is decoded to text where
// it can be, but not out of its character set.
func contentTypeOf(a *web.Answer) string { return http.Header(a.Headers).Get("Content-Type") }

// translates says whether the file declares how a route's bodies are translated; if named, the lack
// of it is an error.
func translates(cfg *config.Config, r config.Route, named bool) error {
	switch t := r.Translate; {
	case !named && (t == nil || len(t.Go) > 0 || t.Request == "" && t.Answer == ""):
		return errNoTranslator
	case t == nil:
		return usagef("%s: route %s translates nothing", cfg.File, r.Name)
	case len(t.Go) > 0:
		return usagef("%s: route %s is translated by %s, which the file doesn't declare, so that it has to be written in Go; this works on translators that the file declares", cfg.File, r.Name, strings.Join(t.Go, ", "))
	case t.Request == "" && t.Answer == "":
		return usagef("%s: route %s translates no bodies", cfg.File, r.Name)
	}
	return nil
}

var errNoTranslator = usagef("it has no translator")

// ofProxy tests what the running proxy has of a route, or of all that translate.
func (p *proving) ofProxy(cmd *cobra.Command, c *Config, cfg *config.Config, args []string) (all []*tested, err error) {
	routes := cfg.Routes
	if len(args) == 1 {
		route, err := routeIn(cfg, args[0])
		if err != nil {
			return nil, err
		}
		if err := translates(cfg, route, true); err != nil {
			return nil, err
		}
		routes = []config.Route{route}
	}
	routes = slices.DeleteFunc(slices.Clone(routes), func(r config.Route) bool { return translates(cfg, r, false) != nil })
	if len(routes) == 0 {
		return nil, usagef("no route of %s is translated by what the file declares", cfg.File)
	}
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	bar := newBar(cmd.ErrOrStderr(), false)
	defer bar.clear()
	for i, route := range routes {
		bar.show(int64(i), int64(len(routes)), "%d of %s, reading %s", i, count(len(routes), "route"), route.Name)
		tests, err := p.ofRoute(cmd.Context(), client, c, cfg, route)
		if err != nil {
			return nil, err
		}
		all = append(all, tests...)
	}
	return all, nil
}

// ofRoute tests a route's recorded answers from either side, and its requests.
func (p *proving) ofRoute(ctx context.Context, client *api.Client, c *Config, cfg *config.Config, route config.Route) (all []*tested, err error) {
	found, err := client.Exchanges(ctx, web.ExchangeQuery{Route: route.Name, Limit: p.limit})
	if err != nil {
		return nil, err
	}
	translated, err := translating(ctx, client, route.Name)
	if err != nil {
		return nil, err
	}
	weights, err := weightsOf(ctx, client, route.Name, found)
	if err != nil {
		return nil, err
	}
	t := route.Translate
	var legacy, service, requests *tested
	for _, one := range []struct {
		to             **tested
		name, of, side string
	}{{&legacy, t.Answer, "answers", "legacy"}, {&service, t.Answer, "answers", "service"}, {&requests, t.Request, "requests", "legacy"}} {
		if one.name == "" {
			continue
		}
		if *one.to, err = newTested(c, cfg, one.name, one.of, one.side); err != nil {
			return nil, err
		}
		(*one.to).Route = route.Name
		all = append(all, *one.to)
	}
	for _, x := range found {
		name, weight := x.ID, weights[x.Group]
		if requests != nil && x.Body != "" {
			b := bodyOf(name, &web.Answer{Body: x.Body, Binary: x.Binary, Headers: x.Headers}, weight)
			if err := requests.add(ctx, b); err != nil {
				return nil, err
			}
		}
		if legacy == nil {
			continue
		}
		if x.Legacy != nil {
			if err := legacy.addAnswer(ctx, bodyOf(name, x.Legacy, weight), x.Legacy.Status, t.Exchange.Status, x.Method); err != nil {
				return nil, err
			}
		}
		if raw := untranslated(x.Service, translated); raw == nil && x.Service != nil {
			service.skip("not kept as it was before it was translated")
		} else if raw != nil {
			if err := service.addAnswer(ctx, bodyOf(name, raw, weight), raw.Status, nil, x.Method); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// translating reports whether the running proxy translates a route, so that the service's answers on
// record are in legacy's form.
func translating(ctx context.Context, client *api.Client, route string) (bool, error) {
	t, err := client.Translation(ctx, route)
	return len(t.Parts)+len(t.Bodies) > 0, err
}

// untranslated returns the service's answer as it gave it; nil: that isn't on record.
func untranslated(a *web.Answer, translated bool) *web.Answer {
	if a == nil || a.Untranslated == nil && !translated {
		return a
	}
	return a.Untranslated
}

// addAnswer tests an answer's body, if its status is one whose body is translated by the route's
// translator rather than by one of errors.
func (t *tested) addAnswer(ctx context.Context, b roundtrip.Body, status int, errors []exchange.Status, method string) error {
	switch {
	case method == http.MethodHead:
		return nil
	case status < 200 || status > 299:
		t.skip("of another status than 200 to 299")
		return nil
	case t.isError(b, status, errors):
		t.skip("errors inside an answer with a good status")
		return nil
	}
	return t.add(ctx, b)
}

// isError reports whether an answer of legacy's is an error for what the route says of statuses.
func (t *tested) isError(b roundtrip.Body, status int, errors []exchange.Status) bool {
	for _, s := range errors {
		if s.Legacy != status || len(s.When) == 0 {
			continue
		}
		d, err := t.test.Decode(bytes.Clone(b.Text), b.ContentType)
		if err != nil {
			return false
		}
		if !slices.ContainsFunc(s.When, func(m exchange.Member) bool { return !has(d, m) }) {
			return true
		}
	}
	return false
}

// has reports whether a document has that value there.
func has(d *document.Document, m exchange.Member) bool {
	at, err := document.ParsePath(m.Path)
	if err != nil {
		return false
	}
	v := at.Follow(d.Root())
	return v.Kind() == m.Is.Kind && (v.Text() == m.Is.Text || m.Is.Kind == document.True || m.Is.Kind == document.False || m.Is.Kind == document.Null) ||
		d.Repeats && v.Scalar() && v.Text() == m.Is.Text
}

// weightsOf says how many of a route's exchanges one that is stored stands for, by its group: of
// each group a few are kept, and of those without differences too.
func weightsOf(ctx context.Context, client *api.Client, route string, found []web.Exchange) (map[string]float64, error) {
	kept := map[string]int{}
	for _, x := range found {
		kept[x.Group]++
	}
	weights := map[string]float64{"": 1}
	groups, err := client.Groups(ctx, route, "")
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if n := kept[g.ID]; n > 0 {
			weights[g.ID] = float64(g.Count) / float64(n)
		}
	}
	if n := kept[""]; n > 0 {
		e, err := client.RouteEvidence(ctx, route)
		if err != nil {
			return nil, err
		}
		weights[""] = max(1, float64(e.Compared-e.Diverged)/float64(n))
	}
	return weights, nil
}
