package exchange_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl"
	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/exchange"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// soapCustomers are a SOAP endpoint and what REST makes of it.
func soapCustomers(t testing.TB, version string) exchange.Config {
	soap := func(root string) format.Config {
		return format.Config{Name: format.SOAP, Version: version, Root: root, Namespaces: map[string]string{"": "urn:shop"}, Action: "urn:shop#Get"}
	}
	return exchange.Config{
		Method:  lens.Sides[string]{Legacy: "POST", Service: "GET"},
		Path:    lens.Sides[string]{Legacy: "/soap", Service: "/customers/{id}?lang={lang?}"},
		Request: translator(t, soap("GetCustomer"), jsonForm, field("custNo", "id"), field("lang", "lang")),
		Answer:  translator(t, soap("Customer"), jsonForm, field("custNo", "id"), field("name", "name")),
	}
}

func envelope(version, inner string) string {
	uri := map[string]string{"1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"}[version]
	return `<s:Envelope xmlns:s="` + uri + `"><s:Body>` + inner + `</s:Body></s:Envelope>`
}

// TestSOAP has a SOAP client of a REST service, and a REST client of a SOAP endpoint.
func TestSOAP(t *testing.T) {
	for _, version := range []string{"1.1", "1.2"} {
		x := compiled(t, soapCustomers(t, version))
		contentType := map[string]string{"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}[version]
		request := envelope(version, `<GetCustomer xmlns="urn:shop"><custNo>4/2</custNo></GetCustomer>`)
		post := func(t *testing.T, client *http.Client, url, text string) (*http.Response, string) {
			t.Helper()
			req, err := http.NewRequest("POST", url+"/soap", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", contentType)
			req.Header.Set("SOAPAction", `"urn:shop#Get"`)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return resp, string(got)
		}
		t.Run(version+", a SOAP client", func(t *testing.T) {
			client, url, last := behind(t, front(x), says(200, "application/json", `{"id":"4/2","name":"Anna & Söhne"}`))
			resp, got := post(t, client, url, request)
			if last.Method != "GET" || last.RequestURI != "/customers/4%2F2" || last.text != "" || last.ContentLength != 0 {
				t.Errorf("the service was asked %s %s with %d bytes %q", last.Method, last.RequestURI, last.ContentLength, last.text)
			}
			for _, name := range []string{"Content-Type", "Soapaction", "Content-Length"} {
				if value := last.Header.Get(name); value != "" {
					t.Errorf("the service got %s: %s", name, value)
				}
			}
			if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != contentType {
				t.Errorf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
			}
			for _, part := range []string{"Envelope", "<custNo>4/2</custNo>", "<name>Anna &amp; Söhne</name>"} {
				if !strings.Contains(got, part) {
					t.Errorf("the answer has no %s: %s", part, got)
				}
			}
		})
		t.Run(version+", a REST client", func(t *testing.T) {
			client, url, last := behind(t, facade(x), says(200, contentType, envelope(version, `<Customer xmlns="urn:shop"><custNo>4/2</custNo><name>Anna</name></Customer>`)))
			resp, err := client.Get(url + "/customers/4%2F2?lang=de")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, _ := io.ReadAll(resp.Body)
			if last.Method != "POST" || last.RequestURI != "/soap" {
				t.Errorf("legacy was asked %s %s", last.Method, last.RequestURI)
			}
			for _, part := range []string{"<custNo>4/2</custNo>", "<lang>de</lang>", "GetCustomer"} {
				if !strings.Contains(last.text, part) {
					t.Errorf("legacy was asked without %s: %s", part, last.text)
				}
			}
			if version == "1.1" && last.Header.Get("SOAPAction") != `"urn:shop#Get"` || version == "1.2" && !strings.Contains(last.Header.Get("Content-Type"), `action="urn:shop#Get"`) {
				t.Errorf("no action in %v", last.Header)
			}
			if diff := cmp.Diff(`{"id":"4/2","name":"Anna"}`, string(got)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
		t.Run(version+", a problem becomes a fault and a problem again", func(t *testing.T) {
			const problem = `{"title":"no such customer","status":404,"detail":"4/2 isn't there"}`
			client, url, _ := behind(t, front(x), says(404, "application/problem+json", problem))
			resp, fault := post(t, client, url, request)
			want := map[string]int{"1.1": 500, "1.2": 400}[version]
			if resp.StatusCode != want || !strings.Contains(fault, "Fault") || !strings.Contains(fault, "no such customer") {
				t.Fatalf("status %d, want %d with a fault: %s", resp.StatusCode, want, fault)
			}
			client, url, _ = behind(t, facade(x), says(resp.StatusCode, resp.Header.Get("Content-Type"), fault))
			back, err := client.Get(url + "/customers/1")
			if err != nil {
				t.Fatal(err)
			}
			defer back.Body.Close()
			got, _ := io.ReadAll(back.Body)
			if back.StatusCode != 404 || back.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("status %d, type %s", back.StatusCode, back.Header.Get("Content-Type"))
			}
			if diff := cmp.Diff(problem, string(got)); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
		})
		t.Run(version+", a fault with status 200", func(t *testing.T) {
			code := map[string]string{
				"1.1": `<s:Fault><faultcode>s:Client</faultcode><faultstring>bad</faultstring></s:Fault>`,
				"1.2": `<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">bad</s:Text></s:Reason></s:Fault>`,
			}[version]
			client, url, _ := behind(t, facade(x), says(200, contentType, envelope(version, code)))
			resp, err := client.Get(url + "/customers/1")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 400 {
				t.Errorf("status %d, want 400", resp.StatusCode)
			}
		})
		t.Run(version+", an error page is no fault", func(t *testing.T) {
			client, url, _ := behind(t, facade(x), says(502, "text/html", "<p>down"))
			resp, err := client.Get(url + "/customers/1")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != 502 || resp.Header.Get("Content-Type") != "text/html" {
				t.Errorf("status %d, type %s", resp.StatusCode, resp.Header.Get("Content-Type"))
			}
		})
		t.Run(version+", plain text becomes a fault", func(t *testing.T) {
			client, url, _ := behind(t, front(x), says(503, "text/plain", "down"))
			resp, fault := post(t, client, url, request)
			if resp.StatusCode != 500 || !strings.Contains(fault, "Service Unavailable") || strings.Contains(fault, "down") {
				t.Errorf("status %d: %s", resp.StatusCode, fault)
			}
		})
		t.Run(version+", no number in the body", func(t *testing.T) {
			client, url, last := behind(t, front(x), says(200, "application/json", `{}`))
			_, err := client.Post(url+"/soap", contentType, strings.NewReader(envelope(version, `<GetCustomer xmlns="urn:shop"/>`)))
			if err == nil || !strings.Contains(err.Error(), "id of the translated body, which /customers/{id}") || last.Request != nil {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestForm posts a form to a JSON service.
func TestForm(t *testing.T) {
	order := translator(t, format.Config{Name: format.Form, Charset: "windows-1252"}, jsonForm,
		field("f_isbn", "isbn"), field("f_name", "name"), field("f_qty", "quantity", func(f *lens.Field) {
			f.Type = lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeNumber}
		}))
	x := compiled(t, exchange.Config{
		Path:    lens.Sides[string]{Legacy: "/order.php?step=2", Service: "/books/{isbn}/orders"},
		Request: order,
	})
	client, url, last := behind(t, front(x), says(303, "", ""))
	resp, err := client.Post(url+"/order.php?step=2", "application/x-www-form-urlencoded", strings.NewReader("f_isbn=978-3&f_name=J%fcrgen+%26+Co&f_qty=2"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.RequestURI != "/books/978-3/orders" || last.text != `{"isbn":"978-3","name":"Jürgen & Co","quantity":2}` || resp.StatusCode != 303 {
		t.Errorf("%s with %s, answered %d", last.RequestURI, last.text, resp.StatusCode)
	}
	client, url, last = behind(t, facade(x), says(204, "", ""))
	resp, err = client.Post(url+"/books/978-3/orders", "application/json", strings.NewReader(`{"name":"Jürgen & Co","quantity":2}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.RequestURI != "/order.php?step=2" || last.text != "f_isbn=978-3&f_name=J%FCrgen+%26+Co&f_qty=2" {
		t.Errorf("%s with %s", last.RequestURI, last.text)
	}
}

// TestMultipart has a form of parts on either side, which can only be read by the boundary that it is
// announced with.
func TestMultipart(t *testing.T) {
	parts := format.Config{Name: format.Multipart}
	fields := []lens.Field{field("NM", "name"), field("TXT", "text")}
	read := func(t *testing.T, contentType, text string) map[string][]string {
		t.Helper()
		_, media, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		form, err := multipart.NewReader(strings.NewReader(text), media["boundary"]).ReadForm(1 << 20)
		if err != nil {
			t.Fatalf("what is announced as %s: %v: %s", contentType, err, text)
		}
		return form.Value
	}
	t.Run("written for the service", func(t *testing.T) {
		x := compiled(t, exchange.Config{Request: translator(t, jsonForm, parts, fields...)})
		client, url, last := behind(t, front(x), says(200, "text/plain", ""))
		resp, err := client.Post(url, "application/json", strings.NewReader(`{"NM":"Björk","TXT":"a\r\n--b"}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if diff := cmp.Diff(map[string][]string{"name": {"Björk"}, "text": {"a\r\n--b"}}, read(t, last.Header.Get("Content-Type"), last.text)); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
	})
	t.Run("written for a client", func(t *testing.T) {
		x := compiled(t, exchange.Config{Answer: translator(t, parts, jsonForm, fields...)})
		client, url, _ := behind(t, front(x), says(200, "application/json", `{"name":"Björk","text":"x"}`))
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		if diff := cmp.Diff(map[string][]string{"NM": {"Björk"}, "TXT": {"x"}}, read(t, resp.Header.Get("Content-Type"), string(text))); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
	})
}

// TestExport has a JSON array become CSV, whole or as a stream.
func TestExport(t *testing.T) {
	export := translator(t, format.Config{Name: format.CSV, Header: true, Delimiter: ";"}, jsonForm, field("NR", "id"), field("TITEL", "title"))
	for name, c := range map[string]struct {
		records int
		buffer  int64
		streams bool
	}{
		"small":                  {3, 0, false},
		"nothing":                {0, 0, false},
		"larger than the buffer": {100000, 64 << 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Answer: export, Buffer: c.buffer})
			var want strings.Builder
			if c.records > 0 {
				want.WriteString("NR;TITEL\n")
			}
			client, url, _ := behind(t, front(x), func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, "[")
				for i := range c.records {
					if i > 0 {
						_, _ = io.WriteString(w, ",")
					}
					fmt.Fprintf(w, `{"id":"%d","title":"Band; %d"}`, i, i)
				}
				_, _ = io.WriteString(w, "]")
			})
			for i := range c.records {
				fmt.Fprintf(&want, "%d;\"Band; %d\"\n", i, i)
			}
			resp, err := client.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want.String() && (c.records > 0 || len(got) > 9) {
				t.Errorf("%d bytes %.80q, want %d bytes %.80q", len(got), got, want.Len(), want.String())
			}
			if (resp.ContentLength < 0) != c.streams {
				t.Errorf("Content-Length %d", resp.ContentLength)
			}
			if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/csv") {
				t.Errorf("content type %s", resp.Header.Get("Content-Type"))
			}
		})
	}
}

// TestStreamAborts has a record that can't be translated behind the buffer, and one in it.
func TestStreamAborts(t *testing.T) {
	number := func(f *lens.Field) { f.Number = &lens.Number{Scale: 2} }
	lines := translator(t, format.Config{Name: format.NDJSON}, jsonForm, field("TOT", "total", number))
	for name, c := range map[string]struct {
		bad  int
		late bool
	}{"in the buffer": {10, false}, "behind it": {50000, true}} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var observed []*acl.Error
			x := compiled(t, exchange.Config{Answer: lines, Buffer: 10 << 10})
			around := func(next http.RoundTripper) http.RoundTripper {
				return acl.Transport(x.Front(), next, acl.Options{Observe: func(_ *http.Request, e *acl.Error) {
					mu.Lock()
					defer mu.Unlock()
					observed = append(observed, e)
				}})
			}
			client, url, _ := behind(t, around, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `[{"total":1}`)
				for i := 1; i < 100000; i++ {
					if i == c.bad {
						_, _ = io.WriteString(w, `,{"total":"x"}`)
						continue
					}
					_, _ = io.WriteString(w, `,{"total":12.34}`)
				}
				_, _ = io.WriteString(w, "]")
			})
			resp, err := client.Get(url)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			pointer := fmt.Sprintf("/%d/total", c.bad)
			var e *acl.Error
			if !errors.As(err, &e) || e.Pointer != pointer || e.Late != c.late || e.Direction != acl.ToLegacy {
				t.Fatalf("%v, want an *acl.Error at %s, late: %t", err, pointer, c.late)
			}
			if c.late != (len(got) > 0) || bytes.Count(got, []byte("\n")) > c.bad {
				t.Errorf("%d bytes were passed on", len(got))
			}
			mu.Lock()
			defer mu.Unlock()
			if len(observed) != 1 || observed[0].Pointer != pointer || observed[0].Late != c.late {
				t.Errorf("observed %v", observed)
			}
		})
	}
}

