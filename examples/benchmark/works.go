package main

// work is one thing that proxies are compared by.
type work struct {
	name     string // for -works
	title    string
	upstream upstreamSpec
	load     loadSpec // without the address
	baseline string   // the contestant that ratios are to
	targets  map[string]float64
	kind     kind
	enter    func([]adapter) []contestant
}

// kind says what of a work counts.
type kind int

const (
	kindTime   kind = iota // processor time for each request
	kindDelay              // how long clients wait at a fixed rate
	kindMemory             // memory for each idle connection
)

// contestant is a proxy set up for a work.
type contestant struct {
	label    string
	adapter  adapter
	scenario scenario
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

// worksFor returns all works, in the order in which they are done.
func worksFor(o options) []work {
	get := loadSpec{Method: "GET", Paths: []string{path(7)}, Answer: 1 << 10, Connections: o.connections, Requests: o.requests, Warmup: o.requests / 10}
	post, large := get, get
	post.Method, post.Upload = "POST", 1<<10
	large.Answer = 100_000
	return []work{
		{name: "pass", title: "pass through", load: get, baseline: "reverse", targets: map[string]float64{"strangler": 0.62}, enter: each(scenario{})},
		{name: "post", title: "POST, 1 KB up and 1 KB down", load: post, baseline: "reverse", targets: map[string]float64{"strangler": 0.62}, enter: each(scenario{})},
		{name: "100k", title: "100 KB answers", load: large, baseline: "reverse", targets: map[string]float64{"strangler": 0.70}, enter: each(scenario{})},
	}
}

