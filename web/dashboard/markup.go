package dashboard

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// element is an element of XML or HTML, with the names that pointers have for it.
type element struct {
	token      string // in a pointer
	name       string // as it is shown
	attributes []elementAttribute
	content    []elementPart
	void       bool // it has no end
	noText     bool // its text isn't compared, and not shown
}

type elementAttribute struct{ token, name, value string }

// elementPart is an element, or else text.
type elementPart struct {
	child *element
	text  string
}

// text returns the element's own text.
func (e *element) text() string {
	var b strings.Builder
	for _, p := range e.content {
		b.WriteString(p.text)
	}
	return b.String()
}

// find follows a pointer's tokens. It returns the element as far as there is one, the attribute that is
// meant of it, and what it lacks. Where there is only one of a name pointers may leave its index out.
func (e *element) find(tokens []string) (at *element, attribute string, rest []string) {
	at = e
	for len(tokens) > 0 {
		if name, is := strings.CutPrefix(tokens[0], "@"); is {
			has := slices.ContainsFunc(at.attributes, func(a elementAttribute) bool { return a.token == name })
			if !has || len(tokens) > 1 {
				return at, "", tokens
			}
			return at, name, nil
		}
		same := at.called(tokens[0])
		used, which := 1, 0
		if len(tokens) > 1 {
			if n, err := strconv.Atoi(tokens[1]); err == nil { // no name begins with a digit
				used, which = 2, n
			}
		}
		if which < 0 || which >= len(same) {
			return at, "", tokens
		}
		at, tokens = same[which], tokens[used:]
	}
	return at, "", nil
}

// list returns the tokens of the element that has the list that tokens name; tokens where they name none.
func (e *element) list(tokens []string) []string {
	last := len(tokens) - 1
	parent, _, rest := e.find(tokens[:last])
	if _, err := strconv.Atoi(tokens[last]); err == nil || len(rest) > 0 || len(parent.called(tokens[last])) == 0 {
		return tokens
	}
	if grand, _, rest := e.find(tokens); len(rest) == 0 && len(parent.called(tokens[last])) == 1 && len(grand.content) > 1 {
		return tokens // the order within the only one of that name
	}
	return tokens[:last]
}

// called returns the children of that name.
func (e *element) called(token string) (same []*element) {
	for _, p := range e.content {
		if p.child != nil && p.child.token == token {
			same = append(same, p.child)
		}
	}
	return same
}

// all calls see with the elements at a pattern, in which * is any index or name.
func (e *element) all(tokens []string, see func(*element) bool) bool {
	if len(tokens) == 0 {
		return see(e)
	}
	for _, p := range e.content {
		if p.child == nil || tokens[0] != "*" && p.child.token != tokens[0] {
			continue
		}
		rest := tokens[1:]
		if p.child.all(rest, see) {
			return true
		}
		if len(rest) > 0 && rest[0] == "*" && p.child.all(rest[1:], see) {
			return true
		}
	}
	return false
}

var errMarkup = errors.New("beyond what is laid out")

// readXML reads XML as package compare does: prefixes stand for namespaces, CDATA is text, comments are
// nothing. The result stands for the document.
func readXML(body string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(body))
	d.CharsetReader = func(_ string, text io.Reader) (io.Reader, error) { return text, nil } // it is decoded
	type open struct {
		*element
		space    string
		preserve bool
	}
	document := &element{}
	stack := []open{{element: document}}
	for count := 0; ; count++ {
		token, err := d.Token()
		top := &stack[len(stack)-1]
		switch {
		case err == io.EOF && len(document.called("")) == 0 && len(document.content) == 0:
			return nil, errMarkup
		case err == io.EOF:
			return document, nil
		case err != nil:
			return nil, err
		case count > layoutLines || len(stack) > maxDepth:
			return nil, errMarkup
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := open{&element{token: token.Name.Local, name: token.Name.Local}, token.Name.Space, top.preserve}
			if e.space != top.space {
				e.attributes = append(e.attributes, elementAttribute{"xmlns", "xmlns", e.space})
			}
			for _, a := range token.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				name := xmlName(a.Name)
				if name == "xml:space" {
					e.preserve = a.Value == "preserve"
				}
				e.attributes = append(e.attributes, elementAttribute{name, name, a.Value})
			}
			top.content = append(top.content, elementPart{child: e.element})
			stack = append(stack, e)
		case xml.EndElement:
			top.tidy(top.preserve)
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 1 {
				top.content = append(top.content, elementPart{text: string(token)})
			}
		}
	}
}

