package rollout

// Evidence is what was seen of a route. Its JSON is what is kept of it while the process doesn't run.
// A copy shares the counts of its histograms; Clone doesn't.
type Evidence struct {
	// Since the evidence of answers began: with another version of the service, or other rules, it
	// begins anew. Repeats (Plan.Distinct) are in none of it, nor in Pairs.
	Compared int64    `json:"compared"` // both answers were there
	Diverged int64    `json:"diverged"` // of those; what is expected isn't among them
	Detector Detector `json:"detector"`

	// Since the route came to its step.
	Sampled int64  `json:"sampled"` // exchanges that were to be compared
	Skipped int64  `json:"skipped"` // of those
	Pairs   Pairs  `json:"pairs"`
	Clients Sides  `json:"clients"`
	Spared  Spared `json:"spared"`
}

// Clone returns evidence that shares nothing with e.
func (e Evidence) Clone() Evidence {
	for _, h := range []*Histogram{&e.Pairs.LegacyLatency, &e.Pairs.ServiceLatency, &e.Clients.Legacy.Latency, &e.Clients.Service.Latency} {
		*h = h.Clone()
	}
	return e
}

// Pairs are both sides' outcomes and latencies on the same requests.
type Pairs struct {
	Both    int64 `json:"both"`    // both failed
	Legacy  int64 `json:"legacy"`  // only legacy did
	Service int64 `json:"service"` // only the service did
	Neither int64 `json:"neither"`

	LegacyLatency  Histogram `json:"legacy_latency"`
	ServiceLatency Histogram `json:"service_latency"`
}

// Sides are what each side did for clients: a request that the service failed and legacy answered
// is a failure of the service's.
type Sides struct {
	Legacy  Tally `json:"legacy"`
	Service Tally `json:"service"`
}

// Spared are failures of the service, of those that Pairs and Clients have, of requests that it never got, as
// they couldn't be translated, where legacy answers such: no client lost anything by them, and any client
// can send as many as it likes. They count against a promotion and not for a rollback.
type Spared struct {
	Pairs   int64 `json:"pairs"`   // of Pairs.Service
	Clients int64 `json:"clients"` // of Clients.Service.Failures
}

// Tally is what one side did.
type Tally struct {
	Requests int64     `json:"requests"`
	Failures int64     `json:"failures"`
	Latency  Histogram `json:"latency"`
}
