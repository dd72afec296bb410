package config

import (
	"net/http"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/exchange"
)

// readStatus reads, for each of the service's statuses, which of legacy's answers are meant.
func (d *translationDraft) readStatus(v value) {
	for key, child := range v.entries() {
		status, ok := key.status()
		if !ok {
			continue
		}
		if child.node.Kind != yaml.SequenceNode {
			d.readOneStatus(status, child)
			continue
		}
		for _, item := range child.items() {
			d.readOneStatus(status, item)
		}
	}
	if isNull(v.node) || len(v.node.Content) == 0 {
		v.notEmpty("what a status of the service's is on legacy's side, such as 404: {legacy: 200, when: {body: {ERR: NOTFOUND}}}")
	}
}

// status returns the number that a key or value is.
func (v value) status() (int, bool) {
	n, err := strconv.Atoi(v.node.Value)
	if err != nil || n < 200 || n > 599 {
		v.fail("%q is no status of an answer; write one from 200 to 599", v.node.Value)
		return 0, false
	}
	return n, true
}

func (d *translationDraft) readOneStatus(service int, v value) {
	s, with := exchange.Status{Service: service}, ""
	v.object(fields{
		"legacy": func(v value) {
			if _, ok := v.scalar(); ok {
				s.Legacy, _ = v.status()
			}
		},
		"when": func(v value) {
			if v, ok := v.embedded(); ok {
				s.When = v.members()
			}
		},
		"with": func(v value) {
			v.text(&with)
			d.refer = append(d.refer, reference{what: "translator", name: with, at: v})
		},
		"location": func(v value) {
			if !v.isMapping() {
				v.text(&s.Location.Legacy)
				return
			}
			v.sides(func(v value) { v.text(&s.Location.Legacy) }, func(v value) { v.text(&s.Location.Service) })
		},
	}, "legacy")
	d.parts[element("status", len(d.to.Exchange.Status))] = v
	d.to.Exchange.Status = append(d.to.Exchange.Status, s)
	d.to.With = append(d.to.With, with)
}

// embedded returns what a text says that is YAML itself; anything else is returned as it is.
func (v value) embedded() (value, bool) {
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() != "!!str" {
		return v, true
	}
	s, ok := v.scalar()
	if !ok {
		return v, false
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(s), &document); err != nil || len(document.Content) == 0 {
		v.fail("%q is not YAML such as body: {ERR: NOTFOUND}", s)
		return v, false
	}
	root := document.Content[0]
	put(root, v.node.Line, v.node.Column, 0)
	return value{v.l, v.src, root, v.path}, (&untangler{l: v.l, src: v.src}).untangle(root)
}

// put gives a tree that was read from a text the place of that text. What has anchors is looked at
// by the untangler, and isn't gone through here.
func put(n *yaml.Node, line, column, depth int) {
	n.Line, n.Column = line, column
	if n.Kind == yaml.AliasNode || depth > 1000 {
		return
	}
	for _, child := range n.Content {
		put(child, line, column, depth+1)
	}
}

// members reads what stands in a body.
func (v value) members() (all []exchange.Member) {
	v.object(fields{"body": func(v value) {
		v.notEmpty("a place and its value, such as {ERR: NOTFOUND}")
		for key, child := range v.entries() {
			if path := key.node.Value; key.isPath(path) {
				if is, ok := child.literal(); ok {
					all = append(all, exchange.Member{Path: path, Is: is})
				}
			}
		}
	}}, "body")
	return all
}

func (d *translationDraft) readHeaders(v value) {
	for i, item := range v.items() {
		var h exchange.Header
		item.object(fields{
			"legacy":  func(v value) { v.header(&h.Legacy) },
			"service": func(v value) { v.header(&h.Service) },
			"const":   func(v value) { v.text(&h.Const) },
			"values":  func(v value) { v.pairs(&h.Values, false) },
			"in": func(v value) {
				s, _ := v.choice("request", "answer")
				h.Request, h.Answer = s == "request", s == "answer"
			},
		})
		if item.isMapping() && !item.has("legacy") && !item.has("service") {
			item.fail("neither legacy nor service is given; name the header on one side, or on both")
		}
		d.parts[element("headers", i)] = item
		d.to.Exchange.Headers = append(d.to.Exchange.Headers, h)
	}
}

// readCookies reads how the paths of cookies correspond.
func (d *translationDraft) readCookies(v value) {
	for i, item := range v.items() {
		var c exchange.Cookie
		item.object(fields{
			"legacy":  func(v value) { v.text(&c.Legacy) },
			"service": func(v value) { v.text(&c.Service) },
		}, "legacy", "service")
		d.parts[element("cookies", i)] = item
		d.to.Exchange.Cookies = append(d.to.Exchange.Cookies, c)
	}
}

func (v value) header(to *string) {
	if s, ok := v.scalar(); ok {
		if !isToken(s) {
			v.fail("%q is no name of a header", s)
			return
		}
		*to = http.CanonicalHeaderKey(s)
	}
}
