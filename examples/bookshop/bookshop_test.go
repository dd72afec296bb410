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

// TestServices asks legacy and the translated services for everything there is. Repaired they
// answer alike; with their mistakes they differ where, and only where, the documentation says.
func TestServices(t *testing.T) {
	requests := map[string][]string{"bookshop-book": {"/api/book/0", "/api/book/x"}, "bookshop-orders": {"/api/ord/1"},
		"bookshop-search": {"/api/search?Q=river", "/api/search?Q=zzz", "/api/search?Q="}, "bookshop-books": {"/api/book?CAT=??"}}
	for _, b := range seed.Books() {
		requests["bookshop-book"] = append(requests["bookshop-book"], fmt.Sprintf("/api/book/%d", b.No))
		requests["bookshop-stock"] = append(requests["bookshop-stock"], fmt.Sprintf("/api/stock/%d", b.No))
	}
	for _, o := range seed.Orders() {
		requests["bookshop-orders"] = append(requests["bookshop-orders"], fmt.Sprintf("/api/ord/%d", o.No))
	}
	for _, code := range []string{"FI", "HI", "NA", "CO"} {
		requests["bookshop-books"] = append(requests["bookshop-books"], "/api/book?CAT="+code)
	}
	translators := translate.All()
	for _, repaired := range []bool{true, false} {
		t.Run(fmt.Sprintf("repaired=%t", repaired), func(t *testing.T) {
			apps := start(t, repaired)
			differing := map[string]int{}
			for name, paths := range requests {
				service := apps.CatalogueURL
				if name == "bookshop-orders" {
					service = apps.OrdersURL
				}
				for _, path := range paths {
					want, got := get(t, apps.LegacyURL, path, nil), get(t, service, path, translators[name])
					if diff := cmp.Diff(want, got); diff != "" {
						differing[name]++
						if repaired {
							t.Errorf("%s (-legacy +service):\n%s", path, diff)
						}
						if !strings.Contains(diff, `"VAT_CENTS"`) && !strings.Contains(diff, `"PG_CNT"`) && !strings.Contains(diff, `"BK_LST"`) {
							t.Errorf("%s differs in an undocumented way (-legacy +service):\n%s", path, diff)
						}
					}
				}
			}
			if !repaired && (differing["bookshop-book"] == 0 || differing["bookshop-books"] == 0 || differing["bookshop-orders"] < 60 || differing["bookshop-stock"] > 0) {
				t.Errorf("divergences by translator: %v", differing)
			}
		})
	}
}

func TestCreateOrder(t *testing.T) {
	apps := start(t, false)
	const body = `{"CUST_NO":3,"LINES":[{"BK_NO":1,"QTY":2}]}`
	for name, client := range map[string]*http.Client{
		apps.LegacyURL: http.DefaultClient,
		apps.OrdersURL: {Transport: acl.Transport(translate.All()["bookshop-orders"], http.DefaultTransport)},
	} {
		for text, status := range map[string]int{body: 201, `{"CUST_NO":3,"LINES":[]}`: 400, `{"CUST_NO":3,"LINES":[{"BK_NO":999,"QTY":1}]}`: 400} {
			resp, err := client.Post(name+"/api/ord", "application/json", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != status || status == 201 && !strings.Contains(string(answer), `"ORD_NO":1241`) {
				t.Errorf("%s: %d %s, want %d", name, resp.StatusCode, answer, status)
			}
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
