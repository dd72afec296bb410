package format

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
)

func addSamples(f *testing.F, more ...string) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.xml"))
	if err != nil || len(files) < 8 {
		f.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, body := range more {
		f.Add([]byte(body))
	}
}

var xmlSeeds = []string{
	`<a/>`, `<a b="1" c='2'>x</a>`, `<a><b>1</b><b/></a>`, "<a>\r\n<![CDATA[x\r]]>&#13;&lt;<!-- c --><?p i?></a>",
	`<a xmlns="u" xmlns:p="urn:p"><p:b p:c="1"/></a>`, `<a` + xsiDeclared + `><b xsi:nil="1"/><b xsi:nil="true"><c/></b></a>`,
	`<!DOCTYPE a SYSTEM "x"><a/>`, `<a xml:lang="de" p:k="1" xmlns:p="urn:p">&#x1F600;</a>`, `<?xml version="1.0" encoding='utf-8'?><a/>`,
	"\xff\xfe<\x00a\x00/\x00>\x00", `<q:a xmlns:q="urn:p"/>`, `<a><b></b>x</a>`, `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`,
}

// xmlFormats are formats that FuzzXML reads and writes with.
func xmlFormats(t testing.TB) []Format {
	return []Format{
		mustXML(t, Config{}),
		mustXML(t, Config{Root: "a", Namespaces: map[string]string{"": "u", "p": "urn:p"}, CDATA: []string{".", "b"}}),
		mustXML(t, Config{Namespaces: map[string]string{"longer": "urn:p"}, Charset: "ISO-8859-1"}),
		mustXML(t, Config{Namespaces: map[string]string{"x": "u", "y": xsiURI}, Charset: "UTF-16"}),
	}
}

// FuzzXML says that what is read can be written, and is read again as the same document; and that
// what is read, encoding/xml reads alike.
func FuzzXML(f *testing.F) {
	addSamples(f, xmlSeeds...)
	formats := xmlFormats(f)
	f.Fuzz(func(t *testing.T, body []byte) { xmlAgain(t, formats, body) })
}

// fataler is what *testing.T and *rapid.T have.
type fataler interface {
	Fatalf(format string, args ...any)
}

// xmlAgain returns how many of the formats read a body.
func xmlAgain(t fataler, formats []Format, body []byte) (read int) {
	for i, x := range formats {
		doc, err := x.Decode(bytes.Clone(body), "")
		if err != nil {
			if !errors.As(err, new(*document.Error)) && !errors.As(err, new(*Fault)) {
				t.Fatalf("%v isn't a *document.Error", err)
			}
			continue
		}
		read++
		want := show(doc.Root())
		out, err := x.Append(nil, doc.Root())
		if err != nil {
			if i == 2 && errors.Is(err, errNotInCharset) {
				continue // a name: the body had another character set
			}
			t.Fatalf("%s isn't written: %v", want, err)
		}
		again, err := x.Decode(bytes.Clone(out), x.ContentType())
		if err != nil {
			t.Fatalf("%q isn't read again: %v", out, err)
		}
		if diff := cmp.Diff(want, show(again.Root())); diff != "" {
			t.Fatalf("format %d, %q (-read +read again):\n%s", i, out, diff)
		}
		if _, plain := x.(*xmlFormat); !plain || i > 0 {
			continue
		}
		if text, _, err := xmlUTF8(bytes.Clone(body), "", charset{}); err != nil {
			t.Fatalf("%v", err)
		} else if other, ok := oracle(t, text); ok && blanks(other) != blanks(want) {
			t.Fatalf("%q (-encoding/xml +here):\n%s", body, cmp.Diff(blanks(other), blanks(want)))
		}
	}
	return read
}

// pieces are what random bodies are made of.
var pieces = []string{
	"<a>", "</a>", "<a>", "</a>", "<b>", "</b>", "<c/>", "<p:b>", "</p:b>", "<p:a p:k='1' k='2'>", "</p:a>", "<b xsi:nil='1'/>", "<b xsi:nil='true' k=''>",
	`<b xsi:nil = "false">`, "<b xmlns='u'>", "<b xmlns=''>", "<p:b xmlns:p='u'>", `<a q:j="&lt;&#10;&#32;" xmlns:q="urn:p">`, "<a k=' \t\r\n'>",
	"x", " ", "\n", "\r\n", "\r", "&amp;", "&#13;", "&#x20;", "]]", "&gt;", "<![CDATA[]]>", "<![CDATA[ ]]>", "<![CDATA[<x>\r\n]]]]>", "<!-- - -->", "<?p ??>", "€", "ß",
}

