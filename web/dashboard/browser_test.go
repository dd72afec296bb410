package dashboard

import (
	"context"
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

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

// TestBrowserPages looks at every page: the browser has nothing to complain about, axe-core finds no fault,
// and no page scrolls sideways. -screenshots names a folder for pictures of them.
func TestBrowserPages(t *testing.T) {
	tab := browser.Open(t)
	broken := good()
	broken.fails = errors.New("database disk image is malformed")
	sites := map[string]string{
		"broken":  serve(t, broken, web.Identity{Role: web.RoleOperate}),
		"good":    serve(t, good(), web.Identity{Role: web.RoleOperate}),
		"hostile": serve(t, hostile(), identity(web.RoleOperate)),
		"empty":   serve(t, empty(), web.Identity{Role: web.RoleOperate}),
	}
	for _, page := range []string{
		"good /", "good /routes", "good /bulk?route=orders-read&route=stock&to=shadow&do=rollback", "good /routes/orders-read", "good /routes/stock?method=GET&url=/api/stock/1",
		"good /routes/orders-read?to=shadow", "good /routes/catalogue-search", "good /routes/orders-read/rollout/promote", "good /freeze",
		"good /groups", "good /groups/g1", "good /groups/g2", "good /groups/g1/replay", "good /rules", "good /rules?group=g1", "good /divergences/d2", "good /divergences/d3",
		"good /journal", "good /journal?at=2026-03-04+11:00", "good /journal?step=2&until=3", "good /services", "good /config", "good /rollback",
		"hostile /", "hostile /routes", "hostile /routes/orders-read", "hostile /routes/orders-list", "hostile /routes/stock",
		"hostile /routes/orders-read/rollout/promote", "hostile /routes/catalogue-search/rollout/resume", "hostile /thaw",
		"hostile /groups/g1", "hostile /groups/g1/replay", "hostile /rules", "hostile /divergences/d1", "hostile /divergences/d2",
		"hostile /journal", "hostile /journal?step=2", "hostile /services", "hostile /config", "hostile /rollback",
		"broken /", "broken /routes/orders-read", "broken /groups", "broken /nope",
		"empty /", "empty /routes", "empty /groups", "empty /rules", "empty /journal", "empty /services", "empty /config", "empty /rollback",
	} {
		t.Run(page, func(t *testing.T) {
			site, path, _ := strings.Cut(page, " ")
			tab := tab.For(t)
			tab.Go(sites[site] + path)
			if site == "broken" {
				tab.Complaints() // of the status
			}
			tab.Look(page)
		})
	}
}

// TestBrowserLive moves a route by hand and by somebody else, in a real browser.
func TestBrowserLive(t *testing.T) {
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