// TestUploadAborts is TestStreamAborts for a request: the error is the translator's, and not the
// service's whom it cut off.
func TestUploadAborts(t *testing.T) {
	number := func(f *lens.Field) { f.Number = &lens.Number{Scale: 2} }
	lines := translator(t, format.Config{Name: format.CSV, Header: true}, jsonForm, field("TOT", "total", number))
	x := compiled(t, exchange.Config{Request: lines, Buffer: 10 << 10})
	var observed []*acl.Error
	around := func(next http.RoundTripper) http.RoundTripper {
		return acl.Transport(x.Front(), next, acl.Options{Observe: func(_ *http.Request, e *acl.Error) { observed = append(observed, e) }})
	}
	client, url, last := behind(t, around, says(204, "", ""))
	good := "TOT\n" + strings.Repeat("100\n", 100000)
	for _, bad := range []bool{false, true} {
		text := good
		if bad {
			text += "x\n"
		}
		resp, err := client.Post(url, "text/csv", strings.NewReader(text))
		if !bad {
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if n := strings.Count(last.text, "total"); n != 100000 || last.ContentLength != -1 {
				t.Errorf("%d records with length %d arrived", n, last.ContentLength)
			}
			continue
		}
		var e *acl.Error
		if !errors.As(err, &e) || !e.Late || e.Pointer != "/100000/TOT" || e.Direction != acl.ToService {
			t.Errorf("%v, want a late *acl.Error", err)
		}
	}
	if len(observed) != 1 {
		t.Errorf("observed %v", observed)
	}
}

