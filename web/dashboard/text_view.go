package dashboard

import (
	"strings"

	"github.com/strangler-fig/toolkit/shadow"
)

// maxCells bounds the table with which lines are aligned; beyond it all between the common
// beginning and end counts as different.
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
	mark := func(lines []string, end int, kept []bool) []bodyLine {
		all := make([]bodyLine, len(lines))
		for i, text := range lines {
			all[i].Text = cut(visible(text), maxLine)
			if i >= from && i < end && !kept[i-from] {
				all[i].Kind = shadow.KindBody
			}
		}
		return all
	}
	return padded(mark(a, endA, keptA), mark(b, endB, keptB))
}

func split(body string) []string {
	if body == "" {
		return nil
	}
	lines := strings.SplitN(strings.TrimSuffix(strings.ReplaceAll(body, "\r\n", "\n"), "\n"), "\n", layoutLines+1)
	return lines[:min(len(lines), layoutLines)]
}

// common says which lines belong to a longest common subsequence.
func common(a, b []string) (inA, inB []bool) {
	inA, inB = make([]bool, len(a)), make([]bool, len(b))
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > maxCells {
		return inA, inB
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
