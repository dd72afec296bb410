package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/upstream"
)

// What holds where a part of a policy is on and says no more.
var (
	usualRetry   = upstream.Retry{Attempts: 2, Backoff: 25 * time.Millisecond, Budget: 0.2}
	usualBreaker = upstream.Breaker{Failures: 0.5, Requests: 20, Window: 10 * time.Second, Open: 5 * time.Second, Probes: 3}
)

// servicePolicy is what holds for a service of which nothing is said. Legacy is as slow and as
// broken as it always was.
func servicePolicy() upstream.Policy {
	return upstream.Policy{Timeouts: upstream.Timeouts{FirstByte: upstream.DefaultFirstByteTimeout}, Breaker: usualBreaker}
}

// policy is what one place of a file says about time-outs, retry, breaker and bulkhead. What it
// doesn't say comes from what it stands on: defaults, then the service, then the route.
type policy struct {
	timeouts, retry, breaker, bulkhead part
}

// part is one of a policy's four.
type part struct {
	at     value // where it stands; not given: nowhere
	off    bool
	set    []func(*upstream.Policy)
	fields map[string]any // what is said, as definitions have it
}

// fields returns the readers of the four.
func (p *policy) fields() fields {
	return fields{
		"timeouts": func(v value) { p.readTimeouts(v, nil) },
		"retry":    p.readRetry,
		"breaker":  p.readBreaker,
		"bulkhead": p.readBulkhead,
	}
}

// readTimeouts reads also the one for a connection where there is a place for it.
func (p *policy) readTimeouts(v value, dial *time.Duration) {
	s := p.timeouts.begin(v)
	read := fields{
		"first_byte": s.bound("first_byte", func(to *upstream.Policy) *time.Duration { return &to.Timeouts.FirstByte }),
		"request":    s.bound("request", func(to *upstream.Policy) *time.Duration { return &to.Timeouts.Request }),
		"idle":       s.bound("idle", func(to *upstream.Policy) *time.Duration { return &to.Timeouts.Idle }),
		"dial":       func(v value) { v.fail("connections are the service's own; set services.NAME.timeouts.dial") },
	}
	if dial != nil {
		read["dial"] = func(v value) { v.duration(dial, time.Millisecond) }
	}
	v.object(read)
}

func (p *policy) readRetry(v value) {
	s := p.retry.begin(v)
	s.onOff(v, fields{
		"attempts": s.integer("attempts", 1, 10, func(to *upstream.Policy) *int { return &to.Retry.Attempts }),
		"backoff":  s.duration("backoff", time.Millisecond, func(to *upstream.Policy) *time.Duration { return &to.Retry.Backoff }),
		"budget":   s.share("budget", "retry", func(to *upstream.Policy) *float64 { return &to.Retry.Budget }),
	})
}

func (p *policy) readBreaker(v value) {
	s := p.breaker.begin(v)
	s.onOff(v, fields{
		"failures": s.share("failures", "breaker", func(to *upstream.Policy) *float64 { return &to.Breaker.Failures }),
		"requests": s.integer("requests", 1, 1_000_000, func(to *upstream.Policy) *int { return &to.Breaker.Requests }),
		"window":   s.duration("window", time.Second, func(to *upstream.Policy) *time.Duration { return &to.Breaker.Window }),
		"open":     s.duration("open", 10*time.Millisecond, func(to *upstream.Policy) *time.Duration { return &to.Breaker.Open }),
		"probes":   s.integer("probes", 1, 1000, func(to *upstream.Policy) *int { return &to.Breaker.Probes }),
	})
}

func (p *policy) readBulkhead(v value) {
	s := p.bulkhead.begin(v)
	s.onOff(v, fields{
		"in_flight": s.integer("in_flight", 1, 1_000_000, func(to *upstream.Policy) *int { return &to.Bulkhead.InFlight }),
		"wait":      s.duration("wait", 0, func(to *upstream.Policy) *time.Duration { return &to.Bulkhead.Wait }),
		"queue":     s.integer("queue", 1, 1_000_000, func(to *upstream.Policy) *int { return &to.Bulkhead.Queue }),
		"adaptive": func(v value) {
			var on bool
			v.boolean(&on)
			s.add("adaptive", on, func(to *upstream.Policy) { to.Bulkhead.Adaptive = on })
		},
	})
}

// begin starts a part anew at a place of the file.
func (s *part) begin(v value) *part {
	*s = part{at: v, fields: map[string]any{}}
	if isNull(v.node) {
		*s = part{} // as if it weren't there
	}
	return s
}

