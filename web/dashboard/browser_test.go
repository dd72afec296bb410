package dashboard

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

func TestMain(m *testing.M) { os.Exit(browser.Main{M: m}.Run()) }

// serve runs a dashboard over s until the test ends.
func serve(t *testing.T, s web.System, id web.Identity) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(as(id, New(Config{System: s, Logger: quiet(), Version: "v0.1.0", Context: ctx})))
	t.Cleanup(func() { cancel(); server.Close() })
	return server.URL
}

// TestBrowserPages looks at pages in states that the demo doesn't have: the browser has nothing to complain
// about, axe-core finds no fault, and none scrolls sideways. All others are looked at by cmd/strangler's
// TestBrowser. -screenshots names a folder for pictures of them.
func TestBrowserPages(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	tab.Expect("status of 404")
	tab.Expect("status of 503")
	broken := good()
	broken.fails = errors.New("database disk image is malformed")
	for _, site := range []struct {
		name   string
		system *system
		who    web.Identity
		look   func(*browser.Tab, string)
		pages  []string
	}{
		{"good", good(), web.Identity{Role: web.RoleOperate}, (*browser.Tab).Look, []string{"/", "/routes", "/routes/orders-read", "/routes/catalogue-search", "/routes/stock?method=GET&url=/api/stock/1",
			"/routes/orders-read?to=shadow", "/routes/orders-read/rollout/promote", "/groups/g1", "/groups/g2", "/divergences/d2", "/divergences/d3", "/rules", "/services", "/config"}},
		{"hostile", hostile(), identity(web.RoleOperate), (*browser.Tab).LookOnce, []string{"/", "/routes", "/bulk?route=orders-read&route=stock&to=shadow&do=rollback", "/routes/orders-read", "/routes/orders-list", "/routes/stock",
			"/routes/orders-read/rollout/promote", "/routes/catalogue-search/rollout/resume", "/freeze", "/thaw", "/groups", "/groups/g1", "/groups/g1/replay", "/rules", "/rules?group=g1",
			"/divergences/d1", "/divergences/d2", "/journal", "/journal?step=2", "/services", "/config", "/rollback"}},
		{"broken", broken, web.Identity{Role: web.RoleOperate}, (*browser.Tab).LookOnce, []string{"/", "/routes/orders-read", "/groups", "/nope"}},
		{"empty", empty(), web.Identity{Role: web.RoleOperate}, (*browser.Tab).LookOnce, []string{"/", "/routes", "/groups", "/rules", "/journal", "/services", "/config", "/rollback"}},
	} {
		base := serve(t, site.system, site.who)
		for _, path := range site.pages {
			t.Run(site.name+" "+path, func(t *testing.T) {
				tab := tab.For(t)
				tab.Go(base + path)
				site.look(tab, site.name+" "+path)
			})
		}
	}
}

// TestBrowserChanges holds that the last changes can be read on a phone and in half of a wide screen: no word of
// what they did, or of how to take them back, is broken, and nothing stands in a column of a few letters.
func TestBrowserChanges(t *testing.T) {
	t.Parallel()
	s := good()
	for i := range s.entries {
		s.entries[i].At = time.Now().Add(time.Duration(i-20) * time.Minute)
	}
	tab := browser.Open(t)
	tab.Go(serve(t, s, web.Identity{Role: web.RoleOperate}) + "/")
	for _, screen := range []browser.Screen{browser.Narrow, browser.Wide, {Name: "middle", Width: 660, Height: 900, Scheme: "light"}} {
		tab.Show(screen)
		if !browser.Eval[bool](tab, `!!document.querySelector('#changes .effect') && !!document.querySelector('#changes form')`) {
			t.Fatal("no change has an effect and an undo")
		}
		broken := browser.Eval[[]string](tab, `(() => {
			const broken = [], texts = document.createTreeWalker(document.querySelector('#changes'), NodeFilter.SHOW_TEXT)
			for (let text; (text = texts.nextNode());) {
				for (const word of text.data.matchAll(/[a-z]{4,12}/gi)) {
					const range = document.createRange()
					range.setStart(text, word.index)
					range.setEnd(text, word.index + word[0].length)
					if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) broken.push(word[0])
				}
			}
			for (const part of document.querySelectorAll('#changes .did, #changes .effect > div, #changes form')) {
				const width = part.getBoundingClientRect().width
				if (width < 80) broken.push(part.className + ' of ' + width + ' px')
			}
			return broken
		})()`)
		if len(broken) > 0 {
			t.Errorf("%s: %v", screen.Name, broken)
		}
	}
}

