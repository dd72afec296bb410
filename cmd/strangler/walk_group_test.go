package main

import (
	"context"
	"database/sql"
	"strings"

	"github.com/chromedp/chromedp"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/web"
)

// vat is the group of a mistake that the demo's orders have.
func (w *walk) vat() (g web.Group) {
	w.t.Helper()
	var found struct{ Groups []web.Group }
	w.api("/groups?route=orders-read", &found)
	for _, one := range found.Groups {
		if strings.Contains(one.Title, "/VAT_CENTS") {
			return one
		}
	}
	w.t.Fatalf("no group of /VAT_CENTS in %+v", found)
	return g
}

func (w *walk) group() {
	w.open("/groups")
	w.Wait(`document.querySelectorAll('#group-list tbody tr').length >= 3`)
	w.Look("demo groups")
	w.Choose("[name=route]", "orders-read")
	w.Choose("[name=state]", "open")
	w.Click(".filterbar button")
	w.Wait(`location.search.includes('state=open')`, live)
	w.Do("open the group", chromedp.Click(chromedp.Search(`//a[contains(., "/VAT_CENTS")]`)), browser.Until(`document.querySelector('#example .line.mark') !== null`))
	w.Wait(live, says("#group-facts .days", "Each ten minutes"))
	w.LookOnce("demo group")
	if answers := w.Text("#example"); strings.Count(answers, "VAT_CENTS") < 2 {
		w.t.Errorf("the example shows %s", answers)
	}
	first := w.Text("#example .request")
	w.Click("#older")
	w.Wait(`location.search.includes('example=')`, `document.querySelector('#newer') !== null && document.querySelector('#example .request')?.innerText !== `+quote(first))
	older := w.Text("#example .request")
	w.Click("#newer")
	w.Wait(`(document.querySelector('#example .request')?.innerText ?? ` + quote(older) + `) !== ` + quote(older))
	w.unfold("#example .answers details:not(.fold)") // what the service said before translation
	w.unfold("#example .headers")
	w.Wait(says("#example .answers", `"tax"`), says("#example .headers", "Content-Type"))
	w.LookAt("#example", "demo group, all unfolded")
	w.Click("[data-copy]")
	w.Wait(`document.querySelector('input[aria-label="The link, to copy"]')?.value.includes('/groups/') || document.querySelector('[data-copy]')?.textContent === '✓ Copied'`)
	var whole struct{ Examples []string } // the newest first; the oldest are kept for good, others give way at any moment
	w.api("/groups/"+w.vat().ID, &whole)
	w.open("/groups/" + w.vat().ID + "?example=" + whole.Examples[len(whole.Examples)-1])
	w.Do("open the divergence", chromedp.Click(chromedp.Search(`//a[contains(., "link to this divergence")]`)), browser.Until(`location.pathname.startsWith('/divergences/') && document.querySelector('#example .line.mark') !== null`))
	w.LookOnce("demo divergence")
}

func (w *walk) triage() {
	id := w.vat().ID
	decide := func(state, reason, then string) {
		w.t.Helper()
		w.open("/groups/" + id)
		w.Click("#state-" + state + " + span")
		w.Type("#triage-reason", reason)
		w.Click("#triage-button")
		w.Wait(then)
	}
	decide("expected", "", says("#group-decision [role=alert]", "makes no sense"))
	w.Complaints() // of the status
	w.LookAt("#group-decision", "demo group, refused")
	decide("expected", "the new law", says("#group-decision .notice.good", "xpected"))
	if g := w.vat(); g.State != "expected" || g.Reason != "the new law" {
		w.t.Errorf("the group is %s because %q", g.State, g.Reason)
	}
	w.LookAt("#group-decision", "demo group, decided")

	unlock := lockFile(w, w.ledgerFile())
	decide("fixed", "release 8", says("#group-decision [role=alert]", "could not be written, and nothing changed"))
	w.Complaints() // of the status
	w.LookAt("#group-decision", "demo group, ledger locked")
	unlock()
	if g := w.vat(); g.State != "expected" {
		w.t.Errorf("the group is %s, although that couldn't be written", g.State)
	}
	decide("fixed", "release 8", says("#group-decision .notice.good", "ixed"))
	decide("open", "not yet", says("#group-decision .notice.good", "pen"))
}

// lockFile keeps everybody from writing to a SQLite file.
func lockFile(w *walk, file string) (unlock func()) {
	w.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+file+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		w.t.Fatal(err)
	}
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			w.t.Error(err)
		}
		db.Close()
	}
}

func (w *walk) ignore() {
	id := w.vat().ID
	w.open("/groups/" + id)
	w.Click("#rule-button")
	w.Wait(`location.pathname === '/rules'`, `document.querySelector('#rules-text').value.includes('ignore /VAT_CENTS')`)
	w.Click("#preview-button")
	w.Wait(says("#make-rule [role=status]", "Would be no divergence"), `document.querySelector('#save-button') !== null`)
	w.LookOnce("demo rules, previewed")
	w.Type("#rule-reason", "rounded")
	w.Click("#save-button")
	w.Wait(says("#rules", "rounded"))
	w.LookOnce("demo rules")
	w.Do("drop the rule", chromedp.Click(chromedp.Search(`//button[contains(@aria-label, "/VAT_CENTS")]`)),
		browser.Until(`!document.querySelector('#rules').innerText.includes('rounded')`))
	w.Type("#rules-text", "ignore VAT_CENTS")
	w.Choose("#preview-form [name=route]", "orders-read")
	w.Click("#preview-button")
	w.Wait(says("#make-rule [role=alert]", "makes no sense"))
	w.Complaints() // of the status
	w.LookOnce("demo rules, refused")
}

func (w *walk) replay() {
	id := w.vat().ID
	w.open("/groups/" + id)
	w.Click("#replay-link")
	w.Wait(`document.querySelector('#replay-go') !== null`)
	w.Type("#replay-rate", "20")
	w.Click("#replay-go")
	w.Wait(`!document.querySelector('#replay-result').hidden && document.querySelector('#replay-progress').value > 0`, says("#replay-state", "Done:"),
		`Number(document.querySelector('[data-outcome=diverges]')?.textContent ?? document.querySelectorAll('#replay-rows tr').length) > 0`)
	w.Look("demo replay")

	w.open("/groups/" + id)
	wait := w.Downloads()
	w.Click("#export summary")
	for as, want := range map[string]string{"hurl": "GET {{base}}/api/ord/", "curl": "curl ", "har": `"log"`, "go": "var exchanges"} {
		w.Choose("#export [name=as]", as)
		w.Click("#export button")
		if name, text := wait(); !strings.Contains(text, want) {
			w.t.Errorf("%s: %s has %.300s", as, name, text)
		}
	}
	w.open("/routes/orders-read/replay")
	w.LookOnce("demo replay of a route")
}
