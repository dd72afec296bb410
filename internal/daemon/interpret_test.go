package daemon_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/web"
)

// customers is a service with a model of its own: GET /customers/7.
func customers(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/customers/")
	if len(id) < 30 { // a UUID is longer
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"title":"Not Found","status":404}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":%q,"name":"Ada","status":"active","balance":12.34,"at":%q}`, id, r.URL.RequestURI())
}

const customerTranslator = `
ids:
  customer_ids: {service: uuid, legacy: {from: 1000}}
translators:
  customer:
    fields:
      - {legacy: CUST_NO, service: id, ids: customer_ids}
      - {legacy: CUST_NM, service: name}
      - {legacy: STS, service: status, values: {A: active, I: inactive}}
      - {legacy: BAL, service: balance, number: {scale: 2, decimals: 2}}
      - {service: at, drop: true}
    unknown: error
`

const customerRoute = `
    service: customers
    translate:
      answer: customer
      path: {legacy: "/cgi/cust.pl?id={id}", service: "/customers/{id}"}
      params: [{legacy: id, service: id, ids: customer_ids}]
      status: {404: {legacy: 200, when: {body: {ERR: NOTFOUND}}}}
      headers: [{legacy: X-Powered-By, const: Bookshop/4.2, in: answer}]
`

// TestDeclaredTranslator has clients speak the legacy contract to a service: bodies, path, statuses,
// headers and identifiers; a reload changes the mapping, and a bad one changes nothing.
func TestDeclaredTranslator(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "", customers)
	text := fmt.Sprintf("legacy: {url: %q}\nservices: {customers: {urls: [%q]}}\n", legacy.URL, service.URL) + customerTranslator +
		"routes:\n  - name: customers\n    match: {path: /cgi/cust.pl}\n    start: live\n    fallback: none" + customerRoute
	folder := t.TempDir()
	s := startIn(t, folder, text)

	status, body, _ := s.get(t, "/cgi/cust.pl?id=7")
	if want := `{"CUST_NO":"7","CUST_NM":"Ada","STS":"A","BAL":"1234"}`; status != 200 || body != want {
		t.Fatalf("%d %s, want %s", status, body, want)
	}
	resp, err := s.Client.Get(s.URL + "/cgi/cust.pl?id=7")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.Header.Get("X-Powered-By") != "Bookshop/4.2" {
		t.Errorf("headers %v", resp.Header)
	}
	if _, err := os.Stat(filepath.Join(folder, "data", "ids.db")); err != nil {
		t.Error(err)
	}

	view, err := s.API.Translation(t.Context(), "customers")
	if err != nil {
		t.Fatal(err)
	}
	if len(view.Parts) != 4 || len(view.Bodies) != 1 || len(view.Bodies[0].Fields) != 5 || len(view.Bodies[0].Losses) == 0 || view.Answers.Translated < 2 {
		t.Errorf("what is told of the translation: %+v", view)
	}
	before := definition(t, s, "customers")

	s.write(t, strings.Replace(text, "A: active", "AKTIV: active", 1))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := s.get(t, "/cgi/cust.pl?id=7"); !strings.Contains(body, `"STS":"AKTIV"`) || !strings.Contains(body, `"CUST_NO":"7"`) {
		t.Errorf("after a reload: %s", body)
	}
	if definition(t, s, "customers") == before {
		t.Error("another mapping is the same definition to the journal")
	}
	s.write(t, strings.Replace(text, "A: active", "A: active, B: active", 1))
	if err := s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "translators.customer.fields[2]") {
		t.Errorf("a mapping that can't be inverted: %v", err)
	}
	if _, body, _ := s.get(t, "/cgi/cust.pl?id=7"); !strings.Contains(body, `"STS":"AKTIV"`) {
		t.Errorf("after a bad reload: %s", body)
	}
	if strings.Contains(s.metrics(t), "facade:") {
		t.Error("there is no facade")
	}
}

// definition is what is in force of a route.
func definition(t *testing.T, s *system, route string) string {
	t.Helper()
	return string(s.Config().Definitions[route])
}

