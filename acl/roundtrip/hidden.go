package roundtrip

import (
	"errors"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// withoutHidden returns a document without the values that were taken out of it before it was
// recorded, and where in it they would be; none: it is the document as it was.
func (t *Test) withoutHidden(d *document.Document) (clean *document.Document, hidden []string) {
	places := map[string]bool{}
	t.findHidden(d.Root(), nil, places, &hidden)
	if len(places) == 0 {
		return d, nil
	}
	b := document.NewBuilder(nil, 64)
	b.Repeats(d.Repeats)
	t.copyVisible(b, d.Root())
	clean, err := b.Document()
	if err != nil {
		return d, nil
	}
	for p := range places {
		t.hidden[p]++
	}
	return clean, hidden
}

func (t *Test) isHidden(v document.Value) bool {
	return v.Kind() == document.String && t.config.Hidden(v.Text())
}

func (t *Test) findHidden(v document.Value, at []token, places map[string]bool, exactly *[]string) {
	switch {
	case t.isHidden(v):
		places[pointerOf(at, true)] = true
		*exactly = append(*exactly, pointerOf(at, false))
	case v.Kind() == document.Object:
		for name, member := range v.Members() {
			t.findHidden(member, below(at, string(name)), places, exactly)
		}
	case v.Kind() == document.Array:
		visible := 0
		for e := range v.Elements() {
			t.findHidden(e, append(at[:len(at):len(at)], token{index: visible}), places, exactly)
			if !t.isHidden(e) {
				visible++
			}
		}
	}
}

// aroundAny reports whether an error is at one of these places or around it, so that what was taken
// out there may be its reason.
func aroundAny(hidden []string, err error) bool {
	where := ""
	var at *document.Error
	if errors.As(err, &at) {
		where = at.Pointer
	}
	return slices.ContainsFunc(hidden, func(p string) bool { return p == where || strings.HasPrefix(p, where+"/") })
}

// wanting reports whether an error is of something that isn't there, or of the whole document.
func wanting(d *document.Document, err error) bool {
	var at *document.Error
	if d == nil || !errors.As(err, &at) || at.Pointer == "" {
		return true
	}
	v, _ := follow(d.Root(), at.Pointer)
	return !v.Exists()
}

func (t *Test) copyVisible(b *document.Builder, v document.Value) {
	switch v.Kind() {
	case document.Object:
		b.Object()
		for name, member := range v.Members() {
			if !t.isHidden(member) {
				b.Name(string(name))
				t.copyVisible(b, member)
			}
		}
		b.End()
	case document.Array:
		b.Array()
		for e := range v.Elements() {
			if !t.isHidden(e) {
				t.copyVisible(b, e)
			}
		}
		b.End()
	default:
		b.Copy(v)
	}
}
