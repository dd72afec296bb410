package format

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// xmlFormat reads and writes XML 1.0 with Namespaces in XML 1.0. What becomes what is told in
// README.md.
type xmlFormat struct {
	media
	charset     charset // of bodies that say none, and of those that are written
	names       *xmlNames
	root        string
	cdata       *cdataPaths
	declaration string
}

func newXML(c Config) (Format, error) {
	x, problems := newXMLFormat(c, nil)
	x.media = newMedia(c.ContentType, "application/xml; charset="+strings.ToLower(x.charset.String()), "application/xml", "text/xml")
	x.suffix = "+xml"
	if len(problems) > 0 {
		return nil, problems
	}
	return x, nil
}

// newXMLFormat reads what XML and SOAP have in common. builtIn are namespaces beside those of
// the configuration.
func newXMLFormat(c Config, builtIn map[string]string) (*xmlFormat, Problems) {
	x := &xmlFormat{root: c.Root}
	known := map[string]string{"xsi": xsiURI}
	maps.Copy(known, builtIn)
	names, problems := newXMLNames(c.Namespaces, known)
	x.names = names
	var err error
	if x.charset, err = xmlCharset(c.Charset); err != nil {
		problems = append(problems, Problem{"charset", err.Error()})
	}
	if c.Root != "" {
		if _, _, err := names.split([]byte(c.Root), false); err != nil {
			problems = append(problems, Problem{"root", err.Error()})
		} else if !x.charset.has(c.Root) {
			problems = append(problems, Problem{"root", fmt.Sprintf("%q %s", c.Root, errNotInCharset)})
		}
	}
	for _, prefix := range names.declared {
		if !x.charset.has(prefix) {
			problems = append(problems, Problem{namespaceOption(prefix), errNotInCharset.Error()})
		}
	}
	if x.cdata, err = newCDATAPaths(c.CDATA); err != nil {
		problems = append(problems, Problem{"cdata", err.Error()})
	}
	if c.Declaration || x.charset.enc != nil {
		// Without it, a body that is stored would be read as UTF-8 (section 4.3.3).
		x.declaration = `<?xml version="1.0" encoding="` + x.charset.String() + `"?>`
	}
	return x, problems
}

// Accepts implements Format. XHTML is what applications show their users when they have no answer.
func (x *xmlFormat) Accepts(contentType string) bool {
	return x.media.Accepts(contentType) && (mediaType(contentType) != xhtml || mediaType(x.written) == xhtml)
}

const xhtml = "application/xhtml+xml"

// Decode implements Format.
func (x *xmlFormat) Decode(body []byte, contentType string) (*document.Document, error) {
	r, err := x.reader(body, contentType)
	if err != nil {
		return nil, err
	}
	if err := r.prolog(); err != nil {
		return nil, err
	}
	if err := x.rootValue(r); err != nil {
		return nil, err
	}
	if err := r.misc(false); err != nil {
		return nil, r.fail(err)
	}
	return r.document()
}

func (x *xmlFormat) reader(body []byte, contentType string) (*xmlReader, error) {
	text, copies, err := xmlUTF8(body, contentType, x.charset)
	if err != nil {
		return nil, under("", err)
	}
	return newXMLReader(x.names, text, nodeBudget(len(body), copies))
}

// rootValue writes the root element, which begins here.
func (x *xmlFormat) rootValue(r *xmlReader) error {
	t, err := r.start()
	if err != nil {
		return err
	}
	if x.root != "" {
		return x.rootOf(r, t, false)
	}
	r.b.Object()
	if err := r.memberOf(t); err != nil {
		return err
	}
	r.b.End()
	return r.b.Err()
}

// rootOf writes what is in the configured root element, behind its start tag. opened is as in
// xmlReader.value.
func (x *xmlFormat) rootOf(r *xmlReader, t xmlTag, opened bool) error {
	r.above = len(r.open) // a document is what is in the root
	if name := r.said(t.xmlName); name != x.root {
		return r.fail(fmt.Errorf("the root element is %s, not %s", name, x.root))
	}
	if err := r.value(t, opened); err != nil {
		return err
	}
	return r.end(t)
}

// Append implements Format.
func (x *xmlFormat) Append(dst []byte, v document.Value) ([]byte, error) {
	w := x.writer(dst)
	if err := x.writeRoot(w, v); err != nil {
		return nil, err
	}
	return w.end(dst)
}

// writeRoot writes v as the root element or, without a configured one, v's one member.
func (x *xmlFormat) writeRoot(w *xmlWriter, v document.Value) error {
	if x.root != "" {
		return w.element([]byte(x.root), v, x.cdata)
	}
	if v.Kind() != document.Object || v.Len() != 1 {
		return w.fail(fmt.Errorf("%s is written, and without a root XML is an object with one member", describe(v)))
	}
	for name, member := range v.Members() {
		if err := w.member(name, member, x.cdata); err != nil {
			return err
		}
	}
	if w.roots != 1 {
		return w.fail(fmt.Errorf("%d root elements would be written; there is one", w.roots))
	}
	return nil
}

func describe(v document.Value) string {
	if v.Kind() == document.Object {
		return fmt.Sprintf("an object with %d members", v.Len())
	}
	return v.Kind().String()
}

// cdataPaths are the paths whose text is written as CDATA: a tree by name.
type cdataPaths struct {
	here  bool
	below map[string]*cdataPaths
}

func newCDATAPaths(paths []string) (*cdataPaths, error) {
	root := &cdataPaths{}
	for _, text := range paths {
		path, err := document.ParsePath(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(path, func(s document.Step) bool { return s.Name == "" }) {
			return nil, fmt.Errorf("%q has an index; all elements of a name are meant", text)
		}
		at := root
		for _, s := range path {
			if at.below == nil {
				at.below = map[string]*cdataPaths{}
			}
			if at.below[s.Name] == nil {
				at.below[s.Name] = &cdataPaths{}
			}
			at = at.below[s.Name]
		}
		at.here = true
	}
	return root, nil
}

// to returns the paths below a name; nil has none.
func (c *cdataPaths) to(name []byte) *cdataPaths {
	if c == nil {
		return nil
	}
	return c.below[string(name)]
}
