package lens

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

var errBare = errors.New("a list of one empty text can't be told from an empty list")

// lister converts between legacy's text and the service's array. The empty text is the empty list.
type lister struct {
	separator []byte
	element   Type
	trim      bool
}

func compileList(f *Field, a about) conversions {
	if f.Type.Legacy != "" && f.Type.Legacy != TypeText {
		a.problem("type.legacy", "a list is a text, not %q", f.Type.Legacy)
	}
	l := &lister{[]byte(f.List), f.Type.Service, f.Trim}
	switch l.element {
	case "":
		l.element = TypeText
	case TypeText, TypeNumber:
	default:
		a.problem("type.service", "the elements of a list are texts or numbers, not %q", l.element)
	}
	if f.Trim {
		a.loss(legacy, "spaces around the elements of the list don't come back")
		if len(bytes.TrimSpace(l.separator)) == 0 {
			a.problem("trim", "spaces are what stands between the elements")
		}
	}
	return conversions{legacy: l.toService, service: l.toLegacy}
}

func (l *lister) toService(c *call, in *input) (cell, error) {
	if in.n > 1 {
		return cell{}, fmt.Errorf("there is more than one where one is wanted")
	}
	if err := typed(in, TypeText); err != nil {
		return cell{}, err
	}
	x := cell{form: list, start: int32(len(c.items))}
	rest := in.text
	for more := len(rest) > 0; more; {
		var part []byte
		part, rest, more = bytes.Cut(rest, l.separator)
		if l.trim {
			part = bytes.TrimSpace(part)
		}
		e, err := c.writeText(part, l.element)
		if err != nil {
			return cell{}, err
		}
		c.items = append(c.items, item{e.kind, e.start, e.end})
	}
	x.end = int32(len(c.items))
	return x, nil
}

func (l *lister) toLegacy(c *call, in *input) (cell, error) {
	c.scratch = c.scratch[:0]
	n := 0
	switch {
	case in.n > 1:
		s := c.slots[c.f.slots+int(in.slot)]
		for v := range c.root.At(s.parent).Named(c.f.p.places[in.slot].name) {
			if err := l.add(c, v, n, n+1 < int(in.n)); err != nil {
				return cell{}, err
			}
			n++
		}
	case in.kind == document.Array:
		for v := range in.value.Elements() {
			if err := l.add(c, v, n, n+1 < in.value.Len()); err != nil {
				return cell{}, err
			}
			n++
		}
	case !in.textual:
		return cell{}, errKind(in, "an array")
	default:
		if err := l.add(c, in.value, n, false); err != nil {
			return cell{}, err
		}
		n++
	}
	if n == 1 && len(c.scratch) == 0 {
		return cell{}, errBare
	}
	return c.text(document.String, c.scratch), nil
}

// add adds the element v, before which there are n, to legacy's text.
func (l *lister) add(c *call, v document.Value, n int, more bool) error {
	c.part = input{kind: v.Kind(), text: v.Bytes(), textual: v.Repeats(), value: v}
	e := &c.part
	if err := typed(e, l.element); err != nil {
		return located(v.Pointer(), err)
	}
	if bytes.Contains(e.text, l.separator) {
		return errAt(v, "%s has %q in it, which stands between the elements", shown(e), l.separator)
	}
	if more && overlaps(e.text, l.separator) {
		return &document.Error{Pointer: v.Pointer(), Err: errOverlap(e, l.separator)}
	}
	if n > 0 {
		c.scratch = append(c.scratch, l.separator...)
	}
	c.scratch = append(c.scratch, e.text...)
	return nil
}

// overlaps reports whether a separator behind a text is found earlier than there, because the text ends as the
// separator begins: of a| and || would become a and |.
func overlaps(text, separator []byte) bool {
	for n := 1; n < len(separator); n++ {
		if bytes.HasSuffix(text, separator[:n]) && bytes.HasPrefix(separator, separator[n:]) {
			return true
		}
	}
	return false
}

func errOverlap(in *input, separator []byte) error {
	return fmt.Errorf("the end of %s and the %q behind it would be taken for another %q", shown(in), separator, separator)
}
