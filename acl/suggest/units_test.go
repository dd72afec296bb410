package suggest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name string
		want []string
	}{
		{"CUST_NM", []string{"cust", "nm"}},
		{"customerName", []string{"customer", "name"}},
		{"VATNumber", []string{"vat", "number"}},
		{"ship-to.Zip", []string{"ship", "to", "zip"}},
		{"ADDR_LINE1", []string{"addr", "line", "1"}},
		{"@xsi:nil", []string{"xsi", "nil"}},
		{"größeÄnderung", []string{"größe", "änderung"}},
		{"__", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, split(tt.name)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Names that a person takes for the same are more alike than those that aren't.
func TestAlike(t *testing.T) {
	words := func(s string) []word {
		p, err := document.ParsePath(s)
		if err != nil {
			t.Fatal(err)
		}
		return wordsOf(p)
	}
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"CUST_NM", "customerName", true}, {"CUST_NM", "customer.name", true}, {"CRT_DT", "createdAt", true}, {"AUTH_NM", "author", true},
		{"STS_CD", "status", true}, {"IS_VIP", "vip", true}, {"PG_CNT", "pages", true}, {"TTL", "title", true}, {"addr.zip", "address.postalCode", true},
		{"KD_NR", "customerNumber", true}, {"GEBURTSDATUM", "dateOfBirth", false}, {"CUST_NM", "customer.id", false},
		{"PRC", "street", false}, {"NO", "note", false}, {"A", "b", false}, {"created_at", "createdAt", true}, {"description", "descr", true},
	} {
		t.Run(tt.a+" "+tt.b, func(t *testing.T) {
			got, back := alike(words(tt.a), words(tt.b)), alike(words(tt.b), words(tt.a))
			if (got >= 0.65) != tt.same || got < 0 || got > 1 {
				t.Errorf("alike: %.2f", got)
			}
			if diff := got - back; diff > 0.01 || diff < -0.01 {
				t.Errorf("%.2f one way and %.2f the other", got, back)
			}
		})
	}
}