// TestShortListsAreWhole has the last record of a list fail that is no longer than the buffer, though its
// translation is: nothing of it is passed on, either way.
func TestShortListsAreWhole(t *testing.T) {
	const buffer = 10 << 10
	long := strings.Repeat("N", 40)
	number := func(f *lens.Field) { f.Number = &lens.Number{Scale: 2, Legacy: lens.TypeNumber} }
	for name, c := range map[string]struct {
		request bool
		long    int // of the body, beyond the buffer
		late    bool
	}{
		"an answer":             {},
		"a longer answer":       {long: 64 << 10, late: true},
		"a request":             {request: true},
		"a longer request":      {request: true, long: 64 << 10, late: true},
		"an answer by one byte": {long: 1},
		"a request by one byte": {request: true, long: 1},
	} {
		t.Run(name, func(t *testing.T) {
			legacy, service := long, "n"
			if c.request {
				legacy, service = service, legacy
			}
			lines := translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm, Records: true}, lens.Set{}, []lens.Field{field(legacy, service, number)})
			x := compiled(t, exchange.Config{Request: lines, Answer: lines, Buffer: buffer})
			var text strings.Builder
			text.WriteString("[")
			for text.Len() < buffer+c.long-100 {
				text.WriteString(`{"n":1},`)
			}
			bad := strings.Count(text.String(), "n")
			text.WriteString(strings.Repeat(" ", buffer+c.long-text.Len()-len(`{"n":"x"}]`)) + `{"n":"x"}]`)
			sent := text.String()
			if len(sent) != buffer+c.long {
				t.Fatalf("%d bytes", len(sent))
			}
			asked := false
			client, url, _ := behind(t, front(x), func(w http.ResponseWriter, r *http.Request) {
				asked = true
				if c.request {
					_, _ = io.Copy(io.Discard, r.Body)
					w.WriteHeader(204)
					return
				}
				says(200, "application/json", sent)(w, r)
			})
			var err error
			var got []byte
			var resp *http.Response
			if c.request {
				resp, err = client.Post(url, "application/json", strings.NewReader(sent))
			} else {
				resp, err = client.Get(url)
			}
			if err == nil {
				got, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			var e *acl.Error
			if !errors.As(err, &e) || e.Pointer != fmt.Sprintf("/%d/n", bad) || e.Late != c.late {
				t.Fatalf("%v, want an *acl.Error at /%d/n, late: %t", err, bad, c.late)
			}
			if c.request && (e.Unsent() == c.late || asked && !c.late) {
				t.Errorf("the service was asked: %t, the error says that it wasn't: %t", asked, e.Unsent())
			}
			if !c.late && len(got) > 0 || c.late && !c.request && len(got) == 0 {
				t.Errorf("%d bytes were passed on", len(got))
			}
		})
	}
}

