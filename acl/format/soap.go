package format

import (
	"errors"
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// The namespaces of envelopes: SOAP 1.1 (W3C Note of 8 May 2000, section 4) and SOAP 1.2 part 1
// (section 5).
const (
	soap11 = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12 = "http://www.w3.org/2003/05/soap-envelope"
)

// headerName is the member that the header blocks of a message are.
const headerName = "#header"

// Headers is a Format whose requests have header fields of their own.
type Headers interface {
	Format
	// Headers returns the fields, for reading only. They are set behind Content-Type, which may
	// be among them. Answers don't have them.
	Headers() map[string]string
}

// soapFormat reads and writes SOAP messages. It is a Faults and a Headers.
type soapFormat struct {
	*xmlFormat
	uri     string // of the envelope
	prefix  string
	headers map[string]string
}

func newSOAP(c Config) (Format, error) {
	s := &soapFormat{uri: soap11}
	usual := "text/xml"
	var problems Problems
	switch c.Version {
	case "", "1.1":
	case "1.2":
		s.uri, usual = soap12, "application/soap+xml"
	default:
		problems = append(problems, Problem{"version", fmt.Sprintf("%q isn't a version of SOAP; it is 1.1 or 1.2", c.Version)})
	}
	x, more := newXMLFormat(c, map[string]string{"soap": s.uri, "problem": problemURI})
	problems = append(problems, more...)
	s.xmlFormat = x
	// A message of the other version is read as far as to say so.
	x.media = newMedia(c.ContentType, usual+"; charset="+strings.ToLower(x.charset.String()), "text/xml", "application/xml", "application/soap+xml")
	s.prefix = x.names.spaces[s.uri].attribute
	if x.names.spaces[s.uri].element == "" {
		problems = append(problems, Problem{namespaceOption(""), "names without a prefix can't be those of the envelope"})
	}
	if prefix, _, ok := strings.Cut(c.Root, ":"); ok && prefix == s.prefix {
		problems = append(problems, Problem{"root", fmt.Sprintf("%s is of the envelope; the root is the element in its body", c.Root)})
	}
	for prefix, uri := range c.Namespaces {
		if uri == problemURI && prefix != "problem" {
			problems = append(problems, Problem{namespaceOption(prefix), uri + " is known as problem"})
		}
	}
	if strings.ContainsFunc(c.Action, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r >= 0x7F }) {
		problems = append(problems, Problem{"action", fmt.Sprintf("%q can't stand in a header; it is a URI, without quotes", c.Action)})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	switch {
	case s.uri == soap11: // where the field has to be, if only to say nothing (section 6.1.1)
		s.headers = map[string]string{"SOAPAction": `"` + c.Action + `"`}
	case c.Action != "": // RFC 3902
		s.headers = map[string]string{"Content-Type": x.written + `; action="` + c.Action + `"`}
	}
	return s, nil
}

// Accepts implements Format.
func (s *soapFormat) Accepts(contentType string) bool { return s.media.Accepts(contentType) }

// Headers implements Headers.
func (s *soapFormat) Headers() map[string]string { return s.headers }

// Decode implements Format. A message that is a fault is an error that is a *Fault.
func (s *soapFormat) Decode(body []byte, contentType string) (*document.Document, error) {
	r, err := s.reader(body, contentType)
	if err != nil {
		return nil, err
	}
	r.message = true
	if err := r.prolog(); err != nil {
		return nil, err
	}
	m := message{soapFormat: s, r: r}
	if err := m.envelope(); err != nil {
		return nil, err
	}
	if err := r.misc(false); err != nil {
		return nil, r.fail(err)
	}
	if m.fault != nil {
		return nil, m.fault
	}
	return r.document()
}

// message is one that is being read.
type message struct {
	*soapFormat
	r        *xmlReader
	fault    *Fault
	object   bool // the document is an object that is begun
	body     bool // the body was there
	bare     [2]bareNames
	children int // of the body
}

func (m *message) envelope() error {
	r := m.r
	m.bare, r.braces = r.bare, true // what envelope, header and body have for attributes doesn't count
	t, err := r.start()
	if err != nil {
		return err
	}
	r.above = len(r.open)
	if local := string(r.text[t.local:t.end]); local != "Envelope" || t.space != m.uri {
		return r.fail(m.noEnvelope(local, t))
	}
	err = r.each(t, func() error {
		part, err := r.start()
		if err != nil {
			return err
		}
		r.above = len(r.open)
		switch local := string(r.text[part.local:part.end]); {
		case part.space == m.uri && local == "Header" && !m.object && !m.body:
			err = m.header(part)
		case part.space == m.uri && local == "Body" && !m.body:
			m.body = true
			err = m.content(part)
		default:
			err = r.fail(fmt.Errorf("%s stands in the envelope where a header and then a body may", r.said(part.xmlName)))
		}
		if err != nil {
			return err
		}
		return r.end(part)
	})
	switch {
	case err != nil:
		return err
	case !m.body:
		return r.fail(errors.New("the envelope has no body"))
	}
	return r.end(t)
}

// noEnvelope is what is wrong with an element that isn't the envelope.
func (m *message) noEnvelope(local string, t xmlTag) error {
	versions := map[string]string{soap11: "1.1", soap12: "1.2"}
	uri := m.r.uri(t)
	if version, ok := versions[uri]; ok && local == "Envelope" {
		return fmt.Errorf("the message is SOAP %s, and version says %s", version, versions[m.uri])
	}
	return fmt.Errorf("the root element is %s in %s, not Envelope in %s", clip([]byte(local)), called(uri), m.uri)
}

// begin begins the document as an object.
func (m *message) begin() {
	if !m.object {
		m.object = true
		m.r.b.Object()
	}
}

// header reads the header blocks. They are of whoever had something to add to the message, so that
// a configuration can't know them all, and what their names are has nothing to do with the body's.
func (m *message) header(t xmlTag) error {
	r, begun := m.r, false
	r.below = "/" + headerName
	err := r.each(t, func() error {
		if !begun {
			begun = true
			m.begin()
			r.keep([]byte(headerName))
			r.b.Object()
		}
		return r.member()
	})
	r.below = ""
	if err == nil && begun {
		r.b.End()
	}
	return err
}

// content reads what is in the body.
func (m *message) content(t xmlTag) error {
	r := m.r
	r.bare, r.braces = m.bare, false
	defer func() { r.braces = true }()
	err := r.each(t, func() error {
		t, err := r.start()
		if err != nil {
			return err
		}
		m.children++
		switch local := string(r.text[t.local:t.end]); {
		case m.children > 1 && (m.root != "" || m.fault != nil):
			r.above = len(r.open)
			return r.fail(fmt.Errorf("%s stands in the body behind the one element that it has", r.said(t.xmlName)))
		case t.space == m.uri && local == "Fault":
			if m.fault, err = m.readFault(t); err != nil {
				return err
			}
			return r.end(t)
		case m.root != "":
			return m.rootOf(r, t, m.object)
		}
		m.begin()
		return r.memberOf(t)
	})
	switch {
	case err != nil || m.fault != nil:
		return err
	case m.children == 0 && m.root != "":
		return r.fail(fmt.Errorf("the body is empty where %s is expected", m.root))
	case m.root == "":
		m.begin() // an empty body is an empty object
	}
	if m.object {
		r.b.End()
	}
	return r.fail(r.b.Err())
}

// Append implements Format.
func (s *soapFormat) Append(dst []byte, v document.Value) ([]byte, error) {
	w := s.writer(dst)
	header := v.Get(headerName)
	w.skip = header
	err := s.write(w, header, func() error {
		switch {
		case s.root != "":
			return w.element([]byte(s.root), v, s.cdata)
		case v.Kind() != document.Object:
			return w.fail(fmt.Errorf("%s is written, and without a root a body is an object", describe(v)))
		}
		for name, member := range v.Members() {
			if member.Is(header) {
				continue
			}
			if err := w.member(name, member, s.cdata); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.end(dst)
}

// write writes a message whose body content writes.
func (s *soapFormat) write(w *xmlWriter, header document.Value, content func() error) error {
	tags := [...]string{s.prefix + ":Envelope", s.prefix + ":Header", s.prefix + ":Body"}
	if err := w.begin(tags[0]); err != nil {
		return err
	}
	if header.Exists() {
		w.at = append(w.at, headerName)
		if header.Kind() != document.Object {
			return w.fail(fmt.Errorf("the header is of the kind %s; it is an object of header blocks", header.Kind()))
		}
		if err := w.begin(tags[1]); err != nil {
			return err
		}
		w.braces = true
		for name, block := range header.Members() {
			if err := w.member(name, block, s.cdata.to([]byte(headerName))); err != nil {
				return err
			}
		}
		w.braces = false
		w.close([]byte(tags[1]))
		w.at = w.at[:len(w.at)-1]
	}
	if err := w.begin(tags[2]); err != nil {
		return err
	}
	if err := content(); err != nil {
		return err
	}
	w.close([]byte(tags[2]))
	w.close([]byte(tags[0]))
	return nil
}

// begin writes a start tag without attributes.
func (w *xmlWriter) begin(name string) error {
	if _, err := w.open([]byte(name)); err != nil {
		return err
	}
	w.out = append(w.out, '>')
	return nil
}
