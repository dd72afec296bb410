package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Tab is a tab of the browser, with cookies of its own. It is for one goroutine.
type Tab struct {
	t *testing.T
	*page
}

// page is what a tab is for all tests that use it.
type page struct {
	ctx  context.Context
	once int // how often axe-core looked on one screen only

	mu         sync.Mutex
	complaints []string
	expected   []string
}

// Action is what one does in a tab, such as chromedp.Click.
type Action = chromedp.Action[chromedp.Void]

// CSS selects elements.
type CSS = chromedp.CSS

// listening are the commands after which chromium tells what it complains about.
var listening = []func(context.Context) error{call(log.Enable, cdp.Empty{}), call(network.Enable, network.EnableParams{})}

// patience is how long a step may take, on a machine that is busy.
const patience = 30 * time.Second

// hear keeps what the browser complains about, and requests to anywhere but this machine.
func (p *page) hear(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range ev.Args {
				p.complain("console: %s %s", a.Value, a.Description)
			}
		}
	case *runtime.EventExceptionThrown:
		p.complain("exception: %s", ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			p.complain("log: %s %s", ev.Entry.Text, ev.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, "http://127.0.0.1:") {
			p.complain("request to elsewhere: %s", u)
		}
	}
}

func (p *page) complain(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if !slices.ContainsFunc(p.expected, func(part string) bool { return strings.Contains(text, part) }) {
		p.complaints = append(p.complaints, text)
	}
}

// Expect says that complaints with such a part are none from now on: a browser mentions each status beyond
// 399, and each server that isn't there.
func (p *page) Expect(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, part)
}

// Complaints returns what the browser complained about since they were asked for last.
func (p *page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.complaints
	p.complaints = nil
	return all
}

// For returns the same tab for a test within the test that opened it.
func (tab *Tab) For(t *testing.T) *Tab { return &Tab{t, tab.page} }

// Do does one thing after the other. What was to be done with them is said where one can't be.
func (tab *Tab) Do(what string, actions ...Action) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		page, _ := chromedp.Run(tab.ctx, chromedp.Evaluate[string](`location.href + '\n' + document.body.innerText.slice(0, 4000)`))
		tab.t.Fatalf("%s: %v (%q)\nthe page: %s", what, err, tab.Complaints(), page)
	}
}

// Go loads a page, and waits until it is there.
func (tab *Tab) Go(url string) {
	tab.t.Helper()
	tab.Do("go to "+url, chromedp.Navigate(url), chromedp.WaitReady(CSS("body")))
}

// Wait waits until all of the scripts say yes.
func (tab *Tab) Wait(scripts ...string) {
	tab.t.Helper()
	for _, s := range scripts {
		tab.Do("wait for "+s, Until(s))
	}
}

// Click clicks on what a selector of CSS finds first.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.Do("click on "+selector, chromedp.Click(CSS(selector)))
}

// Type types a text into a field instead of what stands in it.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.Do("clear "+selector, chromedp.Focus(CSS(selector)), Until(fmt.Sprintf(`(document.querySelector(%q).select(), true)`, selector)))
	if text != "" {
		tab.Do("type into "+selector, chromedp.SendKeys(CSS(selector), text))
	}
}

// Press presses a key of package kb in a field.
func (tab *Tab) Press(selector, key string) {
	tab.t.Helper()
	tab.Do("press a key in "+selector, chromedp.Focus(CSS(selector)), chromedp.SendKeys(CSS(selector), key))
}

// Choose chooses an option of a list, as a person does: what listens to the list is told.
func (tab *Tab) Choose(selector, value string) {
	tab.t.Helper()
	tab.Do("choose "+value+" in "+selector, Until(fmt.Sprintf(`(() => { const list = document.querySelector(%q); if (!list) return false
		list.value = %q; for (const type of ['input', 'change']) list.dispatchEvent(new Event(type, { bubbles: true })); return list.value === %[2]q })()`, selector, value)))
}

// Downloads has the browser put what it downloads into a folder, which is empty at first. It returns what
// waits for the next file, and has its name and its text.
func (tab *Tab) Downloads() (wait func() (name, text string)) {
	tab.t.Helper()
	folder := tab.t.TempDir()
	_, err := chromedp.CallBrowser(tab.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(tab.ctx).BrowserContextID, DownloadPath: folder})
	if err != nil {
		tab.t.Fatalf("allow downloads: %v", err)
	}
	seen := map[string]bool{}
	return func() (name, text string) {
		tab.t.Helper()
		tab.Do("wait for a download", UntilTrue(func() bool {
			files, err := os.ReadDir(folder)
			for _, f := range files {
				if err == nil && !seen[f.Name()] && !strings.HasSuffix(f.Name(), ".crdownload") && !strings.HasPrefix(f.Name(), ".") {
					name = f.Name()
				}
			}
			return name != ""
		}))
		seen[name] = true
		body, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			tab.t.Fatal(err)
		}
		return name, string(body)
	}
}

// Text returns the text of what a selector finds first; empty: nothing is there.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Eval[string](tab, fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ''`, selector))
}

// Eval returns what a script evaluates to.
func Eval[T any](tab *Tab, script string) T {
	tab.t.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("evaluate %s: %v", script, err)
	}
	return v
}

// Until waits for a script to say yes, over loads of other pages too.
func Until(script string) Action {
	return until(func(ctx context.Context) (bool, error) { return chromedp.Run(ctx, chromedp.Evaluate[bool](script)) })
}

// UntilTrue waits for what doesn't happen in the browser.
func UntilTrue(holds func() bool) Action {
	return until(func(context.Context) (bool, error) { return holds(), nil })
}

func until(holds func(context.Context) (bool, error)) Action {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for {
			yes, err := holds(ctx)
			if yes {
				return nil
			}
			if ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			time.Sleep(30 * time.Millisecond)
		}
	})
}