// TestDeclaredTranslatorWithPath says that a path in the service's URL is no part of the templates.
func TestDeclaredTranslatorWithPath(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	service := backend(t, "service", nil)
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {s: {urls: ["%s/api/v2"]}}
routes:
  - {name: r, match: {path: "/cgi/*"}, service: s, start: live, translate: {path: {legacy: "/cgi/x?id={id}", service: "/x/{id}"}}}
`, legacy.URL, service.URL))
	if _, body, _ := s.get(t, "/cgi/x?id=7"); body != "service GET /api/v2/x/7" {
		t.Error(body)
	}
}

// TestUntranslatable says what a client is told of what can't be translated, and that nothing of it is passed on.
func TestUntranslatable(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	service := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name":"Ada","status":"new"}`)
	})
	s := start(t, fmt.Sprintf(`
legacy: {url: %q}
services: {s: {urls: [%q]}}
translators:
  t: {fields: [{legacy: NM, service: name}, {legacy: STS, service: status, values: {A: active}}], unknown: error}
routes:
  - {name: alone, match: {path: /alone}, service: s, start: live, fallback: none, translate: {with: t}}
  - {name: both, match: {path: /both}, service: s, start: live, translate: {with: t}}
`, legacy.URL, service.URL))
	if _, body, _ := s.get(t, "/both"); body != "legacy GET /both" {
		t.Errorf("no fallback: %q", body)
	}
	resp, err := s.Client.Get(s.URL + "/alone")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var problem struct {
		Status          int
		Detail, Pointer string
	}
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 502 || resp.Header.Get("Content-Type") != "application/problem+json" || problem.Status != 502 || problem.Pointer != "/status" || problem.Detail == "" {
		t.Errorf("%d %v %+v", resp.StatusCode, resp.Header, problem)
	}
}

