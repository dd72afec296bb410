package format

import (
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

// Names is a Format that knows beforehand which names it has: what another one stands at can neither
// be read nor be written.
type Names interface {
	Format
	// CheckPath says what is wrong with the names of a path into a document, or into a record; nil:
	// nothing.
	CheckPath(document.Path) error
}

// CheckPath implements Names.
func (x *xmlFormat) CheckPath(path document.Path) error {
	for _, step := range path {
		name := []byte(step.Name)
		if len(name) == 0 || name[0] == '#' || name[0] == '{' { // an index, text or a header, a namespace by its URI
			continue
		}
		attribute := name[0] == '@'
		if attribute {
			name = name[1:]
		}
		if _, _, err := x.names.split(name, attribute); err != nil {
			return err
		}
	}
	return nil
}

// CheckPath implements Names.
func (f *csvFormat) CheckPath(path document.Path) error { return f.columns.check(path) }

// CheckPath implements Names.
func (f *fixed) CheckPath(path document.Path) error { return f.columns.check(path) }

// check says what is wrong with a path into a record of these columns; nil has any.
func (c *columns) check(path document.Path) error {
	if c == nil || len(path) == 0 || path[0].Name == "" {
		return nil
	}
	if _, known := c.index[path[0].Name]; !known {
		return fmt.Errorf("there is no column %q; the columns are %s", path[0].Name, quoted(c.names))
	}
	return nil
}
