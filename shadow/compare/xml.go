package compare

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxLevels is how deep elements may nest: each is an array and an object in the tree.
const maxLevels = maxDepth/2 - 1

// maxNamespace bounds the name of a namespace, bytes: it is written wherever a prefix stands for it.
const maxNamespace = 256

// parseXML reads XML as what it means: prefixes stand for namespaces, CDATA is text, comments and
// processing instructions are nothing. The document type is not looked at, so that there are no
// entities but XML's five: none to expand, none to fetch.
func (t *tree) parseXML(src []byte) error {
	root, err := readXML(src)
	if err != nil {
		return err
	}
	return t.parse(root.appendJSON(nil))
}

// readXML returns an element that stands for the document. A *shadow.SkipError says that it is
// beyond the limits, any other that it is no XML.
func readXML(src []byte) (*markup, error) {
	if len(src) > maxText {
		return nil, tooComplex("XML of %d bytes; the limit is %d", len(src), maxText)
	}
	d := xml.NewDecoder(bytes.NewReader(src))
	d.CharsetReader = func(_ string, text io.Reader) (io.Reader, error) { return text, nil } // it is decoded
	r := xmlReader{open: []xmlOpen{{markup: new(markup)}}}
	for {
		token, err := d.Token()
		switch {
		case err == io.EOF && len(r.open[0].markup.content) == 0:
			return nil, errors.New("no element")
		case err == io.EOF:
			return r.open[0].markup, nil
		case err != nil:
			return nil, err
		}
		if err := r.take(token); err != nil {
			return nil, err
		}
	}
}

// xmlReader builds elements of tokens.
type xmlReader struct {
	open  []xmlOpen // the document, and the elements that are open
	count int
}

type xmlOpen struct {
	*markup
	space    string // its namespace
	preserve bool   // blanks between elements count
}

func (r *xmlReader) take(token xml.Token) error {
	top := &r.open[len(r.open)-1]
	switch token := token.(type) {
	case xml.StartElement:
		if len(r.open) == 1 && len(top.content) > 0 {
			return errors.New("a second element after the first's end")
		}
		return r.start(token)
	case xml.EndElement:
		top.end()
		r.open = r.open[:len(r.open)-1]
	case xml.CharData:
		switch {
		case len(r.open) > 1:
			r.count++
			top.content = append(top.content, content{text: string(token)})
		case len(bytes.TrimSpace(token)) > 0:
			return errors.New("text outside of the element")
		}
	}
	return r.bounded()
}

func (r *xmlReader) bounded() error {
	switch {
	case r.count > maxNodes/2:
		return tooComplex("XML with over %d elements, attributes and texts", maxNodes/2)
	case len(r.open) > maxLevels+1: // the document is no level
		return tooComplex("XML nested over %d deep", maxLevels)
	}
	return nil
}

func (r *xmlReader) start(token xml.StartElement) error {
	top := &r.open[len(r.open)-1]
	e := xmlOpen{markup: &markup{token: token.Name.Local}, space: token.Name.Space, preserve: top.preserve}
	r.count += 1 + len(token.Attr)
	if len(e.space) > maxNamespace {
		return tooComplex("a namespace of %d bytes; the limit is %d", len(e.space), maxNamespace)
	}
	if e.space != top.space {
		e.attributes = append(e.attributes, attribute{"xmlns", e.space})
	}
	seen := map[string]bool{}
	for _, a := range token.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue // names have taken it up
		}
		if len(a.Name.Space) > maxNamespace {
			return tooComplex("a namespace of %d bytes; the limit is %d", len(a.Name.Space), maxNamespace)
		}
		name := attributeName(a.Name)
		if seen[name] {
			return fmt.Errorf("attribute %.60s twice in %.60s", name, token.Name.Local)
		}
		seen[name] = true
		if name == "xml:space" {
			e.preserve = a.Value == "preserve"
		}
		e.attributes = append(e.attributes, attribute{name, a.Value})
	}
	top.content = append(top.content, content{child: e.markup})
	r.open = append(r.open, e)
	return nil
}

// attributeName returns what an attribute is called: by the usual prefix of a namespace, or by the
// namespace itself, since prefixes are arbitrary.
func attributeName(name xml.Name) string {
	switch name.Space {
	case "":
		return name.Local
	case "xml", "http://www.w3.org/XML/1998/namespace":
		return "xml:" + name.Local
	case "http://www.w3.org/2001/XMLSchema-instance":
		return "xsi:" + name.Local
	case "http://www.w3.org/1999/xlink":
		return "xlink:" + name.Local
	}
	return "{" + name.Space + "}" + name.Local
}

// end joins what comments and CDATA keep apart of a text, and drops blanks between elements, which
// are there for those who read the source.
func (e *xmlOpen) end() {
	blanks := e.preserve || !slices.ContainsFunc(e.content, func(c content) bool { return c.child != nil })
	kept := e.content[:0]
	var run []string
	flush := func() {
		if text := strings.Join(run, ""); text != "" && (blanks || strings.TrimSpace(text) != "") {
			kept = append(kept, content{text: text})
		}
		run = run[:0]
	}
	for _, c := range e.content {
		if c.child == nil {
			run = append(run, c.text)
			continue
		}
		flush()
		kept = append(kept, c)
	}
	flush()
	e.content = kept
}
