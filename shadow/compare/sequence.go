package compare

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// piece is a piece of an element's content, in order: a child's name, or a text.
type piece struct {
	name []byte // nil: a text
	text []byte
}

func (p piece) same(o piece) bool {
	return (p.name == nil) == (o.name == nil) && bytes.Equal(p.name, o.name) && bytes.Equal(p.text, o.text)
}

// sequence compares the order of two elements' children and texts, where there is the same on
// both sides: what isn't has been found by then.
func (w *walk) sequence(l, s uint32, p place) {
	a, textA := w.pieces(&w.legacy, l, p)
	b, textB := w.pieces(&w.service, s, p)
	if !w.spend((len(a) + len(b)) >> 1) {
		return
	}
	if !bytes.Equal(textA, textB) {
		a, b = slices.DeleteFunc(a, piece.isText), slices.DeleteFunc(b, piece.isText)
	}
	if slices.EqualFunc(a, b, piece.same) || !sameNames(a, b) {
		return
	}
	w.report(shadow.KindOrder, listPieces(a), listPieces(b))
}

func (p piece) isText() bool { return p.name == nil }

// pieces returns what an element's content is, but for children that aren't compared there or
// whose order doesn't matter, and its text.
func (w *walk) pieces(t *tree, i uint32, p place) (all []piece, text []byte) {
	var names [][]byte // nil: not compared
	var sizes []uint32
	order := ""
	child := i + 1
	for range t.nodes[i].size {
		name := t.name(child)
		switch {
		case string(name) == memberText:
			text = t.text(child)
		case string(name) == memberOrder:
			order = string(t.text(child))
		case t.nodes[child].kind == array:
			below, mark, ok := w.enter(p, name, anyIndex)
			_, keyed := below.keyed()
			if !ok || keyed || below.unordered() {
				name = nil
			}
			w.leave(mark)
			names, sizes = append(names, name), append(sizes, t.nodes[child].size)
		}
		child = t.nodes[child].next
	}
	if order == "" { // there is one kind of content, or none
		order = strings.Repeat("0 ", int(total(sizes)))
		if len(text) > 0 {
			order = "#" + strconv.Itoa(len(text))
		}
	}
	rest := text
	for token := range strings.FieldsSeq(order) {
		if length, is := strings.CutPrefix(token, "#"); is {
			n, _ := strconv.Atoi(length)
			n = min(n, len(rest))
			if last := len(all) - 1; last >= 0 && all[last].name == nil { // a child between isn't compared
				all[last].text = append(slices.Clip(all[last].text), rest[:n]...)
			} else {
				all = append(all, piece{text: rest[:n]})
			}
			rest = rest[n:]
			continue
		}
		if at, _ := strconv.Atoi(token); at < len(names) && names[at] != nil {
			all = append(all, piece{name: names[at]})
		}
	}
	return all, text
}

func total(sizes []uint32) (n uint32) {
	for _, size := range sizes {
		n += size
	}
	return n
}

// sameNames reports whether two contents have the same children, whatever their order.
func sameNames(a, b []piece) bool {
	names := func(all []piece) (names []string) {
		for _, p := range all {
			if p.name != nil {
				names = append(names, string(p.name))
			}
		}
		slices.Sort(names)
		return names
	}
	return slices.Equal(names(a), names(b))
}

// listPieces writes a content as a JSON array: texts as they are, children by name.
func listPieces(all []piece) json.RawMessage {
	list := []byte{'['}
	for i, p := range all {
		if i > 0 {
			list = append(list, ',')
		}
		if p.name == nil {
			list = appendString(list, string(cutUTF8(p.text, maxValue)))
		} else {
			list = appendString(list, "<"+string(p.name)+">")
		}
		if len(list) > 2*maxValue {
			break
		}
	}
	return append(list, ']')
}
