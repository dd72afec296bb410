package format_test

import (
	"slices"
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
			`<a xmlns="urn:x"><!-- c --><?p i?><b><![CDATA[x]]></b></a>`, `<a><b>x</b></a>`, []string{layout, "elements and attributes" + spaces}},
		{"XML with the namespace", format.Config{Name: format.XML, Namespaces: map[string]string{"": "urn:x"}, CDATA: []string{"a.b"}}, "",
			`<a xmlns="urn:x"><!-- c --><b>x</b></a>`, `<a xmlns="urn:x"><b><![CDATA[x]]></b></a>`, []string{layout}},
		{"XML without namespaces", format.Config{Name: format.XML, Namespaces: map[string]string{"": ""}}, "",
			`<a><b>x</b></a>`, `<a><b>x</b></a>`, []string{layout}},
		{"SOAP", format.Config{Name: format.SOAP, Root: "a"}, "",
			`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" e:x="1"><e:Body><a xmlns="urn:x"><b>x</b></a></e:Body></e:Envelope>`,
			`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><a><b>x</b></a></soap:Body></soap:Envelope>`, []string{envelope, "elements of the body and attributes" + spaces}},
		{"XML with attributes", format.Config{Name: format.XML}, "",
			`<a xmlns:y="urn:y" y:k="1"><b>x</b></a>`, `<a k="1"><b>x</b></a>`, []string{layout, "elements and attributes" + spaces}},
		{"CSV", format.Config{Name: format.CSV, Header: true}, "", "a,b\n", "", []string{"a table of nothing but its header comes back as nothing (columns says what it is called in any case)"}},
		{"CSV with columns", format.Config{Name: format.CSV, Header: true, Columns: []format.Column{{Name: "a"}, {Name: "b"}}}, "", "a,b\n", "a,b\n", nil},
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
			if tt.back == "" && (strings.Contains(string(back), "X-Of") || tt.typ == "" && len(back) > 0) || tt.back != "" && tt.back != string(back) {
				t.Errorf("it comes back as %s", back)
			}
		})
	}
	for _, c := range []format.Config{{Name: format.JSON}, {Name: format.NDJSON}, {Name: format.Form}, {Name: format.FixedWidth, Columns: []format.Column{{Name: "a", Width: 4}}}} {
		f, err := format.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := f.(format.Partial); is {
			t.Errorf("%s is said to read something over", c.Name)
		}
	}
}

// TestUnwritable has texts of another side that can't be written, and where that is told.
func TestUnwritable(t *testing.T) {
	latin := func(name string) format.Config {
		c := format.Config{Name: name, Charset: "ISO-8859-1", Header: name == format.CSV}
		if name == format.FixedWidth {
			c.Columns = []format.Column{{Name: "a", Width: 4}}
		}
		return c
	}
	json := format.Config{Name: format.JSON}
	const euro, wide, broken = `[{"a":"€"}]`, `[{"a":"abcde"}]`, `[{"a":"a\nb"}]`
	for name, tt := range map[string]struct {
		config, from format.Config
		fails        []string
		told         []string
	}{
		"CSV":            {latin(format.CSV), json, []string{euro}, []string{"characters that ISO-8859-1 lacks can't be written"}},
		"CSV of the set": {latin(format.CSV), latin(format.Form), []string{euro}, nil},
		"CSV of XML":     {latin(format.CSV), format.Config{Name: format.XML, Charset: "ISO-8859-1"}, []string{euro}, []string{"characters that ISO-8859-1 lacks can't be written"}},
		"CSV in UTF-8":   {format.Config{Name: format.CSV, Header: true}, json, nil, nil},
		"XML":            {latin(format.XML), json, nil, nil},
		"fixed width": {latin(format.FixedWidth), json, []string{euro, wide, broken},
			[]string{"characters that ISO-8859-1 lacks can't be written", "texts with a line break in them, or wider than their column, can't be written"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.told, format.Unwritable(tt.config, tt.from)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			f, err := format.New(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := format.New(json)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{euro, wide, broken} {
				if tt.config.Name == format.XML {
					text = `{"r":` + strings.Trim(text, "[]") + `}`
				}
				doc, err := plain.Decode([]byte(text), "")
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.Append(nil, doc.Root()); (err != nil) != slices.Contains(tt.fails, text) {
					t.Errorf("%s: %v", text, err)
				}
			}
		})
	}
}
