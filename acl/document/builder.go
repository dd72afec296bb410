package document

import (
	"errors"
	"fmt"
)

// MaxDepth is how deep a document may nest; deeper is an error of whoever builds it.
const MaxDepth = 512

// Builder makes a document from its values in the order in which they are written. It isn't safe
// for concurrent use. Its methods report the first thing that went wrong to [Builder.Document].
type Builder struct {
	doc  *Document
	open []opened
	base *Document // whose texts this one's begin with; nil: none
	err  error
}

type opened struct {
	at, children int
	named        bool // a name waits for its value
}

// NewBuilder returns a Builder of an empty document. text, which the document owns from now on,
// is what [Builder.Span] refers to, and may be nil; nodes is how many values to expect, a hint.
func NewBuilder(text []byte, nodes int) *Builder {
	return &Builder{doc: &Document{text: text, nodes: make([]node, 0, nodes)}}
}

// Sharing returns a Builder of a document that begins with the texts of d, so that values of d are
// written without copying theirs one by one. d stays as it is.
func Sharing(d *Document) *Builder {
	b := new(Builder)
	b.Share(d.Root(), 0, 0)
	return b
}

// Share begins a new document, as [Sharing] does with that of v, in a Builder that was used
// before or is new; what went before is forgotten. nodes and text are how many values and bytes of
// text to expect beside those of v, a hint. Of a document of which v is only a part, the texts
// aren't shared, since the part's documents together would have them many times over.
func (b *Builder) Share(v Value, nodes, text int) {
	*b = Builder{doc: new(Document), open: b.open[:0]}
	if v.doc == nil {
		return
	}
	if v.i > 0 {
		b.doc.nodes = make([]node, 0, v.Size()+nodes)
		b.doc.text = make([]byte, 0, text)
		return
	}
	b.base = v.doc
	b.doc.nodes = make([]node, 0, v.Size()+nodes)
	b.doc.text = append(make([]byte, 0, len(v.doc.text)+text), v.doc.text...)
}

// Reset forgets what was built, but not the memory for building, and leaves a Builder on which only
// Share may be called.
func (b *Builder) Reset() { *b = Builder{open: b.open[:0]} }

// Put adds a text that stands nowhere yet and returns where it is, for [Builder.Span] and
// [Builder.NameSpan]: nowhere, if the document would have more text than MaxText.
func (b *Builder) Put(s []byte) (start, end int) { return put(b, s) }

// PutString is Put of a string.
func (b *Builder) PutString(s string) (start, end int) { return put(b, s) }

func put[T []byte | string](b *Builder, s T) (start, end int) {
	start = len(b.doc.text)
	if len(s) > MaxText-start {
		if b.err == nil {
			b.err = errTooMuch
		}
		return start, start
	}
	b.doc.text = append(b.doc.text, s...)
	return start, len(b.doc.text)
}

// Text returns text[start:end] of the builder's text, until the next is added. Only what no value
// or name refers to yet may be changed.
func (b *Builder) Text(start, end int) []byte { return b.doc.text[start:end:end] }

// Document ends the building and returns what was built; the Builder is of no use afterwards.
func (b *Builder) Document() (*Document, error) {
	if b.err == nil && len(b.open) > 0 {
		b.fail("an object or array is never ended")
	}
	if b.err != nil {
		return nil, b.err
	}
	return b.doc, nil
}

// Err returns the first thing that went wrong.
func (b *Builder) Err() error { return b.err }

// Repeats sets what [Document.Repeats] says.
func (b *Builder) Repeats(yes bool) { b.doc.Repeats = yes }

func (b *Builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

// value accounts for one more value where the building stands.
func (b *Builder) value(n node) {
	if len(b.open) == 0 {
		if len(b.doc.nodes) > 0 {
			b.fail("a document has one value, and this is a second one")
			return
		}
	} else {
		top := &b.open[len(b.open)-1]
		if b.doc.nodes[top.at].kind() == Object {
			if !top.named {
				b.fail("a value in an object has no name")
				return
			}
			top.named = false
		}
		top.children++
	}
	b.doc.nodes = append(b.doc.nodes, n)
}

// Object begins an object; [Builder.End] ends it.
func (b *Builder) Object() { b.begin(Object) }

// Array begins an array; [Builder.End] ends it.
func (b *Builder) Array() { b.begin(Array) }

func (b *Builder) begin(k Kind) {
	if len(b.open) >= MaxDepth {
		b.fail("the body nests deeper than %d", MaxDepth)
	}
	b.value(newNode(k, 0, 0))
	if b.err == nil {
		b.open = append(b.open, opened{at: len(b.doc.nodes) - 1})
	}
}

// End ends the object or array that was begun last.
func (b *Builder) End() {
	if b.err != nil {
		return
	}
	if len(b.open) == 0 || b.open[len(b.open)-1].named {
		b.fail("nothing can be ended here")
		return
	}
	top := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	b.doc.nodes[top.at] = newNode(b.doc.nodes[top.at].kind(), len(b.doc.nodes), top.children)
}

// Name begins a member of an object: its value is the next one.
func (b *Builder) Name(s string) {
	if b.expectName() {
		start, end := b.PutString(s)
		b.named(start, end-start)
	}
}

// NameSpan is Name with text[start:end] of the builder's text.
func (b *Builder) NameSpan(start, end int) {
	if b.expectName() {
		b.named(start, end-start)
	}
}

func (b *Builder) expectName() bool {
	if b.err != nil {
		return false
	}
	if len(b.open) == 0 || b.open[len(b.open)-1].named || b.doc.nodes[b.open[len(b.open)-1].at].kind() != Object {
		b.fail("a name can't stand here")
		return false
	}
	return true
}

func (b *Builder) named(start, length int) {
	if b.err != nil {
		return
	}
	if len(b.doc.text) > MaxText {
		b.err = errTooMuch
		return
	}
	if start < 0 || length < 0 || start+length > len(b.doc.text) {
		b.fail("a name has a text that isn't there")
		return
	}
	b.doc.nodes = append(b.doc.nodes, newNode(name, start, length))
	b.open[len(b.open)-1].named = true
}

var errTooMuch = errors.New("the body has more text than a document may have")

// Bytes writes a text or number from bytes, which are copied. s is UTF-8, and of a number a JSON
// number (RFC 8259, section 6), for which the caller answers.
func (b *Builder) Bytes(k Kind, s []byte) {
	start, end := b.Put(s)
	b.Span(k, start, end)
}

// String writes a text.
func (b *Builder) String(s string) { b.scalar(String, s) }

// Number writes a number from its literal, for which the caller answers as in Bytes.
func (b *Builder) Number(literal string) { b.scalar(Number, literal) }

func (b *Builder) scalar(k Kind, s string) {
	start, end := b.PutString(s)
	b.Span(k, start, end)
}

// Span writes a text or number that is text[start:end] of the builder's text.
func (b *Builder) Span(k Kind, start, end int) {
	switch {
	case b.err != nil:
	case len(b.doc.text) > MaxText:
		b.err = errTooMuch
	case start < 0 || end < start || end > len(b.doc.text):
		b.fail("a value has a text that isn't there")
	default:
		b.value(newNode(k, start, end-start))
	}
}

// Bool writes a boolean.
func (b *Builder) Bool(v bool) {
	if b.err == nil {
		k := False
		if v {
			k = True
		}
		b.value(newNode(k, 0, 0))
	}
}

// Null writes a null.
func (b *Builder) Null() {
	if b.err == nil {
		b.value(newNode(Null, 0, 0))
	}
}
