package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Interpreter compiles what a configuration translates.
type Interpreter struct {
	bodies map[string]*body.Translator
	set    lens.Set
}

// Interpreter returns one that looks identifiers up in tables, by the names under ids.
func (c *Config) Interpreter(tables map[string]lens.Table) (*Interpreter, error) {
	i := &Interpreter{map[string]*body.Translator{}, c.lenses(tables)}
	for _, name := range c.TranslatorNames {
		t, err := body.New(c.Translators[name].Definition, i.set)
		if err != nil {
			return nil, fmt.Errorf("compile translator %q: %w", name, err)
		}
		i.bodies[name] = t
	}
	return i, nil
}

// Body returns one of the file's translators; nil: there is none of that name.
func (i *Interpreter) Body(name string) *body.Translator { return i.bodies[name] }

// Compile compiles a translation of the exchanges with an upstream, whose URL may have a path, or be nil.
func (i *Interpreter) Compile(t *Translation, upstream *url.URL) (*exchange.Exchange, error) {
	x := t.Exchange
	x.Set = i.set
	if upstream != nil {
		prefix := strings.TrimSuffix(upstream.EscapedPath(), "/")
		x.Prefix = lens.Sides[string]{Legacy: prefix, Service: prefix}
	}
	x.Request, x.Answer = i.bodies[t.Request], i.bodies[t.Answer]
	x.Status = slices.Clone(x.Status)
	for at := range x.Status {
		x.Status[at].With = i.bodies[t.With[at]]
	}
	return exchange.New(x)
}

// link lets translations know of one another's paths, since answers of one refer to what another is
// about: those of one service, or of one facade.
func (l *loader) link() {
	groups := map[string][]*translationDraft{}
	for _, d := range l.drafts {
		if d.translation != nil {
			groups["service "+d.Service] = append(groups["service "+d.Service], d.translation)
		}
	}
	for _, d := range l.facades {
		groups["facade "+d.Name] = d.routes
	}
	for _, group := range groups {
		for _, one := range group {
			one.to.Exchange.Links = one.linked(group)
		}
	}
}

func (d *translationDraft) linked(group []*translationDraft) (links []exchange.Link) {
	seen := []lens.Sides[string]{d.to.Exchange.Path, {}}
	for _, other := range group {
		if x := &other.to.Exchange; other != d && !other.bad && !slices.Contains(seen, x.Path) {
			seen = append(seen, x.Path)
			links = append(links, exchange.Link{Path: x.Path, Params: x.Params})
		}
	}
	return links
}
