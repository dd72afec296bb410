package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/strangler-fig/toolkit/web"
)

// TestBrowser is the whole product as a user has it: the real binary, its SQLite files, and a
// real browser that opens the dashboard, moves a weight and looks at a divergence.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	binary := build(t)
	shop, dashboard := demo(t, binary)
	tab := open(t, browser)

	fail := func(what string, err error) {
		t.Helper()
		page, _ := chromedp.Run(tab, chromedp.Text(chromedp.CSS("body")))
		t.Fatalf("%s: %v\nthe page:\n%s", what, err, page)
	}
	run := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		ctx, cancel := context.WithTimeout(tab, 30*time.Second)
		defer cancel()
		if _, err := chromedp.Run(ctx, chromedp.Steps(steps...)); err != nil {
			fail(what, err)
		}
	}
	text := func(of string) string {
		t.Helper()
		text, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS(of)))
		if err != nil {
			fail("read "+of, err)
		}
		return text
	}

	// The overview is alive: it counts without being loaded again.
	run("open the dashboard", chromedp.Navigate(dashboard), chromedp.WaitVisible(chromedp.CSS(`a[href="/routes/orders-read"]`)))
	run("go to the route", chromedp.Click(chromedp.CSS(`a[href="/routes/orders-read"]`)), chromedp.WaitVisible(chromedp.CSS("#move-form")))
	before := text("#figures")
	eventuallyTrue(t, "the figures change by themselves", func() bool { return text("#figures") != before })

	run("see the charts", chromedp.WaitVisible(chromedp.CSS(".uplot")))
	run("move to 30 %",
		chromedp.Click(chromedp.Search(`//input[@id="to-canary"]/..`)),
		chromedp.SetValue(chromedp.CSS("#weight"), "30"),
		chromedp.SetValue(chromedp.CSS("#reason"), "seen in a browser"),
		chromedp.Click(chromedp.CSS("#move-button")),
		chromedp.WaitVisible(chromedp.Search(`//*[@id="stands"]//*[@aria-current="step" and contains(., "30")]`)))

	var route web.Route
	out := strangler(t, binary, dashboard, "routes", "orders-read", "-o", "json")
	if err := json.Unmarshal(out, &route); err != nil {
		t.Fatal(err)
	}
	if route.Phase.String() != "canary" || route.Weight != 3000 || route.Reason != "seen in a browser" {
		t.Errorf("the command says %s", out)
	}
	served := map[bool]int{}
	for range 200 {
		resp, err := http.Get(shop + "/api/ord/1001") // without a cookie: each draws an id of its own
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		served[strings.Contains(resp.Header.Get("X-Strangler"), "side=service")]++
	}
	if served[true] < 30 || served[true] > 90 {
		t.Errorf("at 30 %% the service answered %d of 200", served[true])
	}

	// A group of divergences, with both answers side by side and what differs marked.
	run("open the groups", chromedp.Navigate(dashboard+"/groups"), chromedp.WaitVisible(chromedp.CSS(`a[href^="/groups/"]`)))
	run("open the group", chromedp.Click(chromedp.Search(`//a[contains(., "/VAT_CENTS")]`)),
		chromedp.WaitVisible(chromedp.CSS("#example")), chromedp.WaitVisible(chromedp.CSS("#example .line.mark")))
	if answers := text("#example"); strings.Count(answers, "VAT_CENTS") < 2 {
		t.Errorf("the example shows %s", answers)
	}

	// A visitor logs in once, on the monolith's page, and a service that has never heard of its sessions
	// knows who that is.
	run("a stranger is sent to log in", chromedp.Navigate(shop+"/wishes"), chromedp.WaitVisible(chromedp.CSS(`input[name="USR"]`)))
	run("log in", chromedp.SetValue(chromedp.CSS(`input[name="USR"]`), "Ada Løvelace"), chromedp.Click(chromedp.CSS("form button")),
		chromedp.WaitVisible(chromedp.Search(`//p[contains(., "Hello Ada Løvelace")]`)))
	run("go to the service's page", chromedp.Click(chromedp.CSS(`a[href="/wishes"]`)), chromedp.WaitVisible(chromedp.CSS("#who")))
	if who := text("#who"); who != "Ada Løvelace" {
		t.Errorf("the service takes her for %q", who)
	}
	run("wish for a book", chromedp.SetValue(chromedp.CSS(`input[name="book"]`), "7"), chromedp.Click(chromedp.CSS("form button")),
		chromedp.WaitVisible(chromedp.Search(`//li[contains(., ", by ")]`)))

	// What is translated of a route, its page says.
	run("open a route that is translated", chromedp.Navigate(dashboard+"/routes/customer-read"), chromedp.WaitVisible(chromedp.CSS("#translation")))
	if told := text("#translation"); !strings.Contains(told, "/soap/customers") || !strings.Contains(told, "/customers/{id}") || !strings.Contains(told, "Everything could be.") {
		t.Errorf("the page tells of the translation: %s", told)
	}
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "strangler")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

// demo runs the demo on free ports, until the test ends.
func demo(t *testing.T, binary string) (shop, dashboard string) {
	t.Helper()
	cmd := exec.Command(binary, "demo", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--rate", "60")
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

// open starts a browser and returns its tab.
func open(t *testing.T, browser string) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(1280, 1000),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancelAll := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancelAll)
	tab, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if _, err := chromedp.Run(tab, chromedp.Steps()); err != nil {
		t.Fatalf("start %s: %v", browser, err)
	}
	return tab
}

// strangler runs a command against a running proxy and returns what it prints.
func strangler(t *testing.T, binary, admin string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(binary, append(args, "--admin", admin)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("strangler %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func eventuallyTrue(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatal(fmt.Sprint("it did not come to this: ", what))
}
