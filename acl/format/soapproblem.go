package format

import (
	"fmt"
	"net/http"
	"strconv"

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
