package format_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/format"
)

// TestReadOver has bodies with what formats say that they read over, and what comes back of them.
func TestReadOver(t *testing.T) {
	layout := "comments and processing instructions don't come back, and text is CDATA only where cdata says so"
	envelope := strings.Replace(layout, "comments and processing instructions", "comments, processing instructions and attributes of the envelope", 1)
	spaces := ` whose namespace isn't configured come back without one (namespaces: {"": URI} says that of names without a prefix)`
	for _, tt := range []struct {
		name       string
		config     format.Config
		typ        string
		body, back string
		want       []string
	}{
		{"XML", format.Config{Name: format.XML}, "",
			`<a xmlns="urn:x"><!-- c --><?p i?><b><![CDATA[x]]></b></a>`, `<a><b>x</b></a>`, []string{layout, "elements" + spaces}},
		{"XML with the namespace", format.Config{Name: format.XML, Namespaces: map[string]string{"": "urn:x"}, CDATA: []string{"a.b"}}, "",
			`<a xmlns="urn:x"><!-- c --><b>x</b></a>`, `<a xmlns="urn:x"><b><![CDATA[x]]></b></a>`, []string{layout}},
		{"XML without namespaces", format.Config{Name: format.XML, Namespaces: map[string]string{"": ""}}, "",
			`<a><b>x</b></a>`, `<a><b>x</b></a>`, []string{layout}},
		{"SOAP", format.Config{Name: format.SOAP, Root: "a"}, "",
			`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:x="1"><e:Body><a xmlns="urn:x"><b>x</b></a></e:Body></e:Envelope>`,
			`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><a><b>x</b></a></soap:Body></soap:Envelope>`, []string{envelope, "elements of the body" + spaces}},
		{"multipart", format.Config{Name: format.Multipart}, "multipart/form-data; boundary=b",
			"--b\r\nContent-Disposition: form-data; name=a; filename=f\r\nContent-Type: text/plain\r\nX-Of: it\r\n\r\nx\r\n--b--\r\n", "",
			[]string{"of a part's header only name, file name and type come back"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := format.New(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			partial, ok := f.(format.Partial)
			if !ok {
				t.Fatalf("%T is no Partial", f)
			}
			if diff := cmp.Diff(tt.want, partial.ReadOver()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			doc, err := f.Decode([]byte(tt.body), tt.typ)
			if err != nil {
				t.Fatal(err)
			}
			back, err := f.Append(nil, doc.Root())
			if err != nil {
				t.Fatal(err)
			}
			if tt.back == "" && strings.Contains(string(back), "X-Of") || tt.back != "" && tt.back != string(back) {
				t.Errorf("it comes back as %s", back)
			}
		})
	}
	for _, c := range []format.Config{{Name: format.JSON}, {Name: format.NDJSON}, {Name: format.Form}, {Name: format.CSV, Header: true}} {
		f, err := format.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := f.(format.Partial); is {
			t.Errorf("%s is said to read something over", c.Name)
		}
	}
}
