package upstream

import (
	"cmp"
	"context"
	"io"
	"iter"
	"slices"
)

// Reply is what one endpoint said when it was asked.
type Reply struct {
	Addr   string // host:port
	Status int
	Body   []byte // at most as much of it as was asked for
	Why    string // there is no reply, or not all of it: "connection refused"; empty: it is whole
}

// Ask asks each endpoint that is in the turn, or all where none is, for a path, one after another:
// a GET on the transport's own account, as health checks are, with their time-out and Host header. It
// is counted nowhere, and no limit, breaker or bulkhead is in its way. Of bodies most bytes are
// read. It ends early where ctx does.
func (t *Transport) Ask(ctx context.Context, path string, most int64) iter.Seq[Reply] {
	return func(yield func(Reply) bool) {
		all := t.endpoints.Load().all
		in := slices.DeleteFunc(slices.Clone(all), func(ep *endpoint) bool { return ep.out(t.now()) })
		if len(in) == 0 {
			in = all
		}
		for _, ep := range in {
			if ctx.Err() != nil || !yield(t.reply(ctx, ep, path, most)) {
				return
			}
		}
	}
}

func (t *Transport) reply(ctx context.Context, ep *endpoint, path string, most int64) Reply {
	timeout := cmp.Or(t.cfg.Health.Timeout, defaultCheckTimeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	said := Reply{Addr: ep.Addr}
	resp, why := t.question(ctx, ep, path, "strangler", timeout)
	if why != "" {
		said.Why = why
		return said
	}
	defer resp.Body.Close()
	said.Status = resp.StatusCode
	var err error
	if said.Body, err = io.ReadAll(io.LimitReader(resp.Body, most)); err != nil {
		said.Why = "answer broke off"
	}
	return said
}
