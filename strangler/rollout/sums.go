package rollout

// Advance adds to what was seen on a step what a look at running counters has that the look before
// hadn't. A counter that is less than it was has counted nothing. Latencies are left out:
// AtomicHistogram.Advance is for them.
func (e *Evidence) Advance(now, before Evidence) {
	for _, c := range []struct {
		to          *int64
		now, before int64
	}{
		{&e.Sampled, now.Sampled, before.Sampled},
		{&e.Skipped, now.Skipped, before.Skipped},
		{&e.Pairs.Both, now.Pairs.Both, before.Pairs.Both},
		{&e.Pairs.Legacy, now.Pairs.Legacy, before.Pairs.Legacy},
		{&e.Pairs.Service, now.Pairs.Service, before.Pairs.Service},
		{&e.Pairs.Neither, now.Pairs.Neither, before.Pairs.Neither},
		{&e.Clients.Legacy.Requests, now.Clients.Legacy.Requests, before.Clients.Legacy.Requests},
		{&e.Clients.Legacy.Failures, now.Clients.Legacy.Failures, before.Clients.Legacy.Failures},
		{&e.Clients.Service.Requests, now.Clients.Service.Requests, before.Clients.Service.Requests},
		{&e.Clients.Service.Failures, now.Clients.Service.Failures, before.Clients.Service.Failures},
		{&e.Spared.Pairs, now.Spared.Pairs, before.Spared.Pairs},
		{&e.Spared.Clients, now.Spared.Clients, before.Spared.Clients},
	} {
		*c.to += max(0, c.now-c.before)
	}
}