func TestParseDecimal(t *testing.T) {
	tests := []struct {
		name, text string
		notation   notation
		want       string // digits e exp; empty: none
	}{
		{"plain", "12.30", notations[0], "123e-1"},
		{"whole", "1200", notations[0], "12e2"},
		{"zeros in front", "0012", notations[0], "12e0"},
		{"zero", "0.00", notations[0], "e0"},
		{"minus", "-7", notations[0], "-7e0"},
		{"minus behind", "7-", notations[0], "-7e0"},
		{"groups", "1.234,50", notation{",", "."}, "12345e-1"},
		{"groups of two", "1.23", notation{",", "."}, ""},
		{"no fraction behind the point", "1.", notations[0], ""},
		{"an exponent", "1e3", notations[0], ""},
		{"nothing", "", notations[0], ""},
		{"a word", "abc", notations[0], ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if d, ok := parseDecimal(tt.text, tt.notation); ok {
				if d.negative {
					got = "-"
				}
				got += d.digits + "e" + itoa(d.exp)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func itoa(n int) string {
	if n < 0 {
		return "-" + itoa(-n)
	}
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// The matching is the best there is: compared with all of them.
func TestAssign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, m := rapid.IntRange(0, 5).Draw(t, "rows"), rapid.IntRange(1, 5).Draw(t, "columns")
		scores := make([][]float64, n)
		for i := range scores {
			scores[i] = make([]float64, m)
			for j := range scores[i] {
				scores[i][j] = float64(rapid.IntRange(-3, 9).Draw(t, "score"))
			}
		}
		match := assign(scores)
		sum, used := 0.0, map[int]bool{}
		for i, j := range match {
			if j < 0 {
				continue
			}
			if used[j] || scores[i][j] <= 0 {
				t.Fatalf("%v of %v", match, scores)
			}
			used[j] = true
			sum += scores[i][j]
		}
		if best := bestOf(scores, 0, map[int]bool{}); sum < best-1e-9 {
			t.Fatalf("%v of %v is %v, and %v is possible", match, scores, sum, best)
		}
	})
}

func bestOf(scores [][]float64, i int, used map[int]bool) float64 {
	if i == len(scores) {
		return 0
	}
	best := bestOf(scores, i+1, used)
	for j, s := range scores[i] {
		if !used[j] && s > 0 {
			used[j] = true
			best = max(best, s+bestOf(scores, i+1, used))
			delete(used, j)
		}
	}
	return best
}

func TestFormatOf(t *testing.T) {
	tests := []struct {
		name, body, contentType string
		want                    format.Config
		err                     bool
	}{
		{name: "JSON", body: " {\"a\":1}\n", want: format.Config{Name: format.JSON}},
		{name: "JSON with a byte order mark", body: "\ufeff[1]", want: format.Config{Name: format.JSON}},
		{name: "JSON of several lines", body: "{\n\"a\":1}", want: format.Config{Name: format.JSON}},
		{name: "lines of JSON", body: "{\"a\":1}\n{\"a\":2}\n", want: format.Config{Name: format.NDJSON}},
		{name: "one line that says so", body: "{\"a\":1}\n", contentType: "application/x-ndjson", want: format.Config{Name: format.NDJSON}},
		{name: "XML", body: `<?xml version="1.0" encoding="iso-8859-1"?><!-- x --><o:ord xmlns:o="urn:o" xmlns="urn:d"><a/></o:ord>`,
			want: format.Config{Name: format.XML, Charset: "iso-8859-1", Root: "o:ord", Declaration: true, Namespaces: map[string]string{"o": "urn:o", "": "urn:d"}}},
		{name: "SOAP", body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><x/></s:Header><s:Body><m:Get xmlns:m="urn:m"/></s:Body></s:Envelope>`,
			want: format.Config{Name: format.SOAP, Root: "m:Get", Namespaces: map[string]string{"m": "urn:m"}}},
		{name: "SOAP 1.2", body: `<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"><Body><Get xmlns=""/></Body></Envelope>`,
			want: format.Config{Name: format.SOAP, Version: "1.2", Root: "Get"}},
		{name: "no namespace, and one", body: `<a xmlns="" xmlns:o="urn:o"/>`, want: format.Config{Name: format.XML, Root: "a", Namespaces: map[string]string{"o": "urn:o"}}},
		{name: "a form", body: "a=1&b=%20", want: format.Config{Name: format.Form}},
		{name: "a form that says so", body: "a", contentType: "application/x-www-form-urlencoded; charset=windows-1252", want: format.Config{Name: format.Form, Charset: "windows-1252"}},
		{name: "a multipart form", body: "--x", contentType: "multipart/form-data; boundary=x", want: format.Config{Name: format.Multipart}},
		{name: "CSV", body: "A;B\r\n1;2\r\n", want: format.Config{Name: format.CSV, Delimiter: ";", Header: true, Newline: "\r\n"}},
		{name: "CSV with commas", body: "A,B\nx,\"1,2\"\n", want: format.Config{Name: format.CSV, Header: true}},
		{name: "no UTF-8", body: "A,B\nM\xfcller,2\n", want: format.Config{Name: format.CSV, Header: true, Charset: "windows-1252"}},
		{name: "HTML", body: "<!DOCTYPE html><html>", err: true},
		{name: "nothing", body: " \n", err: true},
		{name: "a sentence", body: "no such thing", err: true},
		{name: "broken XML", body: "<a", err: true},
		{name: "SOAP without a body", body: `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>`, err: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := FormatOf([]byte(tt.body), tt.contentType)
			if (err != nil) != tt.err {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEqual(t *testing.T) {
	json, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, a, b string
		textual    bool
		want       bool
	}{
		{"the same list", `["a","b"]`, `["a","b"]`, false, true},
		{"another order", `["a","b"]`, `["b","a"]`, false, false},
		{"an element more", `["a"]`, `["a","b"]`, false, false},
		{"another element inside", `[["a"]]`, `[["b"]]`, false, false},
		{"a list and its element", `["a"]`, `"a"`, false, false},
		{"which are the same in a textual format", `["a"]`, `"a"`, true, true},
		{"if it is that element", `["a"]`, `"b"`, true, false},
		{"a number and a text", `1`, `"1"`, false, false},
		{"which are the same there, too", `1`, `"1"`, true, true},
		{"another text", `"a"`, `"b"`, false, false},
		{"an object with a member more", `{"a":1}`, `{"a":1,"b":2}`, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := json.Decode([]byte(tt.a), "")
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Decode([]byte(tt.b), "")
			if err != nil {
				t.Fatal(err)
			}
			if got := equal(a.Root(), b.Root(), tt.textual); got != tt.want {
				t.Errorf("equal: %t", got)
			}
		})
	}
}

func TestSingular(t *testing.T) {
	for name, want := range map[string]string{"lines": "line", "addresses": "address", "categories": "category", "boxes": "box", "status": "status",
		"orderLines": "order-line", "data": "data", "_": "element", "bus": "bus", "s": "s", "größen": "gren", "счета": "element"} {
		if got := singular(document.Path{{Name: name}}); got != want {
			t.Errorf("an element of %s is %q, want %q", name, got, want)
		}
	}
}
