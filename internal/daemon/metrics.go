package daemon

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/strangler-fig/toolkit/strangler"
)

var (
	endpointLabels = []string{"upstream", "endpoint"}
	guardLabels    = []string{"upstream", "route"} // route is empty for what the upstream's requests share
)

var (
	descRequests         = prometheus.NewDesc("strangler_requests_total", "Clients' requests by the side that was asked.", []string{"route", "side"}, nil)
	descFailures         = prometheus.NewDesc("strangler_failures_total", "Clients' requests that the side failed.", []string{"route", "side"}, nil)
	descFailureClasses   = prometheus.NewDesc("strangler_failure_classes_total", "The same by class; those that never occurred are left out.", []string{"route", "side", "class"}, nil)
	descDuration         = prometheus.NewDesc("strangler_request_duration_seconds", "Time until the end of a client's answer.", []string{"route", "side"}, nil)
	descFallbacks        = prometheus.NewDesc("strangler_fallbacks_total", "Requests that the service failed and legacy answered.", []string{"route"}, nil)
	descTranslations     = prometheus.NewDesc("strangler_translations_total", "Messages that were, or could not be, translated, copies included.", []string{"route", "message", "outcome"}, nil)
	descWeight           = prometheus.NewDesc("strangler_route_weight_percent", "The share that the service serves.", []string{"route", "phase"}, nil)
	descComparisons      = prometheus.NewDesc("strangler_comparisons_total", "Comparisons that ended, by verdict.", []string{"route", "verdict"}, nil)
	descReasons          = prometheus.NewDesc("strangler_comparison_reasons_total", "Comparisons that were skipped or failed, by reason.", []string{"route", "reason"}, nil)
	descPending          = prometheus.NewDesc("strangler_comparisons_pending", "Comparisons that have begun.", []string{"route"}, nil)
	descQueue            = prometheus.NewDesc("strangler_shadow_queue", "Copies that wait to be sent.", nil, nil)
	descLedger           = prometheus.NewDesc("strangler_ledger_comparisons_total", "Comparisons handed to the ledger, by what became of them.", []string{"outcome"}, nil)
	descSamplesDropped   = prometheus.NewDesc("strangler_ledger_samples_dropped_total", "Samples of series that found no room while the ledger could not be written.", nil, nil)
	descLedgerBytes      = prometheus.NewDesc("strangler_ledger_bytes", "The ledger's size on disk.", nil, nil)
	descEndpointUp       = prometheus.NewDesc("strangler_upstream_endpoint_healthy", "1 while the endpoint is in the turn.", endpointLabels, nil)
	descEndpointRequests = prometheus.NewDesc("strangler_upstream_endpoint_requests_total", "Clients' requests sent to the endpoint.", endpointLabels, nil)
	descEndpointFailures = prometheus.NewDesc("strangler_upstream_endpoint_failures_total", "Those that got no answer, or 502 to 504.", endpointLabels, nil)
	descEndpointFull     = prometheus.NewDesc("strangler_upstream_endpoint_full_total", "Requests that got none of the endpoint's connections, as many as there may be.", endpointLabels, nil)
	descEndpointEjected  = prometheus.NewDesc("strangler_upstream_endpoint_ejections_total", "How often the endpoint was put out of the turn.", endpointLabels, nil)
	descEndpointInFlight = prometheus.NewDesc("strangler_upstream_endpoint_in_flight", "Requests whose answers have not ended.", endpointLabels, nil)
	descEndpointIdle     = prometheus.NewDesc("strangler_upstream_endpoint_idle_connections", "Connections that are kept and not in use.", endpointLabels, nil)
	descBreaker          = prometheus.NewDesc("strangler_upstream_breaker_state", "1 for the state that the circuit breaker is in.", []string{"upstream", "route", "state"}, nil)
	descBreakerOpened    = prometheus.NewDesc("strangler_upstream_breaker_opened_total", "How often the circuit breaker opened.", guardLabels, nil)
	descInFlight         = prometheus.NewDesc("strangler_upstream_bulkhead_in_flight", "Requests in the bulkhead.", guardLabels, nil)
	descWaiting          = prometheus.NewDesc("strangler_upstream_bulkhead_waiting", "Requests that wait for room in the bulkhead.", guardLabels, nil)
	descLimit            = prometheus.NewDesc("strangler_upstream_bulkhead_limit", "Room in the bulkhead.", guardLabels, nil)
	descFull             = prometheus.NewDesc("strangler_upstream_bulkhead_full_total", "Requests that the bulkhead turned away.", guardLabels, nil)
	descTimeouts         = prometheus.NewDesc("strangler_upstream_timeouts_total", "Requests that ran out of time, by which.", []string{"upstream", "route", "kind"}, nil)
	descRetries          = prometheus.NewDesc("strangler_upstream_retries_total", "Requests that were sent again.", guardLabels, nil)
	descRetriesDenied    = prometheus.NewDesc("strangler_upstream_retries_denied_total", "Those that the budget did not allow.", guardLabels, nil)

	descPendingRollbacks = prometheus.NewDesc("strangler_rollbacks_pending", "Rollbacks that are in effect but not in the journal.", nil, nil)

	descReload = prometheus.NewDesc("strangler_config_valid", "1 unless the last reload was refused.", nil, nil)
)

