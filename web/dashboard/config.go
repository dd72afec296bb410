package dashboard

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// configPage shows what is in force and how the machinery does.
var configPage = page{name: "config", build: buildConfig, live: func(v view) []fragment {
	return []fragment{{"config-state", v}, {"config-drift", v}, {"machinery", v}}
}}

type configView struct {
	frame
	State    web.ConfigState
	Stats    web.Stats
	Drift    []drift
	Sections []section
	Count    int // of definitions
}

// drift is a route that doesn't stand where the file lets it start: the journal has it.
type drift struct {
	Route      string
	Start, Now strangler.Position
}

// section is definitions of one kind.
type section struct {
	Title       string
	Definitions []definition
}

type definition struct{ Name, Text string }

func buildConfig(q *query) (view, error) {
	v := &configView{frame: frame{Title: "Configuration", Section: "config"}, State: q.System.Config(), Stats: q.System.Stats()}
	v.Count = len(v.State.Definitions)
	v.Sections = sectionsOf(v.State.Definitions)
	for _, r := range q.System.Routes() {
		now := strangler.Position{Phase: r.Phase, Weight: r.Weight}
		if start, says := startOf(v.State.Definitions[r.Name]); says && start != now {
			v.Drift = append(v.Drift, drift{r.Name, start, now})
		}
	}
	return v, nil
}

// startOf reads where a definition lets its route start.
func startOf(raw json.RawMessage) (start strangler.Position, says bool) {
	var d struct {
		Start *strangler.Position `json:"start"`
	}
	if json.Unmarshal(raw, &d) != nil || d.Start == nil {
		return start, false
	}
	return *d.Start, true
}

// sectionsOf sorts definitions by what they are of. A route's name begins with no slash, anything else is
// named by its pointer in the file.
func sectionsOf(definitions map[string]json.RawMessage) []section {
	titles := []string{"Routes", "services", "translators", "sessions", "facades", "Everything else"}
	sections := make([]section, len(titles))
	for i, title := range titles {
		sections[i].Title = strings.ToUpper(title[:1]) + title[1:]
	}
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		d, at := definition{name, pretty(definitions[name])}, 0
		if rest, isPointer := strings.CutPrefix(name, "/"); isPointer {
			kind, of, within := strings.Cut(rest, "/")
			at = len(titles) - 1
			if i := slices.Index(titles, kind); within && i > 0 {
				at, d.Name = i, of
			}
		}
		sections[at].Definitions = append(sections[at].Definitions, d)
	}
	return slices.DeleteFunc(sections, func(s section) bool { return len(s.Definitions) == 0 })
}
