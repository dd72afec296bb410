package format

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

const xsiDeclared = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

func TestXMLBothWays(t *testing.T) {
	shop := map[string]string{"": "urn:shop", "p": "urn:price"}
	for _, test := range []struct {
		name   string
		config Config
		body   string
		want   string // the document
		out    string // written from it; empty: body
	}{
		{name: "text", body: `<a>x</a>`, want: `"x"`},
		{name: "empty is an empty text", body: `<a></a>`, want: `""`, out: `<a/>`},
		{name: "space in a text stays", body: "<a> \n </a>", want: `" \n "`},
		{name: "attributes", body: `<a b="1" c=""/>`, want: `{"@b":"1","@c":""}`},
		{name: "attributes and text", body: `<a b="1"> x </a>`, want: `{"@b":"1","#text":" x "}`},
		{name: "attributes and space", body: "<a b=\"1\">\n</a>", want: `{"@b":"1"}`, out: `<a b="1"/>`},
		{name: "members in their order, names repeat", body: `<a><i>1</i><j/><i>2</i></a>`, want: `{"i":"1","j":"","i":"2"}`},
		{name: "layout between elements goes", body: "<a>\n  <b>1</b>\n  <c>2</c>\n</a>", want: `{"b":"1","c":"2"}`, out: `<a><b>1</b><c>2</c></a>`},
		{name: "nested", body: `<a><b k="1"><c/></b></a>`, want: `{"b":{"@k":"1","c":""}}`},
		{name: "null", body: `<a` + xsiDeclared + `><b xsi:nil="true"/></a>`, want: `{"b":null}`},
		{name: "null in other words", body: `<a><b xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"> </b></a>`, want: `{"b":null}`, out: `<a` + xsiDeclared + `><b xsi:nil="true"/></a>`},
		{name: "the root is null", body: `<a` + xsiDeclared + ` xsi:nil="true"/>`, want: `null`},
		{name: "null with an attribute", body: `<a` + xsiDeclared + `><b xsi:nil="true" k="1"/></a>`, want: `{"b":{"@xsi:nil":"true","@k":"1"}}`},
		{name: "null with something in it", body: `<a` + xsiDeclared + `><b xsi:nil="true"><c/></b><d xsi:nil="1">x</d></a>`, want: `{"b":{"@xsi:nil":"true","c":""},"d":{"@xsi:nil":"1","#text":"x"}}`},
		{name: "not null", body: `<a` + xsiDeclared + `><b xsi:nil="false">1</b></a>`, want: `{"b":"1"}`, out: `<a><b>1</b></a>`},
		{name: "types", body: `<a` + xsiDeclared + ` xsi:type="t"/>`, want: `{"@xsi:type":"t"}`},
		{name: "references", body: `<a b="&lt;&quot;&#10;&#x9;&apos;">&lt;&amp;&gt;&#233;&#x1F600;</a>`, want: `{"@b":"<\"\n\t'","#text":"<&>é😀"}`, out: `<a b="&lt;&quot;&#10;&#9;'">&lt;&amp;&gt;é😀</a>`},
		{name: "ends of lines", body: "<a b='1\r\n2\r3\n4'>1\r\n2\r3&#13;4</a>", want: `{"@b":"1 2 3 4","#text":"1\n2\n3\r4"}`, out: "<a b=\"1 2 3 4\">1\n2\n3&#13;4</a>"},
		{name: "CDATA is text", body: "<a><![CDATA[<b>&amp;\r\n]]]]><![CDATA[>]]> c</a>", want: `"<b>&amp;\n]]> c"`, out: "<a>&lt;b&gt;&amp;amp;\n]]&gt; c</a>"},
		{name: "comments and instructions part no text", body: `<?x y?><a>1<!-- - -->2<?p?>3<?q ??></a><!---->`, want: `"123"`, out: `<a>123</a>`},
		{name: "written as CDATA", config: Config{CDATA: []string{".", "b", "c.#text"}}, body: `<a><b><![CDATA[1]]></b><b><![CDATA[<]]></b><c k="&lt;"><![CDATA[3]]></c><d>4</d></a>`, want: `{"b":"1","b":"<","c":{"@k":"<","#text":"3"},"d":"4"}`},
		{name: "what CDATA can't have", config: Config{CDATA: []string{"."}}, body: "<a>&#13;]]&gt;x]]&gt;&#13;]]</a>", want: `"\r]]>x]]>\r]]"`, out: "<a>&#13;<![CDATA[]]]]><![CDATA[>x]]]]><![CDATA[>]]>&#13;<![CDATA[]]]]></a>"},
		{name: "an empty text as CDATA", config: Config{CDATA: []string{"."}}, body: "<a/>", want: `""`},
		{name: "a declaration", config: Config{Declaration: true}, body: `<?xml version="1.0" encoding="UTF-8"?><a/>`, want: `""`},
		{name: "a declaration with all", body: "<?xml version='1.0' encoding = \"UTF-8\" standalone='yes' ?>\n<a/>", want: `""`, out: `<a/>`},
		{name: "a document type elsewhere", body: `<!DOCTYPE a PUBLIC "-//x>" 'http://127.0.0.1:1/a.dtd' ><a/>`, want: `""`, out: `<a/>`},

		{name: "one namespace, unnamed", body: `<a xmlns="urn:x"><b/></a>`, want: `{"b":""}`, out: `<a><b/></a>`},
		{name: "namespaces by the configuration's prefixes", config: Config{Root: "order", Namespaces: shop},
			body: `<s:order xmlns:s="urn:shop" xmlns="urn:price" xmlns:q="urn:price" q:cur="EUR" no="1"><net>1</net><q:net>2</q:net></s:order>`,
			want: `{"@p:cur":"EUR","@no":"1","p:net":"1","p:net":"2"}`,
			out:  `<order xmlns="urn:shop" xmlns:p="urn:price" p:cur="EUR" no="1"><p:net>1</p:net><p:net>2</p:net></order>`},
		{name: "the same prefixes", config: Config{Root: "p:a", Namespaces: shop}, body: `<p:a xmlns="urn:shop" xmlns:p="urn:price" p:k="1" k="2"><b/><p:b/></p:a>`, want: `{"@p:k":"1","@k":"2","b":"","p:b":""}`},
		{name: "a prefix with another meaning within", config: Config{Namespaces: map[string]string{"p": "urn:price", "q": "urn:q"}},
			body: `<a xmlns:p="urn:price"><p:b xmlns:p="urn:q"><p:c/></p:b><p:b/></a>`, want: `{"q:b":{"q:c":""},"p:b":""}`,
			out: `<a xmlns:p="urn:price" xmlns:q="urn:q"><q:b><q:c/></q:b><p:b/></a>`},
		{name: "a namespace for elements and attributes", config: Config{Namespaces: map[string]string{"": "urn:x", "x": "urn:x"}},
			body: `<a xmlns="urn:x" xmlns:x="urn:x" x:k="1" k="2"><b/></a>`, want: `{"@x:k":"1","@k":"2","b":""}`},
		{name: "no namespace within one", config: Config{Root: "m:a", Namespaces: map[string]string{"m": "urn:m"}}, body: `<a xmlns="urn:m"><b xmlns="">1</b></a>`, want: `{"b":"1"}`, out: `<m:a xmlns:m="urn:m"><b>1</b></m:a>`},
		{name: "XML's own prefix", body: `<a xml:lang="de" xmlns:xml="http://www.w3.org/XML/1998/namespace">x</a>`, want: `{"@xml:lang":"de","#text":"x"}`, out: `<a xml:lang="de">x</a>`},
		{name: "xsi under another prefix", config: Config{Namespaces: map[string]string{"i": "http://www.w3.org/2001/XMLSchema-instance"}},
			body: `<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><b i:nil="true"/><c i:type="t"/></a>`, want: `{"b":null,"c":{"@i:type":"t"}}`},
		{name: "names beyond ASCII", body: `<a><größe ß="1">2</größe><_a·‿名/></a>`, want: `{"größe":{"@ß":"1","#text":"2"},"_a·‿名":""}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.config.Root == "" {
				test.config.Root = "a"
			}
			f := mustXML(t, test.config)
			doc, err := f.Decode([]byte(test.body), "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(doc.Root())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if !doc.Repeats {
				t.Error("the document doesn't say that names repeat")
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
			again, err := f.Decode(out[len("before "):], "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(again.Root())); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}

func TestXMLWithoutRoot(t *testing.T) {
	f := mustXML(t, Config{Namespaces: map[string]string{"p": "urn:p"}})
	doc, err := f.Decode([]byte(`<x:a xmlns:x="urn:p">1</x:a>`), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := show(doc.Root()); got != `{"p:a":"1"}` {
		t.Errorf("got %s", got)
	}
	out, err := f.Append(nil, doc.Root())
	if want := `<p:a xmlns:p="urn:p">1</p:a>`; err != nil || string(out) != want {
		t.Errorf("written %s, %v, want %s", out, err, want)
	}
	for name, test := range map[string]struct{ value, want string }{
		"two members":   {`{"a":1,"b":2}`, "an object with 2 members is written, and without a root"},
		"a text":        {`"x"`, "text is written, and without a root"},
		"two of a name": {`{"a":[1,2]}`, "2 root elements would be written"},
		"none":          {`{"a":[]}`, "0 root elements would be written"},
		"an attribute":  {`{"@a":"1"}`, `an element can't be called "@a"`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := f.Append(nil, parse(t, test.value))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %v, want an error with %q", out, err, test.want)
			}
		})
	}
}

