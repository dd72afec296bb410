package daemon

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/strangler-fig/toolkit/web"
)

var (
	descRolloutState  = prometheus.NewDesc("strangler_rollout_state", "1 for the state that the rollout of a route, or of a unit, is in.", []string{"rollout", "state"}, nil)
	descRolloutPerson = prometheus.NewDesc("strangler_rollout_needs_person", "1 while it needs a person.", []string{"rollout"}, nil)
	descFrozen        = prometheus.NewDesc("strangler_promotions_frozen", "1 while somebody has frozen all promotions.", nil, nil)
	descNotifications = prometheus.NewDesc("strangler_notifications_total", "Notifications to webhooks, by what became of them; failed ones are attempts.", []string{"outcome"}, nil)
)

// collectRollouts collects the figures of rollouts.
func (c *collector) collectRollouts(counter func(*prometheus.Desc, int64, ...string), gauge func(*prometheus.Desc, float64, ...string)) {
	for _, r := range (*Daemon)(c).Rollouts() {
		for _, state := range web.RolloutStates() {
			gauge(descRolloutState, one(state == r.State), r.Name, state)
		}
		gauge(descRolloutPerson, one(r.Person), r.Name)
	}
	gauge(descFrozen, one((*Daemon)(c).Freeze() != nil))
	sent := c.notices.state()
	counter(descNotifications, sent.Delivered, "delivered")
	counter(descNotifications, sent.Failed, "failed")
	counter(descNotifications, sent.Dropped, "dropped")
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
