package format

import (
	"bytes"
	"testing"
)

func BenchmarkXMLDecode(b *testing.B) {
	f := mustSOAP(b, Config{Root: "GetOrdersResponse", Namespaces: orders})
	body := sample(b, "soap", "response11.xml")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Decode(bytes.Clone(body), ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkXMLAppend(b *testing.B) {
	f := mustSOAP(b, Config{Root: "GetOrdersResponse", Namespaces: orders})
	doc, err := f.Decode(sample(b, "soap", "response11.xml"), "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Append(nil, doc.Root()); err != nil {
			b.Fatal(err)
		}
	}
}