// onOff reads a part that may be switched off, or on with what usually holds, in a word.
func (s *part) onOff(v value, read fields) {
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) {
		v.object(read)
		return
	}
	switch word, ok := v.scalar(); {
	case !ok:
	case word == "off", word == "on":
		s.off = word == "off"
	default:
		hint := "; or write its keys: " + strings.Join(slices.Sorted(maps.Keys(read)), ", ")
		switch word {
		case "false", "no", "none", "0":
			hint = `; did you mean "off"?`
		case "true", "yes":
			hint = `; did you mean "on"?`
		}
		v.fail("%q is neither on nor off%s", word, hint)
	}
}

// word returns a single value as the environment has it; empty where it is something else.
func (v value) word() string {
	if v.node.Kind != yaml.ScalarNode || isNull(v.node) {
		return ""
	}
	return expand(v.node.Value, v.l.env, func(int, string, ...any) {})
}

func (s *part) add(name string, text any, set func(*upstream.Policy)) {
	if s.fields != nil {
		s.fields[name] = text
		s.set = append(s.set, set)
	}
}

func (s *part) duration(name string, least time.Duration, of func(*upstream.Policy) *time.Duration) func(value) {
	return func(v value) {
		d := time.Duration(-1)
		if v.duration(&d, least); d >= 0 {
			s.add(name, d.String(), func(to *upstream.Policy) { *of(to) = d })
		}
	}
}

// bound reads a duration that may be off, which is 0.
func (s *part) bound(name string, of func(*upstream.Policy) *time.Duration) func(value) {
	read := s.duration(name, 0, of)
	return func(v value) {
		if v.word() == "off" {
			s.add(name, "0s", func(to *upstream.Policy) { *of(to) = 0 })
			return
		}
		read(v)
	}
}

func (s *part) integer(name string, least, most int, of func(*upstream.Policy) *int) func(value) {
	return func(v value) {
		n := least - 1
		if v.integer(&n, least, most); n >= least {
			s.add(name, n, func(to *upstream.Policy) { *of(to) = n })
		}
	}
}

// share reads a percentage above 0: where none is wanted the whole part goes.
func (s *part) share(name, whole string, of func(*upstream.Policy) *float64) func(value) {
	return func(v value) {
		f := -1.0
		switch v.share(&f); {
		case f == 0:
			v.fail("0%% would be none at all; write %s: off", whole)
		case f > 0:
			s.add(name, percentText(f), func(to *upstream.Policy) { *of(to) = f })
		}
	}
}

// over does what onto does, and reports what then doesn't hold.
func (p *policy) over(base upstream.Policy) upstream.Policy {
	all := p.onto(base)
	if p.bulkhead.on() {
		at := p.bulkhead.at
		switch {
		case all.Bulkhead.InFlight == 0 && !at.l.reportedBelow(at):
			at.fail(noInFlight)
		case all.Bulkhead.Queue > 0 && all.Bulkhead.Wait == 0:
			at.warn("nobody queues without a wait; add wait, or remove queue")
		}
	}
	return all
}

const noInFlight = "in_flight is missing: how many requests there may be at a time"

// onto returns base with what p says in its place.
func (p *policy) onto(base upstream.Policy) upstream.Policy {
	all := base
	if p.retry.on() && all.Retry.Attempts < 2 {
		all.Retry = usualRetry
	}
	if p.breaker.on() && all.Breaker.Failures == 0 {
		all.Breaker = usualBreaker
	}
	for _, s := range []*part{&p.timeouts, &p.retry, &p.breaker, &p.bulkhead} {
		for _, set := range s.set {
			set(&all)
		}
	}
	if p.retry.off || all.Retry.Attempts < 2 {
		all.Retry = upstream.Retry{}
	}
	if p.breaker.off {
		all.Breaker = upstream.Breaker{}
	}
	if p.bulkhead.off {
		all.Bulkhead = upstream.Bulkhead{}
	}
	return all
}

// on reports whether the part is given and not switched off.
func (s *part) on() bool { return s.at.given() && !s.off }

// reportedBelow reports whether a problem was reported at or below a value.
func (l *loader) reportedBelow(v value) bool {
	for _, p := range l.problems {
		if p.File == v.src.name && len(p.Path) >= len(v.path) && p.Path[:len(v.path)] == v.path {
			return true
		}
	}
	return false
}

// given reports whether anything is said at all.
func (p *policy) given() bool {
	return p.timeouts.at.given() || p.retry.at.given() || p.breaker.at.given() || p.bulkhead.at.given()
}

