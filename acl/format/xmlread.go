package format

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// xmlReader makes values of elements.
type xmlReader struct {
	xmlScanner
	names *xmlNames
	b     *document.Builder
	own   int // bytes of the builder's text that are the body's

	bindings []binding
	open     []xmlName
	above    int       // how many of those a document isn't told of
	below    string    // where a pointer to the others begins
	message  bool      // it is a SOAP message, which has no document type
	anyBare  bool      // names without a prefix may be of several namespaces
	braces   bool      // names of namespaces that aren't configured have the URI in braces for a prefix
	attrs    []xmlAttr // of the tag that was read last
	sorted   []xmlAttr // the same, by name
	bare     [2]bareNames
	kept     map[string]span // names that the builder's text has behind the body
	added    int             // how many bytes that is
	scratch  []byte
}

// xmlName is a name whose namespace is known: in a document it is prefix, a colon unless that is
// in braces, and the body's text from local to end.
type xmlName struct {
	rawName
	local  int
	prefix string
}

type xmlAttr struct {
	xmlName
	value span
}

// xmlTag is a start tag.
type xmlTag struct {
	xmlName
	space string // the URI, where it is configured
	empty bool
	mark  int // how many bindings were in force before it
}

// newXMLReader returns a reader of a body in UTF-8, which it changes. budget is how many nodes it
// may allocate.
func newXMLReader(names *xmlNames, body []byte, budget int) (*xmlReader, error) {
	if at := notXML(body); at >= 0 {
		return nil, &document.Error{Err: fmt.Errorf("%s can't stand in XML, at byte %d of the body", character(body[at:]), at+1)}
	}
	r := &xmlReader{xmlScanner: xmlScanner{text: body}, names: names, own: len(body)}
	r.b = document.NewBuilder(body, min(nodesOf(body), budget))
	r.b.Repeats(true)
	if uri, ok := names.uris[""]; ok {
		r.bare[0] = bareNames{true, uri}
	}
	return r, nil
}

// nodesOf bounds how many nodes the elements of a text become, so that they are allocated once: two
// for each element and each attribute, and two for the text of an element that has attributes. A
// node takes at least two bytes of a body, whatever is in it: with what isn't ASCII in UTF-8, a text
// has more bytes than the body it is of, and so is bounded by that as well.
func nodesOf(text []byte) int {
	n := 2*(bytes.Count(text, []byte("<"))-bytes.Count(text, []byte("</"))) + 4*bytes.Count(text, []byte("="))
	return min(n, len(text)/2) + 8
}

// fail gives err, which may be nil, the place where the reader is.
func (r *xmlReader) fail(err error) error {
	if err == nil {
		return nil
	}
	var known *document.Error
	if errors.As(err, &known) {
		return err
	}
	var p strings.Builder
	p.WriteString(r.below)
	for _, n := range r.open[min(r.above, len(r.open)):] {
		p.WriteByte('/')
		p.WriteString(r.said(n))
	}
	return &document.Error{Pointer: p.String(), Err: r.here(err)}
}

// here gives err the byte where the reader is, counted as in JSON: from 1, in UTF-8, without a byte
// order mark.
func (r *xmlReader) here(err error) error {
	if errors.Is(err, errEnds) {
		return err
	}
	return fmt.Errorf("%w, at byte %d of the body", err, r.pos+1)
}

// said is how a document calls a name.
func (r *xmlReader) said(n xmlName) string {
	local := clip(r.text[n.local:n.end])
	if n.prefix == "" || n.prefix[0] == '{' {
		return n.prefix + local
	}
	return n.prefix + ":" + local
}

// document returns what was read.
func (r *xmlReader) document() (*document.Document, error) {
	d, err := r.b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return d, nil
}

// prolog goes to the root's start tag.
func (r *xmlReader) prolog() error {
	if err := r.declaration(); err != nil {
		return r.fail(err)
	}
	return r.fail(r.misc(true))
}

// misc goes past what may stand before and behind the root.
func (r *xmlReader) misc(before bool) error {
	doctype := !before
	for {
		r.space()
		var err error
		switch {
		case r.pos == len(r.text):
			if before {
				return errors.New("the body has no element")
			}
			return nil
		case r.at("<!--"):
			r.pos += len("<!--")
			err = r.comment()
		case r.at("<?"):
			r.pos += len("<?")
			err = r.instruction()
		case r.message && r.at("<!DOCTYPE"):
			return errors.New("a document type stands in a SOAP message")
		case !doctype && r.at("<!DOCTYPE"):
			doctype = true
			r.pos += len("<!DOCTYPE")
			err = r.doctype()
		case before && r.text[r.pos] == '<' && !r.at("<!") && !r.at("</"):
			return nil
		case before:
			return errors.New("something else than an element stands here")
		default:
			return errors.New("something stands behind the root element")
		}
		if err != nil {
			return err
		}
	}
}

