package main

import (
	"io"
	"net/http"
	"strings"

	"github.com/chromedp/chromedp/kb"

	"github.com/strangler-fig/toolkit/internal/browser"
)

func (w *walk) overview() {
	w.open("/")
	before := w.Text("#headline")
	w.Wait(`document.querySelector('#headline').innerText !== `+quote(before), `document.querySelector('#weeks svg.area') !== null`, `document.querySelector('#fig svg[role=img]') !== null`)
	w.Look("demo overview")

	w.Click("#freeze-link")
	w.Wait(`document.querySelector('#dialog').open`)
	w.LookAt("#dialog", "demo overview, asked whether to freeze")
	w.Type("#freeze-reason", "seen in a browser")
	w.Click("#dialog .primary")
	w.Wait(says("#freeze", "Promotions are frozen"), says("#freeze", "seen in a browser"), live)
	w.LookAt("#freeze", "demo overview, frozen")
	w.Click("#thaw")
	w.Wait(`document.querySelector('#dialog').open`)
	w.Click("#dialog .primary")
	w.Wait(`getComputedStyle(document.querySelector('#freeze')).display === 'none'`, live)
}

// shown are the names in the table, in its order.
const shown = `[...document.querySelectorAll('#rows > tr:not(#catch-all) th a')].map(a => a.innerText).join(' ')`

func (w *walk) table() {
	w.open("/routes")
	w.LookOnce("demo routes")
	w.Click(`th a[href*="sort=name"]`)
	w.Wait(shown+` === 'book-list book-read book-search book-stock contact customer-read orders-create orders-read wishes'`, `document.querySelector('th[aria-sort=ascending]') !== null`)
	w.Click(`th a[href*="sort=name"]`)
	w.Wait(shown+`.startsWith('wishes orders-read')`, live)
	w.Type("#filter", "book phase:shadow")
	w.Wait(shown+` === 'book-list'`, live)
	w.Choose("#span", "7d")
	w.Wait(`location.search.includes('span=7d')`, shown+` === 'book-list'`, live)
	w.LookAt("#route-list", "demo routes, filtered")

	w.open("/routes")
	w.Click(`#rows [name=route][value="orders-read"]`)
	w.Click(`#rows [name=route][value="book-list"]`)
	w.Wait(says("#picked", "2 routes chosen"))
	w.Choose("#bulk-to", "canary")
	w.Click(`#bulk [value=shift]`)
	w.Wait(says("h1", "Move 2 routes to 10%?"))
	w.LookOnce("demo bulk")
	w.Type("#bulk-reason", "both at once")
	w.Click("#bulk-go")
	w.Wait(says("h1", "2 of 2 moved"))
	w.LookAt("main", "demo bulk, done")
	w.stands("orders-read", "10%")
	w.stands("book-list", "10%")

	w.open("/routes")
	w.Click(`#rows [name=route][value="orders-read"]`)
	w.Click(`#rows [name=route][value="book-list"]`)
	w.Choose("#bulk-to", "shadow")
	w.Click(`#bulk [value=rollback]`)
	w.Wait(says("h1", "Roll 2 routes back to shadow?"))
	w.Click("#bulk-go")
	w.Wait(says("h1", "2 of 2 rolled back"))
	w.stands("orders-read", "shadow")
}