func TestXMLFromOtherDocuments(t *testing.T) {
	f := mustXML(t, Config{Root: "a", Namespaces: map[string]string{"p": "urn:p"}})
	const root = `<a xmlns:p="urn:p"`
	for name, test := range map[string]struct{ value, want, pointer, wantErr string }{
		"numbers and booleans":       {value: `{"n":1.50,"t":true,"f":false}`, want: root + `><n>1.50</n><t>true</t><f>false</f></a>`},
		"arrays":                     {value: `{"b":[1,2],"c":[],"d":[{"e":null}]}`, want: root + xsiDeclared + `><b>1</b><b>2</b><d><e xsi:nil="true"/></d></a>`},
		"attributes stand anywhere":  {value: `{"b":1,"@k":"1","@p:k":2}`, want: root + ` k="1" p:k="2"><b>1</b></a>`},
		"an empty text beside":       {value: `{"#text":"","b":1}`, want: root + `><b>1</b></a>`},
		"an empty object":            {value: `{}`, want: root + `/>`},
		"a number as text":           {value: `{"@k":1,"#text":2}`, want: root + ` k="1">2</a>`},
		"an array of arrays":         {value: `{"b":[[1]]}`, pointer: "/b/0", wantErr: "an array stands where one element"},
		"an array as root":           {value: `[1]`, wantErr: "an array stands where one element"},
		"a name with a space":        {value: `{"x":[{"a b":1}]}`, pointer: "/x/0/a b", wantErr: `an element can't be called "a b"`},
		"a name with a digit":        {value: `{"1x":1}`, pointer: "/1x", wantErr: "can't be called"},
		"an empty name":              {value: `{"":1}`, pointer: "/", wantErr: "can't be called"},
		"an empty attribute":         {value: `{"@":1}`, pointer: "/@", wantErr: "an attribute can't be called"},
		"two colons":                 {value: `{"p:a:b":1}`, pointer: "/p:a:b", wantErr: "can't be called"},
		"an unknown prefix":          {value: `{"@q:a":1}`, pointer: "/@q:a", wantErr: `the prefix of "q:a" isn't among`},
		"a declaration":              {value: `{"@xmlns":"urn:x"}`, pointer: "/@xmlns", wantErr: "would declare a namespace"},
		"a declaration of a prefix":  {value: `{"@xmlns:p":"urn:x"}`, pointer: "/@xmlns:p", wantErr: "would declare a namespace"},
		"an element of XML's":        {value: `{"xml:a":1}`, pointer: "/xml:a", wantErr: "can't be called"},
		"an attribute that is null":  {value: `{"@k":null}`, pointer: "/@k", wantErr: "an attribute can't be of the kind null"},
		"an attribute of many":       {value: `{"@k":[1]}`, pointer: "/@k", wantErr: "an attribute can't be of the kind array"},
		"an attribute twice":         {value: `{"b":{"@k":1,"@j":1,"@k":1}}`, pointer: "/b", wantErr: `the attribute "k" stands twice`},
		"a text that is null":        {value: `{"@k":1,"#text":null}`, pointer: "/#text", wantErr: "can't be of the kind null"},
		"a text twice":               {value: `{"#text":1,"#text":2}`, wantErr: "stands twice"},
		"text beside elements":       {value: `{"b":{"#text":"x","c":1}}`, pointer: "/b", wantErr: "text stands beside elements"},
		"text behind elements":       {value: `{"b":{"c":1,"#text":"x"}}`, pointer: "/b", wantErr: "text stands beside elements"},
		"what XML can't carry":       {value: `{"b":"\u0000"}`, pointer: "/b", wantErr: "a character that XML can't carry"},
		"nor in an attribute":        {value: `{"@b":"\u001f"}`, pointer: "/@b", wantErr: "a character that XML can't carry"},
		"nor as text":                {value: `{"@b":1,"#text":"\uffff"}`, pointer: "/#text", wantErr: "a character that XML can't carry"},
		"a header is nothing of XML": {value: `{"#header":1}`, pointer: "/#header", wantErr: "can't be called"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := f.Append(nil, parse(t, test.value))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) || pointerOf(err) != test.pointer {
					t.Fatalf("%s, %v at %q, want an error with %q at %q", out, err, pointerOf(err), test.wantErr, test.pointer)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(out)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
}

func TestXMLRefuses(t *testing.T) {
	deep := strings.Repeat("<a>", 600)
	for name, test := range map[string]struct{ body, pointer, want string }{
		"nothing":                        {"", "", "the body has no element"},
		"space":                          {" \n", "", "the body has no element"},
		"text":                           {"x", "", "something else than an element"},
		"JSON":                           {`{"a":1}`, "", "something else than an element"},
		"another root":                   {"<b/>", "", "the root element is b, not a"},
		"a root in another namespace":    {`<a xmlns="urn:p"/>`, "", "the root element is p:a, not a"},
		"two roots":                      {"<a/><a/>", "", "something stands behind the root"},
		"text behind the root":           {"<a/>x", "", "something stands behind the root"},
		"cut short in a tag":             {"<a><b", "", "ends too early"},
		"cut short in an element":        {"<a><b>1", "/b", "ends too early"},
		"cut short in an attribute":      {`<a b="1`, "", "ends too early"},
		"cut short in CDATA":             {`<a><![CDATA[x]]`, "", "never ended"},
		"an end tag of another":          {"<a><b></c></a>", "/b", "the end tag is that of another"},
		"an end tag that goes on":        {"<a><b></bb></a>", "/b", "the end tag is that of another"},
		"mixed content":                  {"<a><p>Hello <b>you</b></p></a>", "/p", "text stands beside elements"},
		"mixed content behind":           {"<a><p><b>you</b>!</p></a>", "/p", "text stands beside elements"},
		"an attribute without =":         {"<a b/>", "", "has no ="},
		"an attribute without quotes":    {"<a b=1/>", "", "no quotes"},
		"attributes without space":       {`<a b="1"c="2"/>`, "", "no space"},
		"an attribute twice":             {`<a b="1" c="" b="2"/>`, "", "b stands twice"},
		"an attribute twice, prefixes":   {`<a><b xmlns:x="urn:p" xmlns:y="urn:p" x:k="1" y:k="2"/></a>`, "", "p:k stands twice"},
		"a < in an attribute":            {`<a b="<"/>`, "", "a < stands in"},
		"]]> in text":                    {"<a>]]></a>", "", "outside of CDATA"},
		"an unknown entity":              {"<a>&nbsp;</a>", "", "other entities aren't known"},
		"no reference":                   {"<a>AT&T</a>", "", "other entities aren't known"},
		"a reference to nothing":         {"<a>&#0;</a>", "", "no character that XML can carry"},
		"a reference to a surrogate":     {"<a>&#xD800;</a>", "", "no character that XML can carry"},
		"a reference beyond Unicode":     {"<a>&#x110000;</a>", "", "no character that XML can carry"},
		"a reference with a sign":        {"<a>&#+65;</a>", "", "other entities aren't known"},
		"-- in a comment":                {"<a><!-- -- --></a>", "", "-- stands in a comment"},
		"a declaration within":           {"<a><!ELEMENT b></a>", "", "a declaration stands in an element"},
		"a late XML declaration":         {` <?xml version="1.0"?><a/>`, "", "elsewhere than at the beginning"},
		"XML 1.1":                        {`<?xml version="1.1"?><a/>`, "", "only 1.0 is read"},
		"a declaration without version":  {`<?xml encoding="utf-8"?><a/>`, "", "isn't one"},
		"control characters":             {"<a>\x01</a>", "", `'\x01' can't stand in XML, at byte 4 of the body`},
		"invalid UTF-8":                  {"<a>\xff</a>", "", "the body isn't UTF-8"},
		"a prefix that isn't declared":   {"<a><x:b/></a>", "", `the prefix "x" isn't declared`},
		"a prefix undeclared":            {`<a xmlns:x=""/>`, "", "declared as nothing"},
		"a prefix declared twice":        {`<a xmlns:x="urn:x" xmlns:x="urn:x"/>`, "", "declared twice"},
		"xmlns declared":                 {`<a xmlns:xmlns="urn:x"/>`, "", "can't be declared"},
		"xml declared as another":        {`<a xmlns:xml="urn:x"/>`, "", "can't be declared"},
		"an element of xmlns":            {`<a><xmlns:b/></a>`, "", "the prefix xmlns stands before"},
		"two colons":                     {`<a><b:c:d/></a>`, "", "can't be called"},
		"two unnamed namespaces":         {`<a><b/><b xmlns="urn:x"/></a>`, "", "b is in the namespace urn:x, and elements without a prefix are in no namespace"},
		"two unnamed of attributes":      {`<a k="1" xmlns:x="urn:x" x:j="1"/>`, "", "j is in the namespace urn:x, and attributes without a prefix are in no namespace"},
		"a document type with an inside": {`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`, "", "declarations in the body, which aren't read"},
		"a billion laughs": {`<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">` +
			`<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;">]><a>&lol2;</a>`, "", "declarations in the body, which aren't read"},
		"a comment without end":                 {"<a><!-- ", "", "never ended"},
		"an instruction without end":            {"<a><?x ", "", "never ended"},
		"an instruction of a name":              {"<a><?x:y:z?></a>", "", "can't be called"},
		"an instruction run together":           {"<a><?x\"?></a>", "", "never ended"},
		"an instruction named xml":              {"<a><?XML ?></a>", "", "elsewhere than at the beginning"},
		"a document type without a name":        {"<!DOCTYPE><a/>", "", "has no name"},
		"a document type of nobody":             {"<!DOCTYPE 1><a/>", "", "can't be called"},
		"a document type with tags":             {"<!DOCTYPE a <b>><a/>", "", "a < stands in the document type"},
		"a document type without end":           {`<!DOCTYPE a SYSTEM "<a/>`, "", "ends too early"},
		"a name that begins with what it can't": {"<a><\u00b7/></a>", "", "can't be called"},
		"an XML declaration that is none":       {`<?xml version="1.0" version="1.0"?><a/>`, "", "isn't one"},
		"an XML declaration without quotes":     {`<?xml version=1.0?><a/>`, "", "no quotes"},
		"an XML declaration without a version":  {`<?xml ?><a/>`, "", "says no version"},
		"an external entity":                    {`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`, "", "declarations in the body, which aren't read"},
		"two document types":                    {`<!DOCTYPE a><!DOCTYPE a><a/>`, "", "something else than an element"},
		"too deep":                              {deep + strings.Repeat("</a>", 600), "", "nests deeper than 512"},
		"too many attributes":                   {"<a" + many(" a%d=''", 1025) + "/>", "", "more than 1024 attributes"},
		"too many declarations":                 {"<a" + many(" xmlns:a%d='u'", 257) + "/>", "", "more than 256 namespace declarations"},
		"too long a prefix":                     {"<a><" + strings.Repeat("b", 1025) + ":b/></a>", "", "longer than 1024 bytes"},
		"too long a namespace":                  {"<a xmlns='" + strings.Repeat("b", 2049) + "'/>", "", "longer than 2048 bytes"},
		"too long a name":                       {"<a><" + strings.Repeat("b", 1025) + "/></a>", "", "longer than 1024 bytes"},
		"too many different names":              {`<a><x:b xmlns:x="urn:p">` + many("<x:b%d/>", 4097) + "</x:b></a>", "/p:b/p:b4095", "more than 4096 different names"},
	} {
		t.Run(name, func(t *testing.T) {
			f := mustXML(t, Config{Root: "a", Namespaces: map[string]string{"p": "urn:p"}})
			doc, err := f.Decode([]byte(test.body), "")
			if err == nil {
				t.Fatalf("got %s, want an error with %q", show(doc.Root()), test.want)
			}
			if !strings.Contains(err.Error(), test.want) || pointerOf(err) != test.pointer {
				t.Errorf("%v at %q, want %q at %q", err, pointerOf(err), test.want, test.pointer)
			}
		})
	}
}

// TestXMLErrorsTellTheByte holds that what is wrong with a body is a *document.Error that tells the
// byte as the JSON reader does: from 1, without a byte order mark.
func TestXMLErrorsTellTheByte(t *testing.T) {
	for _, test := range []struct{ name, body, contentType, want string }{
		{"the first byte", "x", "", "something else than an element stands here, at byte 1 of the body"},
		{"behind a byte order mark", "\uFEFFx", "", "something else than an element stands here, at byte 1 of the body"},
		{"in an element", "<a><b>AT&T</b></a>", "", "at /b: " + errReference.Error() + ", at byte 9 of the body"},
		{"in windows-1252", "<a>\x80&T</a>", "a/xml; charset=windows-1252", errReference.Error() + ", at byte 7 of the body"},
		{"the end", "<a>", "", "the body ends too early"},
		{"a control character", "<a>\x02</a>", "", `'\x02' can't stand in XML, at byte 4 of the body`},
		{"another set", "<a>\xfc</a>", "", "the body isn't UTF-8: the byte 0xFC is no part of a character there, at byte 4; what set is it in? (charset)"},
		{"UTF-16 that is cut", "\xff\xfe<", "", "the body isn't UTF-16: half a character stands in it"},
		{"an unknown set", "<a/>", "a/xml; charset=klingon", `the character set "klingon" isn't known; use an IANA name such as ISO-8859-1 or windows-1252`},
		{"two sets", "<a/>", "a/xml; charset=a; charset=b", `the content type "a/xml; charset=a; charset=b" names two character sets`},
		{"too deep", strings.Repeat("<a>", 513), "", "the body nests deeper than 512, at byte 1540 of the body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, f := range []Format{mustXML(t, Config{Root: "a"}), mustSOAP(t, Config{})} {
				if _, soap := f.(Faults); soap && strings.HasPrefix(test.want, "at ") {
					continue // it is no message before it is wrong
				}
				_, err := f.Decode([]byte(test.body), test.contentType)
				if _, ok := err.(*document.Error); !ok {
					t.Fatalf("%v isn't a *document.Error", err)
				}
				if _, soap := f.(Faults); !soap && err.Error() != test.want {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
			}
		})
	}
}

// TestXMLDeclarations holds that a declaration is what the grammar says, and nothing that looks like
// a part of one is taken for it.
func TestXMLDeclarations(t *testing.T) {
	const none = "the XML declaration isn't one, which has a version, then perhaps an encoding, then perhaps standalone, at byte "
	for _, test := range []struct{ name, declaration, want string }{
		{"a version", `<?xml version="1.0"?>`, "Ã¼"},
		{"all of it", "<?xml\tversion = '1.0'\r\nencoding\n=\n\"ISO-8859-1\" standalone='yes' ?>", "Ã¼"},
		{"latin1", `<?xml version='1.0' encoding='ISO-8859-1'?>`, "Ã¼"},
		{"UTF-8", `<?xml version='1.0' encoding='utf-8'?>`, "ü"},
		{"standalone", `<?xml version='1.0' standalone='no'?>`, "Ã¼"},
		{"another instruction", `<?xml-stylesheet encoding="utf-8"?>`, "Ã¼"},
		{"long", `<?xml version='1.0'` + strings.Repeat(" ", 2000) + `encoding='utf-8'?>`, "ü"},

		{"an encoding in a value", `<?xml version='1.0' standalone='encoding="utf-8"'?>`, `standalone is "encoding=\"utf-8\""; it is yes or no, at byte 21 of the body`},
		{"an encoding that is a part of a name", `<?xml version='1.0' xencoding='utf-8'?>`, none + "21 of the body"},
		{"an encoding that begins a name", `<?xml version='1.0' encodings='utf-8'?>`, none + "21 of the body"},
		{"a part of a part", `<?xml version='1.0' stand='no'?>`, none + "21 of the body"},
		{"no version", `<?xml encoding='utf-8'?>`, none + "7 of the body"},
		{"no version, but its end", `<?xml on='1.0'?>`, none + "7 of the body"},
		{"in another order", `<?xml version='1.0' standalone='no' encoding='utf-8'?>`, none + "37 of the body"},
		{"twice", `<?xml version='1.0' encoding='utf-8' encoding='utf-8'?>`, none + "38 of the body"},
		{"no space", `<?xml version='1.0'encoding='utf-8'?>`, none + "20 of the body"},
		{"no equals sign", `<?xml version='1.0' encoding'utf-8'?>`, none + "21 of the body"},
		{"no quotes", `<?xml version='1.0' encoding=utf-8?>`, "a value in the XML declaration has no quotes, at byte 30 of the body"},
		{"a reference", `<?xml version='1.&#48;'?>`, "the body is XML 1.&#48;; only 1.0 is read, at byte 7 of the body"},
		{"no name of a set", `<?xml version='1.0' encoding='utf 8'?>`, `"utf 8" is no name of a character set, at byte 21 of the body`},
		{"an empty set", `<?xml version='1.0' encoding=''?>`, `"" is no name of a character set, at byte 21 of the body`},
		{"no end", `<?xml version='1.0' encoding='utf-8`, "the body ends too early"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc, err := mustXML(t, Config{Root: "a", Charset: "ISO-8859-1"}).Decode([]byte(test.declaration+"<a>ü</a>"), "")
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = doc.Root().Text()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if err == nil { // the set is announced, and what is declared is only looked at
				doc, err = mustXML(t, Config{Root: "a"}).Decode([]byte(test.declaration+"<a>ü</a>"), "text/xml; charset=utf-8")
				if err != nil || doc.Root().Text() != "ü" {
					t.Errorf("announced: %v", err)
				}
			} else if _, again := mustXML(t, Config{Root: "a"}).Decode([]byte(test.declaration+"<a>ü</a>"), "text/xml; charset=utf-8"); again == nil || again.Error() != got {
				t.Errorf("announced: got %v", again)
			}
		})
	}
}
