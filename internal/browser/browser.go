// Package browser opens pages in chromium for tests: one chromium for all tests of a binary, started by
// the first that wants it, and a tab with cookies of its own for each. TestMain ends it, through Run.
// Nothing but tests imports it.
package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// screenshots is where pictures of the pages that tests look at are written to. SCREENSHOTS in the environment
// is the same for the tests of all packages.
var screenshots = flag.String("screenshots", os.Getenv("SCREENSHOTS"), "`folder` for a picture of each page that a browser test looks at, light and dark, wide and narrow")

// one is the chromium that all tests share.
var one struct {
	once  sync.Once
	ctx   context.Context
	close func()
	path  error // it isn't installed
	err   error
}

// tests is a *testing.M.
type tests interface{ Run() int }

// Main is a *testing.M that ends chromium, where a test started it, after the last of them.
type Main struct{ M tests }

// Run runs the tests.
func (m Main) Run() int {
	defer func() {
		if one.close != nil {
			one.close()
		}
	}()
	return m.M.Run()
}

// start starts chromium, once.
func start() {
	path, err := exec.LookPath("chromium")
	if err != nil {
		one.path = err
		return
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	all, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeOne := chromedp.NewContext(all)
	if one.err = chromedp.Do(ctx); one.err != nil {
		closeOne()
		closeAll()
		return
	}
	one.ctx, one.close = ctx, func() { closeOne(); closeAll() }
}

// Open opens a tab until the test ends. Without chromium the test is skipped, but fails in CI, which has it.
func Open(t *testing.T) *Tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes its time; left out of -short")
	}
	one.once.Do(start)
	switch {
	case one.path != nil && os.Getenv("CI") == "true":
		t.Fatalf("no chromium, which CI has: %v", one.path)
	case one.path != nil:
		t.Skipf("no chromium to look at pages with: %v", one.path)
	case one.err != nil:
		t.Fatalf("start chromium: %v", one.err)
	}
	tab := &Tab{t, new(page)}
	ctx, end := chromedp.NewContext(one.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tab.hear))
	t.Cleanup(end)
	tab.ctx = ctx
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(Wide.Width, Wide.Height)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	for _, enable := range listening {
		if err := enable(ctx); err != nil {
			t.Fatalf("listen to chromium: %v", err)
		}
	}
	tab.Complaints()
	return tab
}

// call returns a command without parameters that matter.
func call[P any](cmd cdp.Command[P, cdp.Empty], params P) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := chromedp.Call(ctx, cmd, params); err != nil {
			return fmt.Errorf("%s: %w", cmd.Method, err)
		}
		return nil
	}
}
