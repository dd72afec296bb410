package compare

import (
	"bytes"
	"strings"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/strangler-fig/toolkit/shadow"
)

// html compares two pages by what a reader gets of them: text, structure, links and forms.
func (c *Comparer) html(legacy, service document) ([]shadow.Difference, error) {
	var pages [2]*html.Node
	for i, text := range [2][]byte{legacy.body, service.body} {
		page, err := readHTML(text)
		if err != nil {
			return nil, err
		}
		for _, selector := range c.plan.ignored {
			for _, n := range cascadia.QueryAll(page, selector) {
				if n.Parent != nil {
					n.Parent.RemoveChild(n)
				}
			}
		}
		collapseBlanks(page)
		pages[i] = page
	}
	diffs, err := c.selections(pages)
	if err != nil || !c.plan.whole && c.plan.root == nil {
		return diffs, err
	}
	ids := idsOf(pages[0])
	ids.keep(idsOf(pages[1]))
	body, _, err := c.structured(formHTML.shape(), c.root(), func(w *walk) (error, error) {
		return w.legacy.parse(ids.markup(pages[0]).appendJSON(nil)), w.service.parse(ids.markup(pages[1]).appendJSON(nil))
	})
	return append(diffs, body...), err
}

// readHTML parses a page as a browser does, without running scripts. What can't be parsed is too
// complex: there is no text that isn't HTML.
func readHTML(text []byte) (*html.Node, error) {
	if err := boundHTML(text); err != nil {
		return nil, err
	}
	page, err := html.ParseWithOptions(bytes.NewReader(text), html.ParseOptionEnableScripting(false))
	if err != nil {
		return nil, tooComplex("HTML: %v", err)
	}
	return page, nil
}

// ids are those by which elements of both pages can be told: each page has them once.
type ids map[string]bool

func idsOf(page *html.Node) ids {
	all := ids{}
	for n := range page.Descendants() {
		if id := attributeOf(n, "id"); id != "" {
			_, twice := all[id]
			all[id] = !twice
		}
	}
	return all
}

// keep drops those that aren't among others too.
func (all ids) keep(others ids) {
	for id := range all {
		all[id] = all[id] && others[id]
	}
}

// markup returns what is compared of a node and of all below it. Pages are no deeper than html
// parses them.
func (all ids) markup(n *html.Node) *markup {
	m := &markup{}
	if n.Type == html.ElementNode {
		m.token, m.tag = all.token(n)
		m.attributes = comparedAttributes(n)
	}
	if n.DataAtom == atom.Script || n.DataAtom == atom.Style {
		return m
	}
	for child := range n.ChildNodes() {
		switch {
		case child.Type == html.TextNode && child.Data != "":
			m.content = append(m.content, content{text: child.Data})
		case child.Type == html.ElementNode && !saysCharset(child):
			m.content = append(m.content, content{child: all.markup(child)})
		}
	}
	return m
}

// token returns what an element is called in pointers: what has a name by that, as in
// input[csrf_token], what has an id by that, else by its tag. Of ids the tag is returned too, since
// they say nothing of it.
func (all ids) token(n *html.Node) (token, tag string) {
	switch n.DataAtom {
	case atom.Input, atom.Select, atom.Textarea, atom.Button:
		if name := attributeOf(n, "name"); name != "" {
			return n.Data + "[" + name + "]", ""
		}
	case atom.Meta:
		for _, by := range []string{"name", "property", "http-equiv"} {
			if name := attributeOf(n, by); name != "" {
				return n.Data + "[" + name + "]", ""
			}
		}
	}
	if id := attributeOf(n, "id"); all[id] {
		return "#" + id, n.Data
	}
	return n.Data, ""
}

// saysCharset reports an element that only says how the page is encoded.
func saysCharset(n *html.Node) bool {
	return n.DataAtom == atom.Meta &&
		(attributeOf(n, "charset") != "" || strings.EqualFold(attributeOf(n, "http-equiv"), "content-type"))
}

func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val
		}
	}
	return ""
}
