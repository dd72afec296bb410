package format

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// span is a part of a text.
type span struct{ start, end int }

// columns are the names that the cells of a record have, in order.
type columns struct {
	names []string
	index map[string]int
	text  []byte // the names, one behind the other, as the beginning of a document's text
	spans []span
	found []span // where a header has the names
	// order is the order in which the cells of a record become members; nil: as they stand.
	order []int
}

// The most that a body may name: columns, and bytes of the name of one and of all together, which
// stand in each of its records.
const (
	maxColumns     = 1 << 12
	maxColumnName  = 1 << 10
	maxColumnNames = 64 << 10
)

// newColumns returns the columns of these names; the error names one that stands twice.
func newColumns(names []string) (*columns, error) {
	c := &columns{names: names, index: make(map[string]int, len(names)), spans: make([]span, 0, len(names))}
	for i, n := range names {
		if _, twice := c.index[n]; twice {
			return nil, fmt.Errorf("the column %q stands twice", n)
		}
		c.index[n] = i
		c.spans = append(c.spans, span{len(c.text), len(c.text) + len(n)})
		c.text = append(c.text, n...)
	}
	return c, nil
}

// nodes is how many nodes a record has.
func (c *columns) nodes() int { return 1 + 2*len(c.names) }

// behind returns a new text: the names, and s behind them.
func (c *columns) behind(s []byte) []byte {
	text := make([]byte, 0, len(c.text)+len(s))
	return append(append(text, c.text...), s...)
}

// build writes a record, whose text begins with the names.
func (c *columns) build(b *document.Builder, cells []span) {
	b.Object()
	for i := range cells {
		if c.order != nil {
			i = c.order[i]
		}
		b.NameSpan(c.spans[i].start, c.spans[i].end)
		b.Span(document.String, cells[i].start, cells[i].end)
	}
	b.End()
}

// values puts the members of a record into the order of the columns. The error is placed.
func (c *columns) values(record document.Value, values []document.Value) ([]document.Value, error) {
	values = values[:0]
	for range c.names {
		values = append(values, document.Value{})
	}
	next := 0
	for name, member := range record.Members() {
		i := next
		if i >= len(c.names) || c.names[i] != string(name) {
			var known bool
			if i, known = c.index[string(name)]; !known {
				return values, atName(name, fmt.Errorf("there is no column for it; the columns are %s", quoted(c.names)))
			}
		}
		if values[i].Exists() {
			return values, atName(name, errors.New("there are several values for one column"))
		}
		values[i] = member
		next = i + 1
	}
	return values, nil
}

// quoted names some of many names in a message.
func quoted(names []string) string {
	const most = 8
	var b strings.Builder
	for i, n := range names {
		switch {
		case i == most:
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}

func atName(name []byte, err error) error {
	return &document.Error{Pointer: "/" + escapePointer(string(name)), Err: err}
}

// plainText returns the text of a single value in a format whose values are all texts.
func plainText(v document.Value) ([]byte, error) {
	switch v.Kind() {
	case document.Missing:
		return nil, nil
	case document.Null:
		return nil, errors.New("null can't be written in this format; say what stands for it (absent)")
	case document.Array, document.Object:
		return nil, fmt.Errorf("%s can't be written here; it takes a single value", article(v.Kind()))
	}
	return v.Bytes(), nil
}

func article(k document.Kind) string {
	switch k {
	case document.Array, document.Object:
		return "an " + k.String()
	case document.Null:
		return "null"
	}
	return "a " + k.String()
}

// tableWriter writes records whose members are the cells of columns.
type tableWriter struct {
	w       io.Writer
	columns *columns // nil: those of the first record
	first   []string // which stand in front of the record's own
	// line appends a record, whose values are in the order of the columns.
	line func(dst []byte, c *columns, values []document.Value, first bool) ([]byte, error)
	// head appends what stands in front of the first record.
	head func(dst []byte, c *columns) ([]byte, error)

	index  int
	buf    []byte
	values []document.Value
}

// Write implements RecordWriter. A record is one call of the io.Writer's Write, or none where it
// can't be written.
func (t *tableWriter) Write(record document.Value) error {
	if err := t.append(record); err != nil {
		return under(element(t.index), err)
	}
	t.index++
	_, err := t.w.Write(t.buf)
	return err
}

func (t *tableWriter) append(record document.Value) (err error) {
	if record.Kind() != document.Object {
		return fmt.Errorf("a record is an object, and this is %s", article(record.Kind()))
	}
	c := t.columns
	if c == nil {
		names := slices.Clone(t.first)
		for name := range record.Members() {
			if !slices.Contains(t.first, string(name)) {
				names = append(names, string(name))
			}
		}
		if len(names) == 0 {
			return errors.New("the first record has no members, so that there are no columns")
		}
		if c, err = newColumns(names); err != nil {
			return err
		}
	}
	if t.values, err = c.values(record, t.values); err != nil {
		return err
	}
	t.buf = t.buf[:0]
	if t.index == 0 {
		if t.buf, err = t.head(t.buf, c); err != nil {
			return err
		}
	}
	if t.buf, err = t.line(t.buf, c, t.values, t.index == 0); err != nil {
		return err
	}
	t.columns = c
	return nil
}

// Close implements RecordWriter.
func (t *tableWriter) Close() error {
	c, err := t.columns, error(nil)
	if c == nil && len(t.first) > 0 {
		c, err = newColumns(t.first)
	}
	if t.index > 0 || c == nil {
		return err
	}
	head, err := t.head(nil, c)
	if err != nil || len(head) == 0 {
		return err
	}
	_, err = t.w.Write(head)
	return err
}
