package dashboard

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// browser starts chromium. What it complains about ends up in the returned function's answer.
func browser(t *testing.T) (context.Context, func() []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes minutes; left out of -short")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no chromium, which CI has: %v", err)
		}
		t.Skipf("no chromium to look at the pages with: %v", err)
	}
	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancelTime := context.WithTimeout(context.Background(), 8*time.Minute)
	t.Cleanup(cancelTime)
	ctx, cancelAll := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancelAll)
	ctx, cancel := chromedp.NewContext(ctx, chromedp.WithListener(func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
				for _, a := range ev.Args {
					complain("console: %s %s", a.Value, a.Description)
				}
			}
		case *runtime.EventExceptionThrown:
			complain("exception: %s", ev.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
				complain("log: %s %s", ev.Entry.Text, ev.Entry.URL)
			}
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, "http://127.0.0.1:") {
				complain("request to elsewhere: %s", u)
			}
		}
	}))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, log.Enable, cdp.Empty{}); err != nil {
		t.Fatalf("listen to chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatalf("listen to chromium: %v", err)
	}
	complaints = nil
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		all := complaints
		complaints = nil
		return all
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatalf("evaluate %s: %v", script, err)
	}
	return v
}

// serve runs a dashboard over s until the test ends.
func serve(t *testing.T, s web.System, id web.Identity) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(as(id, New(Config{System: s, Logger: quiet(), Version: "v0.1.0", Context: ctx})))
	t.Cleanup(func() { cancel(); server.Close() })
	return server.URL
}

