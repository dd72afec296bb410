package format

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
)

// ProblemOf returns the problem document (RFC 9457) that says what a fault says, and the status
// of an answer with it. What FaultOf made the fault of is that problem again. Of any other fault it
// is the problem in its detail, if there is one, else 400 or 500 by whose fault it is, the reason as
// title, and a text in the detail as detail; what else there is stands in a member called fault.
func ProblemOf(f *Fault) (status int, problem *document.Document, err error) {
	status = http.StatusInternalServerError
	if f.Sender() {
		status = http.StatusBadRequest
	}
	p := f.Detail.Get(problemName)
	if p.Kind() == document.Object || p.Kind() == document.String && xmlSpace(p.Bytes()) {
		if n, err := strconv.Atoi(p.Get("@status").Text()); err == nil && n >= 400 && n <= 599 {
			status = n
		} else if n, err := strconv.Atoi(p.Get(problemStatus).Text()); err == nil && n >= 400 && n <= 599 {
			status = n
		}
		problem, err = problemIn(f, status, p)
	} else {
		b := document.NewBuilder(nil, 32)
		b.Repeats(true) // until it is copied
		describeFault(b, status, f)
		problem, err = merged(b)
	}
	if err != nil {
		return 0, nil, fmt.Errorf("make a problem of the fault: %w", err)
	}
	return status, problem, nil
}

// merged returns what was built, with arrays for names that repeat.
func merged(b *document.Builder) (*document.Document, error) {
	d, err := b.Document()
	if err != nil {
		return nil, err
	}
	b = document.NewBuilder(nil, 32)
	b.Copy(d.Root())
	return b.Document()
}

// problemIn returns the problem p that the detail of a fault has in it, with a member fault where the
// fault says more than FaultOf would have of the same problem.
func problemIn(f *Fault, status int, p document.Value) (*document.Document, error) {
	read := func(behind func(*document.Builder)) (*document.Document, error) {
		b := document.NewBuilder(nil, 32)
		b.Repeats(true) // until it is merged
		b.Object()
		if err := readMembers(b, p, true); err != nil {
			return nil, err
		}
		behind(b)
		b.End()
		return merged(b)
	}
	problem, err := read(func(*document.Builder) {})
	if err != nil {
		return nil, err
	}
	var beside []document.Value // what stands in the detail beside the problem
	for _, member := range f.Detail.Members() {
		if !member.Is(p) {
			beside = append(beside, member)
		}
	}
	plain, err := FaultOf(status, problem.Root())
	if err != nil {
		return nil, err
	}
	if len(beside) == 0 && f.saysOnly(plain) || problem.Root().Get("fault").Exists() {
		return problem, nil
	}
	return read(func(b *document.Builder) {
		b.Name("fault")
		b.Object()
		appendFault(b, f, f.Reasons)
		if len(beside) > 0 {
			b.Name("detail")
			b.Object()
			for name, member := range f.Detail.Members() {
				if !member.Is(p) {
					b.Name(string(name))
					b.Copy(member)
				}
			}
			b.End()
		}
		b.End()
	})
}

// saysOnly reports whether a fault says no more than one that FaultOf made, but for its detail.
func (f *Fault) saysOnly(plain *Fault) bool {
	switch f.Code {
	case "", "Client", "Server", "Sender", "Receiver":
	default:
		return false
	}
	return f.Sender() == plain.Sender() && len(f.Subcodes) == 0 && f.Actor == "" && f.Node == "" &&
		len(f.Reasons) <= 1 && f.Reason() == plain.Reason()
}

// readProblem writes the object that an element in a problem is.
func readProblem(b *document.Builder, v document.Value) error {
	b.Object()
	if err := readMembers(b, v, false); err != nil {
		return err
	}
	b.End()
	return b.Err()
}

