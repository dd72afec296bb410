package dashboard

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// servicesPage lists the services, where they run and which routes they have.
var servicesPage = page{name: "services", build: buildServices, live: func(v view) []fragment { return []fragment{{"service-list", v}} }}

type servicesView struct {
	frame
	Services []serviceCard
}

type serviceCard struct {
	web.Service
	Rows      []routeRow
	PerSecond float64
	Requests  int64
	Failures  int64
	Moved     bool // a route of it is beyond shadow, so a rollback does something
}

func buildServices(q *query) (view, error) {
	v := &servicesView{frame: frame{Title: "Services", Section: "services"}}
	rows := rowsOf(q.System.Routes(), q.System.Stats())
	for _, s := range q.System.Services() {
		card := serviceCard{Service: s}
		for _, r := range rows {
			if r.Service != s.Name && !slices.Contains(s.Routes, r.Name) {
				continue
			}
			card.Rows = append(card.Rows, r)
			card.PerSecond += r.Stats.Service.PerSecond
			card.Requests += r.Stats.Service.Requests
			card.Failures += r.Stats.Service.Failures
			card.Moved = card.Moved || r.Phase > strangler.PhaseShadow
		}
		v.Services = append(v.Services, card)
	}
	return v, nil
}

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

// parseHeader reads headers as a person types them, one "Name: value" a line.
func parseHeader(text string) (map[string][]string, error) {
	all := make(map[string][]string)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("read header %q: write one a line, as Name: value", cut(line, 80))
		}
		name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))
		all[name] = append(all[name], strings.TrimSpace(value))
	}
	return all, nil
}
