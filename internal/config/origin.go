package config

import (
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// Setting is a setting of a route as it is in force, and where its value comes from.
type Setting struct {
	Name  string          // as a file has it, below the route: shadow.sample
	Value json.RawMessage // secrets left out
	From  string          // one of the Origins
	Pos   Position        // where it is written; zero of OriginProgram
}

// Where a setting may come from.
const (
	OriginRoute    = "route"
	OriginUnit     = "unit" // another route of the unit: what one says of a rollout holds for all
	OriginService  = "service"
	OriginDefaults = "defaults"
	OriginFile     = "file"    // the file says it for everything: shadow.capture, retire_after
	OriginProgram  = "program" // nobody says anything
)

// Settings returns all that can be said of a route, in the order of the documentation; nil: there is no
// such route.
func (c *Config) Settings(route string) []Setting {
	at := slices.IndexFunc(c.Routes, func(r Route) bool { return r.Name == route })
	if at < 0 {
		return nil
	}
	r := &c.Routes[at]
	var all []Setting
	for _, s := range c.values(r) {
		s.From, s.Pos = c.origin(r, s.Name)
		all = append(all, s)
	}
	return all
}

// values are a route's settings, as the file would have them.
func (c *Config) values(r *Route) (all []Setting) {
	add := func(name string, value any) { all = append(all, Setting{Name: name, Value: mustJSON(value)}) }
	given := func(name, value string) {
		if value != "" {
			add(name, value)
		}
	}
	if r.Match.Methods != nil {
		add("match.methods", r.Match.Methods)
	} else {
		add("match.methods", "all")
	}
	add("match.path", r.Match.Path)
	given("match.host", r.Match.Host)
	for name, value := range sortedPairs(r.Match.Headers) {
		add("match.headers."+name, value)
	}
	for name, value := range sortedPairs(r.Match.Query) {
		add("match.query."+name, value)
	}
	given("service", r.Service)
	given("unit", r.Unit)
	given("owner", r.Owner)
	add("start", r.Start.String())
	add("cohort", r.Cohort)
	if r.Override != nil {
		add("override.header", r.Override.Header)
	}
	add("repeat", r.Repeat)
	add("return", r.Return)
	add("fallback", map[bool]string{true: "legacy", false: "none"}[r.Fallback])
	add("max_body", r.MaxBody)
	add("shadow.sample", percentText(r.Sample))
	given("shadow.sandbox", r.Sandbox)
	add("shadow.second_call", map[bool]string{true: "with_session", false: "without_session"}[r.SecondCall])
	if r.LegacyExtra.Share > 0 {
		add("shadow.legacy_extra.share", percentText(r.LegacyExtra.Share))
	}
	if r.LegacyExtra.PerSecond > 0 {
		add("shadow.legacy_extra.per_second", r.LegacyExtra.PerSecond)
	}
	add("shadow.control", percentText(r.Control))
	add("shadow.recheck", durationText(r.Recheck))
	add("shadow.capture", r.Capture)
	add("shadow.keep_matches", r.KeepMatches)
	add("shadow.in_order", r.InOrder)
	for _, rule := range []struct {
		name string
		list []string
	}{{"headers", r.Rules.Headers}, {"ignore", r.Rules.Ignore}, {"only", r.Rules.Only}, {"unordered", r.Rules.Unordered}} {
		if rule.list != nil {
			add("shadow.compare."+rule.name, rule.list)
		}
	}
	if len(r.Rules.Keyed) > 0 {
		add("shadow.compare.keyed", r.Rules.Keyed)
	}
	if len(r.Rules.Tolerance) > 0 {
		add("shadow.compare.tolerance", r.Rules.Tolerance)
	}
	if r.Translate != nil {
		add("translate", c.translateNames(r))
	}
	if r.Service != "" {
		policy := c.Services[r.Service].Policy
		if r.Policy != nil {
			policy = *r.Policy
		}
		all = append(all, policySettings(policy)...)
	}
	if plan, ok := shownPlan(r.Rollout, true).(map[string]any); ok {
		all = append(all, flattened("rollout", plan)...)
	}
	add("retire_after", durationText(r.RetireAfter))
	return all
}

// translateNames are the translators that a route names.
func (c *Config) translateNames(r *Route) any {
	names, shown := c.shownTranslation(r.Translate)
	if shown != nil {
		return shown
	}
	return names
}

func policySettings(p upstream.Policy) (all []Setting) {
	shown := shownPolicy(p)
	for _, name := range []string{"timeouts", "retry", "breaker", "bulkhead"} {
		if parts, is := shown[name].(map[string]any); is {
			all = append(all, flattened(name, parts)...)
			continue
		}
		all = append(all, Setting{Name: name, Value: mustJSON(shown[name])})
	}
	return all
}

// flattened returns a setting for each leaf, sorted.
func flattened(name string, parts map[string]any) (all []Setting) {
	for key, value := range sortedPairs(parts) {
		switch value := value.(type) {
		case map[string]any:
			all = append(all, flattened(name+"."+key, value)...)
		case map[string]string:
			for inner, text := range sortedPairs(value) {
				all = append(all, Setting{Name: name + "." + key + "." + inner, Value: mustJSON(text)})
			}
		default:
			all = append(all, Setting{Name: name + "." + key, Value: mustJSON(value)})
		}
	}
	return all
}

func sortedPairs[V any](m map[string]V) func(yield func(string, V) bool) {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return func(yield func(string, V) bool) {
		for _, key := range keys {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// origin says who says a setting of a route: the route itself, or the next of those it stands on.
func (c *Config) origin(r *Route, name string) (string, Position) {
	if pos, ok := c.written.at("routes", r.Name, name); ok {
		return OriginRoute, pos
	}
	head, _, _ := strings.Cut(name, ".")
	switch head {
	case "rollout":
		if key := strings.TrimPrefix(name, "rollout."); r.Unit != "" && !ownKey(key) {
			for _, other := range c.Routes {
				if other.Unit != r.Unit || other.Name == r.Name {
					continue
				}
				if pos, ok := c.written.at("routes", other.Name, name); ok {
					return OriginUnit, pos
				}
			}
		}
	case "timeouts", "retry", "breaker", "bulkhead":
		if pos, ok := c.written.at("services", r.Service, name); ok {
			return OriginService, pos
		}
	}
	if pos, ok := c.written.at("defaults", "", name); ok {
		return OriginDefaults, pos
	}
	switch name {
	case "shadow.capture", "rollout.window", "retire_after":
		if pos, ok := c.written.at("", "", name); ok {
			return OriginFile, pos
		}
	}
	return OriginProgram, Position{}
}

// written says where values stand in the files, by section, name in it, and the keys below.
type written map[writtenKey]Position

type writtenKey struct{ section, name, keys string }

// at returns where a value stands: it, or what is written in place of the object that it would be in.
func (w written) at(section, name, keys string) (Position, bool) {
	for {
		if pos, ok := w[writtenKey{section, name, keys}]; ok {
			return pos, true
		}
		cut := strings.LastIndexByte(keys, '.')
		if cut < 0 {
			return Position{}, false
		}
		keys = keys[:cut]
	}
}

// note notes where the leaves below v stand.
func (w written) note(section, name, keys string, v value) {
	if isNull(v.node) {
		return // as is left when everything below a key is commented out
	}
	if v.node.Kind != yaml.MappingNode || keys == "translate" || strings.HasPrefix(keys, "shadow.compare.") {
		if keys != "" {
			w[writtenKey{section, name, keys}] = v.pos()
		}
		return
	}
	for key, child := range v.entries() {
		below := key.node.Value
		if keys != "" {
			below = keys + "." + below
		}
		w.note(section, name, below, child)
	}
}

// noteRoot notes what a file says beside its routes.
func (w written) noteRoot(root value) {
	for key, child := range root.entries() {
		switch section := key.node.Value; section {
		case "defaults":
			w.note(section, "", "", child)
		case "services":
			for name, service := range child.entries() {
				w.note(section, name.node.Value, "", service)
			}
		case "shadow", "rollout", "retire_after":
			w.note("", "", section, child)
		}
	}
}

// noteWritten notes where everything stands that Settings tells of.
func (l *loader) noteWritten() written {
	w := written{}
	for _, root := range l.roots {
		w.noteRoot(root)
	}
	for _, d := range l.drafts {
		w.note("routes", d.Name, "", d.at)
	}
	return w
}
