package web

import (
	"context"

	"github.com/strangler-fig/toolkit/shadow"
)

// Bench compares what other programs bring: both answers to something that never passed the proxy.
type Bench interface {
	// Judge compares each by the rules of its route, or by none where there is no such route, and
	// puts it on record. If one makes no sense it takes none: *InvalidError. The end of the context
	// ends it between two.
	Judge(context.Context, []Given) ([]Judgement, error)
}

// Given is both sides' answer to one request, or whatever else the program did twice.
type Given struct {
	Route           string // need not be configured
	Method          string
	Path            string
	Legacy, Service *shadow.Answer
}

// Judgement is what came of one comparison. Values are redacted as the ledger's are.
type Judgement struct {
	Route       string              `json:"route"`
	Known       bool                `json:"known"` // whether there is a route of that name, whose rules were used
	Verdict     shadow.Verdict      `json:"verdict"`
	Reason      string              `json:"reason,omitempty"` // why it was skipped or failed
	Detail      string              `json:"detail,omitempty"`
	Divergence  string              `json:"divergence,omitempty"` // only if diverged: its id, once the ledger has written it
	Differences []shadow.Difference `json:"differences"`
	More        int                 `json:"more,omitempty"` // differences beyond those listed
}

// Decision is the side of a key on a route.
type Decision struct {
	Route  string      `json:"route"`
	Key    string      `json:"key"`
	Known  bool        `json:"known"` // whether there is such a route; if not the side is legacy
	Side   shadow.Side `json:"side"`
	Shadow bool        `json:"shadow"` // whether the service's answer is wanted beside legacy's
}
