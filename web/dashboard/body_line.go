package dashboard

import (
	"strings"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/shadow"
)

// bodyLine is one line of a body.
type bodyLine struct {
	Text   string
	Kind   shadow.Kind // of the difference here; empty: none
	Noise  bool        // the difference doesn't count
	Inside bool        // within a value that differs
	Ghost  bool        // not in this body: stands where the other has something
	Pad    bool        // empty, so that what follows stands beside what it is compared with
	Of     int         // it stands for so many lines that aren't laid out; 0: it is one
	whole  string      // of a line that is cut: all of it
	hot    []stretch   // the parts of Text that differ, ascending
}

// stretch is a part of a text, in bytes.
type stretch struct{ from, to int }

// Mark is the label of a line that differs.
func (l bodyLine) Mark() string {
	switch {
	case l.Ghost:
		return "absent"
	case l.Noise:
		return "noise"
	}
	return string(l.Kind)
}

// alike reports whether nothing on the line differs.
func (l bodyLine) alike() bool { return l.Kind == "" && !l.Ghost && !l.Inside && !l.Pad }

// unseen reports whether it stands for lines that aren't laid out.
func (l bodyLine) unseen() bool { return l.Of > 0 }

// differs is the contrary of alike.
func (l bodyLine) differs() bool { return !l.alike() }

// linePiece is a part of a line.
type linePiece struct {
	Text string
	Hot  bool
}

// Pieces cuts the line at what differs.
func (l bodyLine) Pieces() []linePiece {
	var all []linePiece
	at := 0
	for _, s := range l.hot {
		s.to = min(s.to, len(l.Text))
		if s.from < at || s.from >= s.to {
			continue // it was cut off
		}
		all = append(all, linePiece{l.Text[at:s.from], false}, linePiece{l.Text[s.from:s.to], true})
		at = s.to
	}
	return append(all, linePiece{l.Text[at:], false})
}

// differing returns which part of own, which begins at, differs from other: what lies between what both
// begin and end with, where that is much of them, else all of it.
func differing(own, other string, at int) stretch {
	all := stretch{at, at + len(own)}
	from := 0
	for from < len(own) && from < len(other) && own[from] == other[from] {
		from++
	}
	for from > 0 && from < len(own) && !utf8.RuneStart(own[from]) {
		from--
	}
	to := 0
	for to < len(own)-from && to < len(other)-from && own[len(own)-1-to] == other[len(other)-1-to] {
		to++
	}
	for to > 0 && !utf8.RuneStart(own[len(own)-to]) {
		to--
	}
	if part := (stretch{at + from, at + len(own) - to}); part.from < part.to && 3*(from+to) >= min(len(own), len(other)) && len(own) > 6 {
		return part
	}
	return all
}

// padded returns two lists of lines with the same length, and what is alike in both at the same place.
func padded(left, right []bodyLine) (a, b []bodyLine) {
	i, j := 0, 0
	for i < len(left) || j < len(right) {
		fromI, fromJ := i, j
		for i < len(left) && !left[i].alike() {
			i++
		}
		for j < len(right) && !right[j].alike() {
			j++
		}
		x, y := besides(left[fromI:i], right[fromJ:j])
		a, b = append(a, x...), append(b, y...)
		for i < len(left) && j < len(right) && left[i].alike() && right[j].alike() {
			a, b = append(a, left[i]), append(b, right[j])
			i, j = i+1, j+1
		}
		if i == fromI && j == fromJ { // what is alike has no like: lists that weren't compared with one another
			return append(a, left[i:]...), append(b, right[j:]...)
		}
	}
	return a, b
}

// besides puts lines that differ beside one another, and says which part of each is another.
func besides(left, right []bodyLine) (a, b []bodyLine) {
	n := max(len(left), len(right))
	a, b = make([]bodyLine, n), make([]bodyLine, n)
	for k := range n {
		a[k], b[k] = bodyLine{Pad: true}, bodyLine{Pad: true}
		if k < len(left) {
			a[k] = left[k]
		}
		if k < len(right) {
			b[k] = right[k]
		}
		if k < len(left) && k < len(right) {
			atDifference(&a[k], &b[k])
			a[k].hot, b[k].hot = lineSpans(a[k].Text, b[k].Text)
		}
	}
	return a, b
}

// textLine is a line of a text.
func textLine(text string) bodyLine {
	l := bodyLine{Text: visible(cut(text, maxLine))}
	if len(text) > maxLine {
		l.whole = text
	}
	return l
}

// leading is how many bytes of a long line are shown before what differs.
const leading = maxLine / 4

// atDifference has two lines of which only the begin is shown begin before the part that is another, if it
// isn't in that.
func atDifference(a, b *bodyLine) {
	if a.whole == "" || b.whole == "" {
		return
	}
	same := 0
	for same < len(a.whole) && same < len(b.whole) && a.whole[same] == b.whole[same] {
		same++
	}
	from := same - leading
	if same < maxLine/2 || same == min(len(a.whole), len(b.whole)) && len(a.whole) == len(b.whole) {
		return
	}
	for from > 0 && !utf8.RuneStart(a.whole[from]) {
		from--
	}
	for _, l := range []*bodyLine{a, b} {
		end, text := "", l.whole[from:]
		if rest := len(text) - maxLine; rest > 0 {
			text, end = strings.ToValidUTF8(text[:maxLine], ""), "…"
		}
		l.Text = "…" + visible(text) + end
	}
}

func lineSpans(own, other string) (a, b []stretch) {
	if strings.TrimSpace(own) == "" || strings.TrimSpace(other) == "" {
		return nil, nil
	}
	x, y := differing(own, other, 0), differing(other, own, 0)
	if x.to-x.from == len(own) || y.to-y.from == len(other) {
		return nil, nil // all of it, which the line's own mark says
	}
	return []stretch{x}, []stretch{y}
}
