package daemon_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/examples/bookshop/seed"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// bookshopClient asks the shop as its clients do, and keeps to what it is answered.
func bookshopClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// toLive has services alone answer.
func toLive(t *testing.T, s *shop, routes ...string) {
	t.Helper()
	for _, name := range routes {
		if _, err := s.Shift(t.Context(), web.Move{Route: name, To: strangler.At(strangler.PhaseLive), Force: true, Actor: web.Actor{Name: "test"}}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBookshopJSON asks for everything that the abbreviated API has, of the monolith and of the services that
// have taken over behind it. What a client sees is the same, but for what differs in every answer.
func TestBookshopJSON(t *testing.T) {
	s := openShop(t, true, nil)
	toLive(t, s, "orders-read", "orders-create", "book-read", "book-list")
	client := bookshopClient(t)
	var paths []string
	for _, b := range seed.Books() {
		paths = append(paths, fmt.Sprintf("/api/book/%d", b.No), fmt.Sprintf("/api/stock/%d", b.No))
	}
	for _, o := range seed.Orders() {
		paths = append(paths, fmt.Sprintf("/api/ord/%d", o.No))
	}
	paths = append(paths, "/api/book/0", "/api/book/999", "/api/ord/1", "/api/book?CAT=FI", "/api/book?CAT=HI", "/api/book?CAT=NA", "/api/book?CAT=CO",
		"/api/search?Q=river", "/api/search?Q=zzz", "/api/search?Q=a%20b%26c")
	volatile := regexp.MustCompile(`"(REQ_ID|GEN_TS)":"[^"]+"`)
	ask := func(base, path string) (answer struct {
		Status       int
		Type, By, CC string
		Body         map[string]any
		Volatile     int
	}, served string) {
		t.Helper()
		resp, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Status, answer.Type, answer.By, answer.CC = resp.StatusCode, resp.Header.Get("Content-Type"), resp.Header.Get("X-Powered-By"), resp.Header.Get("Cache-Control")
		answer.Volatile = len(volatile.FindAll(text, -1))
		if err := json.Unmarshal(volatile.ReplaceAll(text, []byte(`"$1":""`)), &answer.Body); err != nil {
			t.Fatalf("%s: %v: %s", path, err, text)
		}
		return answer, resp.Header.Get("X-Strangler")
	}
	for _, path := range paths {
		want, _ := ask(s.apps.LegacyURL, path)
		got, served := ask("http://"+s.Addr(), path)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-legacy +service):\n%s", path, diff)
		}
		if !strings.Contains(served, "side=service") {
			t.Errorf("%s was answered by legacy: %s", path, served)
		}
	}

	// A write, and one that is refused.
	for body, status := range map[string]int{`{"CUST_NO":3,"LINES":[{"BK_NO":1,"QTY":2}]}`: 201, `{"CUST_NO":3,"LINES":[]}`: 400} {
		resp, err := client.Post("http://"+s.Addr()+"/api/ord", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != status || status == 201 && !strings.Contains(string(text), `"ORD_NO":1241`) || status == 400 && !strings.Contains(string(text), `"ERR_CD":"BADORD"`) {
			t.Errorf("%s: %d %s", body, resp.StatusCode, text)
		}
		if !strings.Contains(resp.Header.Get("X-Strangler"), "side=service") {
			t.Errorf("answered by %s", resp.Header.Get("X-Strangler"))
		}
	}
}

const soapRequest = `<?xml version="1.0"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="urn:bookshop:customers">
 <soapenv:Header/><soapenv:Body><b:GetCustomer><b:CUST_NO>%d</b:CUST_NO></b:GetCustomer></soapenv:Body></soapenv:Envelope>`

// TestBookshopSOAP is the till, which speaks SOAP and doesn't know that a JSON service answers.
func TestBookshopSOAP(t *testing.T) {
	s := openShop(t, true, nil)
	toLive(t, s, "customer-read")
	client := bookshopClient(t)
	type customer struct {
		No     string  `xml:"urn:bookshop:customers CUST_NO"`
		Name   string  `xml:"urn:bookshop:customers NM"`
		Status string  `xml:"urn:bookshop:customers STS"`
		Since  string  `xml:"urn:bookshop:customers CRT_DT"`
		Cents  string  `xml:"urn:bookshop:customers BAL"`
		Flags  string  `xml:"urn:bookshop:customers FLAGS"`
		Street string  `xml:"urn:bookshop:customers ADDR>STR"`
		Town   string  `xml:"urn:bookshop:customers ADDR>TWN"`
		Phone  *string `xml:"urn:bookshop:customers TEL"`
	}
	type envelope struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Customer *customer `xml:"urn:bookshop:customers GetCustomerResponse"`
			Fault    *struct {
				Code string `xml:"faultcode"`
				Text string `xml:"faultstring"`
			} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	ask := func(base string, no int) (status int, contentType string, answer envelope, served string) {
		t.Helper()
		req, _ := http.NewRequest("POST", base+"/soap/customers", strings.NewReader(fmt.Sprintf(soapRequest, no)))
		req.Header.Set("Content-Type", "text/xml; charset=utf-8")
		req.Header.Set("SOAPAction", `""`)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if err := xml.Unmarshal(text, &answer); err != nil {
			t.Fatalf("customer %d of %s: %s: %v: %s", no, base, resp.Status, err, text)
		}
		if answer.Body.Fault != nil { // the prefix is free to choose
			_, answer.Body.Fault.Code, _ = strings.Cut(answer.Body.Fault.Code, ":")
		}
		return resp.StatusCode, resp.Header.Get("Content-Type"), answer, resp.Header.Get("X-Strangler")
	}
	for no := range len(seed.Customers()) + 2 { // 0 and one more than there are don't exist
		wantStatus, wantType, want, _ := ask(s.apps.LegacyURL, no)
		status, contentType, got, served := ask("http://"+s.Addr(), no)
		if diff := cmp.Diff(want, got); diff != "" || status != wantStatus || contentType != wantType {
			t.Errorf("customer %d: %d %s, want %d %s (-legacy +service):\n%s", no, status, contentType, wantStatus, wantType, diff)
		}
		if !strings.Contains(served, "side=service") {
			t.Errorf("customer %d was answered by legacy: %s", no, served)
		}
	}
}

// TestBookshopForm is a browser that sends the contact form, and is told where to go on.
func TestBookshopForm(t *testing.T) {
	s := openShop(t, true, nil)
	client := bookshopClient(t)
	send := func(base string, form url.Values) (status int, location, served string) {
		t.Helper()
		resp, err := client.PostForm(base+"/contact", form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if strings.Contains(string(text), "{") {
			t.Errorf("a browser is shown %s", text)
		}
		return resp.StatusCode, resp.Header.Get("Location"), resp.Header.Get("X-Strangler")
	}
	good := url.Values{"NM": {"Björk & Sons"}, "EML": {"b@example.com"}, "TXT": {"Do you have + and % ?\r\nThanks"}, "NL": {"Y"}}
	without := func(name, value string) url.Values {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(name, value)
		return form
	}
	plain := without("NM", "Ada")
	plain.Del("NL")
	for _, form := range []url.Values{good, plain, without("EML", "nobody"), without("TXT", ""), without("NM", "")} {
		wantStatus, want, _ := send(s.apps.LegacyURL, form)
		status, got, served := send("http://"+s.Addr(), form)
		if status != wantStatus || got != want || !strings.Contains(served, "side=service") {
			t.Errorf("%v: %d to %s (%s), want %d to %s", form, status, got, served, wantStatus, want)
		}
	}
	text, err := body(client.Get(s.apps.CustomersURL + "/messages/1"))
	var message struct {
		Name, Email, Text string
		Newsletter        bool
	}
	if err != nil || json.Unmarshal([]byte(text), &message) != nil || message.Name != "Björk & Sons" || message.Text != "Do you have + and % ?\r\nThanks" || !message.Newsletter {
		t.Errorf("the service has %s, %v", text, err)
	}
	if text, _ := body(client.Get(s.apps.CustomersURL + "/messages/2")); !strings.Contains(text, `"newsletter":false`) {
		t.Errorf("the service has %s", text)
	}
}

// TestBookshopFacade has a service ask the monolith as if it had a clean API.
func TestBookshopFacade(t *testing.T) {
	s := openShop(t, true, nil)
	client := bookshopClient(t)
	for _, o := range seed.Orders()[:30] {
		c := seed.Customers()[o.Customer-1]
		text, err := body(client.Get(fmt.Sprintf("%s/orders/%d?ship_to=true", s.apps.OrdersURL, o.No)))
		var order struct {
			ShipTo struct{ Name, Street, Town string } `json:"ship_to"`
		}
		if err != nil || json.Unmarshal([]byte(text), &order) != nil || order.ShipTo.Name != c.First+" "+c.Last || order.ShipTo.Street != c.Street || order.ShipTo.Town != c.Town {
			t.Errorf("order %d is sent to %s, %v; want %s %s, %s, %s", o.No, text, err, c.First, c.Last, c.Street, c.Town)
		}
	}
	base := s.FacadeURL("customers")
	text, err := body(client.Get(base + "/customers/1"))
	c := seed.Customers()[0]
	want := map[string]any{"id": "1", "name": map[string]any{"first": c.First, "last": c.Last}, "status": "active", "newsletter": c.Newsletter, "reseller": c.Reseller,
		"since": c.Since.Format(time.RFC3339), "balance": float64(c.Cents) / 100, "phone": nil, "address": map[string]any{"street": c.Street, "town": c.Town}}
	if c.Phone != "" {
		want["phone"] = c.Phone
	}
	var got map[string]any
	if err != nil || json.Unmarshal([]byte(text), &got) != nil || !cmp.Equal(want, got) {
		t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want, got))
	}
	for path, status := range map[string]int{"/customers/999": 404, "/nothing": 404} {
		resp, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != status || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s %s, want %d", path, resp.StatusCode, resp.Header.Get("Content-Type"), text, status)
		}
	}
}

