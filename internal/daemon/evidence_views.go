package daemon

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

func divergenceView(d ledger.Divergence) web.Divergence {
	view := web.Divergence{ID: d.ID, Group: d.Group, Route: d.Route, Method: d.Request.Method, Path: d.Request.Path, At: d.At, Verdict: shadow.Diverged,
		Served: d.Served, Differences: d.Differences, More: d.More, Legacy: answerView(d.Legacy), Service: answerView(d.Service)}
	if view.Differences == nil {
		view.Differences = []shadow.Difference{}
	}
	return view
}

// answerView shows a body decoded where it can be: people read JSON, not gzip.
func answerView(a *shadow.Answer) *web.Answer {
	if a == nil {
		return nil
	}
	view := &web.Answer{Status: a.Status, Headers: a.Header, Size: a.Size, LatencyMS: float64(a.Latency.Microseconds()) / 1000}
	if view.Headers == nil {
		view.Headers = map[string][]string{}
	}
	body := a.Body
	if decoded, err := compare.Decoded(a); err == nil {
		body = decoded
	}
	if utf8.Valid(body) {
		view.Body = string(body)
	} else {
		view.Body, view.Binary = base64.StdEncoding.EncodeToString(body), true
	}
	return view
}

func groupView(g ledger.Group) web.Group {
	view := web.Group{ID: g.ID, Route: g.Route, Title: g.Title(), State: string(g.State), Count: g.Count, First: g.First, Last: g.Last,
		Causes: []web.GroupCause{}, Statuses: [2]int{g.LegacyStatus, g.ServiceStatus}, Examples: g.Examples}
	for _, c := range g.Causes {
		view.Causes = append(view.Causes, web.GroupCause(c))
	}
	if view.Examples == nil {
		view.Examples = []string{}
	}
	return view
}
