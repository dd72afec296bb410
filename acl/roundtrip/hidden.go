package roundtrip

import "github.com/strangler-fig/toolkit/acl/document"

// withoutHidden returns a document without the values that were taken out of it before it was
// recorded; false: there are none.
func (t *Test) withoutHidden(d *document.Document) (clean *document.Document, hidden bool) {
	places := map[string]bool{}
	t.findHidden(d.Root(), nil, places)
	if len(places) == 0 {
		return d, false
	}
	b := document.NewBuilder(nil, 64)
	b.Repeats(d.Repeats)
	t.copyVisible(b, d.Root())
	clean, err := b.Document()
	if err != nil {
		return d, false
	}
	for p := range places {
		t.hidden[p]++
	}
	return clean, true
}

func (t *Test) isHidden(v document.Value) bool {
	return v.Kind() == document.String && t.config.Hidden(v.Text())
}

func (t *Test) findHidden(v document.Value, at []token, places map[string]bool) {
	switch {
	case t.isHidden(v):
		places[pointerOf(at, true)] = true
	case v.Kind() == document.Object:
		for name, member := range v.Members() {
			t.findHidden(member, below(at, string(name)), places)
		}
	case v.Kind() == document.Array:
		for e := range v.Elements() {
			t.findHidden(e, append(at[:len(at):len(at)], token{}), places)
		}
	}
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
