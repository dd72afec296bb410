package dashboard

import (
	"hash/maphash"
	"strings"

	"github.com/aymanbagabas/go-udiff/lcs"

	"github.com/strangler-fig/toolkit/shadow"
)

// maxCells bounds the table with which lines are aligned; beyond it a search that gives up after some hundred
// changes finds them.
const maxCells = 1 << 20

// textLines lays two bodies without structure out line by line, beside one another, and marks the lines
// that the other one doesn't have at that place.
func textLines(legacy, service string) (left, right []bodyLine) {
	return alignedLines(split(legacy), split(service))
}

func alignedLines(a, b []string) (left, right []bodyLine) {
	from := 0
	for from < len(a) && from < len(b) && a[from] == b[from] {
		from++
	}
	endA, endB := len(a), len(b)
	for endA > from && endB > from && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	keptA, keptB := common(a[from:endA], b[from:endB])
	inA := sided{a, func(i int) bool { return i < from || i >= endA || keptA[i-from] }}
	inB := sided{b, func(i int) bool { return i < from || i >= endB || keptB[i-from] }}
	if lengthOf(a) <= roomy && lengthOf(b) <= roomy {
		return padded(inA.lay(nil), inB.lay(nil))
	}
	breaks := make(map[int]bool)
	inA.breaks(breaks)
	inB.breaks(breaks)
	return padded(inA.lay(breaks), inB.lay(breaks))
}

// sided are the lines of one side, and which of them are alike in both.
type sided struct {
	lines []string
	alike func(int) bool
}

// breaks notes after how many lines that are alike one differs.
func (s sided) breaks(into map[int]bool) {
	n := 0
	for i := range s.lines {
		if s.alike(i) {
			n++
		} else {
			into[n] = true
		}
	}
}

// lay lays lines out and marks those that the other side doesn't have. With breaks, which are both sides',
// only the ends are of what is alike between two of them, so that the same is on both.
func (s sided) lay(breaks map[int]bool) (all []bodyLine) {
	n := 0 // alike so far
	differ := 0
	for i := 0; i < len(s.lines); {
		if !s.alike(i) && breaks != nil && differ > maxNear { // more isn't drawn anyway
			end := i + 1
			for end < len(s.lines) && !s.alike(end) {
				end++
			}
			all = append(all, bodyLine{Of: end - i, Inside: true})
			i = end
			continue
		}
		if !s.alike(i) {
			differ++
			l := textLine(s.lines[i])
			l.Kind = shadow.KindBody
			all = append(all, l)
			i++
			continue
		}
		end := i + 1
		for n++; end < len(s.lines) && s.alike(end) && !(breaks != nil && breaks[n]); n++ {
			end++
		}
		if unseen := end - i - 2*foldLeave; breaks != nil && unseen > 1 {
			all = append(texts(all, s.lines[i:i+foldLeave]), bodyLine{Of: unseen})
			i = end - foldLeave
		}
		all = texts(all, s.lines[i:end])
		i = end
	}
	return all
}

func texts(all []bodyLine, lines []string) []bodyLine {
	for _, text := range lines {
		all = append(all, textLine(text))
	}
	return all
}

func lengthOf(lines []string) (n int) {
	for _, l := range lines {
		n += len(l)
	}
	return n
}

func split(body string) []string {
	if body == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(body, "\r\n", "\n"), "\n"), "\n")
}

// common says which lines belong to a longest common subsequence.
func common(a, b []string) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if len(a) == 0 || len(b) == 0 {
		return inA, inB
	}
	if len(a)*len(b) > maxCells {
		return commonOfMany(a, b)
	}
	width := len(b) + 1
	best := make([]int32, (len(a)+1)*width) // of the rests from i and j
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			inA[i], inB[j] = true, true
			i, j = i+1, j+1
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return inA, inB
}

// commonOfMany finds lines that both have in the same order, nearly always most of them. What is between the
// last that it finds and the end counts as different.
func commonOfMany(a, b []string) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	numbers, seed := make(map[uint64]rune, len(a)), maphash.MakeSeed()
	numbered := func(lines []string) []rune {
		all := make([]rune, len(lines))
		for i, line := range lines {
			sum := maphash.String(seed, line)
			n, known := numbers[sum]
			if !known {
				n = rune(len(numbers))
				numbers[sum] = n
			}
			all[i] = n
		}
		return all
	}
	i, j := 0, 0
	mark := func(end int) {
		for ; i < end; i, j = i+1, j+1 {
			inA[i], inB[j] = true, true
		}
	}
	for _, d := range lcs.DiffRunes(numbered(a), numbered(b)) {
		mark(d.Start)
		i, j = d.End, d.ReplEnd
	}
	mark(len(a))
	return inA, inB
}