// TestBrowserLive moves a route by hand and by somebody else, in a real browser.
func TestBrowserLive(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	s := good()
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	type css = browser.CSS

	tab.Do("open a route", chromedp.Navigate(site+"/routes/orders-read"), browser.Until(`document.querySelector('#connection .text').textContent === 'live'`))
	tab.Do("move it", chromedp.Click(css("#to-shadow + span")), chromedp.SendKeys(css("#reason"), "looks wrong"), chromedp.SendKeys(css("[name=actor]"), "Zoë"),
		chromedp.Click(css("#move-button")), browser.Until(`document.querySelector('#move .notice.good') !== null`),
		browser.Until(`document.querySelector('.step.now').textContent.startsWith('shadow')`))
	if r := s.Routes()[2]; r.Phase != strangler.PhaseShadow || r.Actor != "Zoë" || r.Reason != "looks wrong" {
		t.Errorf("the route stands at %s, by %q because %q", r.Phase, r.Actor, r.Reason)
	}

	tab.Do("type while somebody else moves it", chromedp.SendKeys(css("#reason"), "half a sen"))
	s.change("route", func() {
		s.routes[2].Phase, s.routes[2].Weight, s.routes[2].Version = strangler.PhaseLive, strangler.FullWeight, 99
	})
	tab.Do("see the other's move", browser.Until(`document.querySelector('.step.now').textContent.startsWith('live')`))
	typed, focus := browser.Eval[string](tab, `document.querySelector('#reason').value`), browser.Eval[string](tab, `document.activeElement.id`)
	if typed != "half a sen" || focus != "reason" {
		t.Errorf("typed text is %q and the focus on %q after an update", typed, focus)
	}
	tab.Do("be told of the conflict", chromedp.Click(css("#move-button")), browser.Until(`document.querySelector('#move [role=alert]')?.textContent.includes('meanwhile')`))

	tab.Do("filter", chromedp.Navigate(site+"/routes"), browser.Until(`document.querySelector('#connection .text').textContent === 'live'`),
		chromedp.SendKeys(css("#filter"), "isbn"), browser.Until(`[...document.querySelectorAll('#rows > tr')].filter(r => !r.hidden).length === 1`))
	s.change("stats", func() { s.stats.Routes[5].Service.PerSecond = 777 })
	tab.Do("stay filtered after an update", browser.Until(`document.querySelector('#row-stock').textContent.includes('777')`),
		browser.Until(`[...document.querySelectorAll('#rows > tr')].filter(r => !r.hidden).length === 1`))
	tab.Do("ask for the rollback of everything", chromedp.Click(css("#rollback-all")), browser.Until(`document.querySelector('#dialog').open`),
		browser.Until(`document.querySelector('#dialog').textContent.includes('payments')`))
	tab.Do("confirm it", chromedp.Click(css("#dialog .danger.primary")), browser.Until(`document.title.startsWith('Rolled back')`))
	if r := s.Routes()[6]; r.Phase != strangler.PhaseLive {
		t.Errorf("payments may never return and stands at %s", r.Phase)
	}
	for _, c := range tab.Complaints() {
		if !strings.Contains(c, "409") { // the browser mentions the conflict
			t.Error(c)
		}
	}
}
