package daemon

import "github.com/prometheus/client_golang/prometheus"

var sessionLabels = []string{"session"}

var (
	descLookups       = prometheus.NewDesc("strangler_session_lookups_total", "Requests to legacy that asked who is logged in.", sessionLabels, nil)
	descLookupsUnsent = prometheus.NewDesc("strangler_session_lookups_unsent_total", "Lookups that were not sent: too many were on their way, or nobody waited any more.", []string{"session", "reason"}, nil)
	descLookupsFailed = prometheus.NewDesc("strangler_session_failures_total", "Lookups that didn't say who is logged in, those turned away as too many included.", sessionLabels, nil)
	descKnown         = prometheus.NewDesc("strangler_session_known_total", "Requests of whose session it was known who is logged in.", sessionLabels, nil)
	descWaited        = prometheus.NewDesc("strangler_session_waited_total", "Requests that waited for a lookup.", sessionLabels, nil)
	descNobody        = prometheus.NewDesc("strangler_session_nobody_total", "Requests of visitors who were not logged in.", sessionLabels, nil)
	descTokens        = prometheus.NewDesc("strangler_session_tokens_total", "Tokens signed for services.", sessionLabels, nil)
)

// collectSessions collects the figures of session bridges. They begin anew with a bridge that a reload defines
// differently.
func (c *collector) collectSessions(counter func(*prometheus.Desc, int64, ...string)) {
	for name, b := range (*Daemon)(c).bridges() {
		s := b.Stats()
		counter(descLookups, int64(s.Lookups), name)
		counter(descLookupsUnsent, int64(s.Full), name, "full")
		counter(descLookupsUnsent, int64(s.Abandoned), name, "abandoned")
		counter(descLookupsFailed, int64(s.Failures), name)
		counter(descKnown, int64(s.Hits), name)
		counter(descWaited, int64(s.Waits), name)
		counter(descNobody, int64(s.Anonymous), name)
		counter(descTokens, int64(s.Issued), name)
	}
}
