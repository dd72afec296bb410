package dashboard

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// TestBrowserMovesSeveral chooses routes in the table and moves them together: none of them where somebody
// moved one meanwhile, then both, and back.
func TestBrowserMovesSeveral(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	s := good()
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	type css = browser.CSS
	choose := func(button string) {
		t.Helper()
		tab.Do("choose two routes", chromedp.Navigate(site+"/routes"), browser.Until(`document.querySelector('#connection .text').textContent === 'live'`))
		for _, name := range []string{"catalogue-search", "orders-read"} { // by its own click: rows may move while they are drawn anew
			tab.Do("choose "+name, browser.Until(`(pick => pick.checked || (pick.click(), false))(document.querySelector('#pick-`+name+`'))`))
		}
		tab.Do("say where to", browser.Until(`document.querySelector('#picked').textContent.includes('2')`),
			browser.Until(`(document.querySelector('#bulk-to').value = 'live') === 'live'`))
		tab.Do("ask what it would do", chromedp.Click(css(button)), browser.Until(`document.querySelector('#bulk-go') !== null`))
	}
	sees := func(what string) {
		t.Helper()
		tab.Do(what, browser.Until(`document.querySelector('h1').textContent === '`+what+`'`))
		tab.LookOnce(what)
	}
	at := func() string { return standsIn(s, "catalogue-search") + ", " + standsIn(s, "orders-read") }

	choose("#bulk button[value=shift]")
	sees("Move 2 routes to live?")
	before := at()
	s.change("route", func() { s.routes[2].Version++ }) // orders-read is moved by somebody, who comes back
	tab.Expect("409")                                   // the browser mentions what was refused
	tab.Do("move them", chromedp.Click(css("#bulk-go")))
	sees("0 of 2 moved")
	if text := browser.Eval[string](tab, `document.querySelector('.outcomes').textContent`); !strings.Contains(text, "It stays with the others") || !strings.Contains(text, "Somebody moved it meanwhile") || at() != before {
		t.Errorf("they stand at %s, and it says %q", at(), text)
	}
	choose("#bulk button[value=shift]")
	tab.Do("move them", chromedp.Click(css("#bulk-go")))
	sees("2 of 2 moved")
	if at() != "live, live" {
		t.Errorf("they stand at %s", at())
	}
	choose("#bulk button[value=rollback]")
	tab.Do("and back", chromedp.Click(css("#bulk-go")))
	sees("2 of 2 rolled back")
	if at() != "legacy, legacy" {
		t.Errorf("they stand at %s", at())
	}
}

// standsIn is where a route of a system stands.
func standsIn(s *system, name string) string {
	for _, r := range s.Routes() {
		if r.Name == name {
			return strangler.Position{Phase: r.Phase, Weight: r.Weight}.String()
		}
	}
	return "nowhere"
}

// TestBrowserActs replays a group while its progress shows, stops a replay, asks what a move would do,
// goes through the journal by the keyboard, and copies a link, in a real browser.
func TestBrowserActs(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	s := replayed()
	s.replayPace = 400 * time.Millisecond
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	type css = browser.CSS

	tab.Do("open a group", chromedp.Navigate(site+"/groups/g1"), browser.Until(`document.querySelector('#connection .text').textContent === 'live'`))
	if title := browser.Eval[string](tab, `document.title`); !strings.HasPrefix(title, "orders-read: /items/*/gift is missing") {
		t.Errorf("the title is %q", title)
	}
	tab.Do("copy its link", chromedp.Click(css("[data-copy]")), browser.Until(`document.querySelector('input[aria-label="The link, to copy"]')?.value.endsWith('/groups/g1') || document.querySelector('[data-copy]')?.textContent === '✓ Copied'`))
	tab.Do("go to the older example", chromedp.Click(css("#older")), browser.Until(`location.search.includes('example=d2') && document.querySelector('#example .line.mark') !== null`))

	tab.Do("take the example's link", chromedp.Click(css(".take-link button")), browser.Until(`document.querySelector('.take-link small').textContent === 'These answers are kept for who has the link.'`))
	if g, err := s.Group(t.Context(), "g1"); err != nil || len(g.Pinned) != 1 || g.Pinned[0] != "d2" {
		t.Errorf("kept are %v, %v", g.Pinned, err)
	}

	tab.Do("replay it", chromedp.Click(css("#replay-link")), browser.Until(`document.querySelector('#replay-go') !== null`), chromedp.Click(css("#replay-go")),
		browser.Until(`document.querySelector('#replay-state').textContent === '1 of 2 sent' && document.querySelector('#replay-progress').value === 1`),
		browser.Until(`document.querySelector('#replay-state').textContent === 'Done: 2 sent'`),
		browser.Until(`document.querySelector('[data-outcome=fixed]').textContent === '1' && document.querySelectorAll('#replay-rows tr').length === 2`))
	if foreign := browser.Eval[int](tab, `document.querySelectorAll('#replay-rows script, #replay-rows img, [onx]').length`); foreign > 0 {
		t.Errorf("%d elements come from a recorded path", foreign)
	}
	tab.Do("stop another", chromedp.Click(css("#replay-go")), browser.Until(`!document.querySelector('#replay-stop').hidden && document.querySelector('#replay-state').textContent === '1 of 2 sent'`),
		chromedp.Click(css("#replay-stop")), browser.Until(`document.querySelector('#replay-state').textContent.includes('then stopped')`))
	s.change("stats", func() { s.replayFails = &web.BusyError{Why: "another replay is under way"} })
	tab.Do("be told why not", chromedp.Click(css("#replay-go")), browser.Until(`document.querySelector('#replay-notice [role=alert]')?.textContent.includes('another replay is under way')`))

	tab.Do("open a route", chromedp.Navigate(site+"/routes/orders-read"), browser.Until(`document.querySelector('#connection .text').textContent === 'live'`))
	tab.Do("choose a step", chromedp.Click(css("[data-weight='50']")), browser.Until(`document.querySelector('#effect').textContent.includes('About 3.6 requests/s would move to the service')`),
		browser.Until(`document.querySelector('#to-canary').checked && document.querySelector('#slider').getAttribute('aria-valuetext') === '50 %'`))
	tab.Do("choose another phase", chromedp.Click(css("#to-legacy + span")), browser.Until(`document.querySelector('#effect').textContent.includes('Legacy would take 3.6 requests/s more')`))

	tab.Do("open the journal", chromedp.Navigate(site+"/journal"), browser.Until(`document.querySelector('output[for=step]').textContent.includes('first seen')`))
	tab.Do("go to the next change by the keyboard", chromedp.Focus(css("#step")), chromedp.SendKeys(css("#step"), kb.ArrowRight),
		browser.Until(`document.querySelector('#step').getAttribute('aria-valuetext').includes('legacy → shadow')`),
		browser.Until(`document.querySelector('#was').textContent.includes('As it was at')`), browser.Until(`location.search.includes('step=2')`))
	if focus := browser.Eval[string](tab, `document.activeElement.id`); focus != "step" {
		t.Errorf("the focus is on %q", focus)
	}
	for _, c := range tab.Complaints() {
		if !strings.Contains(c, "503") { // the browser mentions the replay that was refused
			t.Error(c)
		}
	}
}
