package format

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

// xmlShown writes a value as show does, as it is read again once it was written: values are texts,
// attributes come first and the text last, arrays are members that repeat, and what is blank beside
// other things goes. opened says that it stands beside a header, and so is an object in any case.
func xmlShown(v document.Value, opened bool) string {
	quote := func(s []byte) string {
		q, _ := jsontext.AppendQuote(nil, s)
		return string(q)
	}
	var attributes, elements []string
	text, null := v.Bytes(), v.Kind() == document.Null
	if v.Kind() == document.Object {
		text = nil
	}
	nils := 0
	for name, member := range v.Members() {
		switch {
		case string(name) == headerName:
		case string(name) == textName:
			text = member.Bytes()
		case bytes.HasPrefix(name, []byte{'@'}):
			if string(name) == "@xsi:nil" {
				switch member.Text() {
				case "false", "0":
					continue
				case "true", "1":
					nils++
				}
			}
			attributes = append(attributes, quote(name)+":"+quote(member.Bytes()))
		case member.Kind() == document.Array:
			for e := range member.Elements() {
				elements = append(elements, quote(name)+":"+xmlShown(e, false))
			}
		default:
			elements = append(elements, quote(name)+":"+xmlShown(member, false))
		}
	}
	blank := xmlSpace(text) || null
	if null && opened {
		attributes = append(attributes, `"@xsi:nil":"true"`)
	}
	members := append(attributes, elements...)
	switch {
	case !opened && (null || nils == 1 && len(members) == 1 && blank):
		return "null"
	case !opened && len(members) == 0:
		return quote(text)
	case !blank:
		members = append(members, quote([]byte(textName))+":"+quote(text))
	}
	if header := v.Get(headerName); opened && header.Exists() {
		members = append([]string{quote([]byte(headerName)) + ":" + xmlShown(header, true)}, members...)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// hasBlocks reports whether a header is written that is read as one.
func hasBlocks(header document.Value) bool {
	for _, block := range header.Members() {
		if block.Kind() != document.Array || block.Len() > 0 {
			return true
		}
	}
	return false
}

// FuzzXMLAppend says that what is written is read as what it was.
func FuzzXMLAppend(f *testing.F) {
	for _, seed := range []string{
		`{"a":1}`, `{"#text":"]]>","@k":"\n"}`, `{"b":[1,null,{"@p:k":true}]}`, `{"xsi:b":{"@xsi:nil":"true"}}`, `"\r€"`, `{"#header":{"h":1},"b":{}}`, `[[1]]`,
		`{"b":"","@k":" ","#text":"","@p:k":2,"c":[],"d":[{},{"e":[[]]}]}`, `{"b":{"@xsi:nil":"1","@k":1},"c":{"@xsi:nil":"0"},"d":{"@xsi:nil":"x"}}`,
		`{"#header":{"h":[]},"#text":" x"}`, `{"#header":{"{urn:h}h":{"@{urn:h}k":1,"@soap:actor":"x","i":null}},"#text":" "}`, `{"#header":{"h":1},"@xsi:nil":"true"}`, `{"#text":" "}`, `null`,
	} {
		f.Add(seed)
	}
	config := Config{Root: "a", Namespaces: map[string]string{"": "u", "p": "urn:p"}, CDATA: []string{"."}, Charset: "ISO-8859-1"}
	formats := []Format{mustXML(f, config), mustSOAP(f, config), mustXML(f, Config{}), mustSOAP(f, Config{})}
	f.Fuzz(func(t *testing.T, text string) {
		if !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) || strings.Count(text, "[")+strings.Count(text, "{") > document.MaxDepth {
			return // it is no JSON, or too deep
		}
		v := parse(t, text)
		for i, x := range formats {
			out, err := x.Append(nil, v)
			if err != nil {
				continue
			}
			doc, err := x.Decode(bytes.Clone(out), x.ContentType())
			if err != nil {
				t.Fatalf("%s is written as %q, which isn't read: %v", text, out, err)
			}
			_, soap := x.(*soapFormat)
			rootless := i >= 2
			want := xmlShown(v, rootless || soap && hasBlocks(v.Get(headerName)))
			if header := v.Get(headerName); header.Exists() && !hasBlocks(header) { // an empty header is none
				want = strings.Replace(strings.Replace(want, `"#header":{},`, "", 1), `"#header":{}`, "", 1)
			}
			if diff := cmp.Diff(want, show(doc.Root())); diff != "" && !strings.Contains(text, "{u}") && !strings.Contains(text, "{urn:p}") {
				t.Errorf("%s is written by format %d as %q, and read as (-want +got):\n%s", text, i, out, diff)
			}
		}
	})
}
