package compare_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// plant is an element that is made up, to be written in several ways.
type plant struct {
	name       string
	attributes [][2]string
	content    []any // *plant or string
}

// grow makes an element up. Texts and values are all different, so that any two that change places
// are seen to.
func grow(r *rand.Rand, depth int, names []string, next *int) *plant {
	fresh := func() string { *next++; return fmt.Sprintf("t%d", *next) }
	p := &plant{name: names[r.IntN(len(names))]}
	for i := range r.IntN(3) {
		p.attributes = append(p.attributes, [2]string{[]string{"title", "alt", "value"}[i], fresh()})
	}
	for range r.IntN(5) {
		if last := len(p.content) - 1; r.IntN(2) == 0 && (last < 0 || !isString(p.content[last])) {
			p.content = append(p.content, fresh())
		} else if depth > 0 {
			p.content = append(p.content, grow(r, depth-1, names, next))
		}
	}
	return p
}

func isString(v any) bool { _, is := v.(string); return is }

func (p *plant) clone() *plant {
	c := &plant{p.name, slices.Clone(p.attributes), slices.Clone(p.content)}
	for i, v := range c.content {
		if child, is := v.(*plant); is {
			c.content[i] = child.clone()
		}
	}
	return c
}

// all lists the element and those below.
func (p *plant) all() []*plant {
	list := []*plant{p}
	for _, v := range p.content {
		if child, is := v.(*plant); is {
			list = append(list, child.all()...)
		}
	}
	return list
}

// write writes the element as markup; with a random, in one of the ways that mean the same in XML.
func (p *plant) write(b *strings.Builder, r *rand.Rand) {
	attributes := slices.Clone(p.attributes)
	prefix := ""
	if r != nil {
		r.Shuffle(len(attributes), func(i, j int) { attributes[i], attributes[j] = attributes[j], attributes[i] })
		if r.IntN(3) == 0 {
			prefix = "p:"
		}
	}
	b.WriteString("<" + prefix + p.name)
	for _, a := range attributes {
		fmt.Fprintf(b, " %s='%s'", a[0], a[1])
	}
	if r != nil && len(p.content) == 0 && r.IntN(2) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	for _, v := range p.content {
		text, is := v.(string)
		switch {
		case !is:
			v.(*plant).write(b, r)
		case r != nil && r.IntN(3) == 0:
			b.WriteString("<![CDATA[" + text[:1] + "]]><!-- c -->" + text[1:])
		default:
			b.WriteString(text)
		}
	}
	b.WriteString("</" + prefix + p.name + ">")
}

// change changes one thing that a reader notices, and says what; empty: there was nothing to.
func (p *plant) change(r *rand.Rand) string {
	all := p.all()
	at := all[r.IntN(len(all))]
	switch n := len(at.content); r.IntN(5) {
	case 0:
		if len(at.attributes) > 0 {
			at.attributes[0][1] += "x"
			return "a value"
		}
	case 1:
		if len(at.attributes) > 0 {
			at.attributes = at.attributes[1:]
			return "an attribute less"
		}
	case 2:
		if n > 0 {
			at.content = slices.Delete(at.content, n-1, n)
			return "a piece less"
		}
	case 3:
		if n > 1 {
			i := r.IntN(n - 1)
			a, b := at.content[i], at.content[i+1]
			if written(a) == written(b) {
				return ""
			}
			at.content[i], at.content[i+1] = b, a
			return "two that changed places"
		}
	case 4:
		for i, v := range at.content {
			if text, is := v.(string); is {
				at.content[i] = text + "x"
				return "a text"
			}
		}
	}
	return ""
}

func written(v any) string {
	if text, is := v.(string); is {
		return text
	}
	var b strings.Builder
	v.(*plant).write(&b, nil)
	return b.String()
}

// TestMarkupChanges makes documents up: what means the same is the same, and whatever changes is
// found.
func TestMarkupChanges(t *testing.T) {
	c := comparer(t, rules{})
	compare := func(media, a, b string) []shadow.Difference {
		t.Helper()
		diffs, err := c.Compare(answer(a, "Content-Type", media), answer(b, "Content-Type", media))
		if err != nil {
			t.Fatal(err)
		}
		return diffs
	}
	r := rand.New(rand.NewPCG(3, 4))
	changes := map[string]int{}
	for range 3000 {
		next := 0
		doc := grow(r, 3, []string{"a", "b", "c"}, &next)
		wrap := func(text string) string { return `<o xmlns="urn:x" xmlns:p="urn:x">` + text + `</o>` }
		plain := wrap(written(doc))
		var other strings.Builder
		doc.write(&other, r)
		if diffs := compare("text/xml", plain, wrap(other.String())); len(diffs) > 0 {
			t.Fatalf("%s\n%s\nmean the same, but %q", plain, wrap(other.String()), lines(diffs))
		}
		changed := doc.clone()
		if what := changed.change(r); what != "" {
			changes[what]++
			if diffs := compare("text/xml", plain, wrap(written(changed))); len(diffs) == 0 {
				t.Fatalf("%s isn't found between\n%s\n%s", what, plain, wrap(written(changed)))
			}
		}

		page := grow(r, 3, []string{"div", "span", "section"}, &next)
		other.Reset()
		changed = page.clone()
		if what := changed.change(r); what != "" {
			changes["HTML, "+what]++
			if diffs := compare("text/html", written(page), written(changed)); len(diffs) == 0 {
				t.Fatalf("%s isn't found between\n%s\n%s", what, written(page), written(changed))
			}
		}
	}
	if len(changes) != 10 {
		t.Errorf("not all changes were made: %v", changes)
	}
}