// TestXMLAgain is FuzzXML with bodies that look like XML.
func TestXMLAgain(t *testing.T) {
	formats, read, tried := xmlFormats(t), 0, 0
	message := []Format{mustSOAP(t, Config{}), mustSOAP(t, Config{Root: "a", Namespaces: map[string]string{"nsp": "urn:p", "": "u"}})}
	rapid.Check(t, func(t *rapid.T) {
		tried++
		var body strings.Builder
		var open []string
		for _, piece := range rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 14).Draw(t, "pieces") {
			switch {
			case strings.HasPrefix(piece, "</"):
				if len(open) == 0 {
					continue
				}
				piece, open = open[len(open)-1], open[:len(open)-1] // so that many are well-formed
			case piece[0] == '<' && piece[1] != '!' && piece[1] != '?' && !strings.HasSuffix(piece, "/>"):
				name, _, _ := strings.Cut(strings.Trim(piece, "<>"), " ")
				open = append(open, "</"+name+">")
			}
			body.WriteString(piece)
		}
		for _, end := range slices.Backward(open) {
			body.WriteString(end)
		}
		inside := body.String()
		const declared = " xmlns:p='urn:p' xmlns:xsi='" + xsiURI + "'>"
		read += xmlAgain(t, formats, []byte("<a"+declared+inside+"</a>"))
		read += xmlAgain(t, message, []byte(envelope11+declared+"<soap:Header>"+inside+"</soap:Header><soap:Body><a xmlns='u'>"+inside+"</a>"+closing))
	})
	if read < tried/2 { // each has several chances
		t.Errorf("only %d of %d bodies were read", read, tried)
	}
}

// blanks makes spaces of ends of lines, which encoding/xml leaves in attributes.
func blanks(s string) string { return strings.NewReplacer(`\n`, " ", `\r`, " ", `\t`, " ").Replace(s) }

// oracle reads a body, which is good, with encoding/xml into what show makes of its document.
func oracle(t fataler, text []byte) (string, bool) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	type element struct {
		members  []string
		text     string
		children bool
		null     bool
	}
	quote := func(s string) string {
		q, _ := jsontext.AppendQuote(nil, s)
		return string(q)
	}
	name := func(n xml.Name) string {
		switch n.Space {
		case xmlURI:
			return "xml:" + n.Local
		case xsiURI:
			return "xsi:" + n.Local
		}
		return n.Local
	}
	open := []*element{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "{" + strings.Join(open[0].members, ",") + "}", len(open[0].members) == 1
		}
		if err != nil {
			if !isASCII(text) && (strings.Contains(err.Error(), "invalid XML name") || strings.Contains(err.Error(), "expected ")) {
				return "", false // it knows the names of older editions only, which have the same of ASCII
			}
			t.Fatalf("%q is read, but not by encoding/xml: %v", text, err)
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			top.children = true
			e := &element{}
			var rest []string
			for _, a := range token.Attr {
				n := name(a.Name)
				switch {
				case a.Name.Space == "xmlns" || n == "xmlns":
					continue
				case n == "xsi:nil" && (a.Value == "false" || a.Value == "0"):
					continue
				case n == "xsi:nil" && (a.Value == "true" || a.Value == "1"):
					e.null = true
				}
				rest = append(rest, quote("@"+n)+":"+quote(a.Value))
			}
			e.null = e.null && len(rest) == 1
			e.members = rest
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
			value := quote(top.text)
			blank := strings.Trim(top.text, " \t\r\n") == ""
			switch {
			case top.null && !top.children && blank:
				value = "null"
			case len(top.members) > 0:
				if !blank {
					top.members = append(top.members, quote(textName)+":"+value)
				}
				value = "{" + strings.Join(top.members, ",") + "}"
			}
			parent := open[len(open)-1]
			parent.members = append(parent.members, quote(name(token.Name))+":"+value)
		case xml.CharData:
			top.text += string(token)
		}
	}
}

