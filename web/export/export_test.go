package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

func stored() []web.Exchange {
	return []web.Exchange{{ID: "d1", Route: "orders-read", At: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), Method: "POST", Path: "/orders?q='1'", Host: "shop",
		Headers: map[string][]string{"Accept": {"*/*"}, "X-Request-Id": {"7"}, "Content-Type": {"application/json"}}, Body: `{"it's":1}`,
		Legacy:      &web.Answer{Status: 200, Body: `{"total":41.98}`, Headers: map[string][]string{"Content-Type": {"application/json"}}},
		Differences: []shadow.Difference{{Pointer: "/total", Kind: shadow.KindValue, Legacy: []byte("41.98"), Service: []byte("41.97")}}}}
}

func TestWrite(t *testing.T) {
	base, _ := url.Parse("http://127.0.0.1:8080")
	tests := []struct {
		name, as, side string
		want           string // in what is written
		err            string
	}{
		{"hurl asserts what differed", "hurl", "legacy", `jsonpath "$['total']" == 41.98`, ""},
		{"hurl has no answer of a side that gave none", "hurl", "service", "# orders-read, as the answers of service have it", ""},
		{"curl quotes for a shell", "curl", "legacy", `'http://127.0.0.1:8080/orders?q='\''1'\'''`, ""},
		{"an archive", "har", "legacy", `"url": "http://127.0.0.1:8080/orders?q='1'"`, ""},
		{"a test in Go", "go", "legacy", "`{\"total\":41.98}`", ""},
		{"no such format", "pdf", "legacy", "", `no format "pdf"`},
		{"no such side", "hurl", "both", "", `no side "both"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			err := Export{Base: base, Of: "orders-read", Side: tt.side, As: tt.as}.Write(&b, stored())
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || !strings.Contains(b.String(), tt.want) {
				t.Errorf("error %v, and it lacks %s:\n%s", err, tt.want, b.String())
			}
			if strings.Contains(b.String(), "X-Request-Id") {
				t.Errorf("a header of the proxy's own is sent again:\n%s", b.String())
			}
			switch tt.as {
			case "har":
				var h HAR
				if err := json.Unmarshal(b.Bytes(), &h); err != nil || len(h.Log.Entries) != 1 {
					t.Fatalf("it can't be read again: %v, %d entries", err, len(h.Log.Entries))
				}
				if x, ok := h.Log.Entries[0].Exchange(); !ok || x.Path != "/orders?q='1'" || x.Legacy.Status != 200 {
					t.Errorf("what comes back is %+v", x)
				}
			case "go":
				if _, err := parser.ParseFile(token.NewFileSet(), "x.go", b.Bytes(), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteTellsOfAFullDisk(t *testing.T) {
	base, _ := url.Parse("http://127.0.0.1:8080")
	for _, as := range Formats() {
		if err := (Export{Base: base, Of: "x", Side: "legacy", As: as}).Write(full{}, stored()); err == nil {
			t.Errorf("%s: no error", as)
		}
	}
}

func TestFileName(t *testing.T) {
	for _, tt := range []struct{ of, as, want string }{
		{"7015c9a7aaaa6b36", "hurl", "7015c9a7aaaa6b36.hurl"},
		{"orders-read", "go", "orders_read_test.go"},
		{"orders-read", "curl", "orders-read.sh"},
		{"../../etc/\"passwd\"\r\n", "har", "etc--passwd.har"},
		{"日本", "har", "export.har"},
		{strings.Repeat("x", 300), "har", strings.Repeat("x", 100) + ".har"},
	} {
		if got := (Export{Of: tt.of, As: tt.as}).FileName(); got != tt.want {
			t.Errorf("%q as %s is called %q, want %q", tt.of, tt.as, got, tt.want)
		}
	}
}

func TestParseBase(t *testing.T) {
	for text, good := range map[string]bool{"http://127.0.0.1:8080": true, "https://shop/": true, "shop": false, "ftp://x": false, "http://": false, "": false} {
		if _, err := ParseBase(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
