package document_test

import (
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

func ExampleBuilder() {
	b := document.NewBuilder(nil, 0)
	b.Object()
	b.Name("name")
	b.String("Ada")
	b.Name("numbers")
	b.Array()
	b.Number("1.50")
	b.Null()
	b.End()
	b.End()
	d, err := b.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, v := range d.Root().Members() {
		fmt.Printf("%s: %s of %d\n", name, v.Kind(), v.Len())
	}
	fmt.Println(d.Root().Get("numbers").Index(0).Text())
	fmt.Println(d.Root().Get("numbers").Index(0).Pointer())
	// Output:
	// name: text of 0
	// numbers: array of 2
	// 1.50
	// /numbers/0
}

func ExampleParsePath() {
	p, err := document.ParsePath(`address.lines[0].zip\.code`)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p, p.Pointer(), len(p))
	_, err = document.ParsePath("address..zip")
	fmt.Println(err)
	// Output:
	// address.lines[0].zip\.code /address/lines/0/zip.code 4
	// the path "address..zip" has an empty name in it
}

// The texts of the document that is read aren't copied one by one.
func ExampleSharing() {
	b := document.NewBuilder(nil, 0)
	b.Array()
	b.String("first")
	b.String("second")
	b.End()
	d, err := b.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	s := document.Sharing(d)
	s.Copy(d.Root().Index(1))
	second, err := s.Document()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(second.Root().Text())
	// Output: second
}