// fatal is a fataler that stops with what it is told.
type fatal struct{}

func (fatal) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// TestOracle holds that what encoding/xml doesn't read is a failure of FuzzXML, but for names that it
// doesn't know.
func TestOracle(t *testing.T) {
	for body, want := range map[string]string{
		`<a b="1">x</a>`: `{"a":{"@b":"1","#text":"x"}}`,
		"<a\U00010000/>": "",
		"<a =''/>":       "fails",
		"< a/>":          "fails",
		"<a /b>":         "fails",
		"<a b''/>":       "fails",
		"<a":             "fails",
	} {
		t.Run(body, func(t *testing.T) {
			got := "fails"
			func() {
				defer func() { _ = recover() }()
				got, _ = oracle(fatal{}, []byte(body))
			}()
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// FuzzSOAP is FuzzXML for messages and faults; no fault is lost on the way through a problem.
func FuzzSOAP(f *testing.F) {
	addSamples(f, envelope11+`><soap:Header><h soap:mustUnderstand="1"/></soap:Header><soap:Body><a>1</a>`+closing,
		envelope12+`><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code></soap:Fault>`+closing,
		envelope11+`><soap:Body><soap:Fault><faultcode xmlns:x="urn:x">x:y</faultcode><detail><problem xmlns="urn:ietf:rfc:7807" status="404"><a type="number">1</a></problem></detail></soap:Fault>`+closing)
	formats := []*soapFormat{
		mustSOAP(f, Config{}), mustSOAP(f, Config{Version: "1.2"}),
		mustSOAP(f, Config{Root: "a", Namespaces: orders}),
		mustSOAP(f, Config{Root: "GetOrders", Namespaces: orders, Version: "1.2", Charset: "UTF-16"}),
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, x := range formats {
			doc, err := x.Decode(bytes.Clone(body), "")
			var fault *Fault
			if errors.As(err, &fault) {
				faultsAgain(t, x, fault)
				continue
			} else if err != nil {
				if !errors.As(err, new(*document.Error)) {
					t.Fatalf("%v isn't a *document.Error", err)
				}
				continue
			}
			want := show(doc.Root())
			out, err := x.Append(nil, doc.Root())
			if err != nil {
				t.Fatalf("%s isn't written: %v", want, err)
			}
			again, err := x.Decode(bytes.Clone(out), "")
			if err != nil {
				t.Fatalf("%q isn't read again: %v", out, err)
			}
			if diff := cmp.Diff(want, show(again.Root())); diff != "" {
				t.Errorf("%q (-read +read again):\n%s", out, diff)
			}
		}
	})
}

func faultsAgain(t *testing.T, x *soapFormat, fault *Fault) {
	status, problem, err := ProblemOf(fault)
	if err == nil {
		other, err := FaultOf(status, problem.Root())
		if err != nil {
			t.Fatal(err)
		}
		if body, err := x.AppendFault(nil, other); err == nil {
			var back *Fault
			if _, err := x.Decode(body, ""); !errors.As(err, &back) {
				t.Fatalf("%q is no fault: %v", body, err)
			}
			gotStatus, got, err := ProblemOf(back)
			if err != nil || gotStatus != status || show(got.Root()) != show(problem.Root()) {
				t.Errorf("%d %s came back as %d %s, %v", status, show(problem.Root()), gotStatus, show(got.Root()), err)
			}
		}
	}
	out, err := x.AppendFault(nil, fault)
	if err != nil {
		return // names in the detail that stand for several namespaces
	}
	var back *Fault
	if _, err := x.Decode(bytes.Clone(out), ""); !errors.As(err, &back) {
		t.Fatalf("%q is no fault: %v", out, err)
	}
	if back.Reason() != fault.Reason() || back.Actor != fault.Actor || show(back.Detail) != show(fault.Detail) || back.Sender() != fault.Sender() {
		t.Errorf("%+v came back as %+v", tell(fault), tell(back))
	}
}
