package lens

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

func str(s string) Literal { return Literal{document.String, s} }
func num(s string) Literal { return Literal{document.Number, s} }

var (
	none        = Literal{}
	nullLiteral = Literal{Kind: document.Null}
	yes         = Literal{Kind: document.True}
	no          = Literal{Kind: document.False}
)

func ptr[T any](v T) *T { return &v }

func keepAll() Ways[Unknown] { return Ways[Unknown]{Keep, Keep} }

func mustNew(t testing.TB, set Set, unknown Unknown, fields ...Field) *Lens {
	t.Helper()
	l, err := New(Definition{Fields: fields, Unknown: Ways[Unknown]{unknown, unknown}}, set)
	if err != nil {
		t.Fatalf("New:\n%v", err)
	}
	return l
}

func TestSmoke(t *testing.T) {
	l := mustNew(t, Set{Now: func() time.Time { return time.Unix(0, 0) }}, Keep,
		Field{Legacy: []string{"CUST_NM"}, Service: []string{"name"}, Trim: true},
		Field{Legacy: []string{"STS"}, Service: []string{"status"}, Values: &Values{Pairs: []Pair{{str("A"), str("active")}, {str("I"), str("inactive")}}}},
		Field{Legacy: []string{"VIP"}, Service: []string{"vip"}, Bool: &Bool{True: []Literal{str("Y")}, False: []Literal{str("N")}}},
		Field{Legacy: []string{"BAL"}, Service: []string{"balance"}, Number: &Number{Scale: 2}},
		Field{Legacy: []string{"AMT"}, Service: []string{"amount"}, Number: &Number{Scale: 2, Decimal: ",", Group: ".", Sign: "behind", Decimals: ptr(2)}},
		Field{Legacy: []string{"CRT"}, Service: []string{"created"}, Time: &Time{Layout: Sides[string]{Legacy: "02/01/2006 15:04"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}},
		Field{Legacy: []string{"ADDR1"}, Service: []string{"address.street"}},
		Field{Legacy: []string{"FLAGS"}, Service: []string{"is_vip", "is_blocked"}, Bits: []int{0, 1}},
		Field{Legacy: []string{"NAME"}, Service: []string{"first", "last"}, Join: " "},
		Field{Legacy: []string{"TAGS"}, Service: []string{"tags"}, List: ","},
		Field{Legacy: []string{"VERSION"}, Const: ptr(str("2"))},
	)
	in := `{"CUST_NM": " Ann ", "STS": "A", "VIP": "N", "BAL": "1234", "AMT": "1.234.567,80-", "CRT": "31/12/2025 23:30", "ADDR1": "x", "FLAGS": 3, "NAME": "Ada King", "TAGS": "a,b", "VERSION": "2", "Z": {"a": [1.50]}}`
	out, err := l.ToService(context.Background(), parse(t, in).Root())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"name": "Ann", "status": "active", "vip": false, "balance": 12.34, "amount": -1234567.80, "created": "2025-12-31T22:30:00Z", "address": {"street": "x"}, "is_vip": true, "is_blocked": true, "first": "Ada", "last": "King", "tags": ["a", "b"], "Z": {"a": [1.50]}}`
	if diff := cmp.Diff(want, text(out.Root())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	back, err := l.ToLegacy(context.Background(), out.Root())
	if err != nil {
		t.Fatal(err)
	}
	want = `{"CUST_NM": "Ann", "STS": "A", "VIP": "N", "BAL": "1234", "AMT": "1.234.567,80-", "CRT": "31/12/2025 23:30", "ADDR1": "x", "FLAGS": 3, "NAME": "Ada King", "TAGS": "a,b", "VERSION": "2", "Z": {"a": [1.50]}}`
	if diff := cmp.Diff(want, text(back.Root())); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, loss := range l.Losses() {
		t.Log(loss)
	}
}
