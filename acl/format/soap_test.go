package format

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// orders are the namespaces of the samples.
var orders = map[string]string{
	"":     "http://legacy.example.com/orders/2009",
	"c":    "http://legacy.example.com/common",
	"m":    "http://legacy.example.com/money",
	"wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
	"wsa":  "http://www.w3.org/2005/08/addressing",
}

func sample(t testing.TB, parts ...string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func mustSOAP(t testing.TB, c Config) *soapFormat {
	t.Helper()
	c.Name = SOAP
	return mustNew(t, c).(*soapFormat)
}

// TestSamples reads what legacy applications have sent, and writes and reads it again.
func TestSamples(t *testing.T) {
	feed := map[string]string{"atom": "http://www.w3.org/2005/Atom", "dc": "http://purl.org/dc/elements/1.1/", "content": "http://purl.org/rss/1.0/modules/content/"}
	for _, test := range []struct {
		file   string
		config Config
	}{
		{"xml/feed", Config{Name: XML, Root: "rss", Namespaces: feed, CDATA: []string{"channel.item.content:encoded"}}},
		{"soap/request11", Config{Name: SOAP, Root: "GetOrders", Namespaces: orders}},
		{"soap/response11", Config{Name: SOAP, Root: "GetOrdersResponse", Namespaces: orders}},
		{"soap/request12", Config{Name: SOAP, Root: "GetOrders", Namespaces: orders, Version: "1.2"}},
	} {
		t.Run(test.file, func(t *testing.T) {
			f := mustNew(t, test.config)
			want := show(parse(t, string(sample(t, test.file+".json"))))
			doc, err := f.Decode(sample(t, test.file+".xml"), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, show(doc.Root())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			out, err := f.Append(nil, doc.Root())
			if err != nil {
				t.Fatal(err)
			}
			again, err := f.Decode(out, f.ContentType())
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if diff := cmp.Diff(want, show(again.Root())); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}

const (
	envelope11 = `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"`
	envelope12 = `<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"`
	closing    = `</soap:Body></soap:Envelope>`
)

func TestSOAPBothWays(t *testing.T) {
	for _, test := range []struct {
		name, root, version string
		body, want, out     string
	}{
		{name: "a text", root: "a", body: envelope11 + `><soap:Body><a>1</a>` + closing, want: `"1"`},
		{name: "SOAP 1.2", root: "a", version: "1.2", body: envelope12 + `><soap:Body><a>1</a>` + closing, want: `"1"`},
		{name: "a header beside a text", root: "a", body: envelope11 + `><soap:Header><h>0</h></soap:Header><soap:Body><a>1</a>` + closing, want: `{"#header":{"h":"0"},"#text":"1"}`},
		{name: "a header beside nothing", root: "a", body: envelope11 + `><soap:Header><h/></soap:Header><soap:Body><a/>` + closing, want: `{"#header":{"h":""}}`},
		{name: "a header beside null", root: "a", body: envelope11 + xsiDeclared + `><soap:Header><h/></soap:Header><soap:Body><a xsi:nil="true"/>` + closing, want: `{"#header":{"h":""},"@xsi:nil":"true"}`},
		{name: "an empty header", root: "a", body: envelope11 + `><soap:Header/><soap:Body><a k="1"/>` + closing, want: `{"@k":"1"}`, out: envelope11 + `><soap:Body><a k="1"/>` + closing},
		{name: "header blocks of one name", root: "a", body: envelope11 + `><soap:Header><h soap:actor="urn:x">0</h><h/></soap:Header><soap:Body><a><b/></a>` + closing, want: `{"#header":{"h":{"@soap:actor":"urn:x","#text":"0"},"h":""},"b":""}`},
		{name: "header blocks of namespaces that nobody knows", root: "a", body: `<?xml version="1.0"?>` + envelope11 + `><soap:Header><s:Security xmlns:s="urn:s" xmlns:u="urn:u}" soap:mustUnderstand="1" u:Id="7" Id="8"><u:Timestamp/><plain/></s:Security></soap:Header><soap:Body><a xmlns="urn:a"><b/></a>` + closing,
			want: `{"#header":{"{urn:s}Security":{"@soap:mustUnderstand":"1","@{urn:u}}Id":"7","@Id":"8","{urn:u}}Timestamp":"","plain":""}},"b":""}`,
			out:  envelope11 + `><soap:Header><ns1:Security xmlns:ns1="urn:s" soap:mustUnderstand="1" xmlns:ns2="urn:u}" ns2:Id="7" Id="8"><ns2:Timestamp/><plain/></ns1:Security></soap:Header><soap:Body><a><b/></a>` + closing},
		{name: "header blocks of one namespace that nobody knows", root: "a", body: envelope11 + `><soap:Header><x:h xmlns:x="urn:x"><x:i/><y:j xmlns:y="urn:y"><x:k/></y:j><x:l/></x:h></soap:Header><soap:Body><a k="1"/>` + closing,
			want: `{"#header":{"{urn:x}h":{"{urn:x}i":"","{urn:y}j":{"{urn:x}k":""},"{urn:x}l":""}},"@k":"1"}`,
			out:  envelope11 + `><soap:Header><ns1:h xmlns:ns1="urn:x"><ns1:i/><ns2:j xmlns:ns2="urn:y"><ns1:k/></ns2:j><ns1:l/></ns1:h></soap:Header><soap:Body><a k="1"/>` + closing},
		{name: "a body that is signed", root: "a", body: envelope11 + ` xmlns:u="urn:u" Id="e" u:Id="f"><soap:Header Id="g" u:Id="h"/><soap:Body Id="i" u:Id="j"><a xmlns:v="urn:v" v:k="1"/>` + closing,
			want: `{"@k":"1"}`, out: envelope11 + `><soap:Body><a k="1"/>` + closing},
		{name: "without a root", body: envelope11 + `><soap:Body><a>1</a>` + closing, want: `{"a":"1"}`},
		{name: "without a root, several", body: envelope11 + `><soap:Header><h/></soap:Header><soap:Body><a>1</a><b/><a/>` + closing, want: `{"#header":{"h":""},"a":"1","b":"","a":""}`},
		{name: "without a root, none", body: envelope11 + `><soap:Body></soap:Body></soap:Envelope>`, want: `{}`},
		{name: "attributes of the envelope go", root: "a", body: `<?xml version="1.0"?><!-- x -->` + envelope11 + ` soap:encodingStyle="urn:x"><soap:Body Id="b"><a/>` + closing + "\n", want: `""`, out: envelope11 + `><soap:Body><a/>` + closing},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustSOAP(t, Config{Root: test.root, Version: test.version})
			doc, err := f.Decode([]byte(test.body), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(doc.Root())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if test.out == "" {
				test.out = test.body
			}
			out, err := f.Append([]byte("before "), doc.Root())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before "+test.out, string(out)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSOAPRefuses(t *testing.T) {
	body := func(s string) string { return envelope11 + `><soap:Body>` + s + closing }
	for name, test := range map[string]struct{ body, pointer, want string }{
		"no envelope":               {`<a/>`, "", "the root element is a in no namespace, not Envelope in " + soap11},
		"an envelope of others":     {`<Envelope xmlns="urn:x"/>`, "", "the root element is Envelope in the namespace urn:x"},
		"the other version":         {envelope12 + `><soap:Body><a/>` + closing, "", "the message is SOAP 1.2, and version says 1.1"},
		"no body":                   {envelope11 + `/>`, "", "the envelope has no body"},
		"an empty body":             {body(""), "", "the body is empty where a is expected"},
		"another root":              {body("<b/>"), "", "the root element is b, not a"},
		"two elements":              {body("<a/><b/>"), "", "b stands in the body behind the one element"},
		"text in the body":          {body("x<a/>"), "", "text stands in soap:Body"},
		"a header behind":           {envelope11 + `><soap:Body><a/></soap:Body><soap:Header/></soap:Envelope>`, "", "soap:Header stands in the envelope where"},
		"two headers":               {envelope11 + `><soap:Header><h/></soap:Header><soap:Header/><soap:Body><a/>` + closing, "", "soap:Header stands in the envelope where"},
		"something else":            {envelope11 + `><x/><soap:Body><a/>` + closing, "", "x stands in the envelope where"},
		"mixed content in a header": {envelope11 + `><soap:Header><h>x<i/></h></soap:Header><soap:Body><a/>` + closing, "/#header/h", "text stands beside elements"},
		"mixed content in the body": {body("<a><b>x<i/></b></a>"), "/b", "text stands beside elements"},
		"a document type":           {`<!DOCTYPE a>` + body("<a/>"), "", "a document type stands in a SOAP message"},
		"something behind":          {body("<a/>") + "<a/>", "", "something stands behind the root"},
		"cut short":                 {envelope11 + `><soap:Body><a><b>`, "/b", "ends too early"},
		"a fault beside":            {body("<soap:Fault/><a/>"), "", "a stands in the body behind the one element"},
		"a fault with more":         {body("<soap:Fault><x/></soap:Fault>"), "/x", "x stands in the fault"},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := mustSOAP(t, Config{Root: "a"}).Decode([]byte(test.body), "")
			if err == nil {
				t.Fatalf("got %s, want an error with %q", show(doc.Root()), test.want)
			}
			var fault *Fault
			if !strings.Contains(err.Error(), test.want) || pointerOf(err) != test.pointer || errors.As(err, &fault) {
				t.Errorf("%v at %q, want %q at %q", err, pointerOf(err), test.want, test.pointer)
			}
		})
	}
}

func TestSOAPWriteRefuses(t *testing.T) {
	for name, test := range map[string]struct{ root, value, pointer, want string }{
		"a URI in the body":              {"a", `{"{urn:x}b":1}`, "/{urn:x}b", "can't be called"},
		"a URI of XML's":                 {"a", `{"#header":{"{` + xmlURI + `}b":1}}`, "/#header/{" + strings.ReplaceAll(xmlURI, "/", "~1") + "}b", "can't be called"},
		"an array":                       {"a", `[1]`, "", "an array stands where one element"},
		"a header that is a text":        {"a", `{"#header":"x"}`, "/#header", "the header is of the kind text"},
		"a header with attributes":       {"a", `{"#header":{"@k":1}}`, "/#header/@k", "can't be called"},
		"a header block with a bad name": {"a", `{"#header":{"a b":1}}`, "/#header/a b", "can't be called"},
		"two headers":                    {"a", `{"#header":{},"#header":{}}`, "/#header", "can't be called"},
		"a text without a root":          {"", `"x"`, "", "without a root a body is an object"},
		"an attribute without a root":    {"", `{"@k":1}`, "/@k", "can't be called"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := mustSOAP(t, Config{Root: test.root}).Append(nil, parse(t, test.value))
			if err == nil || !strings.Contains(err.Error(), test.want) || pointerOf(err) != test.pointer {
				t.Errorf("%s, %v at %q, want %q at %q", out, err, pointerOf(err), test.want, test.pointer)
			}
		})
	}
}

func TestSOAPConfig(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"version":              {Config{Version: "1.3"}, `version: "1.3" isn't a version of SOAP; it is 1.1 or 1.2`},
		"action":               {Config{Action: `"urn:x"`}, "action: "},
		"root of the envelope": {Config{Root: "soap:Body"}, "root: soap:Body is of the envelope"},
		"the envelope's names": {Config{Namespaces: map[string]string{"": soap11}}, "names without a prefix can't be those of the envelope"},
		"soap":                 {Config{Namespaces: map[string]string{"soap": "urn:x"}}, "namespaces.soap: this prefix is that of " + soap11},
		"problem":              {Config{Namespaces: map[string]string{"p": problemURI}}, problemURI + " is known as problem"},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Name = SOAP
			if _, err := New(test.config); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestSOAPAnnounces(t *testing.T) {
	for _, test := range []struct {
		name        string
		config      Config
		contentType string
		headers     map[string]string
	}{
		{"SOAP 1.1 has to have the field", Config{}, "text/xml; charset=utf-8", map[string]string{"SOAPAction": `""`}},
		{"SOAP 1.1", Config{Action: "urn:orders#Get", Charset: "ISO-8859-1"}, "text/xml; charset=iso-8859-1", map[string]string{"SOAPAction": `"urn:orders#Get"`}},
		{"SOAP 1.2", Config{Version: "1.2"}, "application/soap+xml; charset=utf-8", nil},
		{"SOAP 1.2 with an action", Config{Version: "1.2", Action: "urn:orders#Get"}, "application/soap+xml; charset=utf-8",
			map[string]string{"Content-Type": `application/soap+xml; charset=utf-8; action="urn:orders#Get"`}},
		{"another content type", Config{ContentType: "application/xml"}, "application/xml", map[string]string{"SOAPAction": `""`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Name = SOAP
			f := mustNew(t, test.config)
			if got := f.ContentType(); got != test.contentType {
				t.Errorf("announced as %s, want %s", got, test.contentType)
			}
			if diff := cmp.Diff(test.headers, f.(Headers).Headers()); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
			if !f.Accepts("text/xml;charset=utf-8") || !f.Accepts("application/soap+xml") || f.Accepts("text/html") {
				t.Error("accepts other content types than XML's")
			}
		})
	}
}

func TestSOAPPrefixOfTheEnvelope(t *testing.T) {
	f := mustSOAP(t, Config{Root: "a", Namespaces: map[string]string{"e": soap11}})
	doc, err := f.Decode([]byte(envelope11+`><soap:Header><h soap:mustUnderstand="1"/></soap:Header><soap:Body><a/>`+closing), "")
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Append(nil, doc.Root())
	want := `<e:Envelope xmlns:e="` + soap11 + `"><e:Header><h e:mustUnderstand="1"/></e:Header><e:Body><a/></e:Body></e:Envelope>`
	if err != nil || string(out) != want {
		t.Errorf("got %s, %v, want %s", out, err, want)
	}
}
