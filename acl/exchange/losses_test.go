package exchange_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// TestLosses holds the words in which an exchange's losses are told, of requests in either direction.
func TestLosses(t *testing.T) {
	form, soap := format.Config{Name: format.Form}, format.Config{Name: format.SOAP, Root: "r"}
	passes := "status[-1] to legacy: answers with a status of 300 and more pass in the service's own form, problem documents as well"
	passesHere := "status[-1] to service: answers with a status of 300 and more pass in legacy's own form, problem documents as well"
	onlyJSON := "status[-1] to service: of answers with a status of 400 and more whose body is no JSON object, nothing but the status is told in the fault"
	const with = " (with: TRANSLATOR says how it is translated)"
	for name, c := range map[string]struct {
		config            exchange.Config
		service, toLegacy []string // where requests go
	}{
		"nothing is translated": {},
		"requests alone":        {config: exchange.Config{Request: translator(t, form, jsonForm, field("A", "a"))}},
		"answers": {config: exchange.Config{Answer: translator(t, jsonForm, jsonForm, field("A", "a"))},
			service: []string{passes}, toLegacy: []string{passesHere}},
		"answers of SOAP": {config: exchange.Config{Answer: translator(t, soap, jsonForm, field("A", "a"))}, service: []string{strings.Replace(onlyJSON, "to service", "to legacy", 1)}},
		"answers to SOAP": {config: exchange.Config{Answer: translator(t, jsonForm, soap, field("A", "a"))}, toLegacy: []string{onlyJSON}},
		"with statuses": {config: exchange.Config{Answer: translator(t, jsonForm, jsonForm, field("A", "a")), Status: []exchange.Status{
			{Service: 404, Legacy: 404}, {Service: 410, Legacy: 404}, {Service: 404, Legacy: 400}}},
			service: []string{
				"status[1] to legacy: the service's status 410 becomes 404, which comes back as 404",
				"status[0] to legacy: the body of the service's 404 is dropped, and legacy's 404 comes empty" + with,
				"status[1] to legacy: the body of the service's 410 is dropped, and legacy's 404 comes empty" + with,
				"status[2] to legacy: the body of the service's 404 is dropped, and legacy's 400 comes empty" + with,
				"status[-1] to legacy: answers with a status of 300 and more, but for those that an entry of status fits, pass in the service's own form, problem documents as well"},
			toLegacy: []string{
				"status[2] to service: legacy's status 400 becomes 404, which comes back as 404",
				"status[-1] to service: answers with a status of 300 and more, but for those that an entry of status fits, pass in legacy's own form, problem documents as well"}},
		"headers": {config: exchange.Config{Headers: []exchange.Header{
			{Legacy: "X-A"}, {Service: "X-B"}, {Service: "X-C", Answer: true}, {Legacy: "X-D", Const: "1"}, {Legacy: "X-E", Service: "X-F"}}},
			service: []string{"headers[0] to service: the header X-A is taken off", "headers[1] to legacy: the header X-B is taken off", "headers[2] to legacy: the header X-C is taken off",
				"headers[4] to service: a header X-F of the message's own is taken off, since X-E becomes that", "headers[4] to legacy: a header X-E of the message's own is taken off, since X-F becomes that"},
			toLegacy: []string{"headers[0] to service: the header X-A is taken off", "headers[1] to legacy: the header X-B is taken off",
				"headers[4] to legacy: a header X-E of the message's own is taken off, since X-F becomes that", "headers[4] to service: a header X-F of the message's own is taken off, since X-E becomes that"}},
		"a query": {config: exchange.Config{DropQuery: true},
			service: []string{"query[-1] to service: parameters that no template names are dropped"}, toLegacy: []string{"query[-1] to legacy: parameters that no template names are dropped"}},
		"parameters": {config: exchange.Config{Path: lens.Sides[string]{Legacy: "/a", Service: "/b"}, Params: []lens.Field{{Legacy: []string{"x"}, Drop: true}}},
			service: []string{"params[0] to service: it is dropped"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, c.config)
			for ask, want := range map[body.Direction][]string{body.ToService: c.service, body.ToLegacy: c.toLegacy} {
				var got []string
				for _, l := range x.Losses(ask) {
					got = append(got, fmt.Sprintf("%s[%d] %s: %s", l.Option, l.Index, l.Direction, l.What))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, -want +got\n%s", ask, diff)
				}
			}
		})
	}
}

// TestAnswersThatPass holds what is told of answers that no entry of status fits against what becomes of them: they pass
// as they are where that is told, and otherwise they don't.
func TestAnswersThatPass(t *testing.T) {
	const problem = `{"title":"Gone fishing","status":503}`
	for name, legacy := range map[string]format.Config{
		"JSON": jsonForm, "XML": {Name: format.XML, Root: "r"}, "a form": {Name: format.Form}, "SOAP": {Name: format.SOAP, Root: "r"},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Answer: translator(t, legacy, jsonForm, field("A", "a")), Status: []exchange.Status{{Service: 404, Legacy: 404}}})
			told := slices.ContainsFunc(x.Losses(body.ToService), func(l exchange.Loss) bool { return strings.Contains(l.What, "pass in the service's own form") })
			client, url, _ := behind(t, front(x), says(http.StatusServiceUnavailable, "application/problem+json", problem))
			resp, err := client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if passes := string(text) == problem; passes != told {
				t.Errorf("told is %t, and the client gets %d %s", told, resp.StatusCode, text)
			}
		})
	}
}