// TestHeldTranslationIsBounded has a short list become one of more than ten times the buffer.
func TestHeldTranslationIsBounded(t *testing.T) {
	long := strings.Repeat("N", 200)
	lines := translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm, Records: true}, lens.Set{}, []lens.Field{field(long, "n")})
	for times, streams := range map[int]bool{1000: true, 100: false} {
		x := compiled(t, exchange.Config{Answer: lines, Buffer: 10 << 10})
		client, url, _ := behind(t, front(x), says(200, "application/json", "["+strings.Repeat(`{"n":1},`, times-1)+`{"n":1}]`))
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || bytes.Count(got, []byte(long)) != times || (resp.ContentLength < 0) != streams {
			t.Errorf("%d records, %v, with length %d; want %d, streamed: %t", bytes.Count(got, []byte(long)), err, resp.ContentLength, times, streams)
		}
	}
}

func TestGzip(t *testing.T) {
	customer := translator(t, jsonForm, jsonForm, field("NM", "name"))
	x := compiled(t, exchange.Config{Request: customer, Answer: customer})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, `{"name":"x"}`)
	z.Close()
	client, url, last := behind(t, front(x), func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		says(200, "application/json", packed.String())(w, r)
	})
	var upload bytes.Buffer
	z.Reset(&upload)
	_, _ = io.WriteString(z, `{"NM":"y"}`)
	z.Close()
	req, _ := http.NewRequest("POST", url, &upload)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, _ := io.ReadAll(resp.Body)
	if string(got) != `{"NM":"x"}` || resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("answer %q, coded %q", got, resp.Header.Get("Content-Encoding"))
	}
	if last.text != `{"name":"y"}` || last.Header.Get("Content-Encoding") != "" {
		t.Errorf("request %q, coded %q", last.text, last.Header.Get("Content-Encoding"))
	}
	// A bomb is held to the buffer.
	upload.Reset()
	z.Reset(&upload)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<20))
	z.Close()
	req, _ = http.NewRequest("POST", url, &upload)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	var e *acl.Error
	if _, err := client.Do(req); !errors.As(err, &e) || e.Status != 413 {
		t.Errorf("%v, want 413", err)
	}
}