// start reads the start tag that begins here.
func (r *xmlReader) start() (xmlTag, error) {
	t, err := r.startTag()
	if err != nil {
		return t, r.fail(err)
	}
	r.open = append(r.open, t.xmlName)
	if len(r.open) > document.MaxDepth {
		// Without the place, which would be a line of as many names.
		return t, &document.Error{Err: r.here(fmt.Errorf("the body nests deeper than %d", document.MaxDepth))}
	}
	return t, nil
}

func (r *xmlReader) startTag() (xmlTag, error) {
	t := xmlTag{mark: len(r.bindings)}
	r.pos++
	name, err := r.name("an element")
	if err != nil {
		return t, err
	}
	r.attrs = r.attrs[:0]
	for {
		spaced := r.space()
		switch {
		case r.pos == len(r.text):
			return t, errEnds
		case r.text[r.pos] == '>':
			r.pos++
			return t, r.resolveTag(&t, name)
		case r.at("/>"):
			r.pos += len("/>")
			t.empty = true
			return t, r.resolveTag(&t, name)
		case !spaced:
			return t, errors.New("no space stands before an attribute")
		}
		if err := r.attribute(t.mark); err != nil {
			return t, err
		}
	}
}

// attribute reads an attribute or a namespace declaration.
func (r *xmlReader) attribute(mark int) error {
	n, err := r.name("an attribute")
	if err != nil {
		return err
	}
	r.space()
	if !r.at("=") {
		return errors.New("an attribute has no =")
	}
	r.pos++
	r.space()
	var a xmlAttr
	if a.value.start, a.value.end, err = r.quoted(); err != nil {
		return err
	}
	prefix, local := r.text[n.start:max(n.colon, n.start)], r.text[n.start:n.end]
	if n.colon >= 0 {
		local = r.text[n.colon+1 : n.end]
	}
	switch {
	case n.colon < 0 && string(local) == "xmlns":
		return r.bind(mark, span{n.start, n.start}, a.value)
	case string(prefix) == "xmlns":
		return r.bind(mark, span{n.colon + 1, n.end}, a.value)
	}
	if len(r.attrs) == maxAttributes {
		return fmt.Errorf("an element has more than %d attributes", maxAttributes)
	}
	a.rawName = n
	r.attrs = append(r.attrs, a)
	return nil
}

// end reads the end tag of t, if it has one of its own, and leaves the element.
func (r *xmlReader) end(t xmlTag) error {
	if !t.empty {
		r.pos += len("</")
		name := r.text[t.start:t.xmlName.end]
		if !bytes.HasPrefix(r.text[r.pos:], name) {
			return r.fail(errors.New("the end tag is that of another element"))
		}
		r.pos += len(name)
		r.space()
		if !r.at(">") {
			return r.fail(errors.New("the end tag is that of another element"))
		}
		r.pos++
	}
	r.bindings = r.bindings[:t.mark]
	r.open = r.open[:len(r.open)-1]
	return nil
}

// next goes to the next tag of the element that is open, and reports whether it is a start tag.
// The text before it is put behind text[:to]; next returns where that ends then.
func (r *xmlReader) next(to int) (end int, child bool, err error) {
	for {
		if to, err = r.characters(to); err != nil {
			return 0, false, r.fail(err)
		}
		switch {
		case r.pos == len(r.text):
			err = errEnds
		case r.at("</"):
			return to, false, nil
		case r.at("<!--"):
			r.pos += len("<!--")
			err = r.comment()
		case r.at("<![CDATA["):
			r.pos += len("<![CDATA[")
			to, err = r.cdata(to)
		case r.at("<?"):
			r.pos += len("<?")
			err = r.instruction()
		case r.at("<!"):
			err = errors.New("a declaration stands in an element")
		default:
			return to, true, nil
		}
		if err != nil {
			return 0, false, r.fail(err)
		}
	}
}

// each calls f at the start tag of each child of the element that is open, whose content f reads.
// There is no text between them.
func (r *xmlReader) each(t xmlTag, f func() error) error {
	for !t.empty {
		start := r.pos
		to, more, err := r.next(start)
		switch {
		case err != nil:
			return err
		case !xmlSpace(r.text[start:to]):
			return r.fail(fmt.Errorf("text stands in %s", r.said(t.xmlName)))
		case !more:
			return nil
		}
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// only returns the text of an element that has nothing else in it.
func (r *xmlReader) only(t xmlTag) (string, error) {
	if t.empty {
		return "", nil
	}
	start := r.pos
	to, more, err := r.next(start)
	if err != nil {
		return "", err
	}
	if more {
		return "", r.fail(fmt.Errorf("an element stands in %s, which has text", r.said(t.xmlName)))
	}
	return string(r.text[start:to]), nil
}
