package dashboard

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// TestStreamTellsOfRollouts holds that an event of type rollout brings what it changed, and no more.
func TestStreamTellsOfRollouts(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		edit       func(*system)
		want       []string
		absent     string
	}{
		{"a route's panel", "/routes/orders-read", func(s *system) { s.rollouts[0].Position = strangler.Canary(5000) }, []string{`id="rollout"`, `aria-current="step">50%`}, `id="figures"`},
		{"the table's bars", "/routes", func(s *system) { s.rollouts[0].State = web.RolloutPaused }, []string{`id="row-orders-read"`, "paused</span>"}, `id="freeze"`},
		{"what wants a person", "/", func(s *system) { s.rollouts[0].Person = true }, []string{`id="attention"`, "orders: the rollout wants a person"}, `id="freeze"`},
		{"the journal", "/journal", func(s *system) { s.told("frozen", "zoe", true, "a new entry") }, []string{`id="entries"`, "a new entry"}, `id="freeze"`},
		{"the banner, on any page", "/groups", func(s *system) { s.freeze = &web.Freeze{At: noon, Actor: "ben"} }, []string{`id="freeze" class="frozen"`, "Promotions are frozen"}, `id="group-list"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := good()
			server := httptest.NewServer(as(identity(web.RoleView), quick(ctx, s).routes()))
			defer server.Close()
			next, end := listen(t, server, "/live"+tt.path)
			defer end()
			message := func() string {
				for {
					if m := next(); !strings.HasPrefix(m, ":") {
						return m
					}
				}
			}
			if first := message(); !strings.Contains(first, `id="freeze"`) {
				t.Error("the first message lacks the banner, which a page may have and shouldn't")
			}
			s.change("rollout", func() { tt.edit(s) })
			m := message()
			for _, want := range tt.want {
				if !strings.Contains(m, want) {
					t.Errorf("the message lacks %q: %s", want, m)
				}
			}
			if strings.Contains(m, tt.absent) {
				t.Errorf("it brings %s, which didn't change", tt.absent)
			}
		})
	}
}

// many is good with n routes more, each with its own rollout.
func many(n int) *system {
	s := good()
	for i := range n {
		name := fmt.Sprintf("route-%d", i)
		s.routes = append(s.routes, route(name, "/api/v2/"+name+"/{id}", strangler.Canary(strangler.Weight(1+i))))
		s.stats.Routes = append(s.stats.Routes, sides(name, float64(i)/7, float64(i)/3))
		r := goodRollouts()[0]
		r.Name, r.Unit, r.Routes, r.Position = name, "", []string{name}, rollout.DefaultSteps()[1+i%4]
		r.Why = fmt.Sprintf("holding at %s: %d of %d comparisons; divergence is below 1.%d %%, the gate wants 0.1 %%: at least %d more clean ones, %d minutes at the present rate",
			r.Position, i*7, 2995+i*11, i%10, 2995-i*5, i)
		s.rollouts = append(s.rollouts, r)
	}
	return s
}

func TestOneRolloutOfManyIsOneRow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := many(500)
	server := httptest.NewServer(as(identity(web.RoleOperate), quick(ctx, s).routes()))
	defer server.Close()
	next, end := listen(t, server, "/live/routes?page=9")
	defer end()
	for strings.HasPrefix(next(), ":") {
	}
	s.change("rollout", func() { s.rollouts[400].Why = "4,711 of 2,995" })
	for {
		m := next()
		if strings.HasPrefix(m, ":") {
			continue
		}
		if strings.Count(m, "<tr") != 1 || !strings.Contains(m, "4,711 of 2,995") || len(m) > 8000 {
			t.Errorf("one rollout changed, and %d rows in %d bytes came: %.500s", strings.Count(m, "<tr"), len(m), m)
		}
		return
	}
}

// BenchmarkOverviewOf500 is what a second costs for each overview that is open, with 500 routes
// that all have rollouts.
func BenchmarkOverviewOf500(b *testing.B) {
	d := quick(b.Context(), many(500))
	q := d.query(httptest.NewRequest("GET", "/", nil))
	for b.Loop() {
		v, err := overviewPage.build(q)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range overviewPage.live(v) {
			if err := d.template("overview").ExecuteTemplate(io.Discard, f.template, f.data); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestBrowserRollout tells a rollout something and sees what others do, in a real browser.
func TestBrowserRollout(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	s := good()
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	type css = browser.CSS
	live := browser.Until(`document.querySelector('#connection .text').textContent === 'live'`)

	tab.Do("open a route", chromedp.Navigate(site+"/routes/orders-read"), live)
	tab.Do("unfold the other route of the unit", chromedp.Click(css("#gates-orders-list > summary")))
	before := browser.Eval[float64](tab, `document.querySelector('#gates-orders-read .gauge .interval').getBoundingClientRect().width`)
	s.change("rollout", func() {
		s.rollouts[0].Position = strangler.Canary(5000)
		s.rollouts[0].Gates = append([]web.GateReading{}, s.rollouts[0].Gates...)
		s.rollouts[0].Gates[0].Upper = seen(.0009)
		s.rollouts[0].Gates[0].State = "holds"
	})
	tab.Do("see it promoted", browser.Until(`document.querySelector('#rollout .step.now').textContent === '50%'`),
		browser.Until(fmt.Sprintf(`document.querySelector('#gates-orders-read .gauge .interval').getBoundingClientRect().width < .6 * %v`, before)),
		browser.Until(`document.querySelector('#gates-orders-read .gauge').getAttribute('aria-label').includes('between 0% and 0.09%')`))
	tab.Do("see that the bound has closed in on the gate, and ends before it", browser.Until(`document.querySelector('#gates-orders-read .gauge .interval').getBoundingClientRect().right <
		document.querySelector('#gates-orders-read .gauge line.limit').getBoundingClientRect().left`))
	if !browser.Eval[bool](tab, `document.querySelector('#gates-orders-list').open`) {
		t.Error("what was unfolded is folded after an update")
	}

	tab.Do("ask for a pause", chromedp.Click(css("#steer-pause")), browser.Until(`document.querySelector('#dialog').open`),
		browser.Until(`document.querySelector('#dialog').textContent.includes('Pause the rollout of orders?')`))
	if len(s.steered) > 0 {
		t.Error("it was told before it was confirmed")
	}
	tab.Do("confirm it", chromedp.SendKeys(css("#steer-reason"), "lunch"), chromedp.SendKeys(css("#dialog [name=actor]"), "Zoë"), chromedp.Click(css("#dialog .primary")),
		browser.Until(`document.querySelector('#rollout .sign')?.textContent.trim() === 'paused'`), live)
	if r := s.Rollouts()[0]; r.State != web.RolloutPaused || r.StateWhy != "lunch" || r.StateActor != "Zoë" {
		t.Errorf("it is %s by %q because %q", r.State, r.StateActor, r.StateWhy)
	}

	tab.Do("open the table", chromedp.Navigate(site+"/routes"), live, browser.Until(`document.querySelector('#row-orders-list .stepbar').textContent.includes('paused')`))
	s.change("rollout", func() { s.rollouts[0].State = web.RolloutRunning })
	tab.Do("see it resumed", browser.Until(`document.querySelector('#row-orders-list .stepbar').textContent.includes('running')`))
	tab.Do("open the overview", chromedp.Navigate(site+"/"), live)
	tab.Do("freeze", chromedp.Click(css("#freeze-link")), browser.Until(`document.querySelector('#dialog').open`), chromedp.Click(css(`#dialog [value="8h"] + span`)), chromedp.Click(css("#dialog .primary")),
		browser.Until(`getComputedStyle(document.querySelector('#freeze')).display !== 'none'`), live)
	if f := s.Freeze(); f == nil || time.Until(f.Until) < 7*time.Hour || time.Until(f.Until) > 8*time.Hour {
		t.Errorf("frozen is %+v", f)
	}
	s.change("rollout", func() { s.freeze = nil })
	tab.Do("see it thawed", browser.Until(`getComputedStyle(document.querySelector('#freeze')).display === 'none'`))
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}
