package exchange

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// problemType is how a problem document is announced (RFC 9457).
const problemType = "application/problem+json"

// faults returns the formats on either side that have messages for what went wrong; nil: it has
// none.
func (a *answer) faults() (read, written format.Faults) {
	if a.x.answer == nil {
		return nil, nil
	}
	read, _ = a.x.answer.Read(a.way).(format.Faults)
	written, _ = a.x.answer.Written(a.way).(format.Faults)
	return read, written
}

// failure translates an answer that says that something failed, for which there is no translator.
func (a *answer) failure() error {
	read, written := a.faults()
	if a.found != nil && a.way == body.ToService {
		written = nil // what a Status says is a problem document
	}
	switch {
	case read != nil:
		if checkMedia(a.x.answer, a.way, a.resp.Header) == nil && a.open() == nil {
			_, err := a.document(a.x.answer)
			var fault *format.Fault
			if errors.As(err, &fault) {
				return a.fault(fault)
			}
		}
	case written != nil:
		fault, err := format.FaultOf(a.resp.StatusCode, a.said())
		if err != nil {
			return err
		}
		return a.writeFault(written, fault)
	}
	if a.found != nil && a.way == body.ToService && (len(a.found.when) > 0 || a.resp.StatusCode < http.StatusBadRequest) {
		return a.problem()
	}
	a.resp.Body = a.rest()
	return nil
}

// said is the JSON object that an answer's body is, if it is one: a problem document, or the like.
func (a *answer) said() document.Value {
	json, err := format.New(format.Config{Name: format.JSON})
	if err != nil || a.empty || !json.Accepts(a.resp.Header.Get("Content-Type")) || a.open() != nil {
		return document.Value{}
	}
	text, err := a.all()
	if err != nil {
		return document.Value{}
	}
	doc, err := json.Decode(text, "")
	if err != nil || doc.Root().Kind() != document.Object {
		return document.Value{}
	}
	return doc.Root()
}

// fault gives the answer the body that says what a fault says.
func (a *answer) fault(f *format.Fault) error {
	if _, written := a.faults(); written != nil {
		return a.writeFault(written, f)
	}
	status, doc, err := format.ProblemOf(f)
	if err != nil {
		return err
	}
	if a.found == nil || a.status < http.StatusBadRequest {
		a.status = status
	}
	if a.status != status { // the document says the status it comes with
		var g grafts
		g.put(document.Path{{Name: "status"}}, lens.Literal{Kind: document.Number, Text: strconv.Itoa(a.status)})
		if doc, err = g.onto(doc.Root()); err != nil {
			return err
		}
	}
	return a.writeProblem(doc.Root())
}

func (a *answer) writeFault(to format.Faults, f *format.Fault) error {
	if a.found != nil {
		if len(a.found.when) > 0 {
			f.Detail = document.Value{} // what legacy says there is its own, and nothing of a problem document
		}
		if err := a.found.mark(f); err != nil {
			return err
		}
	} else {
		a.status = to.FaultStatus(f)
	}
	text, err := to.AppendFault(nil, f)
	if err != nil {
		return err
	}
	a.replace(&content{whole: text}, to.ContentType())
	return nil
}

// faultDocument is what a condition of a Status looks into: the parts of a fault by the names that
// they have in SOAP 1.1 and in SOAP 1.2.
func faultDocument(f *format.Fault) (*document.Document, error) {
	b := document.NewBuilder(nil, 32)
	b.Repeats(true)
	single := func(text string, names ...string) {
		for _, name := range names {
			outer, inner, nested := strings.Cut(name, ".")
			b.Name(outer)
			if nested {
				b.Object()
				b.Name(inner)
			}
			b.String(text)
			if nested {
				b.End()
			}
		}
	}
	b.Object()
	single(f.Code, "faultcode", "Code.Value")
	single(f.Reason(), "faultstring", "Reason.Text")
	if f.Actor != "" {
		single(f.Actor, "faultactor", "Role")
	}
	if f.Node != "" {
		single(f.Node, "Node")
	}
	if f.Detail.Exists() {
		for _, name := range []string{"detail", "Detail"} {
			b.Name(name)
			b.Copy(f.Detail)
		}
	}
	b.End()
	return b.Document()
}

// mark writes the conditions of a Status into a fault.
func (s *status) mark(f *format.Fault) error {
	var detail grafts
	for _, c := range s.when {
		switch name := c.path.String(); name {
		case "faultcode", "Code.Value":
			f.Code = c.is.Text
		case "faultstring", "Reason.Text":
			f.Reasons = []format.Reason{{Text: c.is.Text}}
		case "faultactor", "Role":
			f.Actor = c.is.Text
		case "Node":
			f.Node = c.is.Text
		case "detail", "Detail":
			b := document.NewBuilder(nil, 1)
			b.Repeats(true)
			b.String(c.is.Text)
			doc, err := b.Document()
			if err != nil {
				return err
			}
			f.Detail = doc.Root()
		default:
			detail.put(c.path[1:], c.is)
		}
	}
	if detail.empty() {
		return nil
	}
	doc, err := detail.onto(f.Detail)
	if err != nil {
		return err
	}
	f.Detail = doc.Root()
	return nil
}

// faultMember reports whether a condition can be written into a fault.
func faultMember(p document.Path) bool {
	switch p.String() {
	case "faultcode", "Code.Value", "faultstring", "Reason.Text", "faultactor", "Role", "Node", "detail", "Detail":
		return true
	}
	return len(p) > 1 && (p[0].Name == "detail" || p[0].Name == "Detail")
}

// problem gives the answer a problem document that says no more than its status.
func (a *answer) problem() error {
	b := document.NewBuilder(nil, 8)
	b.Object()
	b.Name("title")
	b.String(http.StatusText(a.status))
	b.Name("status")
	b.Number(strconv.Itoa(a.status))
	b.End()
	doc, err := b.Document()
	if err != nil {
		return err
	}
	return a.writeProblem(doc.Root())
}

func (a *answer) writeProblem(v document.Value) error {
	json, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		return err
	}
	text, err := json.Append(nil, v)
	if err != nil {
		return err
	}
	a.replace(&content{whole: text}, problemType)
	return nil
}

// headersOf sets what requests with a body of that format say beside its type (SOAPAction).
func headersOf(h http.Header, t *body.Translator, way body.Direction) {
	if _, was := t.Read(way).(format.Headers); was {
		h.Del("Soapaction")
	}
	if f, has := t.Written(way).(format.Headers); has {
		for name, value := range f.Headers() {
			h.Set(name, value)
		}
	}
}
