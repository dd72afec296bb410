package config

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// Rollout is what holds for the rollouts of all routes together.
type Rollout struct {
	rollout.Policy
	Window *rollout.Window // of routes that have none of their own; nil: always
	Notify string          // the webhook that gets every notification: a secret; empty: none
}

// plan is what one place of a file says of a rollout. What it doesn't say comes from what it stands
// on: the program, then defaults, then the routes of the same unit.
type plan struct {
	at     value // where it stands; not given: nowhere
	off    bool
	set    map[string]func(*rollout.Plan) // by key; of gates, gates.NAME
	text   map[string]string              // what it says, alike where it means the same
	places map[string]value
}

func (p *plan) on() bool { return p.at.given() && !p.off }

// say notes what a key says.
func (p *plan) say(key string, v value, text string, set func(*rollout.Plan)) {
	p.set[key], p.text[key], p.places[key] = set, text, v
}

// read reads a section where nothing below its key means that there is none: it moves traffic.
func (p *plan) read(v value) {
	*p = plan{set: map[string]func(*rollout.Plan){}, text: map[string]string{}, places: map[string]value{}}
	if isNull(v.node) {
		return
	}
	p.at = v
	(&part{}).onOff(v, p.fields())
	p.off = v.word() == "off"
}

// readDefaults reads a section that holds for others.
func (p *plan) readDefaults(v value) {
	*p = plan{set: map[string]func(*rollout.Plan){}, text: map[string]string{}, places: map[string]value{}}
	v.object(p.fields())
}

func (p *plan) fields() fields {
	return fields{
		"auto": func(v value) {
			if s, ok := v.choice("true", "false"); ok {
				p.say("auto", v, s, func(to *rollout.Plan) { to.Auto = s == "true" })
			}
		},
		"steps":    p.readSteps,
		"hold":     p.duration("hold", 0, func(to *rollout.Plan) *time.Duration { return &to.Hold }),
		"max_hold": p.duration("max_hold", time.Second, func(to *rollout.Plan) *time.Duration { return &to.MaxHold }),
		"cooldown": p.duration("cooldown", 0, func(to *rollout.Plan) *time.Duration { return &to.Cooldown }),
		"on_fail": func(v value) {
			if s, ok := v.choice("rollback", "hold"); ok {
				p.say("on_fail", v, s, func(to *rollout.Plan) {
					to.OnFail = rollout.FailRollback
					if s == "hold" {
						to.OnFail = rollout.FailHold
					}
				})
			}
		},
		"window": func(v value) {
			if w, ok := v.window(); ok {
				p.say("window", v, windowText(w), func(to *rollout.Plan) { to.Window = w })
			}
		},
		"distinct": p.readDistinct,
		"gates":    p.readGates,
		"webhooks": p.readWebhooks,
	}
}

func (p *plan) duration(key string, least time.Duration, of func(*rollout.Plan) *time.Duration) func(value) {
	return func(v value) {
		d := time.Duration(-1)
		if v.duration(&d, least); d >= 0 {
			p.say(key, v, d.String(), func(to *rollout.Plan) { *of(to) = d })
		}
	}
}

// The lengths of distinct: what is shorter hardly ever sees a repeat, and of what is longer the shadow
// would remember too little (shadow.Point.Distinct).
const (
	leastDistinct = time.Second
	mostDistinct  = time.Hour
)

func (p *plan) readDistinct(v value) {
	if s, ok := v.scalar(); !ok {
		return
	} else if s == "off" {
		p.say("distinct", v, "off", func(to *rollout.Plan) { to.Distinct = 0 })
		return
	}
	d := time.Duration(-1)
	switch v.duration(&d, leastDistinct); {
	case d < 0:
	case d > mostDistinct:
		v.fail("%s is longer than %s: a request counts once in each such span, so that few would ever count", durationText(d), durationText(mostDistinct))
	default:
		p.say("distinct", v, d.String(), func(to *rollout.Plan) { to.Distinct = d })
	}
}

func (p *plan) readSteps(v value) {
	var steps []strangler.Position
	items := v.items()
	for _, item := range items {
		step, ok := item.step()
		if !ok {
			return
		}
		if last := len(steps) - 1; last >= 0 && step.Compare(steps[last]) <= 0 {
			item.fail("%s is not further than %s, the step before; each step goes on from there", step, steps[last])
			return
		}
		steps = append(steps, step)
	}
	if len(steps) < 2 {
		if v.node.Kind == yaml.SequenceNode || isNull(v.node) {
			v.fail("a rollout has two steps at least, such as [shadow, 1%%, 5%%, 25%%, 50%%, live]")
		}
		return
	}
	p.say("steps", v, stepsText(steps), func(to *rollout.Plan) { to.Steps = steps })
}

// step reads where a rollout stops on its way.
func (v value) step() (to strangler.Position, ok bool) {
	s, ok := v.scalar()
	switch {
	case !ok:
		return to, false
	case s == "legacy":
		v.fail("legacy is where a route comes from; begin with shadow or a weight")
		return to, false
	case s == "retired":
		v.fail("a person retires a route, since nothing brings it back; end with live, and retire it with: strangler shift ROUTE retired")
		return to, false
	}
	return v.place(s)
}

