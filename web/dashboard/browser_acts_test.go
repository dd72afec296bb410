package dashboard

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/strangler-fig/toolkit/web"
)

// TestBrowserActs replays a group while its progress shows, stops a replay, asks what a move would do,
// goes through the journal by the keyboard, and copies a link, in a real browser.
func TestBrowserActs(t *testing.T) {
	ctx, complaints := browser(t)
	s := replayed()
	s.replayPace = 400 * time.Millisecond
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	type css = chromedp.CSS
	run := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := chromedp.Do(step, actions...); err != nil {
			t.Fatalf("%s: %v (%v)", what, err, complaints())
		}
	}

	run("open a group", chromedp.Navigate(site+"/groups/g1"), until(`document.querySelector('#connection .text').textContent === 'live'`))
	if title := evaluate[string](t, ctx, `document.title`); !strings.HasPrefix(title, "orders-read: /items/*/gift is missing") {
		t.Errorf("the title is %q", title)
	}
	run("copy its link", chromedp.Click(css("[data-copy]")), until(`document.querySelector('input[aria-label="The link, to copy"]')?.value.endsWith('/groups/g1') || document.querySelector('[data-copy]')?.textContent === '✓ Copied'`))
	run("go to the older example", chromedp.Click(css("#older")), until(`location.search.includes('example=d2') && document.querySelector('#example .line.mark') !== null`))

	run("replay it", chromedp.Click(css("#replay-link")), until(`document.querySelector('#replay-go') !== null`), chromedp.Click(css("#replay-go")),
		until(`document.querySelector('#replay-state').textContent === '1 of 2 sent' && document.querySelector('#replay-progress').value === 1`),
		until(`document.querySelector('#replay-state').textContent === 'Done: 2 sent'`),
		until(`document.querySelector('[data-outcome=fixed]').textContent === '1' && document.querySelectorAll('#replay-rows tr').length === 2`))
	if foreign := evaluate[int](t, ctx, `document.querySelectorAll('#replay-rows script, #replay-rows img, [onx]').length`); foreign > 0 {
		t.Errorf("%d elements come from a recorded path", foreign)
	}
	run("stop another", chromedp.Click(css("#replay-go")), until(`!document.querySelector('#replay-stop').hidden && document.querySelector('#replay-state').textContent === '1 of 2 sent'`),
		chromedp.Click(css("#replay-stop")), until(`document.querySelector('#replay-state').textContent.includes('then stopped')`))
	s.change("stats", func() { s.replayFails = &web.BusyError{Why: "another replay is under way"} })
	run("be told why not", chromedp.Click(css("#replay-go")), until(`document.querySelector('#replay-notice [role=alert]')?.textContent.includes('another replay is under way')`))

	run("open a route", chromedp.Navigate(site+"/routes/orders-read"), until(`document.querySelector('#connection .text').textContent === 'live'`))
	run("choose a step", chromedp.Click(css("[data-weight='50']")), until(`document.querySelector('#effect').textContent.includes('About 3.6 requests/s would move to the service')`),
		until(`document.querySelector('#to-canary').checked && document.querySelector('#slider').getAttribute('aria-valuetext') === '50 %'`))
	run("choose another phase", chromedp.Click(css("#to-legacy + span")), until(`document.querySelector('#effect').textContent.includes('Legacy would take 3.6 requests/s more')`))

	run("open the journal", chromedp.Navigate(site+"/journal"), until(`document.querySelector('output[for=step]').textContent.includes('first seen')`))
	run("go to the next change by the keyboard", chromedp.Focus(css("#step")), chromedp.SendKeys(css("#step"), kb.ArrowRight),
		until(`document.querySelector('#step').getAttribute('aria-valuetext').includes('legacy → shadow')`),
		until(`document.querySelector('#was').textContent.includes('As it was at')`), until(`location.search.includes('step=2')`))
	if focus := evaluate[string](t, ctx, `document.activeElement.id`); focus != "step" {
		t.Errorf("the focus is on %q", focus)
	}
	for _, c := range complaints() {
		if !strings.Contains(c, "503") { // the browser mentions the replay that was refused
			t.Error(c)
		}
	}
}
