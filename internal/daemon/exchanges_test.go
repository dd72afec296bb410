package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/web"
)

// TestKeepChecks holds that what others recorded is looked at before any of it is stored.
func TestKeepChecks(t *testing.T) {
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s := start(t, fmt.Sprintf(oneRoute, legacy.URL, service.URL)+"    start: shadow\nshadow: {max_body: 1KiB}\n")
	good := web.Exchange{Method: "GET", Path: "/orders/7?q=1", Host: "shop", Headers: map[string][]string{"Cookie": {"sid=s3cret"}},
		Legacy: &web.Answer{Status: 200, Headers: map[string][]string{"Content-Type": {"text/plain; charset=iso-8859-1"}}, Body: "Größe, to ada@example.com"}}
	with := func(change func(*web.Exchange)) web.Exchange {
		x, a := good, *good.Legacy
		x.Legacy = &a
		change(&x)
		return x
	}
	for name, bad := range map[string]web.Exchange{
		"no path":           with(func(x *web.Exchange) { x.Path = "data:x" }),
		"a method":          with(func(x *web.Exchange) { x.Method = "G T\n" }),
		"no answer":         with(func(x *web.Exchange) { x.Legacy = nil }),
		"a status":          with(func(x *web.Exchange) { x.Legacy.Status = 99 }),
		"a header's name":   with(func(x *web.Exchange) { x.Headers = map[string][]string{"X\r\nEvil": {"1"}} }),
		"a header's value":  with(func(x *web.Exchange) { x.Legacy.Headers = map[string][]string{"X": {"a\nb"}} }),
		"a latency":         with(func(x *web.Exchange) { x.Legacy.LatencyMS = -1 }),
		"a time to come":    with(func(x *web.Exchange) { x.At = time.Now().AddDate(1, 0, 0) }),
		"a body too large":  with(func(x *web.Exchange) { x.Legacy.Body = strings.Repeat("x", 2000) }),
		"Base64 that isn't": with(func(x *web.Exchange) { x.Legacy.Binary = true }),
	} {
		if err := s.API.Keep(t.Context(), "orders-read", []web.Exchange{good, bad}); err == nil || !strings.Contains(err.Error(), "exchanges[1]") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found, err := s.API.Exchanges(t.Context(), web.ExchangeQuery{Route: "orders-read"}); err == nil && len(found) > 0 {
		t.Fatalf("%d are stored though one of two made no sense", len(found))
	}
	old := with(func(x *web.Exchange) { x.At = time.Now().AddDate(-1, 0, 0); x.Path = "/orders/old" })
	if err := s.API.Keep(t.Context(), "orders-read", []web.Exchange{good, old}); err != nil {
		t.Fatal(err)
	}
	found, err := s.API.Exchanges(t.Context(), web.ExchangeQuery{Route: "orders-read"})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d stored, %v", len(found), err)
	}
	x := found[0]
	if x.Legacy.Body != "Größe, to [redacted e-mail]" || x.Headers["Cookie"][0] != "[redacted]" || x.Legacy.Headers["Content-Type"][0] != "text/plain; charset=utf-8" {
		t.Errorf("stored %+v, %+v", x, x.Legacy)
	}
}
