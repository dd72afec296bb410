package lens

import (
	"context"
	"testing"

	"github.com/strangler-fig/toolkit/acl/document"
)

// twenty is a lens of 20 fields of mixed kinds, and a legacy body of 2 KB for it.
func twenty(t testing.TB) (*Lens, *document.Document) {
	one := func(l, s string, f Field) Field {
		f.Legacy, f.Service = []string{l}, []string{s}
		return f
	}
	line := Definition{Unknown: Ways[Unknown]{Refuse, Refuse}, Fields: []Field{
		one("ART", "article", Field{}),
		one("QTY", "quantity", Field{}),
		one("PRC", "price", Field{Number: &Number{Scale: 2}}),
	}}
	l := mustNew(t, Set{Lenses: map[string]Definition{"line": line}}, Keep,
		one("CUST_NO", "id", Field{Type: Sides[Type]{TypeNumber, TypeText}}),
		one("CUST_NM", "name", Field{Trim: true}),
		one("CUST_STS_CD", "status", Field{Values: &Values{Pairs: []Pair{{str("A"), str("active")}, {str("I"), str("inactive")}, {str("L"), str("locked")}}}}),
		one("VIP", "vip", Field{Bool: &Bool{True: []Literal{str("Y")}, False: []Literal{str("N")}}}),
		one("BAL", "balance", Field{Number: &Number{Scale: 2}}),
		one("LIM", "limit", Field{Number: &Number{Scale: 2, Decimal: ",", Group: ".", Decimals: ptr(2)}}),
		one("CRT_DT", "created_at", Field{Time: &Time{Layout: Sides[string]{Legacy: "02/01/2006 15:04"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
		one("CHG_DT", "changed_at", Field{Time: &Time{Layout: Sides[string]{Legacy: "20060102150405"}, Zone: Sides[string]{Legacy: "Europe/Berlin"}}}),
		one("BRTH", "born", Field{Time: &Time{Layout: Sides[string]{Legacy: "20060102", Service: "date"}}}),
		one("ADDR_LINE1", "address.street", Field{}),
		one("ADDR_ZIP", "address.zip", Field{}),
		one("ADDR_CTY", "address.city", Field{}),
		one("ADDR_CNTRY", "address.country", Field{}),
		one("ORDERS", "orders", Field{Each: "line"}),
		Field{Legacy: []string{"FLAGS"}, Service: []string{"newsletter", "blocked"}, Bits: []int{0, 1}},
		Field{Legacy: []string{"NAME"}, Service: []string{"first", "last"}, Join: " "},
		one("TAGS", "tags", Field{List: ","}),
		one("FAX", "fax", Field{Absent: &Sides[Literal]{str(""), nullLiteral}}),
		one("MAIL", "contact.email", Field{}),
		one("NOTE", "note", Field{}),
	)
	lines := ""
	for i := range 3 {
		if i > 0 {
			lines += ","
		}
		lines += `{"ART":"Tractatus logico-philosophicus","QTY":3,"PRC":"1299"}`
	}
	return l, parse(t, `{"CUST_NO":4711,"CUST_NM":"Ludwig Wittgenstein   ","CUST_STS_CD":"A","VIP":"N","BAL":"123456","LIM":"1.000.000,00","CRT_DT":"26/04/1989 15:04","CHG_DT":"20250612143000","BRTH":"18890426","ADDR_LINE1":"Parkgasse 18","ADDR_ZIP":"1030","ADDR_CTY":"Wien","ADDR_CNTRY":"AT","ORDERS":[`+lines+`],"FLAGS":2,"NAME":"Ludwig Wittgenstein","TAGS":"philosophy,logic,architecture","FAX":"","MAIL":"ludwig@example.com","NOTE":"`+
		"The book deals with the problems of philosophy, and shows, I believe, that the reason why these problems are posed is that the logic of our language is misunderstood. The whole sense of the book might be summed up in the following words: what can be said at all can be said clearly, and what we cannot talk about we must pass over in silence. Thus the aim of the book is to draw a limit to thought, or rather, not to thought, but to the expression of thoughts: for in order to be able to draw a limit to thought, we should have to find both sides of the limit thinkable. Whereof one cannot speak, thereof one must be silent. The limits of my language mean the limits of my world. The world is all that is the case. What is the case, the fact, is the existence of atomic facts. The logical picture of the facts is the thought. The thought is the significant proposition. Propositions are truth-functions of elementary propositions. If I have exhausted the justifications I have reached bedrock, and my spade is turned. Then I am inclined to say: this is simply what I do. A picture held us captive, and we could not get outside it."+`"}`)
}

func BenchmarkToService(b *testing.B) {
	l, in := twenty(b)
	ctx := context.Background()
	b.SetBytes(int64(len(text(in.Root()))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.ToService(ctx, in.Root()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToLegacy(b *testing.B) {
	l, in := twenty(b)
	ctx := context.Background()
	out, err := l.ToService(ctx, in.Root())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text(out.Root()))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.ToLegacy(ctx, out.Root()); err != nil {
			b.Fatal(err)
		}
	}
}