// TestBookshopSession logs in on the monolith's page, and a service that has never seen the monolith knows who
// that is.
func TestBookshopSession(t *testing.T) {
	s := openShop(t, true, nil)
	base := "http://" + s.Addr()
	client := bookshopClient(t)
	client.Jar, _ = cookiejar.New(nil)
	resp, err := client.Get(base + "/wishes")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "/login" {
		t.Errorf("a stranger is sent to %q with %d, want the login page", resp.Header.Get("Location"), resp.StatusCode)
	}
	resp, err = client.PostForm(base+"/login", url.Values{"USR": {"Ada Løvelace"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	page, err := body(client.Get(base + "/wishes"))
	if err != nil || !strings.Contains(page, `<b id="who">Ada Løvelace</b>`) {
		t.Errorf("the service doesn't know who that is: %s, %v", page, err)
	}
	token := regexp.MustCompile(`name="token" value="([^"]+)"`).FindStringSubmatch(page)
	if token == nil {
		t.Fatalf("the form has no token: %s", page)
	}
	for value, want := range map[string]int{token[1]: 303, "guessed": 403} {
		resp, err := client.PostForm(base+"/wishes", url.Values{"token": {value}, "book": {"7"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a wish with token %q: %d, want %d", value, resp.StatusCode, want)
		}
	}
	if page, _ := body(client.Get(base + "/wishes")); strings.Count(page, "<li>") != 1 || !strings.Contains(page, seed.Books()[6].Author) {
		t.Errorf("the wish isn't there: %s", page)
	}
	resp, err = client.PostForm(base+"/logout", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp, err = client.Get(base + "/wishes")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 302 {
		t.Errorf("after the logout: %s", resp.Status)
	}
}
