package format

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/document"
)

// faultIn returns the fault that a message is.
func faultIn(t *testing.T, f Format, body []byte) *Fault {
	t.Helper()
	doc, err := f.Decode(body, "")
	var fault *Fault
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, %v, want a fault from %s", doc, err, body)
	}
	return fault
}

// told is a fault as tests compare it.
type told struct {
	Code     string
	Subcodes []string
	Reasons  []Reason
	Actor    string
	Node     string
	Detail   string
}

func tell(f *Fault) told {
	return told{f.Code, f.Subcodes, f.Reasons, f.Actor, f.Node, show(f.Detail)}
}

func TestSOAPFaults(t *testing.T) {
	v11 := mustSOAP(t, Config{Root: "GetOrdersResponse", Namespaces: orders})
	v12 := mustSOAP(t, Config{Root: "GetOrdersResponse", Namespaces: orders, Version: "1.2"})
	bare := func(s string) []byte {
		return []byte(envelope11 + `><soap:Body><soap:Fault>` + s + `</soap:Fault>` + closing)
	}
	for _, test := range []struct {
		name   string
		format *soapFormat
		body   []byte
		want   told
		reason string
		status int
		sender bool
	}{
		{"SOAP 1.1", v11, sample(t, "soap", "fault11.xml"), told{Code: "Client.UnknownCustomer", Reasons: []Reason{{"de", "Kunde 00012345 gibt es nicht"}},
			Actor: "http://legacy.example.com/crm", Detail: `{"OrderFault":{"Code":{"@xsi:type":"xsd:int","#text":"17"},"Hint":"check the number","Hint":"or the date"}}`},
			"Kunde 00012345 gibt es nicht", 500, true},
		{"SOAP 1.2", v12, sample(t, "soap", "fault12.xml"), told{Code: "Sender", Subcodes: []string{"{http://www.w3.org/2003/05/soap-rpc}BadArguments", "{http://legacy.example.com/orders/2009}NoSuchStatus"},
			Reasons: []Reason{{"de", "Diesen Status gibt es nicht"}, {"en-US", "There is no such status"}},
			Actor:   "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver", Node: "http://legacy.example.com/node", Detail: `{"Status":"OPNE"}`},
			"There is no such status", 400, true},
		{"the server's", v11, bare(`<faultcode>soap:Server</faultcode><faultstring>x</faultstring>`), told{Code: "Server", Reasons: []Reason{{"", "x"}}}, "x", 500, false},
		{"a code without its prefix", v11, bare(`<faultcode> Client </faultcode><faultstring/>`), told{Code: "Client", Reasons: []Reason{{}}}, "", 500, true},
		{"a code of nobody", v11, bare(`<faultcode>ORA-00942</faultcode><faultstring>x</faultstring><detail/>`), told{Code: "ORA-00942", Reasons: []Reason{{"", "x"}}, Detail: `""`}, "x", 500, false},
		{"a code with a prefix of nobody", v11, bare(`<faultcode>x:y</faultcode><faultstring>x</faultstring>`), told{Code: "x:y", Reasons: []Reason{{"", "x"}}}, "x", 500, false},
		{"a code with a known prefix", v11, bare(`<faultcode xmlns:q="http://legacy.example.com/money">q:NoMoney</faultcode><faultstring>x</faultstring>`), told{Code: "m:NoMoney", Reasons: []Reason{{"", "x"}}}, "x", 500, false},
		{"a code with an unknown URI", v11, bare(`<faultcode xmlns:q="urn:q">q:NoMoney</faultcode><faultstring>x</faultstring>`), told{Code: "{urn:q}NoMoney", Reasons: []Reason{{"", "x"}}}, "x", 500, false},
		{"a detail of a text", v11, bare(`<faultcode>soap:Server</faultcode><faultstring>x</faultstring><detail>java.lang.NullPointerException` + "\n\tat x" + `</detail>`), told{Code: "Server", Reasons: []Reason{{"", "x"}}, Detail: `"java.lang.NullPointerException\n\tat x"`}, "x", 500, false},
		{"a detail in no namespace", v11, bare(`<faultcode>soap:Server</faultcode><faultstring>x</faultstring><detail><code>1</code></detail>`), told{Code: "Server", Reasons: []Reason{{"", "x"}}, Detail: `{"code":"1"}`}, "x", 500, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := faultIn(t, test.format, test.body)
			if diff := cmp.Diff(test.want, tell(f)); diff != "" {
				t.Errorf("fault (-want +got):\n%s", diff)
			}
			if f.Reason() != test.reason || f.Sender() != test.sender || test.format.FaultStatus(f) != test.status {
				t.Errorf("reason %q, sender %t, status %d", f.Reason(), f.Sender(), test.format.FaultStatus(f))
			}
			out, err := test.format.AppendFault([]byte("before "), f)
			if err != nil {
				t.Fatal(err)
			}
			rest, ok := strings.CutPrefix(string(out), "before ")
			if !ok {
				t.Errorf("written over what was before: %s", out)
			}
			if diff := cmp.Diff(test.want, tell(faultIn(t, test.format, []byte(rest)))); diff != "" {
				t.Errorf("read again (-want +got):\n%s\n%s", diff, out)
			}
		})
	}
}

