package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRedactedInService follows what is secret in legacy's bodies into the service's.
func TestRedactedInService(t *testing.T) {
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(`
legacy: {url: http://127.0.0.1:8000}
services: {s: {urls: [http://127.0.0.1:8101]}}
shadow: {redact: [/CUST_NO, /ORDERS/*/CARD, /Envelope/Body/Get/CARD, /*/CARD, /same, header:X-Key]}
translators:
  json:
    fields: [{legacy: CUST_NO, service: customer.id}, {legacy: ORDERS, service: orders, each: order}, {legacy: same, service: same}]
    unknown: drop
  order: {fields: [{legacy: CARD, service: card}], unknown: drop}
  soap:
    legacy: {format: soap, root: "a:Get", namespaces: {a: "urn:a"}}
    fields: [{legacy: "a:CARD", service: card.number}]
    unknown: drop
  csv:
    legacy: {format: csv, header: true}
    fields: [{legacy: CARD, service: card}]
    unknown: drop
  jq: {jq: {to_legacy: "{CUST_NO: .id}"}}
routes:
  - {name: json, match: {path: /json}, service: s, translate: {answer: json}}
  - {name: soap, match: {path: /soap}, service: s, translate: {answer: soap}}
  - {name: csv, match: {path: /csv}, service: s, translate: {answer: csv}}
  - {name: jq, match: {path: /jq}, service: s, translate: {answer: jq}}
  - {name: go, match: {path: /go}, service: s, translate: {with: plugged}}
  - {name: none, match: {path: /none}, service: s}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(file, Options{Translators: []string{"plugged"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, r := range cfg.Routes {
		got[r.Name] = cfg.RedactedInService(r.Translate)
	}
	want := map[string][]string{"json": {"/customer/id", "/orders/*/card", "/customer/id/CARD", "/same/CARD"}, "soap": {"/card/number"}, "csv": {"/*/card", "/*/card/CARD"}, "jq": nil, "go": nil, "none": nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pointers by route (-want +got):\n%s", diff)
	}
	warned := false
	for _, w := range cfg.Warnings {
		warned = warned || strings.Contains(w.Error(), "translators.jq: what shadow.redact names")
	}
	if !warned {
		t.Errorf("nobody is warned of what jq hides: %v", cfg.Warnings)
	}
}
