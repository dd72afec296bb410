package compare

import (
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"

	"github.com/strangler-fig/toolkit/shadow"
)

// text compares two texts line by line. What isn't in both is found as diff finds it, but gives up
// after some hundred lines: then what is between the first and the last of them is taken for
// changed. How a line ends doesn't matter (RFC 9110 leaves it open), whether the last one does.
func (c *Comparer) text(legacy, service document) ([]shadow.Difference, error) {
	a, b := linesOf(legacy.body), linesOf(service.body)
	if len(a) > maxNodes || len(b) > maxNodes {
		return nil, tooComplex("a text of over %d lines", maxNodes)
	}
	if c.root().unordered() {
		diffs, _, err := c.structured(shape{hidden: 1, lists: true}, c.root(), func(w *walk) (error, error) {
			return w.legacy.parse(listLines(a)), w.service.parse(listLines(b))
		})
		return diffs, err
	}
	w := c.walks.Get().(*walk)
	defer c.walks.Put(w)
	defer w.release()
	w.reset()
	w.shape = shape{lists: true}
	known := map[string]rune{}
	for _, d := range lcs.DiffRunes(numbered(a, known), numbered(b, known)) {
		for i := range max(d.End-d.Start, d.ReplEnd-d.ReplStart) {
			at, other := d.Start+i, d.ReplStart+i
			switch {
			case at >= d.End:
				w.line(shadow.KindExtra, other, nil, &b[other], c.root())
			case other >= d.ReplEnd:
				w.line(shadow.KindMissing, at, &a[at], nil, c.root())
			default:
				w.line(shadow.KindValue, at, &a[at], &b[other], c.root())
			}
			if w.done() {
				return w.diffs, w.err
			}
		}
	}
	return w.diffs, w.err
}

// line reports that a line differs, if the rules have it compared. Lines count from 1.
func (w *walk) line(kind shadow.Kind, index int, legacy, service *string, root place) {
	below, mark, ok := w.enter(root, nil, index+1)
	defer w.leave(mark)
	if !ok || !below.inside || !w.spend(1) {
		return
	}
	if kind == shadow.KindValue && below.tolerant() {
		x, y := []byte(*legacy), []byte(*service)
		if isNumber(x) && isNumber(y) && w.spend(64+(len(x)+len(y))<<2) && below.tolerates(x, y) {
			return
		}
	}
	w.path = append(w.path[:0], step{index: index + 1})
	w.report(kind, quoteLine(legacy), quoteLine(service))
}

func quoteLine(s *string) []byte {
	if s == nil {
		return nil
	}
	return appendString(nil, *s)
}

func linesOf(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// numbered gives lines numbers, the same to the same.
func numbered(lines []string, known map[string]rune) []rune {
	numbers := make([]rune, len(lines))
	for i, line := range lines {
		n, ok := known[line]
		if !ok {
			n = rune(len(known))
			known[line] = n
		}
		numbers[i] = n
	}
	return numbers
}

// listLines writes lines as JSON.
func listLines(lines []string) []byte {
	list := []byte(hiddenLine[:len(hiddenLine)-2])
	for _, line := range lines {
		list = appendString(append(list, ",\n"...), line)
		if len(list) > maxText {
			break // which is refused
		}
	}
	return append(list, ']')
}
