package format

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// xmlScanner reads the pieces of XML 1.0 that a document can have, in place: what references and
// ends of lines stand for is shorter than they are, so that text is moved together in the body
// itself, and no piece is ever copied. encoding/xml isn't used because it copies every name, holds
// any number of attributes before it can be told to stop, and lets pass what isn't well-formed:
// attributes of one name, attributes without space between them, references to surrogates.
type xmlScanner struct {
	text []byte // the body in UTF-8
	pos  int
}

// rawName is a name as it stands in a body; colon is -1 where it has none.
type rawName struct{ start, colon, end int }

// The most that a body may have of each.
const (
	maxName       = 1024    // bytes of a name
	maxURI        = 2048    // bytes of the URI of a namespace
	maxAttributes = 1024    // attributes of an element
	maxBindings   = 256     // namespace declarations in force at one place
	maxRenamed    = 4096    // different names that stand in a document with another prefix than in the body
	maxAdded      = 1 << 16 // bytes that those have together, on top of half of what the body has
)

var errEnds = errors.New("the body ends too early")

// at reports whether s stands next.
func (x *xmlScanner) at(s string) bool {
	return len(x.text)-x.pos >= len(s) && string(x.text[x.pos:x.pos+len(s)]) == s
}

// space goes past white space, and reports whether there was any.
func (x *xmlScanner) space() bool {
	begin := x.pos
	for x.pos < len(x.text) && xmlSpace(x.text[x.pos:x.pos+1]) {
		x.pos++
	}
	return x.pos > begin
}

// name reads a name with or without a prefix.
func (x *xmlScanner) name(what string) (rawName, error) {
	n := rawName{x.pos, -1, ncName(x.text, x.pos)}
	if n.end > n.start && n.end < len(x.text) && x.text[n.end] == ':' {
		n.colon = n.end
		n.end = ncName(x.text, n.colon+1)
	}
	switch {
	case n.end == len(x.text):
		return n, errEnds
	case n.end <= n.colon+1 || n.end == n.start || x.text[n.end] == ':':
		return n, fmt.Errorf("%s can't be called what stands here", what)
	case n.end-max(n.start, n.colon+1) > maxName, n.colon-n.start > maxName:
		return n, fmt.Errorf("the name of %s is longer than %d bytes", what, maxName)
	}
	x.pos = n.end
	return n, nil
}

// characters moves the text up to the next < behind text[:to], and returns where it ends then.
func (x *xmlScanner) characters(to int) (int, error) {
	b := x.text
	for x.pos < len(b) {
		switch c := b[x.pos]; c {
		case '<':
			return to, nil
		case '&':
			r, next, err := reference(b, x.pos)
			if err != nil {
				return to, err
			}
			to += utf8.EncodeRune(b[to:], r)
			x.pos = next
		case '\r':
			to = x.lineEnd(to, '\n')
		case ']':
			if x.at("]]>") {
				return to, errors.New("]]> stands outside of CDATA")
			}
			fallthrough
		default:
			b[to] = c
			to++
			x.pos++
		}
	}
	return to, nil
}

// lineEnd writes c for the end of a line, \r\n or \r, that stands next.
func (x *xmlScanner) lineEnd(to int, c byte) int {
	if x.pos++; x.pos < len(x.text) && x.text[x.pos] == '\n' {
		x.pos++
	}
	x.text[to] = c
	return to + 1
}

// cdata is characters for a CDATA section, behind its <![CDATA[.
func (x *xmlScanner) cdata(to int) (int, error) {
	length := bytes.Index(x.text[x.pos:], []byte("]]>"))
	if length < 0 {
		return to, errors.New("a CDATA section is never ended")
	}
	for end := x.pos + length; x.pos < end; {
		if c := x.text[x.pos]; c != '\r' {
			x.text[to] = c
			to++
			x.pos++
			continue
		}
		to = x.lineEnd(to, '\n')
	}
	x.pos += len("]]>")
	return to, nil
}

// quoted reads the value of an attribute with its quotes, and returns where it stands.
func (x *xmlScanner) quoted() (start, end int, err error) {
	b := x.text
	if x.pos == len(b) {
		return 0, 0, errEnds
	}
	quote := b[x.pos]
	if quote != '"' && quote != '\'' {
		return 0, 0, errors.New("the value of an attribute has no quotes")
	}
	x.pos++
	start = x.pos
	for to := start; x.pos < len(b); {
		switch c := b[x.pos]; c {
		case quote:
			x.pos++
			return start, to, nil
		case '<':
			return 0, 0, errors.New("a < stands in the value of an attribute")
		case '&':
			r, next, err := reference(b, x.pos)
			if err != nil {
				return 0, 0, err
			}
			to += utf8.EncodeRune(b[to:], r)
			x.pos = next
		case '\r':
			to = x.lineEnd(to, ' ') // section 3.3.3
		case '\n', '\t':
			c = ' '
			fallthrough
		default:
			b[to] = c
			to++
			x.pos++
		}
	}
	return 0, 0, errEnds
}

// comment goes past a comment, behind its <!--.
func (x *xmlScanner) comment() error {
	length := bytes.Index(x.text[x.pos:], []byte("--"))
	if length < 0 {
		return errors.New("a comment is never ended")
	}
	if x.pos += length; !x.at("-->") {
		return errors.New("-- stands in a comment")
	}
	x.pos += len("-->")
	return nil
}

// instruction goes past a processing instruction, behind its <?.
func (x *xmlScanner) instruction() error {
	n, err := x.name("a processing instruction")
	if err != nil {
		return err
	}
	if target := x.text[n.start:n.end]; bytes.EqualFold(target, []byte("xml")) {
		return errors.New("an XML declaration stands elsewhere than at the beginning")
	}
	spaced := x.space()
	length := bytes.Index(x.text[x.pos:], []byte("?>"))
	if length < 0 || length > 0 && !spaced {
		return errors.New("a processing instruction is never ended")
	}
	x.pos += length + len("?>")
	return nil
}

// declaration goes past <?xml …?>, if it is there.
func (x *xmlScanner) declaration() (err error) {
	_, x.pos, err = readDeclaration(x.text)
	return err
}

// doctype goes past a document type, behind its <!DOCTYPE. One that isn't in the body itself is
// never loaded, and one in the body is refused: it could have entities in it.
func (x *xmlScanner) doctype() error {
	if !x.space() {
		return errors.New("the document type has no name")
	}
	if _, err := x.name("a document type"); err != nil {
		return err
	}
	var quote byte
	for ; x.pos < len(x.text); x.pos++ {
		switch c := x.text[x.pos]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			return errors.New("the document type has declarations in the body, which aren't read")
		case c == '<':
			return errors.New("a < stands in the document type")
		case c == '>':
			x.pos++
			return nil
		}
	}
	return errEnds
}
