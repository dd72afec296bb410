package format

import (
	"fmt"
	"slices"

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

// CheckPath implements Names.
func (f *form) CheckPath(path document.Path) error { return flat("a form", path, 2) }

// CheckPath implements Names. A part that is a file has members.
func (f *multipart) CheckPath(path document.Path) error {
	last := len(path) - 1
	if last < 1 || path[0].Name == "" {
		return nil
	}
	if slices.Contains([]string{partFilename, partType, partContent, partEncoding}, path[last].Name) {
		path = path[:last]
	}
	return flat("a part of a multipart body that is no file", path, 2)
}

// check says what is wrong with a path into a record of these columns; nil has any.
func (c *columns) check(path document.Path) error {
	if err := flat("a column", path, 1); err != nil {
		return err
	}
	if c == nil || len(path) == 0 || path[0].Name == "" {
		return nil
	}
	if _, known := c.index[path[0].Name]; !known {
		return fmt.Errorf("there is no column %q; the columns are %s", path[0].Name, quoted(c.names))
	}
	return nil
}

// flat says what is wrong with a path below what holds nothing but texts: most is how many steps lead to one, the
// first of which is its name, and a second one an index.
func flat(what string, path document.Path, most int) error {
	if len(path) == 0 || path[0].Name == "" {
		return nil
	}
	for i, step := range path[1:] {
		switch {
		case step.Name != "" && i == 0:
			whole := document.Path{{Name: path[0].Name + "." + step.Name}}
			return fmt.Errorf("%s has single values, with no names in them; if the dot is a part of the name, write %s", what, whole)
		case step.Name != "":
			return fmt.Errorf("%s has single values, with no names in them", what)
		case i+1 >= most:
			return fmt.Errorf("%s has single values, and no lists in them", what)
		}
	}
	return nil
}
