package format

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/acl/document"
)

// TestXMLDepth holds that about the depth that a body may have, it is read and written as it is or
// refused with that reason, and that what is written is read again.
func TestXMLDepth(t *testing.T) {
	const refused = "deeper than 512"
	formats := map[string]Format{
		"XML": mustXML(t, Config{}), "XML with a root": mustXML(t, Config{Root: "a"}),
		"SOAP": mustSOAP(t, Config{}), "SOAP with a root": mustSOAP(t, Config{Root: "a"}),
	}
	for name, f := range formats {
		around := [2]string{}
		if strings.HasPrefix(name, "SOAP") {
			around = [2]string{envelope11 + "><soap:Body>", closing}
		}
		good, bad := 0, 0
		check := func(what string, depth int, err error) bool {
			if err == nil {
				good++
				return true
			}
			if bad++; !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: %s, %d deep: %.200v", name, what, depth, err)
			}
			return false
		}
		for depth := 505; depth <= 515; depth++ {
			for what, leaf := range map[string]string{"a text": "<a>x</a>", "an attribute": "<a k='v'>x</a>", "nothing": "<a/>"} {
				body := around[0] + strings.Repeat("<a>", depth-1) + leaf + strings.Repeat("</a>", depth-1) + around[1]
				d, err := f.Decode([]byte(body), "")
				if !check(what+" read", depth, err) {
					continue
				}
				again(t, f, d.Root())
			}
			for what, leaf := range map[string]string{"a text": `"x"`, "an attribute": `{"@k":"v"}`, "nothing": `{}`} {
				d, err := decodeJSON([]byte(strings.Repeat(`{"a":`, depth-1)+leaf+strings.Repeat("}", depth-1)), "body")
				if err != nil {
					continue
				}
				_, err = f.Append(nil, d.Root())
				if check(what+" written", depth, err) {
					again(t, f, d.Root())
				}
			}
		}
		if good == 0 || bad == 0 {
			t.Errorf("%s: %d are good and %d aren't", name, good, bad)
		}
	}
}

// again writes v and holds that it is read as what it is.
func again(t *testing.T, f Format, v document.Value) {
	t.Helper()
	body, err := f.Append(nil, v)
	if err != nil {
		t.Errorf("what was read isn't written: %.200v", err)
		return
	}
	d, err := f.Decode(bytes.Clone(body), f.ContentType())
	if err != nil {
		t.Errorf("%.100q isn't read again: %.200v", body, err)
		return
	}
	// An empty object is an empty element, and that an empty text.
	if got, want := strings.Replace(show(d.Root()), `""`, `{}`, 1), strings.Replace(show(v), `""`, `{}`, 1); got != want {
		t.Errorf("%.2000s became %.2000s", want, got)
	}
}

// TestXMLNamespacesAreBounded holds that what is written has no more namespaces than can be read.
func TestXMLNamespacesAreBounded(t *testing.T) {
	f := mustSOAP(t, Config{Root: "a"})
	deep := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String() + `""` + strings.Repeat("}", n)
	}
	attributes := func(format string, n int) string { return `{` + strings.TrimSuffix(many(format, n), ",") + `}` }
	for _, test := range []struct {
		name, header string
		good         bool
	}{
		{"attributes of one namespace", `{"{urn:h}h":` + attributes(`"@{urn:x}a%d":"1",`, 1000) + `}`, true},
		{"attributes of many", `{"{urn:h}h":` + attributes(`"@{urn:x%d}a":"1",`, 200) + `}`, true},
		{"attributes of too many", `{"{urn:h}h":` + attributes(`"@{urn:x%d}a":"1",`, 257) + `}`, false},
		{"elements of many in each other", deep(`{"{urn:x%d}a":`, 200), true},
		{"elements of too many in each other", deep(`{"{urn:x%d}a":`, 257), false},
		{"elements of two by turns", strings.Repeat(`{"{urn:x}a":{"{urn:y}a":`, 200) + `""` + strings.Repeat("}", 400), true},
		{"elements of many beside each other", attributes(`"{urn:x%d}a":"",`, 1000), true},
		{"a URI that is too long", `{"{` + strings.Repeat("u", maxURI+1) + `}a":""}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := parse(t, `{"#header":`+test.header+`}`)
			if test.good {
				again(t, f, v)
			} else if body, err := f.Append(nil, v); err == nil || !strings.HasPrefix(err.Error(), "at /#header/") {
				t.Errorf("%.100q, %.300v", body, err)
			}
		})
	}
	namespaces := func(n int) map[string]string {
		all := map[string]string{}
		for i := range n {
			all[fmt.Sprintf("p%d", i)] = fmt.Sprintf("urn:%d", i)
		}
		return all
	}
	most := mustSOAP(t, Config{Root: "a", Namespaces: namespaces(252)})
	again(t, most, parse(t, `{"p7:b":null}`))
	fault := &Fault{Code: "{urn:code}x", Reasons: []Reason{{"", "y"}}, Detail: parse(t, `{"problem:problem":"","c":null}`)}
	if body, err := most.AppendFault(nil, fault); err != nil {
		t.Error(err)
	} else if back := faultIn(t, most, body); back.Code != fault.Code {
		t.Errorf("%s came back as %s", fault.Code, back.Code)
	}
	for name, test := range map[string]struct {
		namespaces map[string]string
		want       string
	}{
		"too many":          {namespaces(253), "namespaces: there are 253; a body can have at most 252"},
		"too long a URI":    {map[string]string{"p": strings.Repeat("u", maxURI+1)}, "namespaces.p: the URI of a namespace has at most 2048 bytes"},
		"too long a prefix": {map[string]string{strings.Repeat("p", maxName+1): "urn:x"}, "a prefix has at most 1024 bytes"},
	} {
		if _, err := New(Config{Name: SOAP, Namespaces: test.namespaces}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %.200v", name, err)
		}
	}
}