// TestGzipThatEndsEarly has coded requests that are cut: by whoever coded them, or by the connection.
func TestGzipThatEndsEarly(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, `{"NM":"y"}`)
	z.Close()
	whole := packed.Bytes()
	one := translator(t, jsonForm, jsonForm, field("NM", "name"))
	records := translatorOf(t, body.Definition{Legacy: jsonForm, Service: jsonForm, Records: true}, lens.Set{}, []lens.Field{field("NM", "name")})
	for name, c := range map[string]struct {
		request *body.Translator
		upload  io.Reader
		status  int
		says    string
	}{
		"in its header":  {one, bytes.NewReader(whole[:5]), 400, "ends too early"},
		"in its data":    {one, bytes.NewReader(whole[:14]), 400, "ends too early"},
		"in its trailer": {one, bytes.NewReader(whole[:len(whole)-3]), 400, "ends too early"},
		"a list":         {records, bytes.NewReader(whole[:14]), 400, "ends too early"},
		"the connection": {one, io.MultiReader(bytes.NewReader(whole[:14]), iotest.ErrReader(io.ErrUnexpectedEOF)), 502, "could not be read to its end"},
	} {
		t.Run(name, func(t *testing.T) {
			x := compiled(t, exchange.Config{Request: c.request})
			req, _ := http.NewRequest("POST", "http://shop.example/", c.upload)
			req.ContentLength = -1
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Content-Encoding", "gzip")
			_, err := x.Front().ToService(req)
			var e *acl.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v, want an *acl.Error", err)
			}
			if status, _, detail, _ := e.Problem(); status != c.status || !strings.Contains(detail, c.says) {
				t.Errorf("a client is told %d %s, want %d with %q", status, detail, c.status, c.says)
			}
		})
	}
}

