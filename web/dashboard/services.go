package dashboard

import (
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// servicesPage lists the services, where they run and which routes they have.
var servicesPage = page{name: "services", build: buildServices, live: func(v view) []fragment { return []fragment{{"service-list", v}} }}

type servicesView struct {
	frame
	Legacy   *web.Service // nil where there are no services, when the page says how to begin, and where there is no legacy any more
	Services []serviceCard
	Facades  []web.Facade
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
	v.Facades = q.System.Facades()
	if len(v.Services) > 0 {
		if legacy := q.System.Legacy(); !legacy.Absent {
			v.Legacy = &legacy
		}
	}
	return v, nil
}
