package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/ids"
)

// declared is what is kept of a translation that the file itself declares: another text wherever
// what it makes of an exchange may be another.
type declared struct {
	Says        json.RawMessage   `json:"says"` // of the route
	Translators map[string]string `json:"translators,omitempty"`
	IDs         map[string]any    `json:"ids,omitempty"`
	Session     string            `json:"session,omitempty"`
}

// shownTranslation returns what a definition has of a translation: the names of what is plugged in
// from Go, and what the file declares, if it does.
func (c *Config) shownTranslation(t *Translation) (names string, shown *declared) {
	if t == nil {
		return "", nil
	}
	names = strings.Join(t.Go, ", ")
	if len(t.Go) > 0 && t.Session == "" {
		return names, nil
	}
	shown = &declared{Says: t.Text, Translators: map[string]string{}, IDs: map[string]any{}}
	if t.Session != "" {
		shown.Session = digest(c.Sessions[t.Session].Text)
	}
	for _, name := range c.closure(t) {
		used := c.Translators[name]
		shown.Translators[name] = digest(used.Text)
		for _, table := range used.ids {
			shown.IDs[table] = c.shownTable(table)
		}
	}
	for _, f := range t.Exchange.Params {
		if f.IDs != "" {
			shown.IDs[f.IDs] = c.shownTable(f.IDs)
		}
	}
	return names, shown
}

// Key identifies how a route translates: it is another where the translation may be. Where there is
// only what is plugged in from Go, it is the names of that; of nil it is empty.
func (t *Translation) Key() string {
	if t == nil {
		return ""
	}
	return t.key
}

// keyTranslations settles what identifies the translations, when all is known of them.
func (l *loader) keyTranslations() {
	for _, d := range l.drafts {
		names, shown := l.cfg.shownTranslation(d.Translate)
		if shown != nil {
			text, err := json.Marshal(shown)
			if err != nil {
				panic("config: a translation has no JSON form: " + err.Error()) // all have one
			}
			names += digest(text)
		}
		if d.Translate != nil {
			d.Translate.key = names
		}
	}
}

// shownTable is what of a table of identifiers decides what they are translated to.
func (c *Config) shownTable(name string) any {
	shown := map[string]any{}
	for side, mint := range map[string]ids.Mint{"legacy": c.IDs[name].Legacy, "service": c.IDs[name].Service} {
		switch mint.Kind {
		case ids.Number:
			shown[side] = map[string]int64{"from": mint.From}
		case ids.UUID:
			shown[side] = mint.Kind
		}
	}
	return shown
}

// closure returns the names of the file's translators that a translation needs, in order.
func (c *Config) closure(t *Translation) []string {
	var all []string
	var add func(names []string)
	add = func(names []string) {
		for _, name := range names {
			if used, ok := c.Translators[name]; ok && !slices.Contains(all, name) {
				all = append(all, name)
				add(used.uses)
			}
		}
	}
	if add(t.Names()); len(t.Exchange.Params) > 0 {
		for _, f := range t.Exchange.Params {
			add([]string{f.Each, f.With})
		}
	}
	slices.Sort(all)
	return all
}

// digest is short for a text: a text that differs in anything has another one.
func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:8])
}

// shown is a translator as `strangler diff` shows it: its fields under their names, so that one that
// comes or goes is one difference.
func (t *Translator) shown() any {
	var all map[string]any
	if json.Unmarshal(t.Text, &all) != nil {
		return t.Text
	}
	list, ok := all["fields"].([]any)
	if !ok {
		return t.Text
	}
	byName := map[string]any{}
	for _, f := range list {
		name := fieldOf(f)
		for byName[name] != nil {
			name += " again"
		}
		byName[name] = f
	}
	all["fields"] = byName
	return all
}

// fieldOf is what a field is called where it is shown.
func fieldOf(f any) string {
	members, _ := f.(map[string]any)
	var sides [2][]string
	for i, side := range []string{"legacy", "service"} {
		switch place := members[side].(type) {
		case string:
			sides[i] = []string{place}
		case []any:
			for _, part := range place {
				if s, ok := part.(string); ok {
					sides[i] = append(sides[i], s)
				}
			}
		}
	}
	return fieldName(sides[0], sides[1])
}

// fieldName is what a field with those places is called where it is shown.
func fieldName(legacy, service []string) string {
	var sides []string
	for _, side := range [][]string{legacy, service} {
		if len(side) > 0 {
			sides = append(sides, strings.Join(side, "+"))
		}
	}
	return strings.Join(sides, " ↔ ")
}

// shownFacade is a facade as `strangler diff` shows it.
func (c *Config) shownFacade(f Facade) any {
	routes := []any{}
	for _, r := range f.Routes {
		_, shown := c.shownTranslation(r.Translation)
		routes = append(routes, shown)
	}
	shown := map[string]any{"listen": f.Listen, "routes": routes}
	if len(f.Hosts) > 0 {
		shown["hosts"] = f.Hosts
	}
	return shown
}
