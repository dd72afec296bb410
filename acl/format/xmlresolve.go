package format

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// binding is a namespace declaration that is in force.
type binding struct {
	prefix, uri span
	space       *namespace // nil: one that isn't configured
	braced      string     // the URI in braces, where names are called by it
}

// bareNames is the one namespace whose names stand without a prefix.
type bareNames struct {
	known bool
	uri   string
}

// bind puts a namespace declaration into force.
func (r *xmlReader) bind(mark int, prefix, uri span) error {
	p, u := r.text[prefix.start:prefix.end], r.text[uri.start:uri.end]
	switch {
	case string(p) == "xmlns", string(u) == xmlnsURI, (string(p) == "xml") != (string(u) == xmlURI):
		return fmt.Errorf("the prefix %q can't be declared as %q", clip(p), clip(u))
	case len(p) > 0 && len(u) == 0:
		return fmt.Errorf("the prefix %q is declared as nothing", clip(p))
	case len(u) > maxURI:
		return fmt.Errorf("the URI of a namespace is longer than %d bytes", maxURI)
	case len(r.bindings) == maxBindings:
		return fmt.Errorf("more than %d namespace declarations are in force", maxBindings)
	}
	for _, b := range r.bindings[mark:] {
		if bytes.Equal(r.text[b.prefix.start:b.prefix.end], p) {
			return fmt.Errorf("the prefix %q is declared twice", clip(p))
		}
	}
	r.bindings = append(r.bindings, binding{prefix: prefix, uri: uri, space: r.names.spaces[string(u)]})
	return nil
}

// lookup returns what a prefix stands for; nil, true for that of no namespace.
func (r *xmlReader) lookup(prefix []byte) (*binding, bool) {
	for i := len(r.bindings) - 1; i >= 0; i-- {
		b := &r.bindings[i]
		if bytes.Equal(r.text[b.prefix.start:b.prefix.end], prefix) {
			if b.uri.start == b.uri.end {
				return nil, true
			}
			return b, true
		}
	}
	return nil, len(prefix) == 0
}

// resolveTag finds out the namespaces of a start tag's names.
func (r *xmlReader) resolveTag(t *xmlTag, name rawName) error {
	n, space, err := r.resolve(name, false)
	if err != nil {
		return err
	}
	t.xmlName, t.space = n, space
	for i := range r.attrs {
		a := &r.attrs[i]
		if a.xmlName, _, err = r.resolve(a.rawName, true); err != nil {
			return err
		}
	}
	return r.onceEach()
}

// resolve finds out the namespace of a name.
func (r *xmlReader) resolve(raw rawName, attribute bool) (xmlName, string, error) {
	n := xmlName{rawName: raw, local: raw.colon + 1}
	var prefix []byte
	if raw.colon < 0 {
		n.local = raw.start
		if attribute {
			return n, "", r.isBare(n, true, nil)
		}
	} else {
		prefix = r.text[raw.start:raw.colon]
	}
	switch {
	case string(prefix) == "xml":
		n.prefix = "xml"
		return n, xmlURI, nil
	case string(prefix) == "xmlns":
		return n, "", errors.New("the prefix xmlns stands before the name of an element")
	}
	b, ok := r.lookup(prefix)
	switch {
	case !ok:
		return n, "", fmt.Errorf("the prefix %q isn't declared", clip(prefix))
	case b == nil:
		return n, "", r.isBare(n, attribute, nil)
	case r.braces && (b.space == nil || attribute && b.space.attribute == ""):
		if b.braced == "" {
			b.braced = "{" + string(r.text[b.uri.start:b.uri.end]) + "}"
		}
		n.prefix = b.braced
		return n, "", nil
	case b.space == nil:
		return n, "", r.isBare(n, attribute, r.text[b.uri.start:b.uri.end])
	case attribute:
		n.prefix = b.space.attribute
	default:
		n.prefix = b.space.element
	}
	if n.prefix == "" {
		return n, b.space.uri, r.isBare(n, attribute, r.text[b.uri.start:b.uri.end])
	}
	return n, b.space.uri, nil
}

// isBare accounts for a name without a prefix: all of a body have to be of one namespace, or they
// couldn't be told from each other.
func (r *xmlReader) isBare(n xmlName, attribute bool, uri []byte) error {
	if r.anyBare {
		return nil
	}
	kind, what := 0, "elements"
	if attribute {
		kind, what = 1, "attributes"
	}
	if p := &r.bare[kind]; !p.known {
		*p = bareNames{true, string(uri)}
	} else if string(uri) != p.uri {
		return fmt.Errorf("%s is in %s, and %s without a prefix are in %s: give one of the two a prefix in namespaces",
			r.said(n), called(string(uri)), what, called(p.uri))
	}
	return nil
}

func called(uri string) string {
	if uri == "" {
		return "no namespace"
	}
	return "the namespace " + clip([]byte(uri))
}

// onceEach looks for attributes of one name.
func (r *xmlReader) onceEach() error {
	same := func(a, b xmlAttr) int {
		if c := strings.Compare(a.prefix, b.prefix); c != 0 {
			return c
		}
		return bytes.Compare(r.text[a.local:a.end], r.text[b.local:b.end])
	}
	if len(r.attrs) < 2 {
		return nil
	}
	r.sorted = append(r.sorted[:0], r.attrs...)
	sorted := r.sorted
	slices.SortFunc(sorted, same)
	for i := 1; i < len(sorted); i++ {
		if same(sorted[i-1], sorted[i]) == 0 {
			return fmt.Errorf("the attribute %s stands twice", r.said(sorted[i].xmlName))
		}
	}
	return nil
}

// uri returns the namespace of the element whose start tag was read last.
func (r *xmlReader) uri(t xmlTag) string {
	var prefix []byte
	if t.colon >= 0 {
		prefix = r.text[t.start:t.colon]
	}
	b, _ := r.lookup(prefix)
	if b == nil {
		return ""
	}
	return string(r.text[b.uri.start:b.uri.end])
}
