package ids

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// The columns of a CSV, in the order that WriteCSV has them.
const (
	columnLegacy  = "legacy"
	columnService = "service"
)

// LineError says what is wrong with a line of a CSV.
type LineError struct {
	Line int // the first is 1
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// ReadCSV yields the pairs of a CSV (RFC 4180, UTF-8, with commas) of two columns, legacy's identifier and the
// service's. A first line that says legacy,service, or service,legacy, is taken for a header, and says which
// column is which. Empty lines are passed over. Identifiers are taken byte by byte as they stand; what can't
// be one is a mistake. A mistake is a *LineError, an error of r stays what it is, and either is the last that is yielded.
// It takes some KiB of memory, however long a line is.
func ReadCSV(r io.Reader) iter.Seq2[Pair, error] { return newCSV(r).all() }

// CheckCSV reads a CSV as ReadCSV does and returns how many pairs it has.
func CheckCSV(r io.Reader) (pairs int64, err error) {
	for _, err := range ReadCSV(r) {
		if err != nil {
			return 0, err
		}
		pairs++
	}
	return pairs, nil
}

// WriteCSV writes pairs as ReadCSV reads them, with a header. An error of the iterator ends it; what w has by
// then isn't the whole. A w that is a *bufio.Writer is flushed at the end, and is the only buffer.
func WriteCSV(w io.Writer, pairs iter.Seq2[Pair, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{columnLegacy, columnService}); err != nil {
		return err
	}
	var fields [2]string
	for p, err := range pairs {
		if err != nil {
			return err
		}
		fields[0], fields[1] = p.Legacy, p.Service
		if err := out.Write(fields[:]); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Imported says what an import came to.
type Imported struct {
	New   int64 `json:"new"`   // pairs that the table didn't have
	Known int64 `json:"known"` // pairs that it had, or that came twice
}

// ImportCSV is Import of a CSV as ReadCSV reads it. Errors: *LineError, *ConflictError, whose conflicts have
// their lines, *FullError, and whatever stands in the way of reading or writing.
func (t *Table) ImportCSV(ctx context.Context, r io.Reader) (done Imported, err error) {
	lines := newCSV(r)
	total := int64(0)
	counted := func(yield func(Pair, error) bool) {
		for p, err := range lines.all() {
			if total++; !yield(p, err) {
				return
			}
		}
	}
	done.New, err = t.importFrom(ctx, counted, func() int { return lines.pair })
	if err != nil {
		return Imported{}, err
	}
	done.Known = total - done.New
	return done, nil
}

// csvReader reads a CSV. encoding/csv isn't it, since that changes line ends within quotes, which would make
// other identifiers of some, and reads a line of any length into memory.
type csvReader struct {
	in   *bufio.Reader
	line int // that is being read, from 1
	pair int // the line on which the last pair began
}

func newCSV(r io.Reader) *csvReader { return &csvReader{in: bufio.NewReaderSize(r, 64<<10), line: 1} }

func (c *csvReader) all() iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		if start, _ := c.in.Peek(3); string(start) == "\ufeff" {
			c.in.Discard(3) // they are there
		}
		swapped := false
		for first := true; ; {
			fields, err := c.record()
			if errors.Is(err, io.EOF) {
				return
			}
			var p Pair
			if err == nil {
				if p, err = pairOf(fields); err != nil {
					err = c.mistake(err)
				}
			}
			if err == nil && first {
				first = false
				switch a, b := strings.TrimSpace(strings.ToLower(p.Legacy)), strings.TrimSpace(strings.ToLower(p.Service)); {
				case a == columnLegacy && b == columnService:
					continue
				case a == columnService && b == columnLegacy:
					swapped = true
					continue
				}
			}
			if err == nil {
				if wrong := errors.Join(check(p.Legacy), check(p.Service)); wrong != nil {
					err = c.mistake(wrong)
				}
			}
			if err != nil {
				yield(Pair{}, err)
				return
			}
			if swapped {
				p.Legacy, p.Service = p.Service, p.Legacy
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (c *csvReader) mistake(err error) error { return &LineError{c.pair, err} }

func pairOf(fields []string) (Pair, error) {
	if len(fields) != 2 {
		have := "it has more than two columns"
		if len(fields) < 2 {
			have = "it has no comma outside of quotes"
		}
		return Pair{}, fmt.Errorf("%s; write legacy's identifier, a comma, and the service's", have)
	}
	return Pair{Legacy: fields[0], Service: fields[1]}, nil
}

// longestRecord bounds a line, in bytes: two identifiers, each byte of which may be a quote that is doubled.
const longestRecord = 4*MaxLength + 64

var errLong = fmt.Errorf("it is longer than two identifiers of %d bytes may be; is a quote missing, or a line's end?", MaxLength)

// record returns the fields of the next record that isn't empty, or io.EOF where there is none. A mistake is a
// *LineError; all else is an error of the source.
func (c *csvReader) record() (fields []string, err error) {
	var field strings.Builder
	const (
		begin  = iota // of a field
		plain         // in one without quotes
		quoted        // in one with
		closed        // behind its last quote
	)
	state, size := begin, 0
	c.pair = c.line
	for {
		b, err := c.in.ReadByte()
		if err == nil {
			size++
		}
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case size > longestRecord:
			return nil, c.mistake(errLong)
		case err != nil && state == quoted:
			return nil, c.mistake(errors.New("a quote is opened and never closed"))
		case err != nil && size == 0:
			return nil, io.EOF
		case err != nil:
			return append(fields, field.String()), nil
		case b == '\n':
			c.line++
		}
		if b == '\r' && state != quoted {
			if next, _ := c.in.Peek(1); len(next) > 0 && next[0] == '\n' {
				continue // the end of the line is read next
			}
		}
		switch {
		case state == quoted && b == '"':
			if next, _ := c.in.Peek(1); len(next) > 0 && next[0] == '"' {
				c.in.Discard(1) // it is there
				size++
				field.WriteByte('"')
				continue
			}
			state = closed
		case state == quoted:
			field.WriteByte(b)
		case b == '\n' && state == begin && len(fields) == 0:
			c.pair, size = c.line, 0 // an empty line
		case b == '\n':
			return append(fields, field.String()), nil
		case b == ',':
			if fields = append(fields, field.String()); len(fields) > 2 {
				return fields, nil // it is refused anyway
			}
			field.Reset()
			state = begin
		case b == '"' && state == begin:
			state = quoted
		case b == '"' && state == plain:
			return nil, c.mistake(errors.New(`there is a quote in a column that doesn't begin with one: put the column in quotes, and double those in it`))
		case state == closed:
			return nil, c.mistake(errors.New("a quote is closed before its column ends: double the quotes in it"))
		default:
			state = plain
			field.WriteByte(b)
		}
	}
}