// said is what a route says, as its definition has it.
type said struct {
	Timeouts json.RawMessage `json:"timeouts,omitempty"`
	Retry    json.RawMessage `json:"retry,omitempty"`
	Breaker  json.RawMessage `json:"breaker,omitempty"`
	Bulkhead json.RawMessage `json:"bulkhead,omitempty"`
}

func (p *policy) said() said {
	return said{p.timeouts.said(nil), p.retry.said("on"), p.breaker.said("on"), p.bulkhead.said("on")}
}

// said returns the fields; unless where there are none.
func (s *part) said(unless any) json.RawMessage {
	text := any(s.fields)
	switch {
	case !s.at.given():
		return nil
	case s.off:
		text = "off"
	case len(s.fields) == 0:
		text = unless
	}
	if text == nil {
		return nil
	}
	return mustJSON(text)
}

// shownPolicy is a policy as `strangler diff` and the API show it: all of it, in the words of
// the file.
func shownPolicy(p upstream.Policy) map[string]any {
	shown := map[string]any{
		"timeouts": map[string]any{
			"first_byte": p.Timeouts.FirstByte.String(), "request": p.Timeouts.Request.String(), "idle": p.Timeouts.Idle.String()},
		"retry": "off", "breaker": "off", "bulkhead": "off",
	}
	if r := p.Retry; r.Attempts >= 2 {
		shown["retry"] = map[string]any{"attempts": r.Attempts, "backoff": r.Backoff.String(), "budget": percentText(r.Budget)}
	}
	if b := p.Breaker; b.Failures > 0 {
		shown["breaker"] = map[string]any{"failures": percentText(b.Failures), "requests": b.Requests,
			"window": b.Window.String(), "open": b.Open.String(), "probes": b.Probes}
	}
	if b := p.Bulkhead; b.InFlight > 0 {
		bulkhead := map[string]any{"in_flight": b.InFlight, "wait": b.Wait.String(), "adaptive": b.Adaptive}
		if b.Wait > 0 {
			bulkhead["queue"] = b.InFlight
			if b.Queue > 0 {
				bulkhead["queue"] = b.Queue
			}
		}
		shown["bulkhead"] = bulkhead
	}
	return shown
}

// percentText writes a share as a percentage.
func percentText(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e11)/1e9, 'f', -1, 64) + "%"
}

func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("config: %T has no JSON form: %v", v, err)) // all that is kept has one
	}
	return text
}

// settlePolicies fills in what sides take from elsewhere.
func (l *loader) settlePolicies() {
	l.cfg.Legacy.Policy = l.policies.legacy.over(upstream.Policy{})
	usual := l.defaults.policy.onto(servicePolicy())
	for name, p := range l.policies.services {
		u := l.cfg.Services[name]
		u.Policy = p.over(usual)
		l.cfg.Services[name] = u
	}
}

// settlePolicy gives a route a policy of its own where it asks for one that isn't its service's.
// A breaker or bulkhead of which it says anything is its own, though it may read like its
// service's: who says so wants one route's trouble kept from the others.
func (l *loader) settlePolicy(d *draft) {
	service, ok := l.cfg.Services[d.Service]
	if !ok || !d.policy.given() {
		return
	}
	d.said = d.policy.said()
	own := d.policy.over(service.Policy)
	own.Breaker.Own, own.Bulkhead.Own = d.policy.breaker.on(), d.policy.bulkhead.on()
	if own != service.Policy {
		d.Policy = &own
	}
	if d.policy.retry.on() && d.Repeat == strangler.RepeatNever {
		d.policy.retry.at.warn("requests that may never be repeated are not retried; remove this, or repeat: never")
	}
}

// dropUnbounded drops the bulkheads of those who don't say how many requests there may be at a time:
// defaults may say the rest for those who do.
func (l *loader) dropUnbounded() {
	bounded := false
	drop := func(p *upstream.Policy) {
		if p.Bulkhead.InFlight > 0 {
			bounded = true
			return
		}
		p.Bulkhead = upstream.Bulkhead{}
	}
	for name, u := range l.cfg.Services {
		drop(&u.Policy)
		l.cfg.Services[name] = u
	}
	for _, d := range l.drafts {
		if d.Policy != nil {
			drop(d.Policy)
		}
	}
	usual := &l.defaults.policy.bulkhead
	if usual.on() && !bounded && !l.reportedBelow(usual.at) {
		usual.at.fail(noInFlight)
	}
}
