package format_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// show reads a body in one format and prints it as JSON, and then as it is written again.
func show(c format.Config, body string) {
	f, err := format.New(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := f.Decode([]byte(body), f.ContentType())
	if err != nil {
		fmt.Println(err)
		return
	}
	asJSON, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := asJSON.Append(nil, doc.Root())
	fmt.Println(string(text), err)
	again, err := f.Append(nil, doc.Root())
	fmt.Printf("%q %v\n", again, err)
}

func ExampleNew() {
	_, err := format.New(format.Config{Name: format.CSV, Delimiter: "||", CDATA: []string{"note"}})
	for _, p := range err.(format.Problems) {
		fmt.Println(p.Option, "-", p.Message)
	}
	// Output:
	// cdata - the format csv doesn't know this
	// delimiter - "||" isn't one character; it is a comma, a semicolon or another that isn't a quote
	// columns - nothing names the columns; say header: true, or list them
}

func ExampleNew_json() {
	show(format.Config{Name: format.JSON}, `{"BAL": 12.50, "NAME": "J\u00fcrgen"}`)
	show(format.Config{Name: format.JSON}, `{"BAL": 12.50, "NAME": {"FIRST": "A", "FIRST": "B"}}`)
	// Output:
	// {"BAL":12.50,"NAME":"Jürgen"} <nil>
	// "{\"BAL\":12.50,\"NAME\":\"Jürgen\"}" <nil>
	// at /NAME/FIRST: the name stands twice in its object; which value is meant can't be known
}

func ExampleNew_ndjson() {
	show(format.Config{Name: format.NDJSON}, "{\"id\": 1}\n\n{\"id\": 2}\n")
	// Output:
	// [{"id":1},{"id":2}] <nil>
	// "{\"id\":1}\n{\"id\":2}\n" <nil>
}

func ExampleNew_form() {
	show(format.Config{Name: format.Form, Charset: "ISO-8859-1"}, "name=J%FCrgen&tag=a&tag=b")
	// Output:
	// {"name":"Jürgen","tag":["a","b"]} <nil>
	// "name=J%FCrgen&tag=a&tag=b" <nil>
}

func ExampleNew_csv() {
	show(format.Config{Name: format.CSV, Header: true, Delimiter: ";"}, "id;name\n7;\"Smith; Jo\"\n8;\n")
	// Output:
	// [{"id":"7","name":"Smith; Jo"},{"id":"8","name":""}] <nil>
	// "id;name\n7;\"Smith; Jo\"\n8;\n" <nil>
}

func ExampleNew_fixedWidth() {
	show(format.Config{Name: format.FixedWidth, Columns: []format.Column{
		{Name: "id", Width: 6, Align: "right", Pad: "0"},
		{Name: "name", Width: 8},
		{Name: "city", Width: 5},
	}}, "000017Jürgen  Ulm\n")
	// Output:
	// [{"id":"17","name":"Jürgen","city":"Ulm"}] <nil>
	// "000017Jürgen  Ulm  \n" <nil>
}

// A multipart body is announced with its boundary, which is made of what is in it.
func ExampleContentTypeOf() {
	f, err := format.New(format.Config{Name: format.Multipart})
	if err != nil {
		fmt.Println(err)
		return
	}
	b := document.NewBuilder(nil, 0)
	b.Object()
	b.Name("title")
	b.String("Holiday")
	b.Name("photo")
	b.Object()
	b.Name("filename")
	b.String("a.png")
	b.Name("content_type")
	b.String("image/png")
	b.Name("content")
	b.String("iVBORw==")
	b.Name("encoding")
	b.String("base64")
	b.End()
	b.End()
	doc, err := b.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	body, err := f.Append(nil, doc.Root())
	fmt.Println(format.ContentTypeOf(f, body), err)
	for line := range strings.Lines(string(body)) {
		fmt.Printf("%q\n", line)
	}
	// Output:
	// multipart/form-data; boundary=140fd99fb23ce1890b5c82e570dd260b <nil>
	// "--140fd99fb23ce1890b5c82e570dd260b\r\n"
	// "Content-Disposition: form-data; name=\"title\"\r\n"
	// "\r\n"
	// "Holiday\r\n"
	// "--140fd99fb23ce1890b5c82e570dd260b\r\n"
	// "Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n"
	// "Content-Type: image/png\r\n"
	// "\r\n"
	// "\x89PNG\r\n"
	// "--140fd99fb23ce1890b5c82e570dd260b--\r\n"
}

// Records are read and written one at a time, so that a body may be larger than memory.
func ExampleRecords() {
	from, err := format.New(format.Config{Name: format.CSV, Header: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	to, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		fmt.Println(err)
		return
	}
	records := from.(format.Records).Read(strings.NewReader("id,name\n1,Ann\n2,Bob\n"), "text/csv", 0)
	w := to.(format.Records).Write(os.Stdout)
	for {
		record, err := records.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err) // at /7/name: …
			return
		}
		if err := w.Write(record.Root()); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(w.Close())
	// Output:
	// [{"id":"1","name":"Ann"},{"id":"2","name":"Bob"}]<nil>
}