func TestFaultIsAnError(t *testing.T) {
	f := mustSOAP(t, Config{Root: "a"})
	_, err := f.Decode([]byte(envelope11+`><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>no</faultstring></soap:Fault>`+closing), "")
	if want := "the message is a SOAP fault: Client: no"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for body, want := range map[string]string{
		"<faultcode><b/></faultcode>":                        "an element stands in faultcode, which has text",
		"<faultstring>x<b/></faultstring>":                   "an element stands in faultstring",
		"<soap:Code><x/></soap:Code>":                        "x stands in the code of the fault",
		"<soap:Reason>x</soap:Reason>":                       "text stands in soap:Reason",
		"<detail>x<b/></detail>":                             "text stands beside elements",
		"<faultactor>":                                       "the end tag is that of another",
		"<detail/><soap:Detail/>":                            "soap:Detail stands in the fault a second time",
		"<faultcode>a</faultcode><faultcode>b</faultcode>":   "faultcode stands in the fault a second time",
		"<faultstring/><faultstring/>":                       "faultstring stands in the fault a second time",
		"<faultactor/><faultactor/>":                         "faultactor stands in the fault a second time",
		"<faultcode>soap:Client</faultcode><faultstring>&x;": "other entities aren't known",
	} {
		if _, err := f.Decode([]byte(envelope11+`><soap:Body><soap:Fault>`+body+`</soap:Fault>`+closing), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	code := strings.Repeat("<soap:Subcode><soap:Value>a</soap:Value>", 70) + strings.Repeat("</soap:Subcode>", 70)
	for body, want := range map[string]string{
		"<soap:Reason>" + strings.Repeat("<soap:Text/>", 65) + "</soap:Reason>":   "more than 64 reasons",
		"<soap:Code><soap:Value>soap:Sender</soap:Value>" + code + "</soap:Code>": "more than 64 subcodes",
	} {
		_, err := mustSOAP(t, Config{}).Decode([]byte(envelope11+`><soap:Body><soap:Fault>`+body+`</soap:Fault>`+closing), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestFaultAsWritten(t *testing.T) {
	v11 := mustSOAP(t, Config{Namespaces: map[string]string{"": "urn:o"}})
	v12 := mustSOAP(t, Config{Namespaces: map[string]string{"": "urn:o"}, Version: "1.2"})
	detail := parse(t, `{"Problem":{"Code":"1"}}`)
	for _, test := range []struct {
		name   string
		format *soapFormat
		fault  Fault
		want   string
	}{
		{"SOAP 1.1, whose parts are in no namespace", v11, Fault{Code: "Client", Reasons: []Reason{{"", "a < b"}}, Detail: detail},
			envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>a &lt; b</faultstring>` +
				`<detail><Problem xmlns="urn:o"><Code>1</Code></Problem></detail></soap:Fault>` + closing},
		{"SOAP 1.2", v12, Fault{Code: "Sender", Reasons: []Reason{{"", "x"}}, Detail: detail},
			`<soap:Envelope xmlns="urn:o" xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>` +
				`<soap:Reason><soap:Text xml:lang="en">x</soap:Text></soap:Reason><soap:Detail><Problem><Code>1</Code></Problem></soap:Detail></soap:Fault>` + closing},
		{"SOAP 1.1's code in 1.2", v12, Fault{Code: "Client.Authentication"},
			`<soap:Envelope xmlns="urn:o" xmlns:soap="http://www.w3.org/2003/05/soap-envelope"><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value>` +
				`<soap:Subcode><soap:Value>Client.Authentication</soap:Value></soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang="en"></soap:Text></soap:Reason></soap:Fault>` + closing},
		{"SOAP 1.2's code in 1.1", v11, Fault{Code: "Receiver", Reasons: []Reason{{"de", "nein"}, {"en", "no"}}},
			envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring xml:lang="en">no</faultstring></soap:Fault>` + closing},
		{"nothing at all", v11, Fault{}, envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring></faultstring></soap:Fault>` + closing},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := test.format.AppendFault(nil, &test.fault)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(out)); diff != "" {
				t.Errorf("written (-want +got):\n%s", diff)
			}
		})
	}
	for _, f := range []Fault{{Code: "\x00"}, {Reasons: []Reason{{"", "\x00"}}}, {Actor: "\x00"}, {Detail: parse(t, `{"a b":1}`)}} {
		if out, err := v11.AppendFault(nil, &f); err == nil {
			t.Errorf("%+v was written: %s", f, out)
		}
	}
}

func TestProblemsAreFaults(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		problem string
		code    string
		reason  string
	}{
		"plain":             {404, `{"type":"https://x/none","title":"No such order","status":404,"detail":"Order 7 isn't here.","instance":"/orders/7"}`, "Client", "No such order"},
		"extensions":        {422, `{"title":"Wrong","errors":[{"pointer":"#/age","n":-1.50e3,"deep":[[],[1,null,"x"],{}]},"text"],"retry":false,"balance":30,"none":null,"empty":"","space":" "}`, "Client", "Wrong"},
		"odd names":         {500, `{"a b":"1","":" ","x:y":{"1":null,"2":[true]},"member":"m","i":"i","@type":"t","#text":"u"}`, "Server", "Internal Server Error"},
		"a status elsewise": {503, `{"status":"503","detail":"down"}`, "Server", "down"},
		"another status":    {409, `{"status":400,"title":5}`, "Client", "Conflict"},
		"a nested status":   {409, `{"x":{"status":"7","type":1}}`, "Client", "Conflict"},
		"nothing":           {502, `{}`, "Server", "Bad Gateway"},
		"order":             {400, `{"z":"1","title":"t","a":"2"}`, "Client", "t"},
		"fault":             {400, `{"title":"t","fault":{"code":"x"}}`, "Client", "t"},
	} {
		for _, version := range []string{"1.1", "1.2"} {
			t.Run(name+" "+version, func(t *testing.T) {
				f := mustSOAP(t, Config{Version: version, Charset: "ISO-8859-1", Namespaces: map[string]string{"": "urn:o"}})
				fault, err := FaultOf(test.status, parse(t, test.problem))
				if err != nil {
					t.Fatal(err)
				}
				if fault.Code != test.code || fault.Reason() != test.reason {
					t.Errorf("code %s, reason %q", fault.Code, fault.Reason())
				}
				body, err := f.AppendFault(nil, fault)
				if err != nil {
					t.Fatal(err)
				}
				status, problem, err := ProblemOf(faultIn(t, f, body))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.problem, show(problem.Root())); diff != "" || status != test.status || problem.Repeats {
					t.Errorf("status %d, repeats %t, problem (-want +got):\n%s\n%s", status, problem.Repeats, diff, body)
				}
			})
		}
	}
	if f, err := FaultOf(503, document.Value{}); err != nil || f.Code != "Server" {
		t.Errorf("of no problem: %+v, %v", f, err)
	}
}

func TestFaultsAreProblems(t *testing.T) {
	v11 := mustSOAP(t, Config{Namespaces: orders})
	v12 := mustSOAP(t, Config{Namespaces: orders, Version: "1.2"})
	rfc := envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Client</faultcode><faultstring>x</faultstring><detail><problem xmlns="urn:ietf:rfc:7807">` +
		`<type>https://x</type><status>403</status><accounts><i>1</i><i><a>2</a></i></accounts><n><b>1</b><b>2</b></n></problem></detail></soap:Fault>` + closing
	for name, test := range map[string]struct {
		format *soapFormat
		body   string
		status int
		want   string
	}{
		"SOAP 1.1": {v11, string(sample(t, "soap", "fault11.xml")), 400, `{"title":"Kunde 00012345 gibt es nicht","status":400,"fault":{"code":"Client.UnknownCustomer","actor":"http://legacy.example.com/crm",` +
			`"reasons":[{"lang":"de","text":"Kunde 00012345 gibt es nicht"}],"detail":{"OrderFault":{"Code":{"@xsi:type":"xsd:int","#text":"17"},"Hint":["check the number","or the date"]}}}}`},
		"SOAP 1.2": {v12, string(sample(t, "soap", "fault12.xml")), 400, `{"title":"There is no such status","status":400,"fault":{"code":"Sender",` +
			`"subcodes":["{http://www.w3.org/2003/05/soap-rpc}BadArguments","{http://legacy.example.com/orders/2009}NoSuchStatus"],` +
			`"actor":"http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver","node":"http://legacy.example.com/node",` +
			`"reasons":[{"lang":"de","text":"Diesen Status gibt es nicht"},{"lang":"en-US","text":"There is no such status"}],"detail":{"Status":"OPNE"}}}`},
		"a text": {v11, envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>x</faultstring><detail>y</detail></soap:Fault>` + closing, 500,
			`{"title":"x","status":500,"detail":"y","fault":{"code":"Server"}}`},
		"a problem in XML of others": {v11, rfc, 403, `{"type":"https://x","status":403,"accounts":["1",{"a":"2"}],"n":{"b":["1","2"]},"fault":{"code":"Client","reasons":[{"text":"x"}]}}`},
		"a problem beside other details": {v12, envelope12 + `><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value><soap:Subcode><soap:Value>x</soap:Value></soap:Subcode></soap:Code>` +
			`<soap:Reason><soap:Text xml:lang="de">Weg</soap:Text><soap:Text xml:lang="EN-us">Gone</soap:Text></soap:Reason><soap:Node>urn:n</soap:Node><soap:Role>urn:r</soap:Role>` +
			`<soap:Detail><trace>1</trace><problem xmlns="urn:ietf:rfc:7807"><title>Gone</title></problem><trace>2</trace></soap:Detail></soap:Fault>` + closing, 500,
			`{"title":"Gone","fault":{"code":"Receiver","subcodes":["x"],"actor":"urn:r","node":"urn:n","reasons":[{"lang":"de","text":"Weg"},{"lang":"EN-us","text":"Gone"}],"detail":{"trace":["1","2"]}}}`},
		"a problem and nothing else": {v12, envelope12 + `><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>` +
			`<soap:Reason><soap:Text xml:lang="en">Gone</soap:Text></soap:Reason><soap:Detail><problem xmlns="urn:ietf:rfc:7807"><title>Gone</title></problem></soap:Detail></soap:Fault>` + closing, 500,
			`{"title":"Gone"}`},
		"several languages": {v12, envelope12 + `><soap:Body><soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>` +
			`<soap:Reason><soap:Text xml:lang="de">Weg</soap:Text><soap:Text xml:lang="EN-us">Gone</soap:Text></soap:Reason></soap:Fault>` + closing, 400,
			`{"title":"Gone","status":400,"fault":{"code":"Sender","reasons":[{"lang":"de","text":"Weg"},{"lang":"EN-us","text":"Gone"}]}}`},
		"a problem that is a text": {v11, envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>x</faultstring><detail><problem xmlns="urn:ietf:rfc:7807">y</problem></detail></soap:Fault>` + closing, 500,
			`{"title":"x","status":500,"fault":{"code":"Server","detail":{"problem:problem":"y"}}}`},
		"a problem of odd elements": {v11, envelope11 + `><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>t</faultstring><detail><problem xmlns="urn:ietf:rfc:7807" status="500">` +
			`<title xml:lang="en">t</title><a type="text">b</a><c type="array">d</c><e type="null">f</e><g type="object">h</g><i><i>j</i><k>l</k></i><x:m xmlns:x="http://legacy.example.com/common">n</x:m><o xml:lang="de"/></problem></detail></soap:Fault>` + closing, 500,
			`{"title":"t","a":"b","c":"d","e":"f","g":"h","i":{"i":"j","k":"l"},"c:m":"n","o":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			status, problem, err := ProblemOf(faultIn(t, test.format, []byte(test.body)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, show(problem.Root())); diff != "" || status != test.status {
				t.Errorf("status %d, problem (-want +got):\n%s", status, diff)
			}
		})
	}
	for _, kind := range []string{"number", "boolean"} {
		wrong := strings.Replace(rfc, "<n>", `<n type="`+kind+`">`, 1)
		if _, _, err := ProblemOf(faultIn(t, v11, []byte(wrong))); err == nil || !strings.Contains(err.Error(), "is no "+kind) {
			t.Errorf("a wrong %s: %v", kind, err)
		}
	}
}
