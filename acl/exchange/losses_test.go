package exchange_test

import (
	"fmt"
	"io"
	"net/http"
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
	for name, c := range map[string]struct {
		config            exchange.Config
		service, toLegacy []string // where requests go
	}{
		"nothing is translated": {},
		"requests alone":        {config: exchange.Config{Request: translator(t, form, jsonForm, field("A", "a"))}},
		"answers": {config: exchange.Config{Answer: translator(t, jsonForm, jsonForm, field("A", "a"))},
			service: []string{passes}, toLegacy: []string{passesHere}},
		"answers of SOAP": {config: exchange.Config{Answer: translator(t, soap, jsonForm, field("A", "a"))}},
		"answers to SOAP": {config: exchange.Config{Answer: translator(t, jsonForm, soap, field("A", "a"))}},
		"with statuses": {config: exchange.Config{Answer: translator(t, jsonForm, jsonForm, field("A", "a")), Status: []exchange.Status{
			{Service: 404, Legacy: 404}, {Service: 410, Legacy: 404}, {Service: 404, Legacy: 400}}},
			service: []string{
				"status[1] to legacy: the service's status 410 becomes 404, which comes back as 404",
				"status[-1] to legacy: answers with a status of 300 and more, but for those that an entry of status fits, pass in the service's own form, problem documents as well"},
			toLegacy: []string{
				"status[2] to service: legacy's status 400 becomes 404, which comes back as 404",
				"status[-1] to service: answers with a status of 300 and more, but for those that an entry of status fits, pass in legacy's own form, problem documents as well"}},
		"headers": {config: exchange.Config{Headers: []exchange.Header{
			{Legacy: "X-A"}, {Service: "X-B"}, {Service: "X-C", Answer: true}, {Legacy: "X-D", Const: "1"}, {Legacy: "X-E", Service: "X-F"}}},
			service:  []string{"headers[0] to service: the header X-A is taken off", "headers[1] to legacy: the header X-B is taken off", "headers[2] to legacy: the header X-C is taken off"},
			toLegacy: []string{"headers[0] to service: the header X-A is taken off", "headers[1] to legacy: the header X-B is taken off"}},
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
			told := len(x.Losses(body.ToService)) > 0
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
