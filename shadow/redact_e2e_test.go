package shadow_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// TestNoSecretReachesTheRecorder puts one marker wherever a secret can stand and looks for it
// in all that is recorded, through the real comparison.
func TestNoSecretReachesTheRecorder(t *testing.T) {
	const secret = "4711-s3cret"
	answer := func(extra string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			text("")(httptest.NewRecorder(), r) // reads the request's body
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Set-Cookie", "sid="+secret)
			w.Header().Set("X-Key", secret+extra)
			w.Header().Set("Location", "/next?token="+secret+extra)
			json.NewEncoder(w).Encode(map[string]any{
				"card":  map[string]any{"number": secret + extra, "pad": strings.Repeat(extra, 3000)},
				"items": []any{map[string]any{"pin": secret}, map[string]any{"pin": secret + extra, "x": extra}},
				"note":  "visible" + extra,
			})
		}
	}
	rules, err := compare.New(compare.Rules{Headers: []string{"X-Key", "Location", "Set-Cookie"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ legacy, service http.HandlerFunc }{
		"values": {answer(""), answer("!")},
		"missing object": {answer("!"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{}`))
		}},
		"no JSON": {answer("!"), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{"card":{"number":"` + secret))
		}},
		"mislabelled": {func(w http.ResponseWriter, r *http.Request) {
			answer("!")(w, r)
			w.Header().Set("Content-Type", "text/plain")
		},
			func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"card":{"number":"` + secret)) }},
		"lines": {func(w http.ResponseWriter, r *http.Request) {
			text("")(httptest.NewRecorder(), r)
			w.Header().Set("Content-Type", "application/x-ndjson")
			w.Write([]byte("{\"card\":{\"number\":\"" + secret + "\"}}\n{\"card\":{\"number\":\"" + secret + "\"}}\n"))
		},
			func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/x-ndjson")
				w.Write([]byte(`{"card":{"number":"` + secret + `!"}}`))
			}},
		"pretty, and mislabelled": {func(w http.ResponseWriter, r *http.Request) {
			text("")(httptest.NewRecorder(), r)
			w.Header().Set("Content-Type", "text/plain")
			w.Write([]byte("{\"card\": {\n\"number\": \"" + secret + "\"\n}}"))
		},
			func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				w.Write([]byte("{\"card\": {\n\"number\": \"" + secret + "!\"\n}}"))
			}},
	} {
		t.Run(name, func(t *testing.T) {
			p := point(direct(test.service))
			p.Sandbox, p.Compare = p.Other, rules
			r := httptest.NewRequest("POST", "/pay?token="+secret, strings.NewReader(`{"card":{"number":"`+secret+`"}}`))
			for _, header := range []string{"Authorization", "Cookie", "X-Key"} {
				r.Header.Set(header, secret)
			}
			got := one(t, shadow.Config{
				Redact: []string{"header:X-Key", "query:token", "/card/number", "/items/*/pin"},
			}, p, test.legacy, r)
			if got.Verdict != shadow.Diverged || len(got.Differences) == 0 {
				t.Fatalf("verdict %s %s, %d differences", got.Verdict, got.Reason, len(got.Differences))
			}
			all := got.Request.Path + string(got.Request.Body)
			for _, a := range []*shadow.Answer{got.Legacy, got.Service} {
				all += string(a.Body)
			}
			whole, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			all += string(whole)
			for i := range all {
				if strings.HasPrefix(all[i:], secret) {
					t.Fatalf("the secret is recorded: …%s…", all[max(0, i-120):min(len(all), i+60)])
				}
			}
		})
	}
}