// waiting is a table of identifiers that waits for its context.
type waiting struct{ asked chan struct{} }

func (w waiting) ToService(ctx context.Context, id string) (string, error) {
	close(w.asked)
	<-ctx.Done()
	return "", ctx.Err()
}

func (w waiting) ToLegacy(ctx context.Context, id string) (string, error) { return "L" + id, nil }

func TestLookupsEndWithTheRequest(t *testing.T) {
	table := waiting{make(chan struct{})}
	ids := func(f *lens.Field) { f.IDs = "ids" }
	x := compiled(t, exchange.Config{
		Path:   lens.Sides[string]{Legacy: "/c/{no}", Service: "/customers/{id}"},
		Params: []lens.Field{field("no", "id", ids)},
		Set:    lens.Set{Tables: map[string]lens.Table{"ids": table}},
	})
	client, url, _ := behind(t, front(x), says(200, "", ""))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-table.asked
		cancel()
	}()
	req, _ := http.NewRequestWithContext(ctx, "GET", url+"/c/7", nil)
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the request's own end", err)
	}
	client, url, last := behind(t, facade(x), says(200, "", ""))
	resp, err := client.Get(url + "/customers/7")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if last.URL.Path != "/c/L7" {
		t.Errorf("legacy was asked for %s", last.URL)
	}
}

// panicking is a table that has a mistake in it.
type panicking struct{}

func (panicking) ToService(context.Context, string) (string, error) { panic("no table") }
func (panicking) ToLegacy(context.Context, string) (string, error)  { panic("no table") }

