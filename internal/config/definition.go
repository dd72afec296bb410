package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/strangler"
)

// definition is what is kept of a route. Lists whose order means nothing are sorted in it, so
// that it differs only where the route does.
type definition struct {
	strangler.Route
	Sample         float64       `json:"sample"` // percent
	SecondCall     string        `json:"second_call,omitempty"`
	LegacyExtra    LegacyExtra   `json:"legacy_extra,omitzero"`
	Control        *float64      `json:"control,omitempty"` // percent; nil: the default
	Recheck        string        `json:"recheck,omitempty"` // empty: the default
	InOrder        bool          `json:"in_order,omitempty"`
	KeepMatches    int           `json:"keep_matches,omitempty"`
	Capture        string        `json:"capture,omitempty"` // empty: full
	Compare        compare.Rules `json:"compare"`
	CompareHeaders *[]string     `json:"compare_headers,omitempty"` // an empty list is not none
	Translate      string        `json:"translate,omitempty"`       // names of translators in Go
	Translation    *declared     `json:"translation,omitempty"`     // what the file itself says
	Rollout        any           `json:"rollout,omitempty"`
	RetireAfter    string        `json:"retire_after,omitempty"` // empty: all routes'
	said
}

// Definitions returns for each route, by name, the canonical JSON of everything that matters
// about it, secrets left out. It is what the journal keeps.
func (c *Config) Definitions() map[string]json.RawMessage {
	all := make(map[string]json.RawMessage, len(c.Routes))
	for _, r := range c.Routes {
		d := definition{Route: r.Route, Sample: inPercent(r.Sample), LegacyExtra: r.LegacyExtra, InOrder: r.InOrder, KeepMatches: r.KeepMatches, Compare: r.Rules, RetireAfter: r.retireText(), said: r.said}
		d.Translate, d.Translation = c.shownTranslation(r.Translate)
		d.Match.Methods = sorted(d.Match.Methods)
		if r.SecondCall {
			d.SecondCall = "with_session"
		}
		if r.Capture != shadow.CaptureFull {
			d.Capture = string(r.Capture)
		}
		if control := inPercent(r.Control); r.Control != defaultControl {
			d.Control = &control
		}
		if r.Recheck != defaultRecheck {
			d.Recheck = r.Recheck.String()
		}
		for _, list := range []*[]string{&d.Compare.Ignore, &d.Compare.Only, &d.Compare.Unordered} {
			*list = sorted(*list)
		}
		if r.Rules.Headers != nil {
			headers := sorted(r.Rules.Headers)
			d.Compare.Headers, d.CompareHeaders = nil, &headers
		}
		d.Rollout = shownPlan(r.Rollout, r.ownWindow)
		text, err := json.Marshal(d)
		if err != nil {
			panic("config: a definition has no JSON form: " + err.Error()) // all its parts have one
		}
		all[r.Name] = text
	}
	return all
}

// inPercent is a share in percent, without what binary fractions add to it.
func inPercent(share float64) float64 { return math.Round(share*1e9) / 1e7 }

// InForce returns Definitions and, under its pointer in the file, each other setting that a
// reload puts in force; no route's name begins with a slash.
func (c *Config) InForce() map[string]json.RawMessage {
	all := c.Definitions()
	set := func(pointer string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			panic("config: " + pointer + " has no JSON form: " + err.Error()) // all have one
		}
		all[pointer] = text
	}
	if c.NoLegacy {
		set("/legacy", "none")
	} else {
		set("/legacy", shownUpstream(c.Legacy))
	}
	for name, u := range c.Services {
		set("/services/"+name, shownUpstream(u))
	}
	for _, name := range c.TranslatorNames {
		set("/translators/"+name, c.Translators[name].shown())
	}
	for _, name := range c.SessionNames {
		set("/sessions/"+name, map[string]any{"says": c.Sessions[name].Text, "jwks": c.Sessions[name].Keys})
	}
	for _, f := range c.Facades {
		set("/facades/"+f.Name, c.shownFacade(f))
	}
	proxies := []string{}
	for _, p := range c.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	set("/trusted_proxies", sorted(proxies))
	set("/debug_header", c.DebugHeader)
	set("/forwarded", c.Forwarded)
	set("/limits", map[string]any{"header_count": c.Limits.HeaderCount, "body_idle": c.Limits.BodyIdle.String(), "max_body": c.Limits.MaxBody})
	set("/trace", c.Trace)
	set("/rollout", shownRollout(c.Rollout))
	set("/retire_after", c.RetireAfter.String())
	set("/shutdown", map[string]string{"drain_delay": c.Shutdown.DrainDelay.String(), "grace": c.Shutdown.Grace.String()})
	return all
}

