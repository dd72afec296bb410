package dashboard

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/web"
)

// bodyView is a body as lines, of which those that differ are marked.
type bodyView struct {
	Note  string // instead of or before the lines: empty, binary, cut
	Hint  string // how the lines are arranged; empty: as they were sent
	Parts []bodyPart
	Cut   bool // some of it isn't drawn
}

// bodyPart is a run of lines; one that holds nothing that differs may be folded away.
type bodyPart struct {
	Folded  bool
	Differs bool       // of a folded one: all of it is within what differs
	Count   int64      // of a folded one
	Lines   []bodyLine // none of a folded one: there would be too much to draw
}

// The bounds of what is shown of a body.
const (
	maxLine   = 2000 // characters
	maxHex    = 512  // bytes of a binary one
	foldOver  = 14   // alike lines in a row
	foldLeave = 3    // of them, next to a difference
	// maxDrawn bounds the HTML of a body, in bytes. A page has up to three.
	maxDrawn = 224 << 10
	// roomy is up to which size, in bytes, all of a body is laid out. Of a larger one that is which is near a
	// difference.
	roomy = 256 << 10
)

// viewOf folds away what is alike, and leaves out what is too much.
func viewOf(lines []bodyLine, a *web.Answer) bodyView {
	var v bodyView
	switch {
	case a.Body == "" && a.Size == 0:
		v.Note = "empty body"
	case a.Body == "":
		v.Note = "the body, " + size(a.Size) + ", was too large to keep"
	}
	for len(lines) > 0 {
		n := slices.IndexFunc(lines, func(l bodyLine) bool { return l.alike() != lines[0].alike() })
		if n < 0 {
			n = len(lines)
		}
		if lines[0].alike() {
			v.fold(lines[:n])
		} else {
			v.show(lines[:n])
		}
		lines = lines[n:]
	}
	v.bound()
	return v
}

// fold adds lines in which nothing differs, and folds most away where there are many.
func (v *bodyView) fold(lines []bodyLine) {
	first := slices.IndexFunc(lines, bodyLine.unseen)
	if first < 0 && len(lines) <= foldOver {
		v.show(lines)
		return
	}
	head, tail := foldLeave, len(lines)-foldLeave
	if first >= 0 { // what isn't laid out is folded, and what is between it
		head = min(head, first)
		last := len(lines) - 1
		for !lines[last].unseen() {
			last--
		}
		tail = max(tail, last+1)
	}
	v.show(lines[:head])
	folded := bodyPart{Folded: true, Lines: lines[head:tail]}
	for _, l := range folded.Lines {
		folded.Count += int64(max(1, l.Of))
	}
	if first >= 0 {
		folded.Lines = nil
	}
	v.Parts = append(v.Parts, folded)
	v.show(lines[tail:])
}

// show adds lines that aren't folded away, but for those that were not laid out.
func (v *bodyView) show(lines []bodyLine) {
	for len(lines) > 0 {
		n := slices.IndexFunc(lines, bodyLine.unseen)
		switch {
		case n == 0:
			v.Parts = append(v.Parts, bodyPart{Folded: true, Differs: true, Count: int64(lines[0].Of)})
			lines = lines[1:]
			continue
		case n < 0:
			n = len(lines)
		}
		v.Parts = append(v.Parts, bodyPart{Lines: lines[:n]})
		lines = lines[n:]
	}
}

// bound leaves out what would make too large a page: the lines of folds first, and then those at the end.
func (v *bodyView) bound() {
	left := maxDrawn
	for i := 0; i < len(v.Parts); i++ { // end takes away those that follow
		p := &v.Parts[i]
		if p.Folded {
			left -= lineCost
			continue
		}
		for n, l := range p.Lines {
			v.Cut = v.Cut || len(l.Text) >= maxLine // which may have been cut
			if left -= l.cost(); left < 0 {
				v.end(i, n)
				break
			}
		}
	}
	for i := range v.Parts {
		p := &v.Parts[i]
		if !p.Folded {
			continue
		}
		for _, l := range p.Lines {
			left -= l.cost()
		}
		if left < 0 {
			p.Lines = nil
		}
		v.Cut = v.Cut || p.Lines == nil
	}
}

// end leaves out what follows so many lines of a part.
func (v *bodyView) end(part, lines int) {
	rest := bodyPart{Folded: true}
	for _, p := range v.Parts[part:] {
		rest.Count += p.Count
		rest.Differs = rest.Differs || p.Differs
		if !p.Folded {
			rest.Count += int64(len(p.Lines))
			rest.Differs = rest.Differs || slices.ContainsFunc(p.Lines, bodyLine.differs)
		}
	}
	rest.Count -= int64(lines)
	v.Parts[part].Lines = v.Parts[part].Lines[:lines]
	v.Parts = append(v.Parts[:part+1], rest)
}

// lineCost is what a line takes of HTML beside its text.
const lineCost = 60

// cost is about how many bytes of HTML a line is.
func (l bodyLine) cost() int {
	n := lineCost + len(l.Text) + 13*len(l.hot)
	for _, special := range []string{"<", ">", "&", "\"", "'", "+"} {
		n += 4 * strings.Count(l.Text, special)
	}
	if l.Mark() != "" {
		n += lineCost
	}
	return n
}