func TestPanicClosesTheAnswer(t *testing.T) {
	ids := translatorIn(t, lens.Set{Tables: map[string]lens.Table{"ids": panicking{}}}, field("A", "a", func(f *lens.Field) { f.IDs = "ids" }))
	x := compiled(t, exchange.Config{Answer: ids})
	closed := false
	next := roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: closing{strings.NewReader(`{"a":"1"}`), &closed}}, nil
	})
	defer func() {
		if v := recover(); v != "no table" || !closed {
			t.Errorf("panicked with %v, answer closed: %t", v, closed)
		}
	}()
	req, _ := http.NewRequest("GET", "http://service/", nil)
	_, _ = acl.Transport(x.Front(), next).RoundTrip(req)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error {
	*c.closed = true
	return nil
}

// TestGzipThatPasses has a coded answer that is looked into, and isn't translated.
func TestGzipThatPasses(t *testing.T) {
	x := compiled(t, exchange.Config{
		Answer: translator(t, jsonForm, jsonForm),
		Status: []exchange.Status{{Service: 404, Legacy: 500, When: []exchange.Member{{Path: "ERR", Is: text("NOTFOUND")}}}},
	})
	client, url, _ := behind(t, facade(x), func(w http.ResponseWriter, r *http.Request) {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = io.WriteString(z, `{"ERR":"`+strings.Repeat("x", 1000)+`"}`)
		z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		says(500, "application/json", packed.String())(w, r)
	})
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || len(got) != 1010 || resp.Header.Get("Content-Encoding") != "" || resp.Header.Get("Content-Length") != "" {
		t.Errorf("%d bytes, %v, %v", len(got), err, resp.Header)
	}
}

// TestRepeats says who can send a translated body again: whoever could send what it was made of.
func TestRepeats(t *testing.T) {
	post := compiled(t, exchange.Config{Method: lens.Sides[string]{Legacy: "POST", Service: "GET"},
		Path: lens.Sides[string]{Legacy: "/soap", Service: "/customers/{id}"}, Request: translator(t, jsonForm, jsonForm, field("NO", "id"))})
	same := compiled(t, exchange.Config{Request: translator(t, jsonForm, jsonForm, field("NO", "id"))})
	never := struct{ io.ReadCloser }{http.NoBody} // as package strangler marks what may not be sent again
	for name, c := range map[string]struct {
		ask    func(*http.Request) (*http.Request, error)
		method string
		body   io.Reader
		again  bool
		kept   bool // the body is the one that was asked with
	}{
		"a body that can":          {ask: same.Front().ToService, method: "PUT", body: strings.NewReader(`{"NO":"1"}`), again: true},
		"a body that can't":        {ask: same.Front().ToService, method: "PUT", body: io.MultiReader(strings.NewReader(`{"NO":"1"}`))},
		"nothing becomes a body":   {ask: post.Facade().ToLegacy, method: "GET", again: true},
		"nothing, and never again": {ask: post.Facade().ToLegacy, method: "GET", body: never},
		"nothing stays nothing":    {ask: same.Front().ToService, method: "GET", body: never, kept: true},
	} {
		req, err := http.NewRequest(c.method, "http://host/customers/7", c.body)
		if err != nil {
			t.Fatal(err)
		}
		if c.body == io.Reader(never) {
			req.ContentLength = 0
		}
		req.Header.Set("Content-Type", "application/json")
		before := req.Body
		if req, err = c.ask(req); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (req.GetBody != nil) != c.again {
			t.Errorf("%s: can be sent again: %t, want %t", name, req.GetBody != nil, c.again)
		}
		if name == "a body that can't" { // and whose length isn't known
			if text, err := io.ReadAll(req.Body); err != nil || string(text) != `{"id":"1"}` {
				t.Errorf("%s: %q, %v, want it translated", name, text, err)
			}
		}
		if c.kept && req.Body != before {
			t.Errorf("%s: the body is another", name)
		}
	}
}
