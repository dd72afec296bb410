package dashboard

import (
	"maps"
	"slices"

	"github.com/strangler-fig/toolkit/web"
)

// configPage shows what is in force and how the machinery does.
var configPage = page{name: "config", build: buildConfig, live: func(v view) []fragment {
	return []fragment{{"config-state", v}, {"machinery", v}}
}}

type configView struct {
	frame
	State       web.ConfigState
	Stats       web.Stats
	Definitions []definition
}

type definition struct{ Name, Text string }

func buildConfig(q *query) (view, error) {
	v := &configView{frame: frame{Title: "Configuration", Section: "config"}, State: q.System.Config(), Stats: q.System.Stats()}
	for _, name := range slices.Sorted(maps.Keys(v.State.Definitions)) {
		v.Definitions = append(v.Definitions, definition{name, pretty(v.State.Definitions[name])})
	}
	return v, nil
}
