package format

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"golang.org/x/text/encoding"

	"github.com/strangler-fig/toolkit/acl/document"
)

// xmlWriter writes elements in UTF-8; end puts them into their character set.
type xmlWriter struct {
	out     []byte
	names   *xmlNames
	encoder *encoding.Encoder // nil: UTF-8
	skip    document.Value    // a member that the root element doesn't have
	at      []string          // the steps to where it is
	depth   int               // of elements
	roots   int
	declare int      // where the root's start tag can declare more prefixes
	used    []string // and those that it has to
	braces  bool     // names may have a URI in braces for a prefix
	spares  []string // the URIs that spare prefixes stand for here, in the order of their numbers
	level   int      // in how many elements the ones stand that declare names without a prefix; 0: the root
}

// writer returns a writer of a document that is to stand behind dst.
func (x *xmlFormat) writer(dst []byte) *xmlWriter {
	w := &xmlWriter{out: dst, names: x.names}
	if x.charset.enc != nil {
		w.out, w.encoder = nil, x.charset.enc.NewEncoder()
	}
	w.out = append(w.out, x.declaration...)
	return w
}

// end returns dst with what was written.
func (w *xmlWriter) end(dst []byte) ([]byte, error) {
	slices.Sort(w.used)
	for _, prefix := range slices.Backward(w.used) {
		w.out = slices.Insert(w.out, w.declare, []byte(` xmlns:`+prefix+`="`+w.names.uris[prefix]+`"`)...)
	}
	if w.encoder == nil {
		return w.out, nil
	}
	out, err := w.encoder.Bytes(w.out)
	if err != nil {
		return nil, &document.Error{Err: fmt.Errorf("write the body in its character set: %w", err)}
	}
	return append(dst, out...), nil
}

// fail gives err the place where the writer is.
func (w *xmlWriter) fail(err error) error {
	var p place
	for _, step := range slices.Backward(w.at) {
		p.name([]byte(step))
	}
	return p.wrap(err)
}

// member writes a member of an object that is no attribute and no text: an element, or one for
// each element of an array.
func (w *xmlWriter) member(name []byte, v document.Value, cdata *cdataPaths) error {
	w.at = append(w.at, string(name))
	cdata = cdata.to(name)
	if v.Kind() != document.Array {
		if err := w.element(name, v, cdata); err != nil {
			return err
		}
	}
	i := 0
	for e := range v.Elements() {
		w.at = append(w.at, strconv.Itoa(i))
		if err := w.element(name, e, cdata); err != nil {
			return err
		}
		w.at = w.at[:len(w.at)-1]
		i++
	}
	w.at = w.at[:len(w.at)-1]
	return nil
}

// open begins a start tag, and returns the name in it.
func (w *xmlWriter) open(name []byte) ([]byte, error) {
	var prefix []byte
	uri, local, braced := cutBraces(name)
	braced = braced && w.braces
	var err error
	var spare string
	fresh := false
	switch {
	case w.depth >= document.MaxDepth:
		err = fmt.Errorf("elements would nest deeper than %d", document.MaxDepth)
	case braced:
		if spare, fresh, err = w.spare(uri); err == nil {
			name = append([]byte(spare+":"), local...)
		}
	default:
		prefix, _, err = w.names.split(name, false)
	}
	if err == nil && !w.fits(name) {
		err = fmt.Errorf("the name %q %w", clip(name), errNotInCharset)
	}
	if err != nil {
		return nil, w.fail(err)
	}
	w.needs(prefix)
	w.out = append(append(w.out, '<'), name...)
	if w.depth == 0 {
		w.roots++
		for _, p := range w.names.declared {
			if p == "" && w.level > 0 {
				continue
			}
			w.declaration(p, w.names.uris[p])
		}
		w.declare = len(w.out)
	} else if w.depth == w.level && w.names.uris[""] != "" {
		w.declaration("", w.names.uris[""])
	}
	if fresh {
		w.declaration(spare, string(uri))
	}
	w.depth++
	return name, nil
}

// spare returns the prefix of a namespace that isn't configured, and whether it is still to be declared
// in the start tag that is being written.
func (w *xmlWriter) spare(uri []byte) (prefix string, fresh bool, err error) {
	i := slices.Index(w.spares, string(uri))
	if fresh = i < 0; fresh {
		if len(w.names.uris)+len(w.spares) >= maxBindings {
			return "", false, fmt.Errorf("more than %d namespace declarations would be in force", maxBindings)
		}
		i = len(w.spares)
		w.spares = append(w.spares, string(uri))
	}
	return w.names.spare + strconv.Itoa(i+1), fresh, nil
}

