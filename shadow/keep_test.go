package shadow_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestCapture sends an exchange full of secrets through each way to capture.
func TestCapture(t *testing.T) {
	const body = `{"customer":"s3cret","total":12,"ok":true,"tags":["s3cret"]}`
	const other = `{"customer":"s3cret-too","total":"12","ok":null,"tags":["s3cret","s3cret"]}`
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Customer", "s3cret")
			io.WriteString(w, text)
		})
	}
	type result struct {
		Verdict     shadow.Verdict
		Reason      string
		Path        string
		Secrets     bool
		Differences []string
	}
	tests := []struct {
		name          string
		capture       shadow.Capture
		service       string
		request, path string
		want          result
	}{
		{"full", shadow.CaptureFull, other, "", "/customers/s3cret", result{shadow.Diverged, "", "/customers/s3cret?q=s3cret", true, []string{
			`/customer value "s3cret" "s3cret-too"`, `/ok type true null`, `/tags length 1 2`, `/tags/1 extra  "s3cret"`, `/total type 12 "12"`}}},
		{"shape", shadow.CaptureShape, other, "", "/customers/s3cret", result{shadow.Diverged, "", "/customers/{id}", false, []string{
			`/customer value "string" "string"`, `/ok type "boolean" "null"`, `/tags length "number" "number"`, `/tags/* extra  "string"`, `/total type "number" "string"`}}},
		{"none, the same", shadow.CaptureNone, body, "", "/customers/s3cret", result{shadow.Match, "", "/customers/{id}", false, nil}},
		{"none, different", shadow.CaptureNone, other, "", "/customers/s3cret", result{shadow.Skipped, shadow.SkipNotCaptured, "/customers/{id}", false, nil}},
		{"none, with a request's body", shadow.CaptureNone, body, "s3cret", "/customers/s3cret", result{shadow.Skipped, shadow.SkipNotCaptured, "/customers/{id}", false, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			legacy := says(body)
			p := again(t, legacy, says(tt.service))
			p.Capture, p.Pattern, p.Control = tt.capture, "/customers/{id}", 1
			r := httptest.NewRequest(http.MethodGet, tt.path+"?q=s3cret", strings.NewReader(tt.request))
			r.Header.Set("X-Customer", "s3cret")
			if tt.request == "" {
				r.Body, r.ContentLength = http.NoBody, 0
			}
			c := settled(t, p, legacy, r)
			text, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range []*shadow.Answer{c.Legacy, c.Service} {
				if a != nil && a.Body != nil && tt.capture != shadow.CaptureFull {
					t.Errorf("a body is kept: %s", a.Body)
				}
			}
			got := result{c.Verdict, c.Reason, c.Request.Path, strings.Contains(string(text), "s3cret"), nil}
			for _, d := range c.Differences {
				got.Differences = append(got.Differences, strings.Join([]string{d.Pointer, string(d.Kind), string(d.Legacy), string(d.Service)}, " "))
			}
			if diff := cmp.Diff(tt.want, got, cmp.Transformer("sort", sortedStrings)); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, text)
			}
		})
	}
}

func sortedStrings(list []string) map[string]bool {
	all := map[string]bool{}
	for _, s := range list {
		all[s] = true
	}
	return all
}

// TestCaptureNoneHoldsNothing sends large answers where nothing is held.
func TestCaptureNoneHoldsNothing(t *testing.T) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 1<<20)) })
	p := again(t, answer, answer)
	p.Capture = shadow.CaptureNone
	s := start(t, shadow.Config{MaxMemory: 1 << 10, MaxBody: 1 << 20})
	s.Around(p)(answer).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	wait(t, s)
	if c := s.Counts()["orders"]; c.Match != 1 {
		t.Errorf("%+v, want a match by hash, in no memory", c)
	}
}
