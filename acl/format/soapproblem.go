package format

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/acl/document"
)

// problemURI is the namespace of problem documents in XML (RFC 9457, appendix B), which is known
// in SOAP as problem.
const problemURI = "urn:ietf:rfc:7807"

// What a problem document is called in the detail of a fault. What XML can't say of JSON, its
// attributes do: type is number, boolean, array or object, or text where a status is one; name is
// that of a member that can't be an element's, whose text is its value.
const (
	problemName   = "problem:problem"
	problemMember = "problem:member"
	problemItem   = "problem:i"
	problemStatus = "problem:status"
)

// FaultOf returns the fault that says what a problem document (RFC 9457) says, of an answer with
// that status: the sender's for 400 to 499, else the receiver's. The reason is the title, and the
// whole document stands in the detail, so that ProblemOf returns it as it was.
func FaultOf(status int, problem document.Value) (*Fault, error) {
	f := &Fault{Code: "Server", Reasons: []Reason{{"", http.StatusText(status)}}}
	if status >= 400 && status < 500 {
		f.Code = "Client"
	}
	for _, name := range [...]string{"title", "detail"} {
		if v := problem.Get(name); v.Kind() == document.String {
			f.Reasons[0].Text = v.Text()
			break
		}
	}
	b := document.NewBuilder(nil, 32)
	b.Repeats(true)
	b.Object()
	b.Name(problemName)
	b.Object()
	b.Name("@status")
	b.String(strconv.Itoa(status))
	for name, member := range problem.Members() {
		if string(name) == "status" && member.Kind() == document.Number {
			b.Name(problemStatus) // a number without having to say so
			b.Bytes(document.String, member.Bytes())
			continue
		}
		appendProblem(b, name, member, string(name) == "status")
	}
	b.End()
	b.End()
	doc, err := b.Document()
	if err != nil {
		return nil, fmt.Errorf("make a fault of the problem: %w", err)
	}
	f.Detail = doc.Root()
	return f, nil
}

// appendProblem writes a member of a problem, or of an object in one. typed says that a text has
// to say that it is one.
func appendProblem(b *document.Builder, name []byte, v document.Value, typed bool) {
	if isNCName(name) && len(name) <= maxName/2 {
		b.Name("problem:" + string(name))
		appendTyped(b, v, nil, typed)
		return
	}
	odd := string(name)
	b.Name(problemMember)
	appendTyped(b, v, &odd, true)
}

// appendTyped writes a value of a problem. name, if not nil, is what its member is called.
func appendTyped(b *document.Builder, v document.Value, name *string, typed bool) {
	kind := v.Kind()
	if !typed && (kind == document.Null || kind == document.String) {
		b.Copy(v)
		return
	}
	b.Object()
	if name != nil {
		b.Name("@name")
		b.String(*name)
	}
	b.Name("@type")
	b.String(map[document.Kind]string{document.Null: "null", document.False: "boolean", document.True: "boolean",
		document.Number: "number", document.String: "text", document.Array: "array", document.Object: "object"}[kind])
	switch kind {
	case document.Object:
		for n, member := range v.Members() {
			appendProblem(b, n, member, false)
		}
	case document.Array:
		for e := range v.Elements() {
			b.Name(problemItem)
			appendTyped(b, e, nil, false)
		}
	case document.String: // where space is kept whatever stands beside it
		b.Name("@value")
		b.Bytes(document.String, v.Bytes())
	case document.Null:
	default:
		b.Name(textName)
		b.Bytes(document.String, v.Bytes())
	}
	b.End()
}

