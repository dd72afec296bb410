package bookshop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/examples/bookshop"
	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
	"github.com/strangler-fig/toolkit/examples/bookshop/translate"
)

func start(t *testing.T, repaired bool) *bookshop.Apps {
	t.Helper()
	apps, err := bookshop.Start(bookshop.Config{Database: filepath.Join(t.TempDir(), "shop.db"), Repaired: repaired})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := apps.Close(); err != nil {
			t.Error(err)
		}
	})
	return apps
}

// get fetches a legacy path from one side, through the translator if there is one, and returns
// its status, content type and body without what differs in every answer.
func get(t *testing.T, base, path string, translator acl.Translator) (answer struct {
	Status int
	Type   string
	Body   map[string]any
}) {
	t.Helper()
	client := http.Client{Transport: acl.Transport(acl.Chain{}, http.DefaultTransport)}
	if translator != nil {
		client.Transport = acl.Transport(translator, http.DefaultTransport)
	}
	resp, err := client.Get(base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer.Status, answer.Type = resp.StatusCode, resp.Header.Get("Content-Type")
	if err := json.NewDecoder(resp.Body).Decode(&answer.Body); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range []string{"REQ_ID", "GEN_TS"} {
		if answer.Body[name] == nil {
			t.Errorf("%s%s has no %s", base, path, name)
		}
		delete(answer.Body, name)
	}
	return answer
}

// TestStock asks legacy and the service, behind the translator that is written in Go, for every book's stock.
// What the configuration translates, the tests of the proxy hold against legacy.
func TestStock(t *testing.T) {
	apps := start(t, false)
	paths := []string{"/api/stock/0", "/api/stock/x"}
	for _, b := range seed.Books() {
		paths = append(paths, fmt.Sprintf("/api/stock/%d", b.No))
	}
	for _, path := range paths {
		want, got := get(t, apps.LegacyURL, path, nil), get(t, apps.CatalogueURL, path, translate.All()["bookshop-stock"])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-legacy +service):\n%s", path, diff)
		}
	}
}

// TestPages walks through the monolith as a browser would.
func TestPages(t *testing.T) {
	apps := start(t, false)
	jar, _ := cookiejar.New(nil)
	browser := http.Client{Jar: jar}
	page := func(resp *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %s", resp.Request.URL, resp.Status)
		}
		return string(body)
	}
	if got := page(browser.Get(apps.LegacyURL + "/")); strings.Count(got, "<tr>") != len(seed.Books()) {
		t.Errorf("the home page has %d books", strings.Count(got, "<tr>"))
	}
	if got := page(browser.Get(apps.LegacyURL + "/account")); !strings.Contains(got, "Log in") {
		t.Error("a stranger got an account")
	}
	if got := page(browser.PostForm(apps.LegacyURL+"/login", url.Values{"USR": {"<Ada>"}})); !strings.Contains(got, "Hello &lt;Ada&gt;, this is your visit number 1") {
		t.Errorf("after login: %s", got)
	}
	if got := page(browser.PostForm(apps.LegacyURL+"/logout", nil)); strings.Contains(got, "Hello") {
		t.Error("still greeted after logout")
	}
	if got := page(browser.Get(apps.LegacyURL + "/feed.xml")); strings.Count(got, "<book ") != len(seed.Books()) {
		t.Errorf("the feed has %d books", strings.Count(got, "<book "))
	}
}

// TestReadmeTellsOfFast holds that the README has what --fast sets.
func TestReadmeTellsOfFast(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range bookshop.Fast() {
		line := regexp.MustCompile("(?m)^\\| `" + name + "` \\| `(.*)` \\| `" + regexp.QuoteMeta(value) + "` \\|$").FindSubmatch(text)
		if line == nil {
			t.Errorf("the README doesn't say that it sets %s to %s", name, value)
			continue
		}
		if usual := "${" + name + ":-" + string(line[1]) + "}"; !bytes.Contains(bookshop.Configuration, []byte(usual)) {
			t.Errorf("the configuration has no %s", usual)
		}
	}
}
