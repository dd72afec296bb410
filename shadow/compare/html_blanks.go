package compare

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// collapseBlanks makes of a page's texts what is rendered of them (CSS Text 3, section 4.1): blanks
// are one blank, none at the beginning and end of a line, wherever elements begin and end
// between. Those beside form controls are taken for none.
func collapseBlanks(page *html.Node) {
	(&collapser{edge: true}).visit(page, false)
}

type collapser struct {
	edge bool       // the line begins here, or a blank was before
	last *html.Node // the text that ended in that blank
}

func (c *collapser) visit(n *html.Node, preserved bool) {
	switch {
	case n.Type == html.TextNode && preserved:
		c.edge, c.last = false, nil
		return
	case n.Type == html.TextNode:
		c.text(n)
		return
	case n.Type == html.CommentNode || n.DataAtom == atom.Script || n.DataAtom == atom.Style:
		return
	}
	breaks := n.Type != html.ElementNode || breaksLine(n.DataAtom)
	if breaks {
		c.newLine()
	}
	preserved = preserved || n.DataAtom == atom.Pre || n.DataAtom == atom.Textarea
	for child := range n.ChildNodes() {
		c.visit(child, preserved)
	}
	switch {
	case breaks:
		c.newLine()
	case n.DataAtom == atom.Img:
		c.edge, c.last = false, nil
	}
}

func (c *collapser) text(n *html.Node) {
	if n.Data == "" {
		return
	}
	var b strings.Builder
	b.Grow(len(n.Data))
	blank := c.edge // whether one was just before
	for i := range len(n.Data) {
		switch char := n.Data[i]; {
		case !isBlank(char):
			b.WriteByte(char)
			blank = false
		case !blank:
			b.WriteByte(' ')
			blank = true
		}
	}
	text := b.String()
	n.Data = text
	if text != "" {
		c.edge, c.last = false, nil
		if strings.HasSuffix(text, " ") {
			c.edge, c.last = true, n
		}
	}
}

func (c *collapser) newLine() {
	if c.last != nil {
		c.last.Data = strings.TrimSuffix(c.last.Data, " ")
	}
	c.edge, c.last = true, nil
}

// isBlank reports ASCII whitespace: a no-break space is no blank.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }

// breaksLine reports whether a line ends where such an element begins and ends.
func breaksLine(tag atom.Atom) bool {
	switch tag {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Br, atom.Button, atom.Caption,
		atom.Col, atom.Colgroup, atom.Dd, atom.Details, atom.Dialog, atom.Div, atom.Dl, atom.Dt, atom.Fieldset,
		atom.Figcaption, atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
		atom.Head, atom.Header, atom.Hgroup, atom.Hr, atom.Html, atom.Input, atom.Legend, atom.Li, atom.Link, atom.Main,
		atom.Meta, atom.Nav, atom.Ol, atom.Optgroup, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select,
		atom.Summary, atom.Table, atom.Tbody, atom.Td, atom.Template, atom.Textarea, atom.Tfoot, atom.Th, atom.Thead,
		atom.Title, atom.Tr, atom.Ul:
		return true
	}
	return false
}
