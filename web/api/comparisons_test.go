package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// TestComparisonsReads holds what of a request reaches the comparison.
func TestComparisonsReads(t *testing.T) {
	json := http.Header{"Content-Type": {"application/json"}}
	for _, test := range []struct {
		name, why, legacy string
		want              *shadow.Answer
	}{
		{"no body", "as of a 204", `{"status":204}`, &shadow.Answer{Status: 204, Header: http.Header{}}},
		{"JSON", "is the body as it stands", `{"status":200,"body":{"a": 1.0}}`, &shadow.Answer{Status: 200, Header: json, Body: []byte(`{"a": 1.0}`)}},
		{"null", "is JSON, too", `{"status":200,"body":null}`, &shadow.Answer{Status: 200, Header: json, Body: []byte(`null`)}},
		{"text", "is the body itself", `{"status":200,"headers":{"content-type":["text/html"]},"body":"<p>\"ü\"</p>"}`,
			&shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(`<p>"ü"</p>`)}},
		{"Base64", "is any bytes", `{"status":200,"binary":true,"body":"AP8="}`, &shadow.Answer{Status: 200, Header: http.Header{}, Body: []byte{0, 255}}},
		{"another type", "the header wins", `{"status":200,"headers":{"CONTENT-TYPE":["application/hal+json"]},"body":[]}`,
			&shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {"application/hal+json"}}, Body: []byte(`[]`)}},
		{"latency", "in milliseconds", `{"status":200,"latency_ms":1.5}`, &shadow.Answer{Status: 200, Header: http.Header{}, Latency: 1_500_000}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			got := a.ask("POST", "/api/v1/comparisons", `{"comparisons":[{"route":"jobs","legacy":`+test.legacy+`,"service":{"status":200}}]}`)
			if got.StatusCode != http.StatusOK || len(a.given) != 1 {
				t.Fatalf("%d %s", got.StatusCode, got.body)
			}
			want := web.Given{Route: "jobs", Method: "CALL", Path: "jobs", Legacy: test.want, Service: &shadow.Answer{Status: 200, Header: http.Header{}}}
			if diff := cmp.Diff(want, a.given[0]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.why, diff)
			}
		})
	}
}

func TestComparisonsRefuses(t *testing.T) {
	good := `{"route":"jobs","legacy":{"status":200},"service":{"status":200}}`
	with := func(member string) string {
		return `{"comparisons":[` + good + `,{"route":"jobs","legacy":{"status":200},"service":{"status":200},` + member + `}]}`
	}
	answer := func(legacy string) string {
		return `{"comparisons":[{"route":"jobs","legacy":` + legacy + `,"service":{"status":200}}]}`
	}
	for _, test := range []struct {
		name, body string
		status     int
		detail     string
	}{
		{"nothing", `{}`, 422, "/comparisons: 1 to 100 of them, not 0"},
		{"too many", `{"comparisons":[` + strings.Repeat(good+",", 100) + good + `]}`, 422, "not 101"},
		{"too large", `{"comparisons":[` + good + `],"x":"` + strings.Repeat("x", 4<<20) + `"}`, 413, "over 4096 KiB"},
		{"no JSON", `{"comparisons":[`, 400, "the body is not what this endpoint wants"},
		{"unknown member", with(`"colour":"red"`), 400, "no such member"},
		{"member twice", with(`"route":"a"`), 400, "duplicate"},
		{"no route", `{"comparisons":[{"legacy":{"status":200},"service":{"status":200}}]}`, 422, "/comparisons/0/route: it is missing"},
		{"a method", with(`"method":"GET /"`), 422, "/comparisons/1/method"},
		{"a path", with(`"path":"/a\nb"`), 422, "/comparisons/1/path"},
		{"a long path", with(`"path":"/` + strings.Repeat("a", 8<<10) + `"`), 422, "/comparisons/1/path"},
		{"no status", answer(`{}`), 422, "/comparisons/0/legacy/status: it is 100 to 599, not 0"},
		{"no answer", `{"comparisons":[{"route":"jobs","legacy":{"status":200}}]}`, 422, "/comparisons/0/service/status"},
		{"a status", answer(`{"status":1000}`), 422, "/status"},
		{"latency", answer(`{"status":200,"latency_ms":-1}`), 422, "/latency_ms"},
		{"endless latency", answer(`{"status":200,"latency_ms":1e300}`), 422, "/latency_ms"},
		{"no Base64", answer(`{"status":200,"binary":true,"body":"?"}`), 422, "isn't Base64"},
		{"no text", answer(`{"status":200,"binary":true,"body":{}}`), 422, "a string of Base64"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAdmin(t)
			got := a.ask("POST", "/api/v1/comparisons", test.body)
			if p := got.problem(t); got.StatusCode != test.status || !strings.Contains(p.Detail, test.detail) {
				t.Errorf("%d %s, want %d %s", got.StatusCode, p.Detail, test.status, test.detail)
			}
			if len(a.given) != 0 {
				t.Errorf("%d are compared", len(a.given))
			}
		})
	}
}

func TestComparisonsAreFew(t *testing.T) {
	a := newAdmin(t)
	for range maxBatches {
		a.server.bench <- struct{}{}
	}
	body := `{"comparisons":[{"route":"jobs","legacy":{"status":200},"service":{"status":200}}]}`
	got := a.ask("POST", "/api/v1/comparisons", body)
	if p := got.problem(t); got.StatusCode != 503 || p.Code != web.CodeTooMany || got.Header.Get("Retry-After") != "1" {
		t.Errorf("%d %+v", got.StatusCode, p)
	}
	<-a.server.bench
	for range 2 * maxBatches { // each gives its place back
		if got := a.ask("POST", "/api/v1/comparisons", body); got.StatusCode != 200 {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	}
}

func TestDecisions(t *testing.T) {
	a := newAdmin(t)
	ask := func(body string) answer { return a.ask("POST", "/api/v1/decisions", body) }
	var keys []Choice
	for key := range 1000 {
		keys = append(keys, Choice{Route: "orders-read", Key: fmt.Sprint(key)})
	}
	c := a.client("")
	first, err := c.Decide(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	service := 0
	for i, d := range first {
		if d.Side == shadow.Service {
			service++
		}
		if d.Key != keys[i].Key || !d.Known || d.Shadow != (d.Side == shadow.Legacy) {
			t.Fatalf("decision %d: %+v", i, d)
		}
	}
	if service < 200 || service > 300 { // more than three standard deviations
		t.Errorf("at 25 %% the service has %d of 1000 keys", service)
	}
	again, err := c.Decide(t.Context(), keys...)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("asked again: %v (-first +second):\n%s", err, diff)
	}
	if got := ask(`{"decisions":[{"route":"no such route","key":"1"}]}`); !strings.Contains(got.body, `{"route":"no such route","key":"1","known":false,"side":"legacy","shadow":false}`) {
		t.Errorf("unknown route: %s", got.body)
	}
	if got := ask(`{"decisions":[]}`); got.StatusCode != 422 || got.problem(t).Code != web.CodeInvalid {
		t.Errorf("nothing asked: %d %s", got.StatusCode, got.body)
	}
	if got := ask(`{"decisions":[` + strings.Repeat(`{"route":"a"},`, 1000) + `{"route":"a"}]}`); got.StatusCode != 422 {
		t.Errorf("1001 keys: %d %s", got.StatusCode, got.body)
	}
}
