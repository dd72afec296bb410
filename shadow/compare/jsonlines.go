package compare

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
)

// recordSeparator begins each text of a JSON text sequence (RFC 7464, section 2.2).
const recordSeparator = "\x1e"

// hiddenLine is what the array of lines begins with.
const hiddenLine = "[null,\n"

// parseLines reads a JSON text a line (NDJSON, JSON Lines), or one between record separators, as
// an array, so that a line is compared as an element is. Its first element is a null that both
// sides have: it makes of the others' indices the numbers of their lines. Blank lines don't count.
func (t *tree) parseLines(d document) error {
	separator := "\n"
	if d.media == "application/json-seq" {
		separator = recordSeparator
	}
	joined := append(make([]byte, 0, len(d.body)+8), hiddenLine[:len(hiddenLine)-2]...)
	var starts []int // where lines begin in what is joined
	for line := range bytes.SplitSeq(d.body, []byte(separator)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(starts) >= maxNodes {
			return tooComplex("over %d lines of JSON", maxNodes)
		}
		joined = append(joined, ",\n"...)
		starts = append(starts, len(joined))
		joined = append(joined, line...)
	}
	joined = append(joined, ']')
	err := t.parse(joined)
	if bad, ok := errors.AsType[*syntaxError](err); ok {
		line := sort.SearchInts(starts, bad.at+1)
		return fmt.Errorf("line %d: %s", max(line, 1), bad.problem)
	}
	if err != nil {
		return err
	}
	// A line that is no JSON by itself may seem so among the others: "1,2", or "[1" before "2]".
	if t.nodes[0].kind != array || int(t.nodes[0].size) != len(starts)+1 {
		return errors.New("as many lines as there are JSON texts were expected")
	}
	for i, at := range t.children(nil, 0)[1:] {
		if int(t.nodes[at].start) != starts[i] {
			return fmt.Errorf("line %d: no JSON by itself", i+1)
		}
	}
	return nil
}