var gateForms = map[string]struct {
	unit, example string
	of            func(*rollout.Gates) *rollout.Gate
}{
	"divergence":  {"%", "0.1%", func(g *rollout.Gates) *rollout.Gate { return &g.Divergence }},
	"errors":      {"pp", "0.5pp", func(g *rollout.Gates) *rollout.Gate { return &g.Errors }},
	"latency":     {"x", "1.3x", func(g *rollout.Gates) *rollout.Gate { return &g.Latency }},
	"max_skipped": {"%", "5%", func(g *rollout.Gates) *rollout.Gate { return &g.MaxSkipped }},
}

func (p *plan) readGates(v value) {
	read := fields{}
	for name, form := range gateForms {
		read[name] = func(v value) {
			if g, ok := v.gate(name); ok {
				p.say("gates."+name, v, gateText(name, g), func(to *rollout.Plan) { *form.of(&to.Gates) = g })
			}
		}
	}
	v.object(read)
}

// gate reads a limit in its unit, or off.
func (v value) gate(name string) (g rollout.Gate, ok bool) {
	s, ok := v.scalar()
	if !ok || s == "off" {
		return rollout.Gate{Off: true}, ok
	}
	form := gateForms[name]
	number, hasUnit := strings.CutSuffix(s, form.unit)
	if !hasUnit || !percent.MatchString(number) {
		hint := ""
		if digits := strings.TrimRight(s, "%px "); percent.MatchString(digits) {
			hint = fmt.Sprintf("; did you mean %s%s?", digits, form.unit)
			if strings.HasSuffix(s, "%") && name == "latency" {
				f, _ := strconv.ParseFloat(digits, 64)
				hint = fmt.Sprintf("; did you mean %sx?", strconv.FormatFloat(math.Round(f*1e7)/1e9, 'f', -1, 64))
			}
		}
		v.fail("%q is no limit such as %s, nor off%s", s, form.example, hint)
		return g, false
	}
	f, _ := strconv.ParseFloat(number, 64)
	switch {
	case name == "latency" && (f <= 1 || f > 100):
		v.fail("%q is not above 1x and up to 100x: the service's 99th percentile as a multiple of legacy's, such as 1.3x; equal ones can't be told from slower ones", s)
		return g, false
	case name == "latency":
		return rollout.Gate{Limit: f}, true
	case f >= 100:
		v.fail("%q asks for nothing; write off, or a limit such as %s", s, form.example)
		return g, false
	case f == 0 && name != "max_skipped":
		v.fail("no number of observations shows that there is none; write the most that you accept, such as %s", form.example)
		return g, false
	}
	return rollout.Gate{Limit: f / 100}, true
}

func (p *plan) readWebhooks(v value) {
	hooks, texts := []rollout.Webhook{}, []string{}
	good := true
	for _, item := range v.items() {
		var hook rollout.Webhook
		item.object(fields{
			"url": func(v value) {
				if !v.webhook(&hook.URL) {
					good = false
				}
			},
			"on": func(v value) {
				var on []string
				v.texts(&on, func(v value, s string) bool {
					known := slices.Contains(rollout.Occasions(), rollout.Occasion(s))
					if !known {
						v.fail("%q is not %s%s", s, either(occasions()), didYouMean(s, occasions()))
					}
					return known
				})
				if len(on) == 0 && v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0 {
					v.fail("the list is empty; name when it is called: %s", either(occasions()))
				}
				for _, s := range on {
					hook.On = append(hook.On, rollout.Occasion(s))
				}
			},
		}, "url", "on")
		hooks = append(hooks, hook)
		texts = append(texts, fmt.Sprint(hook.URL, sortedOn(hook)))
	}
	if good {
		p.say("webhooks", v, strings.Join(texts, " "), func(to *rollout.Plan) { to.Webhooks = hooks })
	}
}

func occasions() (names []string) {
	for _, o := range rollout.Occasions() {
		names = append(names, string(o))
	}
	return names
}

// webhook reads the URL of a webhook, which no message repeats: it may hold a token.
func (v value) webhook(to *string) bool {
	s, ok := v.scalar()
	if !ok {
		return false
	}
	switch u, err := url.Parse(s); {
	case err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "":
		v.fail("this is no absolute URL; write one such as https://hooks.example.com/strangler")
	case u.Scheme != "http" && u.Scheme != "https":
		v.fail("a webhook is called over http or https, not %q", u.Scheme)
	case u.Fragment != "":
		v.fail("a fragment is never sent; remove what follows the #")
	default:
		*to = s
		return true
	}
	return false
}

// window reads when promotions are made; nil: always.
func (v value) window() (*rollout.Window, bool) {
	s, ok := v.scalar()
	if !ok || s == "always" {
		return nil, ok
	}
	w, err := rollout.ParseWindow(s)
	if err != nil {
		v.fail("%s", strings.TrimPrefix(err.Error(), fmt.Sprintf("read window %q: ", strings.TrimSpace(s))))
		return nil, false
	}
	return &w, true
}

func (l *loader) readRollout(v value) {
	r := &l.cfg.Rollout
	v.object(fields{
		"alpha": func(v value) {
			f := -1.0
			switch v.share(&f); {
			case f < 0:
			case f < 1e-6 || f > 0.5:
				v.fail("%s is not from 0.0001%% to 50%%: how likely it is that any route is rolled back without need, such as 5%%", percentText(f))
			default:
				r.Alpha = f
			}
		},
		"run_length": func(v value) {
			n := 0
			if v.integer(&n, 1000, 1_000_000_000_000); n > 0 {
				r.RunLength = float64(n)
			}
		},
		"window": func(v value) {
			if w, ok := v.window(); ok {
				r.Window = w
			}
		},
		"notify": func(v value) { v.webhook(&r.Notify) },
	})
}
