package ids

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// UnknownError says that a table doesn't know an identifier and makes none for it.
type UnknownError struct {
	Table string
	Side  Side // whose the identifier is
	ID    string
	Makes bool // where somebody only looked: the table would make the other side's
}

// Error implements error. It names the command that brings pairs in, and the key in the configuration.
func (e *UnknownError) Error() string {
	what := fmt.Sprintf("table %s doesn't know the identifier %s of %s", quote(e.Table), quote(e.ID), e.Side)
	if e.Makes {
		return what + ", and makes one when a request needs it"
	}
	return fmt.Sprintf("%s: bring the pair in (%s FILE.csv), or let the table make them (%s)", what, importCommand(e.Table), e.Side.other().key(e.Table))
}

// importCommand is how a person imports into a table.
func importCommand(table string) string { return "strangler ids import " + plain(table) }

// key is where the configuration says how the side's identifiers are made.
func (s Side) key(table string) string { return "ids." + plain(table) + "." + s.column() }

// plain returns a table's name as it stands in a command or a configuration. Most need no quotes.
func plain(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r != '-' && r != '_' && r != '.' && !isAlphanumeric(r) }) {
		return quote(name)
	}
	return name
}

func isAlphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

// FullError says that a table holds as many pairs as it may. What it holds is still found.
type FullError struct {
	Table  string
	Max    int64
	Import bool // it would be, with what is imported: nothing of it was
}

// Error implements error.
func (e *FullError) Error() string {
	if e.Import {
		return fmt.Sprintf("table %s would hold more than %d pairs, and may not; nothing was imported: raise ids.%s.max, then import again",
			quote(e.Table), e.Max, plain(e.Table))
	}
	return fmt.Sprintf("table %s holds %d pairs and may hold no more: find out who asks for so many identifiers, or raise ids.%s.max",
		quote(e.Table), e.Max, plain(e.Table))
}

// InvalidError says why a text can't be an identifier.
type InvalidError struct {
	ID      string
	Problem string
}

// Error implements error.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s can't be an identifier: %s", quote(e.ID), e.Problem)
}

// Conflict is a pair that can't be imported, since one of its identifiers has another counterpart.
type Conflict struct {
	Index int  // of the pair among those that are imported, from 0
	Line  int  // where it stands in a CSV, from 1; 0: it comes from none
	Pair  Pair // which can't be imported
	Have  Pair // which stands in the way: in the table, or earlier in the same import
}

// ConflictError says that nothing was imported, and why.
type ConflictError struct {
	Table string
	First []Conflict // at most MaxConflicts
	Total int
}

// MaxConflicts is how many conflicts a ConflictError names.
const MaxConflicts = 20

// Error implements error.
func (e *ConflictError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "table %s has other counterparts for %d of these pairs; nothing was imported", quote(e.Table), e.Total)
	for _, c := range e.First {
		at := fmt.Sprintf("pair %d", c.Index+1)
		if c.Line > 0 {
			at = fmt.Sprintf("line %d", c.Line)
		}
		fmt.Fprintf(&b, "\n%s against %s, which it has (%s)", c.Pair, c.Have, at)
	}
	if more := e.Total - len(e.First); more > 0 {
		fmt.Fprintf(&b, "\nand %d more", more)
	}
	return b.String()
}

// check reports what can't be an identifier.
func check(id string) error {
	problem := ""
	switch {
	case id == "":
		problem = "it is empty"
	case len(id) > MaxLength:
		problem = fmt.Sprintf("it has %d bytes, and may have %d", len(id), MaxLength)
	case !utf8.ValidString(id):
		problem = "it is not UTF-8"
	case strings.IndexByte(id, 0) >= 0:
		problem = "there is a zero byte in it"
	default:
		return nil
	}
	return &InvalidError{strings.Clone(id[:min(len(id), MaxLength)]), problem}
}

// quote returns a text for a message, shortened where it is long.
func quote(s string) string {
	const most = 80
	if len(s) <= most {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:most]) + "…"
}

var errTaken = errors.New("every identifier that was made is taken")
