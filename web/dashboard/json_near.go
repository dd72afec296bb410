package dashboard

import (
	"bytes"
	"strconv"
	"strings"
)

// nearby knows where in a large JSON body something differs: only what is near that is laid out. It is a
// tree with a branch for each pointer, of tokens as they stand in it; nil has none.
type nearby struct {
	below map[string]*nearby
	like  *nearby         // of the root: the same for patterns
	moved map[string]bool // of a pattern: the scalars that may stand there or below, at any index, as plain has them
}

func (n *nearby) add(pointer string) {
	if n == nil || pointer == "" {
		return
	}
	for _, token := range strings.Split(pointer, "/")[1:] {
		next := n.below[token]
		if next == nil {
			next = new(nearby)
			if n.below == nil {
				n.below = make(map[string]*nearby)
			}
			n.below[token] = next
		}
		n = next
	}
}

// addMoved notes that a scalar, as plain has it, may stand at any place of a pattern.
func (n *nearby) addMoved(pattern, value string) {
	if n == nil || pattern == "" {
		return
	}
	if n.like == nil {
		n.like = new(nearby)
	}
	n.like.add(pattern)
	at := n.like
	for _, token := range strings.Split(pattern, "/")[1:] {
		at = at.below[token]
		if at.moved == nil {
			at.moved = make(map[string]bool)
		}
		at.moved[value] = true
	}
}

func (n *nearby) patterns() *nearby {
	if n == nil {
		return nil
	}
	return n.like
}

func (n *nearby) child(token string) *nearby {
	if n == nil {
		return nil
	}
	return n.below[token]
}

// indexes are those of a list's elements that are laid out: the first, and what is about a difference.
func (n *nearby) indexes() map[int]bool {
	if n == nil {
		return nil
	}
	near := make(map[int]bool)
	for i := range foldLeave {
		near[i] = true
	}
	for token := range n.below {
		if at, err := strconv.Atoi(token); err == nil {
			for i := at - foldLeave; i <= at+foldLeave; i++ {
				near[i] = true
			}
		}
	}
	return near
}

// holds reports whether one of the scalars that may be anywhere stands in a body, which is looked at once however
// many those are.
func (n *nearby) holds(body []byte) bool {
	const between = " \t\r\n,:{}[]"
	for i := 0; i < len(body); {
		switch {
		case strings.IndexByte(between, body[i]) >= 0:
			i++
			continue
		case body[i] != '"':
			scalar := body[i:]
			if end := bytes.IndexAny(scalar, between); end >= 0 {
				scalar = scalar[:end]
			}
			if n.moved[string(scalar)] {
				return true
			}
			i += len(scalar)
			continue
		}
		end := endOfString(body, i)
		text := body[i:min(end, len(body))]
		if bytes.IndexByte(text, '\\') >= 0 {
			if n.moved[plain(body[i:min(end+1, len(body))])] {
				return true
			}
		} else if n.moved[string(text)] {
			return true
		}
		i = end + 1
	}
	return false
}

// endOfString returns where the quotation mark is that ends the string that begins at i; it may lack.
func endOfString(raw []byte, i int) int {
	for i++; i < len(raw) && raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			i++
		}
	}
	return i
}

// Of a large body.
const (
	maxInside = 300                     // lines within values that differ as a whole
	maxNear   = 2 * maxDrawn / lineCost // lines; more isn't drawn anyway
)

// part lays out what an object or a list has at a place, or skips it: where all is not laid out what has no
// difference in it, and isn't one line of an object, is left out.
func (l *layout) part(p place, step, general, label string, depth int, inside bool) error {
	if l.near == nil {
		return l.value(place{pointer: p.pointer + "/" + step, pattern: p.pattern + "/" + general}, label, depth, inside)
	}
	at, like := p.at.child(step), p.like.child(general)
	below := place{p.pointer + "/" + step, p.pattern + "/" + general, at, like}
	kind := l.dec.PeekKind()
	if inside {
		l.inside++
	}
	switch {
	case at != nil:
		return l.value(below, label, depth, inside)
	case l.size > 2*maxDrawn || inside && l.inside > maxInside:
		return l.skip(inside)
	case inside || like == nil && kind != '{' && kind != '[':
		return l.value(below, label, depth, inside)
	}
	raw, err := l.dec.ReadValue()
	if err != nil {
		return err
	}
	if n := linesOf(raw); like == nil && n > foldOver || like != nil && !like.holds(raw) {
		l.unseen(n, inside)
		return nil
	}
	whole := l.dec
	l.dec = decoderOf(raw)
	err = l.value(below, label, depth, inside)
	l.dec = whole
	if err == nil {
		l.lines[len(l.lines)-1].Text += l.comma()
	}
	return err
}

// skip leaves the next value out.
func (l *layout) skip(inside bool) error {
	raw, err := l.dec.ReadValue()
	if err == nil {
		l.unseen(linesOf(raw), inside)
	}
	return err
}

func (l *layout) unseen(lines int, inside bool) {
	if last := len(l.lines) - 1; last >= 0 && l.lines[last].Of > 0 && l.lines[last].Inside == inside {
		l.lines[last].Of += lines
		return
	}
	l.lines = append(l.lines, bodyLine{Of: lines, Inside: inside})
}

// linesOf is how many lines a JSON value would be laid out in: each scalar and each empty list or object is
// one, each other list or object begins with one and ends with one.
func linesOf(raw []byte) int {
	n := 1
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case ',':
			n++
		case '{', '[':
			rest := strings.TrimLeft(string(raw[i+1:min(len(raw), i+32)]), " \t\r\n")
			if rest == "" || rest[0] != raw[i]+2 {
				n += 2
			}
		case '"':
			i = endOfString(raw, i)
		}
	}
	return n
}
