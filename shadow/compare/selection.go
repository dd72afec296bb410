package compare

import (
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/strangler-fig/toolkit/shadow"
)

// selections compares the texts of what the selectors of only find in two pages, in order.
func (c *Comparer) selections(pages [2]*html.Node) ([]shadow.Difference, error) {
	var all []shadow.Difference
	for _, p := range c.plan.selected {
		diffs, _, err := c.structured(shape{lists: true}, place{inside: true}, func(w *walk) (error, error) {
			return w.legacy.parse(selectTexts(pages[0], p.selector)), w.service.parse(selectTexts(pages[1], p.selector))
		})
		if err != nil {
			return nil, err
		}
		for i := range diffs {
			diffs[i].Pointer = p.text + strings.TrimPrefix(diffs[i].Pointer, "/"+selectedMember)
			diffs[i].Pattern = p.text + strings.TrimPrefix(diffs[i].Pattern, "/"+selectedMember)
		}
		all = append(all, diffs...)
	}
	return all, nil
}

const selectedMember = "all"

// selectTexts writes the texts of the elements that a selector finds as a list.
func selectTexts(page *html.Node, selector cascadia.SelectorGroup) []byte {
	found := cascadia.QueryAll(page, selector)
	if len(found) == 0 {
		return []byte("{}")
	}
	list := []byte(`{"` + selectedMember + `":[`)
	for i, n := range found {
		if i > 0 {
			list = append(list, ',')
		}
		if len(list) > maxText {
			break // which is refused
		}
		list = appendString(list, textOf(n))
	}
	return append(list, "]}"...)
}

// textOf returns an element's text on one line; of a control, its value.
func textOf(n *html.Node) string {
	if n.DataAtom == atom.Input {
		return attributeOf(n, "value")
	}
	var b strings.Builder
	writeText(&b, n)
	return strings.TrimSpace(b.String())
}

func writeText(b *strings.Builder, n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(n.Data)
		return
	case n.Type == html.CommentNode || n.DataAtom == atom.Script || n.DataAtom == atom.Style:
		return
	}
	breaks := breaksLine(n.DataAtom) && b.Len() > 0
	if breaks && !strings.HasSuffix(b.String(), " ") {
		b.WriteByte(' ')
	}
	for child := range n.ChildNodes() {
		writeText(b, child)
	}
	if breaks && !strings.HasSuffix(b.String(), " ") {
		b.WriteByte(' ')
	}
}
