package compare

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// comparedAttributes returns those of an element's attributes that a reader notices, in a form in
// which what means the same is the same. Looks (class, style), what scripts are for (id, data-*,
// on*) and what is of one answer only (nonce) are left out.
func comparedAttributes(n *html.Node) []attribute {
	var all []attribute
	for _, a := range n.Attr {
		name, value := a.Key, a.Val
		if a.Namespace != "" && name != "href" {
			continue
		}
		switch name {
		case "href", "src", "action", "formaction", "poster", "srcset": // links
			value = strings.TrimSpace(value)
		case "type", "method": // case doesn't matter, and there are defaults
			value = strings.ToLower(value)
			if value == defaultOf(n.DataAtom, name) {
				continue
			}
		case "checked", "selected", "disabled", "required", "readonly", "multiple": // there or not
			value = name
		case "name", "value", "for", "content", "property", "alt", "title", "lang", "colspan", "rowspan", "start":
		default:
			continue
		}
		all = append(all, attribute{name, value})
	}
	return all
}

func defaultOf(tag atom.Atom, attribute string) string {
	switch {
	case attribute == "method" && tag == atom.Form:
		return "get"
	case attribute == "type" && tag == atom.Input:
		return "text"
	case attribute == "type" && tag == atom.Button:
		return "submit"
	case attribute == "type" && tag == atom.Script:
		return "text/javascript"
	case attribute == "type" && (tag == atom.Style || tag == atom.Link):
		return "text/css"
	}
	return ""
}
