package compare_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestShown holds what a reader is shown of documents that are no JSON.
func TestShown(t *testing.T) {
	type d = shadow.Difference
	for _, tt := range []struct {
		name, media, legacy, service string
		want                         []d
	}{
		{"XML, an element", "application/xml", `<o><i id="1"><n>a</n><t>x</t><t>y</t></i><i/></o>`, `<o><i/></o>`, []d{
			{Pointer: "/o/i", Pattern: "/o/i", Kind: "length", Legacy: []byte("2"), Service: []byte("1")},
			{Pointer: "/o/i/0", Pattern: "/o/i/*", Kind: "missing", Legacy: []byte(`{"@id":"1","n":"a","t":["x","y"]}`)}}},
		{"XML, an element with text", "application/xml", `<o><i id="1">a</i></o>`, `<o/>`, []d{
			{Pointer: "/o/i", Pattern: "/o/i", Kind: "missing", Legacy: []byte(`{"@id":"1","#text":"a"}`)}}},
		{"XML, a text", "application/xml", `<o><i>1</i><i>a</i></o>`, `<o><i>1</i><i>b</i></o>`, []d{
			{Pointer: "/o/i/1", Pattern: "/o/i/*", Kind: "value", Legacy: []byte(`"a"`), Service: []byte(`"b"`)}}},
		{"XML, an order", "application/xml", `<o>x<i/>y<b/></o>`, `<o>x<b/>y<i/></o>`, []d{
			{Pointer: "/o", Pattern: "/o", Kind: "order", Legacy: []byte(`["x","<i>","y","<b>"]`), Service: []byte(`["x","<b>","y","<i>"]`)}}},
		{"text", "text/plain", "a\nb\nc\nd\ne", "a\nB\nc\ne\nf", []d{
			{Pointer: "/2", Pattern: "/*", Kind: "value", Legacy: []byte(`"b"`), Service: []byte(`"B"`)},
			{Pointer: "/4", Pattern: "/*", Kind: "missing", Legacy: []byte(`"d"`)},
			{Pointer: "/5", Pattern: "/*", Kind: "extra", Service: []byte(`"f"`)}}},
		{"protobuf", "application/protobuf", "\x0a\x04\x08\x01\x12\x00\x12\x02\xff\xfe\x19\x00\x00\x00\x00\x00\x00\xf8?", "\x19\x00\x00\x00\x00\x00\x00\x00@", []d{
			{Pointer: "/1", Pattern: "/1", Kind: "missing", Legacy: []byte(`{"1":1,"2":""}`)},
			{Pointer: "/2", Pattern: "/2", Kind: "missing", Legacy: []byte(`"fffe"`)},
			{Pointer: "/3", Pattern: "/3", Kind: "value", Legacy: []byte(`"1.5"`), Service: []byte(`"2"`)}}},
		{"lines, an order", "application/x-ndjson", "1\n2", "2\n1", []d{
			{Kind: "order", Legacy: []byte("[1,\n2]"), Service: []byte("[2,\n1]")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := answer(tt.legacy, "Content-Type", tt.media), answer(tt.service, "Content-Type", tt.media)
			got, err := comparer(t, rules{}).Compare(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAdversarialContent holds that no document costs seconds or gigabytes.
func TestAdversarialContent(t *testing.T) {
	if testing.Short() {
		t.Skip("it costs what it bounds")
	}
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	formatting := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<p><b x%d>", i)
		}
		return b.String()
	}
	numbers := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "%d\n", i)
		}
		return b.String()
	}
	nested := func(n int) string {
		text := "\x08\x01"
		for range n {
			text = string(protowire.AppendBytes([]byte{0x0a}, []byte(text)))
		}
		return text
	}
	attributes := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, " a%d", i)
		}
		return b.String()
	}
	for _, tt := range []struct{ name, media, legacy, service, skip string }{
		{"XML nested too deep", "text/xml", many(600, "<a>") + many(600, "</a>"), many(601, "<a>") + many(601, "</a>"), shadow.SkipTooComplex},
		{"XML of too many elements", "text/xml", "<a>" + many(140_000, "<b/>") + "</a>", "<a>" + many(140_001, "<b/>") + "</a>", shadow.SkipTooComplex},
		{"XML of too many texts", "text/xml", "<a>" + many(140_000, "x<!---->") + "</a>", "<a/>", shadow.SkipTooComplex},
		{"XML of as many as there may be", "text/xml", "<a>" + many(40_000, "<b/>x") + "</a>", "<a>" + many(40_000, "x<b/>") + "</a>", ""},
		{"XML of many names", "text/xml", "<a>" + many(20_000, "<b/><c/>") + "</a>", "<a>" + many(20_000, "<c/><b/>") + "</a>", ""},
		{"XML with a long namespace", "text/xml", `<a xmlns:p="` + many(100_000, "n") + `">` + many(10_000, "<p:b/>") + "</a>", "<a/>", shadow.SkipTooComplex},
		{"XML with entities of entities", "text/xml", `<!DOCTYPE a [<!ENTITY b "` + many(1000, "&c;") + `">]><a>` + many(1000, "&b;") + "</a>", "<a/>", ""},
		{"XML whose text is long", "text/xml", "<a>" + many(8<<20, "x") + "</a>", "<a>" + many(8<<20, "y") + "</a>", ""},
		{"XML that is only escapes", "text/xml", "<a>" + many(3<<20, "&#9;") + "</a>", "<a/>", ""},
		{"text of too many lines", "text/plain", many(300_000, "\n"), many(300_001, "\n"), shadow.SkipTooComplex},
		{"text that is all other", "text/plain", numbers(0, 200_000), numbers(200_000, 400_000), ""},
		{"text in another order", "text/plain", numbers(0, 100_000) + numbers(100_000, 200_000), numbers(100_000, 200_000) + numbers(0, 100_000), ""},
		{"text in another charset", "text/plain; charset=iso-8859-1", many(8<<20, "\xe9"), many(8<<20, "\xe8"), ""},
		{"a message that is all text", "application/protobuf", string(protowire.AppendBytes([]byte{0x0a}, []byte(many(1<<20, "\x01")))), "\x08\x01", ""},
		{"text of two long lines", "text/plain", many(8<<20, "x") + "\n1", many(8<<20, "x") + "\n2", ""},
		{"messages nested too deep", "application/protobuf", nested(200), nested(201), shadow.SkipTooComplex},
		{"messages that might be nested deeply", "application/protobuf", nested(90) + "\x08\x01", nested(90), ""},
		{"a message of too many fields", "application/protobuf", many(140_000, "\x08\x01"), many(140_001, "\x08\x01"), shadow.SkipTooComplex},
		{"a form of too many fields", "application/x-www-form-urlencoded", many(140_000, "a&"), many(140_001, "a&"), shadow.SkipTooComplex},
		{"a form of many fields", "application/x-www-form-urlencoded", many(100_000, "a=1&"), many(100_000, "a=2&"), ""},
		{"lines of JSON, too many", "application/x-ndjson", many(300_000, "1\n"), many(300_001, "1\n"), shadow.SkipTooComplex},
		{"HTML nested too deep", "text/html", many(600, "<div>"), many(601, "<div>"), shadow.SkipTooComplex},
		{"HTML of too many tokens", "text/html", many(140_000, "<br>"), many(140_001, "<br>"), shadow.SkipTooComplex},
		{"HTML of too many attributes", "text/html", "<p" + attributes(140_000) + ">", "<p>", shadow.SkipTooComplex},
		{"HTML whose formatting is opened again everywhere", "text/html", formatting(400) + many(20_000, "<p>x"), "<p>", shadow.SkipTooComplex},
		{"HTML with formatting behind cells", "text/html", formatting(400) + "<table><tr><td>" + many(400, "</b>") + many(20_000, "<p>x"), "<p>", shadow.SkipTooComplex},
		{"HTML of as much as there may be", "text/html", many(20_000, "<li><b>x</b>"), many(20_000, "<li><i>x</i>"), ""},
		{"HTML of one long text", "text/html", many(3<<20, "x "), many(3<<20, "y "), shadow.SkipTooComplex},
		{"HTML of a long text", "text/html", many(2<<20, "x "), many(2<<20, "y "), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := answer(tt.legacy, "Content-Type", tt.media), answer(tt.service, "Content-Type", tt.media)
			c := comparer(t, rules{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			diffs, err := c.Compare(a, b)
			if took := time.Since(start); took > mostTime && !raceDetector {
				t.Errorf("took %v", took)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > mostMemory {
				t.Errorf("took %d MiB", took>>20)
			}
			skip, skipped := errors.AsType[*shadow.SkipError](err)
			if skipped != (tt.skip != "") || skipped && skip.Reason != tt.skip {
				t.Fatalf("error is %v, want skip reason %q", err, tt.skip)
			}
			if !skipped && len(diffs) == 0 {
				t.Error("no difference")
			}
		})
	}
}