// ProblemOf returns the problem document (RFC 9457) that says what a fault says, and the status
// of an answer with it: what FaultOf made the fault of or, of any other fault, 400 or 500 by whose
// fault it is, the reason as title, a text in the detail as detail, and what else there is in a
// member called fault.
func ProblemOf(f *Fault) (status int, problem *document.Document, err error) {
	status = http.StatusInternalServerError
	if f.Sender() {
		status = http.StatusBadRequest
	}
	b := document.NewBuilder(nil, 32)
	b.Repeats(true) // until it is copied
	if p := f.Detail.Get(problemName); p.Kind() == document.Object || p.Kind() == document.String {
		if n, err := strconv.Atoi(p.Get("@status").Text()); err == nil && n >= 400 && n <= 599 {
			status = n
		} else if n, err := strconv.Atoi(p.Get(problemStatus).Text()); err == nil && n >= 400 && n <= 599 {
			status = n
		}
		err = readProblem(b, p, true)
	} else {
		describeFault(b, status, f)
	}
	if err == nil {
		problem, err = b.Document()
	}
	if err == nil {
		b = document.NewBuilder(nil, 32)
		b.Copy(problem.Root())
		problem, err = b.Document()
	}
	if err != nil {
		return 0, nil, fmt.Errorf("make a problem of the fault: %w", err)
	}
	return status, problem, nil
}

// readProblem writes the object that an element of a problem is.
func readProblem(b *document.Builder, v document.Value, root bool) error {
	b.Object()
	for name, member := range v.Members() {
		rest, ok := cutProblem(name)
		if !ok {
			continue // an attribute
		}
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
	b.End()
	return nil
}

func cutProblem(name []byte) ([]byte, bool) {
	const prefix = "problem:"
	if len(name) <= len(prefix) || string(name[:len(prefix)]) != prefix {
		return nil, false
	}
	return name[len(prefix):], true
}

// readTyped writes the value that an element of a problem is.
func readTyped(b *document.Builder, v document.Value) error {
	text := v.Get(textName)
	switch kind := v.Get("@type").Text(); {
	case v.Kind() != document.Object:
		b.Copy(v)
	case kind == "number":
		if !isNumber(text.Bytes()) {
			return fmt.Errorf("%q is no number", clip(text.Bytes()))
		}
		b.Number(text.Text())
	case kind == "boolean":
		b.Bool(text.Text() == "true")
	case kind == "null":
		b.Null()
	case kind == "text":
		b.String(v.Get("@value").Text())
	case kind == "array":
		return readItems(b, v)
	case kind == "" && text.Exists():
		b.Copy(text)
	case kind == "" && v.Get(problemItem).Exists(): // an array, as RFC 9457 writes it
		return readItems(b, v)
	default:
		return readProblem(b, v, false)
	}
	return nil
}

// readItems writes the array that an element of a problem is.
func readItems(b *document.Builder, v document.Value) error {
	b.Array()
	for name, member := range v.Members() {
		if string(name) != problemItem {
			continue
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
	member := func(name, text string) {
		if text != "" {
			b.Name(name)
			b.String(text)
		}
	}
	b.Object()
	member("title", f.Reason())
	b.Name("status")
	b.Number(strconv.Itoa(status))
	plain := f.Detail.Kind() == document.String
	if plain {
		member("detail", f.Detail.Text())
	}
	b.Name("fault")
	b.Object()
	member("code", f.Code)
	if len(f.Subcodes) > 0 {
		b.Name("subcodes")
		b.Array()
		for _, c := range f.Subcodes {
			b.String(c)
		}
		b.End()
	}
	member("actor", f.Actor)
	member("node", f.Node)
	if len(f.Reasons) > 1 || len(f.Reasons) == 1 && f.Reasons[0].Lang != "" {
		b.Name("reasons")
		b.Array()
		for _, r := range f.Reasons {
			b.Object()
			member("lang", r.Lang)
			b.Name("text")
			b.String(r.Text)
			b.End()
		}
		b.End()
	}
	if f.Detail.Exists() && !plain {
		b.Name("detail")
		b.Copy(f.Detail)
	}
	b.End()
	b.End()
}

// isNumber reports whether s is a number of JSON (RFC 8259, section 6).
func isNumber(s []byte) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	return len(s) > 0 && (s[0] == '-' || digit(s[0])) && digit(s[len(s)-1]) && jsontext.Value(s).IsValid()
}
