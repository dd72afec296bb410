package dashboard

import (
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// servicesPage lists the services, where they run and which routes they have.
var servicesPage = page{name: "services", build: buildServices, live: func(v view) []fragment { return []fragment{{"service-list", v}} }}

type servicesView struct {
	frame
	Legacy   *serviceCard // nil where there are no services, when the page says how to begin, and where there is no legacy any more
	Services []serviceCard
	Facades  []web.Facade
}

type serviceCard struct {
	web.Service
	Rows      []routeRow
	PerSecond float64
	Requests  int64
	Failures  int64
	Latency   string // of its routes
	Moved     bool   // a route of it is beyond shadow, so a rollback does something
}

// add counts what one route has of it.
func (c *serviceCard) add(side web.SideStats) {
	c.PerSecond += side.PerSecond
	c.Requests += side.Requests
	c.Failures += side.Failures
}

// InFlight returns how many requests its endpoints are answering.
func (c *serviceCard) InFlight() (n int64) {
	for _, e := range c.Endpoints {
		n += e.InFlight
	}
	return n
}

// InTurn returns how many of its endpoints get requests.
func (c *serviceCard) InTurn() (n int) {
	for _, e := range c.Endpoints {
		if e.Healthy {
			n++
		}
	}
	return n
}

// latencyText says how long a side takes for its routes. Quantiles of several can't be added up, so that
// it is the least and the most of them; empty: it answered nobody yet.
func latencyText(sides []web.SideStats) string {
	var least, most, slow float64
	for _, s := range sides {
		if s.P50MS <= 0 {
			continue
		}
		if least == 0 || s.P50MS < least {
			least = s.P50MS
		}
		most, slow = max(most, s.P50MS), max(slow, s.P99MS)
	}
	switch {
	case most == 0:
		return ""
	case milliseconds(least) == milliseconds(most):
		return fmt.Sprintf("p50 %s, p99 up to %s", milliseconds(most), milliseconds(slow))
	}
	return fmt.Sprintf("p50 %s to %s, p99 up to %s", milliseconds(least), milliseconds(most), milliseconds(slow))
}

func buildServices(q *query) (view, error) {
	v := &servicesView{frame: frame{Title: "Services", Section: "services"}}
	stats := q.System.Stats()
	rows := rowsOf(q.System.Routes(), stats)
	for _, s := range q.System.Services() {
		card := serviceCard{Service: s}
		var sides []web.SideStats
		for _, r := range rows {
			if r.Service != s.Name && !slices.Contains(s.Routes, r.Name) {
				continue
			}
			card.Rows = append(card.Rows, r)
			card.add(r.Stats.Service)
			sides = append(sides, r.Stats.Service)
			card.Moved = card.Moved || r.Phase > strangler.PhaseShadow
		}
		card.Latency = latencyText(sides)
		v.Services = append(v.Services, card)
	}
	v.Facades = q.System.Facades()
	if len(v.Services) > 0 {
		if legacy := q.System.Legacy(); !legacy.Absent {
			card := serviceCard{Service: legacy}
			var sides []web.SideStats
			for _, r := range stats.Routes {
				card.add(r.Legacy)
				sides = append(sides, r.Legacy)
			}
			card.Latency = latencyText(sides)
			v.Legacy = &card
		}
	}
	return v, nil
}
