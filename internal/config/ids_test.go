package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/internal/config"
)

func TestTableUsers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "strangler.yaml")
	if err := os.WriteFile(file, []byte(`
legacy: {url: http://a}
services: {shop: {urls: [http://b]}}
ids: {customer_ids: {}, order_ids: {}, unused_ids: {}}
translators:
  order:
    fields: [{legacy: NO, service: id, ids: order_ids}, {legacy: CUSTOMER, service: customer, ids: customer_ids}]
    unknown: drop
  customer:
    fields: [{legacy: NO, service: id, ids: customer_ids}]
    unknown: drop
routes:
  - name: customer-read
    match: {path: /cust.pl}
    service: shop
    translate: {answer: customer, path: {legacy: "/cust.pl?id={id}", service: "/customers/{id}"}, params: [{legacy: id, service: id, ids: customer_ids}]}
  - {name: plain, match: {path: /plain}, service: shop}
facades:
  customers:
    listen: 127.0.0.1:9101
    answer: customer
    path: {legacy: "/cust.pl?id={id}", service: "/customers/{id}"}
    params: [{legacy: id, service: id, ids: customer_ids}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string][]string{
		"customer_ids": {"order", "customer", "route customer-read", "facade customers"},
		"order_ids":    {"order"},
		"unused_ids":   nil,
	} {
		if diff := cmp.Diff(want, cfg.TableUsers(table)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", table, diff)
		}
	}
}
