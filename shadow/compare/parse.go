package compare

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// parser fills a tree.
type parser struct {
	*tree
	src []byte
	pos int
}

func (p *parser) fail(problem string) error { return &syntaxError{p.pos, problem} }

func (p *parser) unexpected(wanted string) error {
	if p.pos >= len(p.src) {
		return p.fail("ends where " + wanted + " should be")
	}
	return p.fail(fmt.Sprintf("%q where %s should be", p.src[p.pos], wanted))
}

// space skips blanks and returns the byte that follows, 0 at the end.
func (p *parser) space() byte {
	if p.pos < len(p.src) && p.src[p.pos] > ' ' {
		return p.src[p.pos]
	}
	return p.blanks()
}

func (p *parser) blanks() byte {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *parser) document() error {
	n, err := p.node()
	if err == nil {
		err = p.value(n)
	}
	if err != nil {
		return err
	}
	for len(p.open) > 0 {
		if err := p.step(); err != nil {
			return err
		}
	}
	p.space()
	if p.pos < len(p.src) {
		return p.unexpected("the end")
	}
	return nil
}

// step reads what follows in the innermost open container: a child, or its end.
func (p *parser) step() error {
	at := p.open[len(p.open)-1]
	c := &p.nodes[at]
	closing := byte(']')
	if c.kind == object {
		closing = '}'
	}
	b := p.space()
	if b == closing {
		p.pos++
		return p.close(at)
	}
	if c.size > 0 {
		if b != ',' {
			return p.unexpected("a comma or " + string(closing))
		}
		p.pos++
	}
	c.size++
	isMember := c.kind == object
	n, err := p.node() // from here on c may be the place where the nodes were
	if err == nil && isMember {
		err = p.memberName(n)
	}
	if err != nil {
		return err
	}
	return p.value(n)
}

// node adds a node, to be filled where it lies: copying costs more than reading a short value.
func (p *parser) node() (*node, error) {
	if len(p.nodes) >= maxNodes {
		return nil, tooComplex("JSON with over %d values", maxNodes)
	}
	p.nodes = append(p.nodes, node{})
	return &p.nodes[len(p.nodes)-1], nil
}

func (p *parser) close(at uint32) error {
	c := &p.nodes[at]
	c.end, c.next = uint32(p.pos), uint32(len(p.nodes))
	p.open = p.open[:len(p.open)-1]
	if c.kind == object {
		if name, ok := p.duplicate(at); ok {
			return &syntaxError{int(c.start), fmt.Sprintf("name %.60q twice in the object", name)}
		}
	}
	return nil
}

func (p *parser) memberName(n *node) error {
	if p.space() != '"' {
		return p.unexpected("a member's name")
	}
	start := p.pos + 1
	escaped, err := p.string()
	if err != nil {
		return err
	}
	n.key, n.keyEnd = uint32(start), uint32(p.pos-1)
	if escaped {
		n.keyEscaped = true
		n.key = uint32(len(p.names))
		p.names = unescape(p.names, p.src[start:p.pos-1])
		n.keyEnd = uint32(len(p.names))
	}
	if p.space() != ':' {
		return p.unexpected("a colon")
	}
	p.pos++
	return nil
}

// value reads a scalar, or the start of a container, into the newest node.
func (p *parser) value(n *node) error {
	c := p.space()
	n.start = uint32(p.pos)
	n.next = uint32(len(p.nodes))
	var err error
	switch {
	case c == '{' || c == '[':
		n.kind = array
		if c == '{' {
			n.kind = object
		}
		p.pos++
		p.open = append(p.open, n.next-1)
		p.depth = max(p.depth, len(p.open))
	case c == '"':
		n.kind = text
		n.escaped, err = p.string()
	case c == '-' || '0' <= c && c <= '9':
		n.kind = number
		err = p.number()
	case c == 't':
		n.kind = boolean
		err = p.word("true")
	case c == 'f':
		n.kind = boolean
		err = p.word("false")
	case c == 'n':
		err = p.word("null")
	default:
		err = p.unexpected("a value")
	}
	n.end = uint32(p.pos)
	return err
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.src[p.pos:], []byte(w)) {
		return p.unexpected(w)
	}
	p.pos += len(w)
	return nil
}

// number reads RFC 8259, section 6.
func (p *parser) number() error {
	if p.src[p.pos] == '-' {
		p.pos++
	}
	if p.pos < len(p.src) && p.src[p.pos] == '0' {
		p.pos++
	} else if !p.digits() {
		return p.unexpected("a digit")
	}
	if p.pos < len(p.src) && p.src[p.pos] == '.' {
		p.pos++
		if !p.digits() {
			return p.unexpected("a digit")
		}
	}
	if p.pos < len(p.src) && p.src[p.pos]|0x20 == 'e' {
		p.pos++
		if p.pos < len(p.src) && (p.src[p.pos] == '+' || p.src[p.pos] == '-') {
			p.pos++
		}
		if !p.digits() {
			return p.unexpected("a digit")
		}
	}
	return nil
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

// plain tells the bytes of a string that need no look: ASCII without quote, backslash and
// control characters.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// string reads RFC 8259, section 7, and reports whether there were escapes.
func (p *parser) string() (escaped bool, err error) {
	src, i := p.src, p.pos+1
	for {
		for i < len(src) && plain[src[i]] {
			i++
		}
		p.pos = i
		switch {
		case i >= len(src):
			return escaped, p.unexpected("a closing quote")
		case src[i] == '"':
			p.pos = i + 1
			return escaped, nil
		case src[i] == '\\':
			escaped = true
			_, n := escape(src[i:])
			if n == 0 {
				return escaped, p.fail("an escape that is none, or half a surrogate pair")
			}
			i += n
		case src[i] < ' ':
			return escaped, p.fail("a control character in a string")
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n <= 1 {
				return escaped, p.fail("invalid UTF-8")
			}
			i += n
		}
	}
}

// escape reads the escape that s begins with and returns its length, 0 if it is invalid.
func escape(s []byte) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	r, ok := hex4(s)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(r):
		return r, 6
	}
	low, ok := hex4(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// hex4 reads \uXXXX.
func hex4(s []byte) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	for _, c := range s[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = (c | 0x20) - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the text that a valid string's inside stands for.
func unescape(dst, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		r, n := escape(s[i:])
		dst = utf8.AppendRune(dst, r)
		s = s[i+n:]
	}
}