// ParseDefinition returns the route of a definition that Definitions made, now or in an earlier
// version of the program: members that are not known any more are left out.
func ParseDefinition(text json.RawMessage) (strangler.Route, error) {
	var d definition
	err := json.Unmarshal(text, &d)
	return d.Route, err
}

func sorted(list []string) []string {
	if list == nil {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// Change is how one name's definition differs.
type Change struct {
	Name   string  `json:"name"`
	Kind   string  `json:"kind"`             // added, removed or changed
	Fields []Field `json:"fields,omitempty"` // of a changed one, by pointer
}

// String returns the change in one line.
func (c Change) String() string {
	var fields []string
	for _, f := range c.Fields {
		text := orNothing(f.Old) + " → " + orNothing(f.New)
		if f.Pointer != "" { // else it is the whole of it
			text = f.Pointer + ": " + text
		}
		fields = append(fields, text)
	}
	if len(fields) == 0 {
		return c.Name + " " + c.Kind
	}
	return c.Name + " " + c.Kind + ": " + strings.Join(fields, ", ")
}

func orNothing(value json.RawMessage) string {
	if value == nil {
		return "nothing"
	}
	return string(value)
}

// Field is one field that differs. Lists are one field.
type Field struct {
	Pointer string          `json:"pointer"`       // RFC 6901
	Old     json.RawMessage `json:"old,omitempty"` // nil: there was none
	New     json.RawMessage `json:"new,omitempty"` // nil: there is none
}

// Diff returns how definitions differ, by name. Values are compared as JSON: neither the order
// of members nor space matters.
func Diff(old, new map[string]json.RawMessage) []Change {
	names := maps.Clone(old)
	if names == nil {
		names = map[string]json.RawMessage{}
	}
	maps.Copy(names, new)
	var changes []Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, had := old[name]
		after, has := new[name]
		switch {
		case !had:
			changes = append(changes, Change{Name: name, Kind: "added"})
		case !has:
			changes = append(changes, Change{Name: name, Kind: "removed"})
		default:
			if fields := diffFields(nil, "", before, after); len(fields) > 0 {
				changes = append(changes, Change{name, "changed", fields})
			}
		}
	}
	return changes
}

func diffFields(found []Field, pointer string, old, new json.RawMessage) []Field {
	before, isObject := members(old)
	after, areObjects := members(new)
	if !isObject || !areObjects {
		if !bytes.Equal(canonical(old), canonical(new)) {
			found = append(found, Field{pointer, old, new})
		}
		return found
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		below := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		found = diffFields(found, below, before[name], after[name])
	}
	return found
}

// members returns an object's members; false where the text is no object.
func members(text json.RawMessage) (map[string]json.RawMessage, bool) {
	all := map[string]json.RawMessage{}
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) || json.Unmarshal(text, &all) != nil {
		return nil, false
	}
	return all, true
}

// canonical returns a JSON text with its members sorted and without space; what is no JSON
// stays as it is.
func canonical(text json.RawMessage) []byte {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var any any
	if decoder.Decode(&any) != nil {
		return text
	}
	if sorted, err := json.Marshal(any); err == nil {
		return sorted
	}
	return text
}
