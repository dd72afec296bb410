package main

import (
	"fmt"
	"slices"
	"time"
)

// work is one thing that proxies are compared by.
type work struct {
	name     string // for -works
	title    string
	upstream upstreamSpec
	load     loadSpec // without the address
	requests int      // in each round
	rate     float64  // requests per second; 0: as fast as they come
	crowd    int      // idle connections
	rounds   int
	starts   int    // of the proxies' processes, which share the rounds
	baseline string // label of the contestant whom the others are measured by
	target   target
	kind     kind
	second   second
	enter    func([]adapter) []contestant
}

// kind says what of a work counts, and so how it is done and shown.
type kind int

const (
	kindTime   kind = iota // processor time for each request
	kindDelay              // how long clients wait at a fixed rate, with a mirror and without
	kindMemory             // memory for each idle connection
)

// second says what the second upstream, the service's, is to get.
type second int

const (
	secondNothing second = iota
	secondHalf           // of the requests
	secondAll            // a copy of each
)

// target is what a contestant has to reach; the zero one is none.
type target struct {
	label string  // whose
	most  float64 // kindTime: of the baseline's time, kindMemory: bytes
}

// contestant is a proxy that is set up for a work.
type contestant struct {
	label    string
	adapter  adapter
	scenario scenario
}

const (
	mirrorDelay = 500 * time.Millisecond // of the slow mirror
	mirrorRate  = 500                    // requests per second while there is one
	idleCrowd   = 2000
)

// worksFor returns all works, in the order in which they are done.
func worksFor(o options) []work {
	get := loadSpec{Method: "GET", Paths: []string{path(7)}, Answer: 1 << 10, Connections: o.connections}
	post, large, many := get, get, get
	post.Method, post.Upload = "POST", 1<<10
	large.Answer = 100_000
	many.Paths = nil
	fewest := 1
	if len(o.routes) > 0 {
		fewest = slices.Min(o.routes)
	}
	for i := range fewest {
		many.Paths = append(many.Paths, path(i))
	}
	works := []work{
		{name: "pass", title: "Pass through: GET, 1 KB answers", load: get, enter: each(scenario{}), target: target{"strangler", 0.62}},
		{name: "split", title: "Weighted split: 50 % each to two upstreams", load: get, second: secondHalf, enter: each(scenario{Split: true}), target: target{"strangler", 0.62}},
		{name: "post", title: "POST: 1 KB up, 1 KB down", load: post, enter: each(scenario{}), target: target{"strangler", 0.62}},
		{name: "100k", title: "Large answers: GET, 100 KB answers", load: large, enter: each(scenario{}), target: target{"strangler", 0.70}},
		{name: "mirror", title: "Mirror of 100 %: strangler compares and records every answer, the others throw it away", load: get,
			second: secondAll, enter: each(scenario{Mirror: true, MirrorWorkers: max(16, o.connections/2), MirrorQueue: turnOf(o) + 1024}), target: target{"strangler", 0.60}},
		{name: "routes", title: fmt.Sprintf("Number of routes: GET, 1 KB answers, %d paths in turn", fewest), load: many, baseline: "1 route",
			// What it tells apart is a twentieth. A round's ratio varies by more, and so does that of two processes, by where
			// their memory happens to lie.
			rounds: 8 * o.rounds, starts: 8,
			enter: stranglerWith(append([]int{1}, o.routes...)...), target: target{"200 routes", 1.05}},
		{name: "isolation", title: fmt.Sprintf("A mirror that takes %v, at %d requests/s", mirrorDelay, mirrorRate), load: get, kind: kindDelay,
			upstream: upstreamSpec{ServiceDelay: mirrorDelay}, rate: mirrorRate, requests: max(o.requests/20, 50), rounds: min(o.rounds, 3),
			// At this rate and delay 250 copies are under way.
			enter: withAndWithout(scenario{Mirror: true, MirrorWorkers: 320, MirrorQueue: 1024}), target: target{label: "strangler"}},
		{name: "idle", title: fmt.Sprintf("Memory of %d idle keep-alive connections", idleCrowd), load: get, kind: kindMemory,
			crowd: idleCrowd, requests: 2000, rounds: min(o.rounds, 3), enter: each(scenario{}), target: target{"strangler", 25_000}},
	}
	for i := range works {
		w := &works[i]
		if w.requests == 0 {
			w.requests = o.requests
		}
		if w.rounds == 0 {
			w.rounds = o.rounds
		}
		if w.starts == 0 {
			w.starts = 1
		}
		if w.baseline == "" {
			w.baseline = "reverse"
		}
	}
	return works
}

// turnOf returns how many requests are sent in one go. As many copies may wait: clients that ask
// as fast as they can leave a mirror too little time to keep up, and strangler would rather
// leave out a copy than let a client wait.
func turnOf(o options) int { return o.requests/turnsPerRound + 1 + warmupPerConnection*o.connections }

func (c contestant) second() second {
	switch {
	case c.scenario.Mirror:
		return secondAll
	case c.scenario.Split:
		return secondHalf
	}
	return secondNothing
}

// each enters all proxies that can do a scenario.
func each(s scenario) func([]adapter) []contestant {
	s.Routes = max(s.Routes, 1)
	return func(adapters []adapter) []contestant {
		var all []contestant
		for _, a := range adapters {
			if a.can(s) {
				all = append(all, contestant{a.name, a, s})
			}
		}
		return all
	}
}

// withoutMirror is what the label of a proxy ends with that does the same without its mirror.
const withoutMirror = ", no mirror"

// withAndWithout enters all proxies that can mirror twice.
func withAndWithout(s scenario) func([]adapter) []contestant {
	return func(adapters []adapter) []contestant {
		var all []contestant
		for _, c := range each(s)(adapters) {
			plain := c
			plain.label += withoutMirror
			plain.scenario.Mirror = false
			all = append(all, plain, c)
		}
		return all
	}
}

// stranglerWith enters this proxy alone, with so many routes each.
func stranglerWith(routes ...int) func([]adapter) []contestant {
	return func(adapters []adapter) []contestant {
		i := slices.IndexFunc(adapters, func(a adapter) bool { return a.name == "strangler" })
		if i < 0 {
			return nil
		}
		var all []contestant
		for _, n := range routes {
			label := fmt.Sprintf("%d routes", n)
			if n == 1 {
				label = "1 route"
			}
			all = append(all, contestant{label, adapters[i], scenario{Routes: n}})
		}
		return all
	}
}