// TestFacade has a service call legacy as if it had a clean API.
func TestFacade(t *testing.T) {
	t.Parallel()
	var asked atomic.Pointer[http.Request]
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r)
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("id") == "8" {
			fmt.Fprint(w, `{"ERR":"NOTFOUND"}`)
			return
		}
		fmt.Fprintf(w, `{"CUST_NO":%q,"CUST_NM":"Ada","STS":%q,"BAL":"7"}`, r.URL.Query().Get("id"), map[bool]string{false: "I", true: "X"}[r.URL.Query().Get("id") == "9"])
	})
	service := backend(t, "service", nil)
	text := fmt.Sprintf("legacy: {url: %q}\nservices: {s: {urls: [%q]}}\n", legacy.URL, service.URL) + `
translators:
  customer:
    fields:
      - {legacy: CUST_NO, service: id}
      - {legacy: CUST_NM, service: name}
      - {legacy: STS, service: status, values: {A: active, I: inactive}}
      - {legacy: BAL, service: balance, number: {scale: 2, decimals: 2}}
    unknown: error
routes:
  - {name: customers, match: {path: "/cgi/cust.pl"}, service: s, start: live}
facades:
  legacy-customers:
    listen: 127.0.0.1:0
    routes:
      - with: customer
        method: {legacy: GET, service: GET}
        path: {legacy: "/cgi/cust.pl?id={id}", service: "/customers/{id}"}
        status: {404: {legacy: 200, when: {body: {ERR: NOTFOUND}}}}
      - {with: customer, path: {legacy: "/cgi/cust.pl?id={id}&old=1", service: "/old/{id}"}}
  named: {listen: 127.0.0.1:0, hosts: [Legacy.internal], with: customer}
`
	s := start(t, text)
	ask := func(method, path string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequest(method, s.FacadeURL("legacy-customers")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Strangler-Shadow", "x")
		resp, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.TrimSpace(string(body)), resp.Header
	}
	for _, tt := range []struct {
		name, method, path string
		status             int
		want               string
	}{
		{"a clean API", "GET", "/customers/7", 200, `{"id":"7","name":"Ada","status":"inactive","balance":0.07}`},
		{"an error inside of 200", "GET", "/customers/8", 404, `404`},
		{"another path", "GET", "/nothing", 404, "there is nothing here"},
		{"another method", "DELETE", "/customers/7", 405, "there is no DELETE here, but GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body, header := ask(tt.method, tt.path)
			if status != tt.status || !strings.Contains(body, tt.want) {
				t.Errorf("%d %s, want %d %s", status, body, tt.status, tt.want)
			}
			if tt.status >= 400 && header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("headers %v", header)
			}
		})
	}
	if r := asked.Load(); r.Host != strings.TrimPrefix(legacy.URL, "http://") || r.Header.Get("X-Forwarded-For") == "" || r.Header.Get("X-Strangler-Shadow") != "" {
		t.Errorf("legacy was asked with Host %s and %v", r.Host, r.Header)
	}
	retirement, err := s.Retirement(t.Context(), "customers")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"facade"}; !cmp.Equal(want, hows(retirement)) {
		t.Errorf("calls to legacy by %v, want %v", hows(retirement), want)
	}
	// A request counts once its answer is done, which its client may know before.
	eventually(t, "the metrics tell of the facade", func() bool {
		return strings.Contains(s.metrics(t), `strangler_requests_total{route="facade:legacy-customers",side="legacy"} 2`)
	})
	if status, _, _ := ask("GET", "/customers/9"); status != 502 {
		t.Errorf("what can't be translated is answered %d", status)
	}
	var told web.FacadeDetail
	eventually(t, "all of its calls count", func() bool {
		if told, err = s.Facade(t.Context(), "legacy-customers"); err != nil {
			t.Fatal(err)
		}
		return told.Calls.Requests == 3 && told.Answers.Failed == 1
	})
	if len(told.Routes) != 2 || told.Routes[0].Path != "/customers/{id}" || len(told.Routes[0].Bodies) == 0 || len(told.Failures) != 1 || told.Failures[0].Pointer != "/STS" ||
		told.URL != s.FacadeURL("legacy-customers") || !cmp.Equal(s.Facades()[0], told.Facade) {
		t.Errorf("the facade is told of as %+v", told)
	}

	if _, body, _ := ask("GET", "/old/7"); !strings.Contains(body, "Ada") || asked.Load().URL.RawQuery != "id=7&old=1" {
		t.Errorf("the second route answers %s, and legacy was asked %s", body, asked.Load().URL)
	}
	for host, want := range map[string]map[string]int{
		"evil.example":         {"legacy-customers": 421, "named": 421},
		"evil.example:80":      {"legacy-customers": 421, "named": 421},
		"legacy.internal.:123": {"legacy-customers": 421, "named": 200},
		"LOCALHOST":            {"legacy-customers": 200, "named": 200},
		"[::1]:9":              {"legacy-customers": 200, "named": 200},
	} {
		for facade, want := range want {
			path := map[string]string{"legacy-customers": "/customers/7", "named": "/cgi/cust.pl?id=7"}[facade]
			r, _ := http.NewRequest("GET", s.FacadeURL(facade)+path, nil)
			r.Host = host
			resp, err := s.Client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s as %s answers %s, want %d", facade, host, resp.Status, want)
			}
		}
	}

	url := s.FacadeURL("legacy-customers")
	s.write(t, strings.Replace(text, "I: inactive", "I: asleep", 1)+"  another: {listen: 127.0.0.1:0, with: customer}\n")
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := ask("GET", "/customers/7"); s.FacadeURL("legacy-customers") != url || !strings.Contains(body, "asleep") {
		t.Errorf("after a reload %s at %s answers %s", url, s.FacadeURL("legacy-customers"), body)
	}
	if status, _, _ := get(t, s.FacadeURL("another")+"/cgi/cust.pl?id=7"); status != 200 {
		t.Errorf("a facade that came with a reload answers %d", status)
	}
	another := s.FacadeURL("another")
	s.write(t, text)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the facade that went is closed", func() bool { _, err := http.Get(another); return err != nil })
	s.write(t, strings.Replace(text, "listen: 127.0.0.1:0", "listen: "+strings.TrimPrefix(s.AdminURL(), "http://"), 1))
	if err := s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("an address that is taken: %v", err)
	}
	if _, body, _ := ask("GET", "/customers/7"); !strings.Contains(body, "inactive") {
		t.Errorf("after a bad reload: %s", body)
	}
}

func hows(r web.Retirement) (all []string) {
	for _, c := range r.Calls {
		all = append(all, c.How)
	}
	return all
}

func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode, string(body), resp.Header
}
