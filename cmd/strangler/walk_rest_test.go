package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/strangler-fig/toolkit/internal/browser"
)

func quote(s string) string {
	quoted, _ := json.Marshal(s)
	return string(quoted)
}

func (w *walk) journal() {
	w.open("/journal")
	w.Wait(says("#entries", "orders-read"), says("#entries", "seen in a browser"))
	w.Look("demo journal")
	w.Press("#step", kb.ArrowRight)
	w.Press("#step", kb.ArrowRight)
	w.Wait(`location.search.includes('step=')`, says("#was", "As it was at"), says("#was", "What happened between"))
	w.LookAt("main", "demo journal, as it was")
	w.Press("#step", kb.Home)
	w.Wait(says("#was", "elsewhere"), says("#was", "contact"))

	w.open("/journal")
	w.unfold("#time details")
	w.Type("#exact [name=at]", time.Now().Add(-time.Second).Format("2006-01-02 15:04:05"))
	w.Click("#exact button")
	w.Wait(says("#was", "As it was at"))
	w.open("/journal")
	w.Choose(".filterbar [name=route]", "contact")
	w.Click(".filterbar button")
	w.Wait(`location.search === '?route=contact'`, says("#entries", "contact"), `!document.querySelector('#entries').innerText.includes('book-read')`)
	w.Go(w.dashboard + "/journal?at=yesterday")
	w.Wait(says("#was [role=alert]", "2006-01-02 15:04"))
	w.Complaints() // of a status, where there is one
	w.LookOnce("demo journal, a time that is none")
}

func (w *walk) rest() {
	w.open("/services")
	w.Wait(says("#service-list", "in turn"), says("#facades", "customers"))
	before := w.Text("#service-list")
	w.Wait(`document.querySelector('#service-list').innerText !== ` + quote(before))
	w.LookOnce("demo services")
	w.Click(`[id^="rollback-"][href*="service="]`)
	w.Wait(`document.querySelector('#dialog').open`, says("#dialog", "Roll back"))
	w.Click("#dialog [data-close]")
	w.Wait(`!document.querySelector('#dialog').open`)
	w.Click("#facades th a")
	w.Wait(`location.pathname === '/facades/customers'`, says("main", "/soap/customers"))
	w.unfold("main details")
	w.Look("demo facade")

	w.open("/config")
	w.Wait(says("#config-state", "strangler.yaml"), says("#drift-title", "Where routes stand"), says("#config-drift", "contact"))
	w.unfold(".definitions details")
	w.LookOnce("demo configuration")

	for path, want := range map[string]string{"/nope": "no page /nope", "/routes/order-read": "did you mean", "/groups/nope": "Not found"} {
		w.Go(w.dashboard + path)
		w.Wait(says("main", want))
		w.Complaints() // of the status
		w.Look("demo " + path)
	}
}

func (w *walk) session() {
	// A visitor logs in once, on the monolith's page, and a service that has never heard of its sessions
	// knows who that is.
	w.Go(w.shop + "/wishes")
	w.Wait(`document.querySelector('input[name="USR"]') !== null`)
	w.Type(`input[name="USR"]`, "Ada Løvelace")
	w.Click("form button")
	w.Wait(says("body", "Hello Ada Løvelace"))
	w.Click(`a[href="/wishes"]`)
	w.Wait(says("#who", "Ada Løvelace"))
	w.Type(`input[name="book"]`, "7")
	w.Do("wish for a book", chromedp.Click(browser.CSS("form button")), chromedp.WaitVisible(chromedp.Search(`//li[contains(., ", by ")]`)))
	w.Complaints() // of the shop's pages, which aren't ours
}

func (w *walk) rollback() {
	w.open("/journal") // it is one click and one confirmation away on every page
	w.Click("#rollback-all")
	w.Wait(`document.querySelector('#dialog').open`, says("#dialog", "requests/s"), says("#dialog", "wishes"))
	w.LookAt("#dialog", "demo, asked whether to roll everything back")
	w.Type("#dialog [name=reason]", "enough")
	w.Click("#dialog .danger.primary")
	w.Wait(`document.title.startsWith('Rolled back')`, says("main", "wishes"))
	w.LookOnce("demo, all rolled back")
	for route, position := range map[string]string{"book-search": "legacy", "orders-read": "legacy", "wishes": "live", "book-stock": "retired"} {
		w.stands(route, position)
	}
}

// TestBrowserLogin logs in with tokens, in a real browser: who may operate has controls, who may view has
// none, and who has logged out sees nothing.
func TestBrowserLogin(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	legacy := httptest.NewServer(http.NotFoundHandler())
	defer legacy.Close()
	dir := t.TempDir()
	var address [2]string
	for i := range address {
		var err error
		if address[i], err = freeAddress(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "strangler.yaml")
	configuration := fmt.Sprintf(`listen: %s
data: %s
legacy: {url: %s}
services: {new: {urls: [%s]}}
admin:
  listen: %s
  tokens:
    - {name: anna, role: operate, token: anna-has-the-token-of-an-operator}
    - {name: wall, role: view, token: the-screen-on-the-wall-has-another}
routes:
  - {name: orders, match: {path: /orders}, service: new, start: 25%%}
`, address[0], filepath.Join(dir, "data"), legacy.URL, legacy.URL, address[1])
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := exec.Command("strangler", "serve", "-c", file)
	var output strings.Builder
	serve.Stderr = &output
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = serve.Process.Signal(os.Interrupt)
		if err := serve.Wait(); err != nil {
			t.Errorf("serve ended with %v\n%s", err, &output)
		}
	}()
	dashboard := "http://" + address[1]
	tab.Do("wait for the proxy", browser.UntilTrue(func() bool {
		resp, err := http.Get(dashboard + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	}))

	tab.Go(dashboard + "/routes/orders")
	tab.Wait(`location.pathname === '/login'`)
	tab.Look("login")
	tab.Type("#token", "guessed")
	tab.Click("button")
	tab.Wait(says("[role=alert]", "No such token"))
	tab.Complaints() // of the status
	tab.LookOnce("login refused")
	tab.Type("#token", "anna-has-the-token-of-an-operator")
	tab.Click("button")
	tab.Wait(`location.pathname === '/routes/orders'`, live, says(".who", "anna"), `document.querySelector('#move-button') !== null`)
	tab.LookOnce("logged in as an operator")
	tab.Click(`[data-weight="50"]`)
	tab.Click("#move-button")
	tab.Wait(says("#move .notice.good", "Moved to 50%"), says("#history", "anna"))

	tab.Click(".who button")
	tab.Wait(`location.pathname === '/login'`)
	tab.Type("#token", "the-screen-on-the-wall-has-another")
	tab.Click("button")
	tab.Wait(`location.pathname === '/'`, live, says(".who", "wall"), `document.querySelector('#rollback-all') === null`)
	tab.Go(dashboard + "/routes/orders")
	tab.Wait(live, `document.querySelector('#move-button') === null`)
	tab.LookOnce("logged in to view")
}
