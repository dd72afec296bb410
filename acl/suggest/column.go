package suggest

import (
	"math"
	"strings"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// cell is a column's value in one example.
type cell struct {
	kind  document.Kind // Array: elems are its elements
	text  string
	elems []document.Value
}

// none reports whether there is no value: it is missing or null.
func (c cell) none() bool { return c.kind == document.Missing || c.kind == document.Null }

func (c cell) same(d cell) bool { return c.kind == d.kind && c.text == d.text }

// column is a path with its value in each example.
type column struct {
	path    document.Path
	name    string // the path as a configuration has it
	cells   []cell
	array   bool // of elements; else of single values
	repeats bool // of a textual format
	hidden  bool // some of its values were taken out
	words   []word

	present int             // cells with a value
	kinds   [16]int         // of the cells
	numbers []numbers       // the notations in which all of it is numbers
	times   []times         // the layouts in which all of it is times
	count   map[string]int  // of the texts
	order   []string        // of the texts, as they came
	shown   map[string]cell // a cell of each text
}

// numbers are a column's values in one notation.
type numbers struct {
	notation notation
	values   []decimal // of cells without a value, none
}

// settle derives what is asked again and again.
func (c *column) settle() {
	c.count, c.shown = map[string]int{}, map[string]cell{}
	for _, x := range c.cells {
		c.kinds[x.kind]++
		if x.none() {
			continue
		}
		c.present++
		if c.array {
			continue
		}
		if c.count[x.text]++; c.count[x.text] == 1 {
			c.order = append(c.order, x.text)
			c.shown[x.text] = x
		}
	}
	if c.array || c.present == 0 {
		return
	}
	for _, n := range notations {
		if values, ok := c.in(n); ok {
			c.numbers = append(c.numbers, numbers{n, values})
		}
	}
	c.times = timesOf(c)
}

// in reads all of a column as numbers; one in ten may be something else, such as a text that
// stands for none.
func (c *column) in(n notation) ([]decimal, bool) {
	values := make([]decimal, len(c.cells))
	read, special := 0, 0
	for i, x := range c.cells {
		if x.none() || x.text == "" {
			continue
		}
		if x.kind != document.Number && x.kind != document.String || x.kind == document.Number && n != notations[0] {
			return nil, false
		}
		d, ok := parseDecimal(strings.TrimSpace(x.text), n)
		if !ok {
			special++
			continue
		}
		values[i] = d
		read++
	}
	return values, read > 0 && special*10 <= read
}

// distinct returns how many different values there are.
func (c *column) distinct() int { return len(c.count) }

// surprise is how many bits it takes to say that a cell has that text, when the column is known.
func (c *column) surprise(text string) float64 {
	n := c.count[text]
	if n == 0 {
		return 0
	}
	return math.Log2(float64(c.present) / float64(n))
}

// information is about how many bits a text holds, before anything is known: what it is worth
// that the same one stands on both sides.
func information(text string) float64 {
	if d, ok := parseDecimal(text, notations[0]); ok {
		if len(d.digits) <= 1 {
			return 1 + float64(len(d.digits))
		}
		return min(24, 3.3*float64(len(d.digits)))
	}
	return min(24, 3*float64(utf8.RuneCountInString(strings.TrimSpace(text))))
}