// newRegistry returns a registry with the process's own metrics and d's.
func newRegistry(d *Daemon) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), (*collector)(d))
	return registry
}

func metricsHandler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// collector reads at scrape time what the daemon counts anyway.
type collector Daemon

// Describe implements prometheus.Collector; the metrics are as the routes are, so none is
// promised beforehand.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	counter := func(desc *prometheus.Desc, value int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for route, figures := range *c.traffic.routes.Load() {
		for _, side := range []strangler.Side{strangler.SideLegacy, strangler.SideService} {
			counter(descRequests, figures.sides[side].requests.Load(), route, side.String())
			ch <- figures.sides[side].durations.metric(descDuration, route, side.String())
			failures := &figures.sides[side].failures
			counter(descFailures, failures.sum(), route, side.String())
			for class, name := range failureClasses {
				if n := failures[class].Load(); n > 0 {
					counter(descFailureClasses, n, route, side.String(), name)
				}
			}
		}
		counter(descFallbacks, figures.fallbacks.Load(), route)
		for message, count := range map[string]*translationCount{"request": &figures.translated.requests, "answer": &figures.translated.answers} {
			if done, failed := count.done.Load(), count.failed.Load(); done+failed > 0 {
				counter(descTranslations, done, route, message, "translated")
				counter(descTranslations, failed, route, message, "failed")
			}
		}
	}
	for _, s := range append((*Daemon)(c).Services(), (*Daemon)(c).Legacy()) {
		if !s.Absent {
			collectUpstream(&s, counter, gauge)
		}
	}
	for name, standing := range (*Daemon)(c).present() {
		gauge(descWeight, standing.Position.Weight.Percent(), name, standing.Position.Phase.String())
	}
	for route, counts := range c.shadow.Counts() {
		for verdict, n := range map[string]int64{"match": counts.Match, "noise": counts.Noise, "lag": counts.Lag,
			"diverged": counts.Diverged, "failed": counts.Failed, "skipped": counts.Skipped} {
			counter(descComparisons, n, route, verdict)
		}
		for reason, n := range counts.Reasons {
			counter(descReasons, n, route, reason)
		}
		gauge(descPending, float64(counts.Pending), route)
	}
	queued, _, _, _ := c.shadow.Load()
	gauge(descQueue, float64(queued))
	kept := c.ledger.Stats()
	counter(descLedger, kept.Written, "written")
	counter(descLedger, kept.Dropped, "dropped")
	counter(descSamplesDropped, kept.SamplesDropped)
	gauge(descLedgerBytes, float64(kept.Bytes))
	valid := 1.0
	if (*Daemon)(c).refused() != nil {
		valid = 0
	}
	gauge(descReload, valid)
	gauge(descPendingRollbacks, float64(len(c.pending.view().Pending)))
	c.collectRollouts(counter, gauge)
	c.collectSessions(counter)
}