// declaration declares a prefix in a start tag.
func (w *xmlWriter) declaration(prefix, uri string) {
	w.out = append(w.out, " xmlns"...)
	if prefix != "" {
		w.out = append(append(w.out, ':'), prefix...)
	}
	w.out = append(w.out, `="`...)
	w.escaped([]byte(uri), true)
	w.out = append(w.out, '"')
}

// close writes the end tag.
func (w *xmlWriter) close(name []byte) {
	w.depth--
	w.out = append(append(append(w.out, "</"...), name...), '>')
}

// needs accounts for a prefix.
func (w *xmlWriter) needs(prefix []byte) {
	if len(prefix) == 0 || string(prefix) == "xml" || slices.Contains(w.names.declared, string(prefix)) || slices.Contains(w.used, string(prefix)) {
		return
	}
	w.used = append(w.used, string(prefix))
}

// element writes an element.
func (w *xmlWriter) element(name []byte, v document.Value, cdata *cdataPaths) error {
	defer func(outside int) { w.spares = w.spares[:outside] }(len(w.spares))
	name, err := w.open(name)
	if err != nil {
		return err
	}
	switch v.Kind() {
	case document.Array:
		err = w.fail(errors.New("an array stands where one element is written"))
	case document.Missing:
		err = w.fail(errors.New("there is nothing to write"))
	case document.Null:
		w.needs([]byte(w.names.xsi))
		w.out = append(w.out, " "+w.names.xsi+`:nil="true"`...)
	case document.Object:
		err = w.attributes(v)
	}
	if err != nil {
		return err
	}
	w.out = append(w.out, '>')
	begin := len(w.out)
	switch v.Kind() {
	case document.Null:
	case document.Object:
		err = w.content(v, cdata)
	default:
		err = w.characters(v.Bytes(), cdata)
	}
	if err != nil {
		return err
	}
	if len(w.out) == begin {
		w.depth--
		w.out = append(w.out[:begin-1], "/>"...)
		return nil
	}
	w.close(name)
	return nil
}

// attributes writes those of an object's members that are attributes, wherever they stand.
func (w *xmlWriter) attributes(v document.Value) error {
	var names [][]byte
	for name, member := range v.Members() {
		if len(name) == 0 || name[0] != '@' {
			continue
		}
		names = append(names, name)
		w.at = append(w.at, string(name))
		if err := w.attribute(name[1:], member); err != nil {
			return w.fail(err)
		}
		w.at = w.at[:len(w.at)-1]
	}
	if len(names) > maxAttributes {
		return w.fail(fmt.Errorf("an element would have more than %d attributes", maxAttributes))
	}
	slices.SortFunc(names, bytes.Compare)
	for i := 1; i < len(names); i++ {
		if bytes.Equal(names[i-1], names[i]) {
			return w.fail(fmt.Errorf("the attribute %q stands twice", clip(names[i][1:])))
		}
	}
	return nil
}

// attribute writes one.
func (w *xmlWriter) attribute(name []byte, v document.Value) error {
	var prefix []byte
	var spare string
	var err error
	fresh := false
	uri, local, braced := cutBraces(name)
	if braced && w.braces {
		if spare, fresh, err = w.spare(uri); err != nil {
			return err
		}
		name = append([]byte(spare+":"), local...)
	} else if prefix, _, err = w.names.split(name, true); err != nil {
		return err
	}
	if !w.fits(name) {
		return fmt.Errorf("the name %q %w", clip(name), errNotInCharset)
	}
	if !v.Scalar() || v.Kind() == document.Null {
		return fmt.Errorf("an attribute can't be of the kind %s", v.Kind())
	}
	if notXML(v.Bytes()) >= 0 {
		return errNotXML
	}
	w.needs(prefix)
	if fresh {
		w.declaration(spare, string(uri))
	}
	w.out = append(append(append(w.out, ' '), name...), `="`...)
	w.escaped(v.Bytes(), true)
	w.out = append(w.out, '"')
	return nil
}

// content writes what stands between the tags of an object.
func (w *xmlWriter) content(v document.Value, cdata *cdataPaths) error {
	text, elements := false, false
	for name, member := range v.Members() {
		begin := len(w.out)
		switch {
		case len(name) > 0 && name[0] == '@', member.Is(w.skip):
			continue
		case string(name) != textName:
			if err := w.member(name, member, cdata); err != nil {
				return err
			}
			elements = elements || len(w.out) > begin
		case text:
			return w.fail(errors.New("the text of an element stands twice"))
		default:
			if err := w.text(member, cdata); err != nil {
				return err
			}
			text = len(w.out) > begin
		}
		if text && elements {
			return w.fail(errMixed)
		}
	}
	return nil
}