// xmlName is what package compare calls an attribute.
func xmlName(name xml.Name) string {
	switch name.Space {
	case "":
		return name.Local
	case "xml", "http://www.w3.org/XML/1998/namespace":
		return "xml:" + name.Local
	case "http://www.w3.org/2001/XMLSchema-instance":
		return "xsi:" + name.Local
	case "http://www.w3.org/1999/xlink":
		return "xlink:" + name.Local
	}
	return "{" + name.Space + "}" + name.Local
}

// tidy joins texts and drops blanks between elements, which are there for those who read the source.
func (e *element) tidy(preserve bool) {
	hasChildren := slices.ContainsFunc(e.content, func(p elementPart) bool { return p.child != nil })
	var kept []elementPart
	for _, p := range e.content {
		last := len(kept) - 1
		if p.child == nil && last >= 0 && kept[last].child == nil {
			kept[last].text += p.text
			continue
		}
		kept = append(kept, p)
	}
	e.content = slices.DeleteFunc(kept, func(p elementPart) bool {
		return p.child == nil && (p.text == "" || hasChildren && !preserve && strings.TrimSpace(p.text) == "")
	})
}

// readHTML parses two pages as browsers do. Their ids are names where both pages have them once.
func readHTML(legacy, service string) (pages [2]*element, err error) {
	var nodes [2]*html.Node
	ids := [2]map[string]int{{}, {}}
	for i, body := range [2]string{legacy, service} {
		if !boundedHTML(body) {
			return pages, errMarkup
		}
		if nodes[i], err = html.ParseWithOptions(strings.NewReader(body), html.ParseOptionEnableScripting(false)); err != nil {
			return pages, err
		}
		for n := range nodes[i].Descendants() {
			if id := htmlAttribute(n, "id"); id != "" {
				ids[i][id]++
			}
		}
	}
	named := func(id string) bool { return ids[0][id] == 1 && ids[1][id] == 1 }
	for i, n := range nodes {
		left := layoutLines
		if pages[i] = htmlElement(n, named, false, 0, &left); pages[i] == nil {
			return pages, errMarkup
		}
	}
	return pages, nil
}

// boundedHTML reports whether a page is cheap to parse: formatting elements that aren't closed are opened
// again in each paragraph, which takes quadratic time.
func boundedHTML(body string) bool {
	const most = 64
	tokens := html.NewTokenizer(strings.NewReader(body))
	open := 0
	for n := 0; n < 4*layoutLines; n++ {
		switch tokens.Next() {
		case html.ErrorToken:
			return true
		case html.StartTagToken, html.EndTagToken:
			token := tokens.Token()
			switch token.DataAtom {
			case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
				if token.Type == html.StartTagToken {
					open++
				} else {
					open = max(0, open-1)
				}
			}
			if open > most {
				return false
			}
		}
	}
	return false
}

// htmlElement returns what is shown of a node and all below it; nil: there is too much.
func htmlElement(n *html.Node, named func(id string) bool, preserve bool, depth int, left *int) *element {
	if *left--; *left < 0 || depth > maxDepth {
		return nil
	}
	e := &element{name: n.Data}
	if n.Type == html.ElementNode {
		e.token = htmlToken(n, named)
		for _, a := range n.Attr {
			e.attributes = append(e.attributes, elementAttribute{a.Key, a.Key, a.Val})
		}
	}
	e.noText = n.DataAtom == atom.Script || n.DataAtom == atom.Style
	preserve = preserve || n.DataAtom == atom.Pre || n.DataAtom == atom.Textarea
	for child := range n.ChildNodes() {
		switch {
		case child.Type == html.TextNode && !e.noText:
			text := child.Data
			if !preserve {
				text = strings.Join(strings.Fields(text), " ")
			}
			if text != "" {
				e.content = append(e.content, elementPart{text: text})
			}
		case child.Type == html.ElementNode:
			part := htmlElement(child, named, preserve, depth+1, left)
			if part == nil {
				return nil
			}
			e.content = append(e.content, elementPart{child: part})
		}
	}
	switch n.DataAtom {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr:
		e.void = true
	}
	return e
}

// htmlToken is what package compare calls an element.
func htmlToken(n *html.Node, named func(id string) bool) string {
	by := []string{}
	switch n.DataAtom {
	case atom.Input, atom.Select, atom.Textarea, atom.Button:
		by = []string{"name"}
	case atom.Meta:
		by = []string{"name", "property", "http-equiv"}
	}
	for _, attribute := range by {
		if value := htmlAttribute(n, attribute); value != "" {
			return n.Data + "[" + value + "]"
		}
	}
	if id := htmlAttribute(n, "id"); id != "" && named(id) {
		return "#" + id
	}
	return n.Data
}

func htmlAttribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val
		}
	}
	return ""
}
