package format

import (
	"errors"
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// textName is the member that an element's text is, where the element is an object.
const textName = "#text"

var errMixed = errors.New("text stands beside elements, which a document can't keep")

// value writes what the element of t is, whose start tag was read last. opened says that the
// caller has begun an object, which takes the element's members and which the caller ends.
func (r *xmlReader) value(t xmlTag, opened bool) error {
	said, null := r.isNil()
	null = null && !opened // a member of what is opened, like any attribute
	object := opened
	begin := func() {
		if !object {
			object = true
			r.b.Object()
		}
		if null {
			null = false
			r.keep([]byte("@" + r.names.xsi + ":nil"))
			r.b.Span(document.String, said.start, said.end)
		}
	}
	if !null && len(r.attrs) > 0 || opened {
		begin()
		for _, a := range r.attrs {
			if err := r.attributeName(a.xmlName); err != nil {
				return err
			}
			r.b.Span(document.String, a.value.start, a.value.end)
		}
	}
	start, children := r.pos, false
	to := start
	for more := !t.empty; more; {
		var err error
		if to, more, err = r.next(to); err != nil {
			return err
		}
		if !more {
			break
		}
		if !xmlSpace(r.text[start:to]) {
			return r.fail(errMixed)
		}
		begin()
		if err := r.member(); err != nil {
			return err
		}
		children = true
		start = r.pos
		to = start
	}
	blank := xmlSpace(r.text[start:to])
	switch {
	case children && !blank:
		return r.fail(errMixed)
	case children, blank && object:
	case blank && null:
		r.b.Null()
	case object || null:
		begin()
		r.keep([]byte(textName))
		r.b.Span(document.String, start, to)
	default:
		r.b.Span(document.String, start, to)
	}
	if object && !opened {
		r.b.End()
	}
	return r.fail(r.b.Err())
}

// member writes the child element that begins here as a member.
func (r *xmlReader) member() error {
	t, err := r.start()
	if err != nil {
		return err
	}
	return r.memberOf(t)
}

// memberOf is member behind the start tag.
func (r *xmlReader) memberOf(t xmlTag) error {
	if err := r.elementName(t.xmlName); err != nil {
		return err
	}
	if err := r.value(t, false); err != nil {
		return err
	}
	return r.end(t)
}

// isNil reports whether the start tag that was read last says, and says nothing but, that the
// element is null, and where it says so. That it isn't null says nothing, and is taken off.
func (r *xmlReader) isNil() (value span, null bool) {
	for i, a := range r.attrs {
		if a.prefix != r.names.xsi || string(r.text[a.local:a.end]) != "nil" {
			continue
		}
		switch string(r.text[a.value.start:a.value.end]) {
		case "true", "1":
			return a.value, len(r.attrs) == 1
		case "false", "0":
			r.attrs = slices.Delete(r.attrs, i, i+1)
		}
		break
	}
	return span{}, false
}

// elementName writes the name of a member that is an element.
func (r *xmlReader) elementName(n xmlName) error {
	switch {
	case n.prefix == "":
		r.b.NameSpan(n.local, n.end)
	case n.colon >= 0 && string(r.text[n.start:n.colon]) == n.prefix:
		r.b.NameSpan(n.start, n.end)
	default:
		return r.rename("", n)
	}
	return nil
}

// attributeName writes the name of a member that is an attribute. Its @ takes the place of what
// stands before the name: white space or a colon.
func (r *xmlReader) attributeName(n xmlName) error {
	at := n.local - 1
	if n.prefix != "" {
		if n.colon < 0 || string(r.text[n.start:n.colon]) != n.prefix {
			return r.rename("@", n)
		}
		at = n.start - 1
	}
	r.text[at] = '@'
	r.b.NameSpan(at, n.end)
	return nil
}

// rename writes a name with another prefix than the body's.
func (r *xmlReader) rename(before string, n xmlName) error {
	r.scratch = append(append(r.scratch[:0], before...), n.prefix...)
	if n.prefix[0] != '{' {
		r.scratch = append(r.scratch, ':')
	}
	r.scratch = append(r.scratch, r.text[n.local:n.end]...)
	r.keep(r.scratch)
	switch {
	case len(r.kept) > maxRenamed:
		return r.fail(fmt.Errorf("the body has more than %d different names", maxRenamed))
	case r.added > r.own/2+maxAdded:
		return r.fail(errors.New("the body's names are too long with their prefixes"))
	}
	return nil
}

// keep writes a name that the body doesn't have as it is, once.
func (r *xmlReader) keep(name []byte) {
	if s, ok := r.kept[string(name)]; ok {
		r.b.NameSpan(s.start, s.end)
		return
	}
	if r.kept == nil {
		r.kept = map[string]span{}
	}
	start, end := r.b.PutString(string(name))
	r.kept[string(name)] = span{start, end}
	r.added += len(name)
	r.b.NameSpan(start, end)
	r.text = r.b.Text(0, r.own) // the builder may have moved it
}
