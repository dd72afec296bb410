package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// readFault reads a fault, whose start tag was read last. Applications are careless with the
// namespaces in their faults, and a fault that can't be read helps nobody: names count by
// themselves.
func (m *message) readFault(t xmlTag) (*Fault, error) {
	r := m.r
	r.anyBare = true
	r.above = len(r.open)
	f := &Fault{}
	var seen []string
	err := r.each(t, func() error {
		part, err := r.start()
		if err != nil {
			return err
		}
		local := string(r.text[part.local:part.end])
		once := strings.ToLower(local) // detail and Detail are one
		if slices.Contains(seen, once) {
			return r.fail(fmt.Errorf("%s stands in the fault a second time", r.said(part.xmlName)))
		}
		seen = append(seen, once)
		switch local {
		case "faultcode":
			f.Code, err = m.code(part)
		case "Code":
			err = m.codes(part, f)
		case "faultstring":
			err = m.reason(part, f)
		case "Reason":
			err = r.each(part, func() error {
				text, err := r.start()
				if err == nil {
					err = m.reason(text, f)
				}
				if err == nil {
					err = r.end(text)
				}
				return err
			})
		case "faultactor", "Role":
			f.Actor, err = r.only(part)
		case "Node":
			f.Node, err = r.only(part)
		case "detail", "Detail":
			f.Detail, err = m.detail(part)
		default:
			err = r.fail(fmt.Errorf("%s stands in the fault", r.said(part.xmlName)))
		}
		if err != nil {
			return err
		}
		return r.end(part)
	})
	return f, err
}

// codes reads the Code or a Subcode of SOAP 1.2.
func (m *message) codes(t xmlTag, f *Fault) error {
	return m.r.each(t, func() error {
		part, err := m.r.start()
		if err != nil {
			return err
		}
		switch string(m.r.text[part.local:part.end]) {
		case "Value":
			var code string
			if code, err = m.code(part); len(f.Subcodes) == maxReasons {
				err = m.r.fail(fmt.Errorf("the fault has more than %d subcodes", maxReasons))
			} else if f.Code == "" {
				f.Code = code
			} else {
				f.Subcodes = append(f.Subcodes, code)
			}
		case "Subcode":
			err = m.codes(part, f)
		default:
			err = m.r.fail(fmt.Errorf("%s stands in the code of the fault", m.r.said(part.xmlName)))
		}
		if err != nil {
			return err
		}
		return m.r.end(part)
	})
}

// code reads a code: a name whose prefix is declared here.
func (m *message) code(t xmlTag) (string, error) {
	text, err := m.r.only(t)
	text = strings.TrimSpace(text)
	prefix, local, ok := strings.Cut(text, ":")
	if err != nil || !ok {
		return text, err
	}
	b, _ := m.r.lookup([]byte(prefix))
	switch {
	case b == nil:
		return text, nil
	case (b.space == nil || b.space.attribute == "") && isNCName(local):
		return "{" + string(m.r.text[b.uri.start:b.uri.end]) + "}" + local, nil
	case b.space == nil || b.space.attribute == "":
		return text, nil
	case b.space.uri == m.uri && m.standard(local):
		return local, nil
	}
	return b.space.attribute + ":" + local, nil
}

// maxReasons is in how many languages a fault may have its reason, and how many codes.
const maxReasons = 64

// reason reads one of the texts.
func (m *message) reason(t xmlTag, f *Fault) error {
	if len(f.Reasons) == maxReasons {
		return m.r.fail(fmt.Errorf("the fault has more than %d reasons", maxReasons))
	}
	reason := Reason{}
	for _, a := range m.r.attrs {
		if a.prefix == "xml" && string(m.r.text[a.local:a.end]) == "lang" {
			reason.Lang = string(m.r.text[a.value.start:a.value.end])
		}
	}
	var err error
	reason.Text, err = m.r.only(t)
	f.Reasons = append(f.Reasons, reason)
	return err
}

// detailName is the member that a detail is while it stands beside a header.
const detailName = "#detail"

// detail reads the detail. It is what the reader's document then is, or a member of it where there
// are header blocks: two documents would take twice the memory.
func (m *message) detail(t xmlTag) (document.Value, error) {
	r := m.r
	if m.object {
		r.keep([]byte(detailName))
	}
	if err := r.value(t, false); err != nil {
		return document.Value{}, err
	}
	if m.object {
		r.b.End()
	}
	doc, err := r.b.Document()
	switch {
	case err != nil:
		return document.Value{}, r.fail(err)
	case m.object:
		return doc.Root().Get(detailName), nil
	}
	return doc.Root(), nil
}