// axe returns the text of axe-core, which go generate fetches.
func axe(t *testing.T) string {
	t.Helper()
	file, err := os.Open("testdata/axe/axe.min.js.gz")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no axe-core, which go generate brings: %v", err)
		}
		t.Skipf("no axe-core to look for faults of accessibility with: %v", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// faults has axe-core look at the page, and returns what it finds a line each.
func faults(t *testing.T, ctx context.Context, axe string) []string {
	t.Helper()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`(async () => {
		if (!window.axe) { const module = undefined, exports = undefined, define = undefined; `+axe+` }
		const result = await window.axe.run(document, { resultTypes: ['violations'] })
		return result.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + v.help + ': ' + n.target.join(' ') + ' ' + (n.failureSummary || '').replace(/\s+/g, ' ').slice(0, 300)))
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("run axe-core: %v", err)
	}
	return found
}

// TestBrowserPages loads every page narrow and wide, light and dark: the browser has nothing to
// complain about, axe-core finds no fault, and no page scrolls sideways. DASHBOARD_SHOTS names a
// folder for pictures; then it loads each page in all four ways.
func TestBrowserPages(t *testing.T) {
	ctx, complaints := browser(t)
	shots := os.Getenv("DASHBOARD_SHOTS")
	sites := map[string]string{
		"good":    serve(t, good(), web.Identity{Role: web.RoleOperate}),
		"hostile": serve(t, hostile(), identity(web.RoleOperate)),
		"empty":   serve(t, empty(), web.Identity{Role: web.RoleOperate}),
	}
	tests := []struct{ site, path string }{
		{"good", "/"}, {"good", "/routes"}, {"hostile", "/routes"}, {"empty", "/routes"}, {"good", "/bulk?route=orders-read&route=stock&to=shadow&do=rollback"}, {"good", "/routes/orders-read"}, {"good", "/routes/stock?method=GET&url=/api/stock/1"}, {"good", "/groups"},
		{"good", "/groups/g1"}, {"good", "/rules"}, {"good", "/rules?group=g1"}, {"hostile", "/rules"}, {"empty", "/rules"}, {"good", "/divergences/d2"}, {"good", "/divergences/d3"}, {"good", "/journal"}, {"good", "/journal?at=2026-03-04+11:00"},
		{"good", "/services"}, {"good", "/config"}, {"good", "/rollback"},
		{"good", "/groups/g1/replay"}, {"hostile", "/groups/g1/replay"}, {"good", "/journal?step=2&until=3"}, {"hostile", "/journal?step=2"},
		{"good", "/routes/orders-read?to=shadow"}, {"hostile", "/divergences/d1"},
		{"good", "/routes/catalogue-search"}, {"good", "/routes/orders-read/rollout/promote"}, {"good", "/freeze"}, {"hostile", "/routes/orders-list"},
		{"hostile", "/routes/stock"}, {"hostile", "/routes/orders-read/rollout/promote"}, {"hostile", "/routes/catalogue-search/rollout/resume"}, {"hostile", "/thaw"},
		{"hostile", "/"}, {"hostile", "/routes/orders-read"}, {"hostile", "/groups/g1"}, {"hostile", "/divergences/d2"},
		{"hostile", "/journal"}, {"hostile", "/services"}, {"hostile", "/config"}, {"hostile", "/rollback"},
		{"empty", "/"}, {"empty", "/groups"}, {"empty", "/journal"}, {"empty", "/services"}, {"empty", "/config"}, {"empty", "/rollback"},
	}
	type look struct {
		name          string
		width, height int64
		scheme        string
	}
	looks := []look{{"wide light", 1280, 900, "light"}, {"narrow dark", 360, 780, "dark"}}
	if shots != "" {
		looks = append(looks, look{"wide dark", 1280, 900, "dark"}, look{"narrow light", 360, 780, "light"})
	}
	library := axe(t)
	for _, screen := range looks {
		for _, tt := range tests {
			t.Run(screen.name+" "+tt.site+" "+tt.path, func(t *testing.T) {
				media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}}
				if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
					t.Fatal(err)
				}
				err := chromedp.Do(ctx, chromedp.EmulateViewport(screen.width, screen.height),
					chromedp.Navigate(sites[tt.site]+tt.path), chromedp.WaitReady(chromedp.CSS("footer")))
				if err != nil {
					t.Fatal(err)
				}
				wide := evaluate[int](t, ctx, `document.documentElement.scrollWidth - window.innerWidth`)
				foreign := evaluate[int](t, ctx, `[...document.querySelectorAll('script')].filter(s => !s.src.startsWith(location.origin)).length
					+ document.querySelectorAll('[onx], img, :not(.uplot, .uplot *)[style]').length`)
				dark := evaluate[bool](t, ctx, `matchMedia('(prefers-color-scheme: dark)').matches`)
				if wide > 0 {
					t.Errorf("the page is %d px wider than the screen", wide)
				}
				if foreign > 0 {
					t.Errorf("%d elements come from strangers' text or break the policy", foreign)
				}
				if dark != (screen.scheme == "dark") {
					t.Errorf("the scheme is not %s", screen.scheme)
				}
				for _, c := range complaints() {
					t.Error(c)
				}
				if tt.site == "good" || tt.site == "empty" && screen.scheme == "light" { // the others are alike
					for _, fault := range faults(t, ctx, library) {
						t.Error(fault)
					}
				}
				if shots != "" {
					picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					name := strings.NewReplacer("/", "_", "?", "_", "&", "_", "=", "_", " ", "-", "+", "_", ":", "").Replace(screen.name + "-" + tt.site + tt.path)
					if err := os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// until waits for a script to say yes.
func until(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		for {
			if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script)); yes || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			time.Sleep(30 * time.Millisecond)
		}
	})
}

// TestBrowserLive moves a route by hand and by somebody else, in a real browser.
func TestBrowserLive(t *testing.T) {
	ctx, complaints := browser(t)
	s := good()
	site := serve(t, s, web.Identity{Role: web.RoleOperate})
	run := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		step, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := chromedp.Do(step, actions...); err != nil {
			t.Fatalf("%s: %v (%v)", what, err, complaints())
		}
	}
	type css = chromedp.CSS

	run("open a route", chromedp.Navigate(site+"/routes/orders-read"), until(`document.querySelector('#connection .text').textContent === 'live'`))
	run("move it", chromedp.Click(css("#to-shadow + span")), chromedp.SendKeys(css("#reason"), "looks wrong"), chromedp.SendKeys(css("[name=actor]"), "Zoë"),
		chromedp.Click(css("#move-button")), until(`document.querySelector('#move .notice.good') !== null`),
		until(`document.querySelector('.step.now').textContent.startsWith('shadow')`))
	if r := s.Routes()[2]; r.Phase != strangler.PhaseShadow || r.Actor != "Zoë" || r.Reason != "looks wrong" {
		t.Errorf("the route stands at %s, by %q because %q", r.Phase, r.Actor, r.Reason)
	}

	run("type while somebody else moves it", chromedp.SendKeys(css("#reason"), "half a sen"))
	s.change("route", func() {
		s.routes[2].Phase, s.routes[2].Weight, s.routes[2].Version = strangler.PhaseLive, strangler.FullWeight, 99
	})
	run("see the other's move", until(`document.querySelector('.step.now').textContent.startsWith('live')`))
	typed, focus := evaluate[string](t, ctx, `document.querySelector('#reason').value`), evaluate[string](t, ctx, `document.activeElement.id`)
	if typed != "half a sen" || focus != "reason" {
		t.Errorf("typed text is %q and the focus on %q after an update", typed, focus)
	}
	run("be told of the conflict", chromedp.Click(css("#move-button")), until(`document.querySelector('#move [role=alert]')?.textContent.includes('meanwhile')`))

	run("filter", chromedp.Navigate(site+"/routes"), until(`document.querySelector('#connection .text').textContent === 'live'`),
		chromedp.SendKeys(css("#filter"), "isbn"), until(`[...document.querySelectorAll('#rows > tr')].filter(r => !r.hidden).length === 1`))
	s.change("stats", func() { s.stats.Routes[5].Service.PerSecond = 777 })
	run("stay filtered after an update", until(`document.querySelector('#row-stock').textContent.includes('777')`),
		until(`[...document.querySelectorAll('#rows > tr')].filter(r => !r.hidden).length === 1`))
	run("ask for the rollback of everything", chromedp.Click(css("#rollback-all")), until(`document.querySelector('#dialog').open`),
		until(`document.querySelector('#dialog').textContent.includes('payments')`))
	run("confirm it", chromedp.Click(css("#dialog .danger.primary")), until(`document.title.startsWith('Rolled back')`))
	if r := s.Routes()[6]; r.Phase != strangler.PhaseLive {
		t.Errorf("payments may never return and stands at %s", r.Phase)
	}
	for _, c := range complaints() {
		if !strings.Contains(c, "409") { // the browser mentions the conflict
			t.Error(c)
		}
	}
}

// TestBrowserLost holds that a page whose proxy went away says so and doesn't pretend that its
// controls work.
func TestBrowserLost(t *testing.T) {
	ctx, _ := browser(t)
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(as(web.Identity{Role: web.RoleOperate}, New(Config{System: good(), Logger: quiet(), Context: stop})))
	defer server.Close()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/routes/orders-read")); err != nil {
		t.Fatal(err)
	}
	wait := func(script string) {
		t.Helper()
		step, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err := chromedp.Do(step, until(script)); err != nil {
			t.Fatalf("it never comes to %s: %v", script, err)
		}
	}
	wait(`document.querySelector('#connection .text').textContent === 'live'`)
	cancel()
	server.Close()
	wait(`document.querySelector('#connection .text').textContent === 'reconnecting…'`)
	wait(`document.querySelector('#move-button').getAttribute('aria-disabled') === 'true'`)
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#move-button"))); err != nil {
		t.Fatal(err)
	}
	wait(`document.querySelector('#said').textContent.includes('nothing was sent')`)
}