// readMembers writes the members of a problem, which is the root, or of an object in one.
func readMembers(b *document.Builder, v document.Value, root bool) error {
	for name, member := range v.Members() {
		if bytes.HasPrefix(name, []byte{'@'}) {
			continue
		}
		rest := bytes.TrimPrefix(name, []byte("problem:"))
		if n := member.Get("@name"); string(name) == problemMember && n.Exists() {
			rest = n.Bytes()
		}
		b.Name(string(rest))
		if root && string(name) == problemStatus && member.Kind() == document.String && isNumber(member.Bytes()) {
			b.Number(member.Text())
			continue
		}
		if err := readTyped(b, member); err != nil {
			return err
		}
	}
	return nil
}

// readTyped writes the value that an element of a problem is. Other people's elements needn't be what
// their type says: their text isn't lost for that.
func readTyped(b *document.Builder, v document.Value) error {
	if v.Kind() != document.Object {
		b.Copy(v)
		return nil
	}
	text := v.Get(textName)
	elements, items := false, true
	for name := range v.Members() {
		if !bytes.HasPrefix(name, []byte{'@'}) && string(name) != textName {
			elements = true
			items = items && string(name) == problemItem
		}
	}
	switch kind := v.Get("@type").Text(); {
	case kind == "number":
		if !isNumber(text.Bytes()) {
			return fmt.Errorf("%q is no number", clip(text.Bytes()))
		}
		b.Number(text.Text())
	case kind == "boolean":
		if said := text.Text(); said != "true" && said != "false" {
			return fmt.Errorf("%q is no boolean, which is true or false", clip(text.Bytes()))
		}
		b.Bool(text.Text() == "true")
	case kind == "text" && v.Get("@value").Exists():
		b.String(v.Get("@value").Text())
	case text.Exists():
		b.Copy(text)
	case kind == "null" && !elements:
		b.Null()
	case kind == "array" && items, kind == "" && elements && items: // as RFC 9457 writes an array
		return readItems(b, v)
	case kind != "object" && !elements: // an empty text with attributes of XML, as xml:lang
		b.String("")
	default:
		return readProblem(b, v)
	}
	return nil
}

// readItems writes the array that an element of a problem is.
func readItems(b *document.Builder, v document.Value) error {
	b.Array()
	for name, member := range v.Members() {
		if string(name) != problemItem {
			continue // an attribute
		}
		if err := readTyped(b, member); err != nil {
			return err
		}
	}
	b.End()
	return nil
}

// describeFault writes the problem that a fault of somebody else's is.
func describeFault(b *document.Builder, status int, f *Fault) {
	b.Object()
	appendText(b, "title", f.Reason())
	b.Name("status")
	b.Number(strconv.Itoa(status))
	plain := f.Detail.Kind() == document.String
	if plain {
		appendText(b, "detail", f.Detail.Text())
	}
	b.Name("fault")
	b.Object()
	reasons := f.Reasons
	if len(reasons) == 1 && reasons[0].Lang == "" {
		reasons = nil // it is the title
	}
	appendFault(b, f, reasons)
	if f.Detail.Exists() && !plain {
		b.Name("detail")
		b.Copy(f.Detail)
	}
	b.End()
	b.End()
}

// appendText writes a member that is a text, unless it is empty.
func appendText(b *document.Builder, name, text string) {
	if text != "" {
		b.Name(name)
		b.String(text)
	}
}

// appendFault writes as members what a fault says, but for its detail.
func appendFault(b *document.Builder, f *Fault, reasons []Reason) {
	appendText(b, "code", f.Code)
	if len(f.Subcodes) > 0 {
		b.Name("subcodes")
		b.Array()
		for _, c := range f.Subcodes {
			b.String(c)
		}
		b.End()
	}
	appendText(b, "actor", f.Actor)
	appendText(b, "node", f.Node)
	if len(reasons) > 0 {
		b.Name("reasons")
		b.Array()
		for _, r := range reasons {
			b.Object()
			appendText(b, "lang", r.Lang)
			b.Name("text")
			b.String(r.Text)
			b.End()
		}
		b.End()
	}
}

// isNumber reports whether s is a number of JSON (RFC 8259, section 6).
func isNumber(s []byte) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return len(s) > 0 && (s[0] == '-' || digit(s[0])) && digit(s[len(s)-1]) && jsontext.Value(s).IsValid()
}