func (w *walk) route() {
	w.open("/routes/orders-read")
	before := w.Text("#figures")
	w.Wait(`document.querySelectorAll('.uplot').length >= 4`, `document.querySelector('#figures').innerText !== `+quote(before))
	w.LookOnce("demo route")
	w.Click(`#charts [name=span][value="24h"] + span`)
	w.Wait(`document.querySelector('#charts .moves') !== null`) // both bulk moves are marks

	w.Click(`[data-weight="50"]`)
	w.Wait(says("#effect", "would move to the service"), `document.querySelector('#to-canary').checked`)
	w.Press("#slider", kb.ArrowLeft)
	w.Wait(`document.querySelector('#weight').value === '49'`, `document.querySelector('#slider').getAttribute('aria-valuetext') === '49 %'`)
	w.Type("#weight", "30")
	w.Wait(says("#effect", "To 30%"))
	w.Type("#reason", "seen in a browser")
	w.Click("#move-button")
	w.Wait(says("#move .notice.good", "Moved to 30%"), says("#stands [aria-current=step]", "30%"), says("#history", "seen in a browser"))
	w.LookAt("#move", "demo route, moved")
	if r := w.at("orders-read"); r.Phase.String() != "canary" || r.Weight != 3000 || r.Reason != "seen in a browser" {
		w.t.Errorf("the API says %+v", r)
	}
	served := 0
	for range 200 {
		resp, err := http.Get(w.shop + "/api/ord/1001") // without a cookie: each draws an id of its own
		if err != nil {
			w.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if strings.Contains(resp.Header.Get("X-Strangler"), "side=service") {
			served++
		}
	}
	if served < 30 || served > 90 {
		w.t.Errorf("at 30 %% the service answered %d of 200", served)
	}

	w.Click("#undo-button")
	w.Wait(says("#move .notice.good", "One step back"), says("#stands [aria-current=step]", "shadow"))
	w.stands("orders-read", "shadow")

	w.open("/routes/book-read")
	w.Click("#to-legacy + span")
	w.Wait(says("#effect", "Legacy would take"), says("#effect", "Its busiest"))
	w.Click("#rollback-route")
	w.Wait(`document.querySelector('#dialog').open`, says("#dialog", "legacy takes over about"))
	w.LookAt("#dialog", "demo route, asked whether to roll back")
	w.Click("#dialog .danger.primary")
	w.Wait(`document.title.startsWith('Rolled back')`)
	w.LookOnce("demo rolled back")
	w.stands("book-read", "legacy")
}

func (w *walk) guard() {
	w.open("/routes/contact")
	w.Click("#to-legacy + span")
	w.Wait(says("#effect", "guarded"), says("#effect", "Force gets past it"))
	w.Click("#move-button")
	w.Wait(says("#move [role=alert]", "A guard refused it"), `document.querySelector('#force') !== null`)
	w.Complaints() // of the status
	w.LookAt("#move", "demo route, refused")
	w.stands("contact", "live")
	w.Click("#force")
	w.Click("#move-button")
	w.Wait(says("#move .notice.good", "Moved to legacy"))
	w.stands("contact", "legacy")
}

func (w *walk) rollout() {
	w.open("/routes/orders-read")
	tell := func(what, asked, then string) {
		w.t.Helper()
		w.Click("#steer-" + what)
		w.Wait(`document.querySelector('#dialog').open`, says("#dialog", asked))
		w.LookAt("#dialog", "demo rollout, asked whether to "+what)
		w.Type("#steer-reason", what+" in a browser")
		w.Click("#dialog .primary")
		w.Wait(then, live)
	}
	tell("pause", "Pause the rollout", `document.querySelector('#steer-resume') !== null`)
	w.LookAt("#rollout", "demo rollout, paused")
	tell("resume", "Resume the rollout", `document.querySelector('#steer-pause') !== null`)
	tell("promote", "→", says("#rollout .step.now", "10%"))
	w.stands("orders-read", "10%")
	tell("abort", "It goes back from 10% now", says("#stands [aria-current=step]", "shadow"))
	w.stands("orders-read", "shadow")
}

func (w *walk) explain() {
	w.open("/routes/orders-read")
	w.Type("#x-url", "/api/ord/17")
	w.Click("#x-go")
	w.Wait(says("#explain [role=status]", "legacy"), says("#explain [role=status]", "round_robin"))
	w.Type("#x-headers", "no header")
	w.Click("#x-go")
	w.Wait(says("#explain [role=alert]", "It can't be explained"))
	for _, want := range []string{"match.path", "strangler.yaml:", "defaults"} {
		if text := w.Text("#settings"); !strings.Contains(text, want) {
			w.t.Errorf("the configuration in force lacks %q: %s", want, text)
		}
	}
	w.unfold("#settings details")
	w.unfold("#translation details")
	w.Wait(says("#translation", "ORD_NO"), says("#translation", "Everything could be."))
	w.LookOnce("demo route, all unfolded")

	w.open("/routes/book-search")
	w.Wait(`document.querySelector('#retirement-title') !== null`)
	w.LookOnce("demo route, live")
	w.open("/routes/customer-read")
	if told := w.Text("#translation"); !strings.Contains(told, "/soap/customers") || !strings.Contains(told, "/customers/{id}") {
		w.t.Errorf("the page tells of the translation: %s", told)
	}
	w.open("/routes/wishes")
	w.Wait(says("#translation", "by the bridge shop"))
	w.LookOnce("demo route, with a session")
}

func (w *walk) undo() {
	w.open("/routes/book-read")
	w.Click(`[data-weight="50"]`)
	w.Click("#move-button")
	w.Wait(says("#move .notice.good", "Moved to 50%"))
	w.open("/")
	button := `#changes li form[action$="/book-read/undo"] button`
	w.Wait(says(button, "Undo → legacy"))
	w.Click(button)
	w.Wait(says("#changes .notice.good", "book-read stands at legacy"))
	w.LookAt("#changes", "demo overview, undone")
	w.stands("book-read", "legacy")
	if n := browser.Eval[int](w.Tab, `document.querySelectorAll('#changes li').length`); n < 3 {
		w.t.Errorf("%d changes are listed", n)
	}
}
