package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/browser"
	"github.com/strangler-fig/toolkit/web"
)

// walk is a browser that goes through the dashboard of the demo, as a person does.
type walk struct {
	*browser.Tab
	t                     *testing.T
	shop, dashboard, data string
}

// TestBrowser is the whole product as a user has it: the real program, its SQLite files, the bookshop with
// its visitors, and a real browser that goes through every page and does what can be done there. Every page
// is looked at as it stands then. One step builds on what those before it left behind.
func TestBrowser(t *testing.T) {
	t.Parallel()
	tab := browser.Open(t)
	w := &walk{Tab: tab, data: t.TempDir()}
	w.shop, w.dashboard = demo(t, w.data)
	for _, step := range []struct {
		name string
		do   func(*walk)
	}{
		{"the overview is alive, and freezes promotions", (*walk).overview},
		{"the table of routes: sort, filter, move several", (*walk).table},
		{"a route is moved, seen to move, and taken back", (*walk).route},
		{"a guard is told, and gone past", (*walk).guard},
		{"a rollout is paused, resumed, promoted and aborted", (*walk).rollout},
		{"what a route does with a request, and who says so", (*walk).explain},
		{"the overview undoes a change", (*walk).undo},
		{"a group: examples, differences, what the service said", (*walk).group},
		{"a group is decided on, and a locked ledger is told", (*walk).triage},
		{"what a group has is ignored, after a preview", (*walk).ignore},
		{"a group is replayed and exported", (*walk).replay},
		{"the journal shows the table as it was", (*walk).journal},
		{"services, the facade, the configuration, and what isn't there", (*walk).rest},
		{"a session of legacy's is the service's", (*walk).session},
		{"everything is rolled back", (*walk).rollback},
	} {
		if !t.Run(step.name, func(t *testing.T) {
			one := *w
			one.Tab, one.t = tab.For(t), t
			step.do(&one)
		}) {
			return // what follows builds on it
		}
	}
}

const live = `document.querySelector('#connection .text').textContent === 'live'`

// open goes to a page and waits until it is live, or connected where it has no stream.
func (w *walk) open(path string) {
	w.t.Helper()
	w.Go(w.dashboard + path)
	w.Wait(`['live', 'connected'].includes(document.querySelector('#connection .text').textContent)`)
}

// says is a script that says whether what a selector finds has a text.
func says(selector, text string) string {
	quoted, _ := json.Marshal(text)
	return `document.querySelector('` + selector + `')?.innerText.includes(` + string(quoted) + `)`
}

// unfold shows what a part of the page has folded away.
func (w *walk) unfold(selector string) {
	w.t.Helper()
	w.Wait(`document.querySelector('` + selector + `') !== null && (document.querySelector('` + selector + `').open = true)`)
}

// at asks the API where a route stands.
func (w *walk) at(name string) (r web.Route) {
	w.t.Helper()
	w.api("/routes/"+name, &r)
	return r
}

// api reads what the API answers.
func (w *walk) api(path string, into any) {
	w.t.Helper()
	resp, err := http.Get(w.dashboard + "/api/v1" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: status %d, %v", path, resp.StatusCode, err)
	}
}

// stands fails unless a route stands there.
func (w *walk) stands(name, position string) {
	w.t.Helper()
	r := w.at(name)
	got := r.Phase.String()
	if got == "canary" {
		got = r.Weight.String()
	}
	if got != position {
		w.t.Errorf("%s stands at %s, want %s", name, got, position)
	}
}

// demo runs the demo on free ports, until the test ends.
func demo(t *testing.T, data string) (shop, dashboard string) {
	t.Helper()
	// It is this test's own binary under another name: see TestMain.
	cmd := exec.Command("strangler", "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--rate", "60", "--data", data)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_, _ = io.Copy(io.Discard, stdout)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v\n%s", err, &stderr)
		}
	})
	address := regexp.MustCompile(`^\s+(shop|dashboard)\s+(http://\S+)`)
	for lines := bufio.NewScanner(stdout); shop == "" || dashboard == ""; {
		if !lines.Scan() {
			t.Fatalf("the demo did not say where it is\n%s", &stderr)
		}
		if found := address.FindStringSubmatch(lines.Text()); found != nil && found[1] == "shop" {
			shop = found[2]
		} else if found != nil {
			dashboard = found[2]
		}
	}
	return shop, dashboard
}

// ledgerFile is where the demo records.
func (w *walk) ledgerFile() string { return filepath.Join(w.data, "strangler.data", "ledger.db") }