// TestBodiesThatAreDropped holds what is told of an entry of status against what becomes of the body of an answer
// that it fits.
func TestBodiesThatAreDropped(t *testing.T) {
	answer := translator(t, jsonForm, jsonForm, field("ERR", "title"))
	soap := translator(t, format.Config{Name: format.SOAP, Root: "r"}, jsonForm, field("ERR", "title"))
	when := []exchange.Member{{Path: "CODE", Is: text("7")}}
	located := lens.Sides[string]{Legacy: "/sorry"}
	for name, c := range map[string]struct {
		answer   *body.Translator
		status   exchange.Status
		media    string // of what is said
		toLegacy string // what is told of requests to the service, in part; empty: nothing
		service  string // and of those to legacy
	}{
		"the same status":         {answer: answer, status: exchange.Status{Service: 404, Legacy: 404}, toLegacy: "comes empty"},
		"another one":             {answer: answer, status: exchange.Status{Service: 404, Legacy: 410}, toLegacy: "comes empty"},
		"nothing is translated":   {status: exchange.Status{Service: 404, Legacy: 410}, toLegacy: "comes empty"},
		"when":                    {answer: answer, status: exchange.Status{Service: 404, Legacy: 410, When: when}, toLegacy: "nothing but what when says", service: "problem document"},
		"a success":               {answer: answer, status: exchange.Status{Service: 404, Legacy: 200}, toLegacy: "comes empty", service: "problem document"},
		"a success, when":         {answer: answer, status: exchange.Status{Service: 404, Legacy: 200, When: when}, toLegacy: "nothing but what when says", service: "problem document"},
		"with":                    {answer: answer, status: exchange.Status{Service: 404, Legacy: 200, With: answer}},
		"a success that fails":    {answer: answer, status: exchange.Status{Service: 200, Legacy: 404}},
		"a redirection":           {answer: answer, status: exchange.Status{Service: 404, Legacy: 303, Location: located}, service: "problem document"},
		"one without a place":     {answer: answer, status: exchange.Status{Service: 200, Legacy: 303}, toLegacy: "comes empty", service: "comes empty"},
		"a fault of a problem":    {answer: soap, status: exchange.Status{Service: 404, Legacy: 500}},
		"a fault that says less":  {answer: soap, status: exchange.Status{Service: 404, Legacy: 500, When: []exchange.Member{{Path: "faultstring", Is: text("GONE")}}}, toLegacy: "a fault that says nothing but what when says"},
		"a fault of another text": {answer: soap, status: exchange.Status{Service: 404, Legacy: 500}, media: "text/plain", toLegacy: "no JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Answer: c.answer, Status: []exchange.Status{c.status}})
			for _, side := range []struct {
				ask    body.Direction
				want   string
				around func(*exchange.Exchange) func(http.RoundTripper) http.RoundTripper
				says   int
				member string
			}{
				{body.ToService, c.toLegacy, front, c.status.Service, "title"},
				{body.ToLegacy, c.service, facade, c.status.Legacy, "ERR"},
			} {
				if side.ask == body.ToLegacy && c.answer == soap {
					continue // which says what failed in faults
				}
				told := ""
				for _, l := range x.Losses(side.ask) {
					if l.Index == 0 || c.media != "" {
						told += l.What
					}
				}
				if side.want == "" && told != "" || !strings.Contains(told, side.want) {
					t.Errorf("%v: it tells %q, want %q", side.ask, told, side.want)
				}
				said, typ := `{"`+side.member+`":"Gone fishing","CODE":"7"}`, "application/json"
				if c.media != "" {
					said, typ = "Gone fishing", c.media
				}
				client, url, _ := behind(t, side.around(x), func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", "/sorry")
					says(side.says, typ, said)(w, r)
				})
				client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				resp, err := client.Get(url + "/")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				got, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				redirected := side.ask == body.ToService && resp.StatusCode == 303 && c.status.Location != (lens.Sides[string]{})
				if lost := !strings.Contains(string(got), "Gone fishing"); lost != (told != "") && !redirected {
					t.Errorf("%v: it tells %q, and the client gets %d %s", side.ask, told, resp.StatusCode, got)
				}
			}
		})
	}
}

// TestHeadersThatAreTakenOff holds what is told of a header under the name that another one gets against what the service
// is asked with.
func TestHeadersThatAreTakenOff(t *testing.T) {
	for name, c := range map[string]struct {
		headers []exchange.Header
		want    string // X-Customer and X-Cust, of the service
		told    bool
	}{
		"renamed":     {[]exchange.Header{{Legacy: "X-Cust", Service: "X-Customer"}}, "none, none", true},
		"swapped":     {[]exchange.Header{{Legacy: "X-Cust", Service: "X-Customer"}, {Legacy: "X-Customer", Service: "X-Cust"}}, "none, none", true},
		"of the same": {[]exchange.Header{{Legacy: "X-Customer", Service: "X-Customer"}}, "own, none", false},
		"of answers":  {[]exchange.Header{{Legacy: "X-Cust", Service: "X-Customer", Answer: true}}, "own, none", false},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Headers: c.headers})
			told := slices.ContainsFunc(x.Losses(body.ToService), func(l exchange.Loss) bool {
				return l.Direction == lens.ToService && strings.Contains(l.What, "a header X-Customer of the message's own")
			})
			if told != c.told {
				t.Errorf("told is %t", told)
			}
			client, url, got := behind(t, front(x), says(200, "", ""))
			req, err := http.NewRequestWithContext(t.Context(), "GET", url+"/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Customer", "own")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			or := func(name string) string {
				if v := got.Header.Get(name); v != "" {
					return v
				}
				return "none"
			}
			if is := or("X-Customer") + ", " + or("X-Cust"); is != c.want {
				t.Errorf("the service gets %s, want %s", is, c.want)
			}
		})
	}
}
