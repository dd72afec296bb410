package suggest

import (
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// side is what one side's documents have in them.
type side struct {
	columns []*column // in the order in which they were seen first
	byName  map[string]*column
	lists   map[string]bool // paths that are arrays in any example
	rows    int
	left    int // paths beyond MaxPaths
	skipped map[string]bool
	paths   map[[2]string]string // of a member, by that of its parent and its name
	hidden  func(text string) bool
}

// shapeOf collects the columns of one side; alone are paths that are arrays though nothing says so.
func (so *solver) shapeOf(values []document.Value, alone map[string]bool) *side {
	s := &side{hidden: so.hidden, byName: map[string]*column{}, lists: map[string]bool{}, rows: len(values), skipped: map[string]bool{}, paths: map[[2]string]string{}}
	for _, v := range values {
		s.findLists(v, place{name: "."})
	}
	for path := range alone {
		s.lists[path] = true
	}
	for row, v := range values {
		s.walk(row, v, place{name: "."})
	}
	s.left = len(s.skipped)
	for _, c := range s.columns {
		c.settle()
	}
	return s
}

// findLists notes where arrays are, and names that are repeated instead.
func (s *side) findLists(v document.Value, at place) {
	switch v.Kind() {
	case document.Array:
		s.lists[at.name] = true
	case document.Object:
		seen := map[string]bool{}
		for name, member := range v.Members() {
			path := s.below(at, string(name))
			if seen[string(name)] {
				s.lists[path.name] = true
			}
			seen[string(name)] = true
			if member.Kind() == document.Object || member.Kind() == document.Array {
				s.findLists(member, path)
			}
		}
	}
}

// place is a path and how it is written.
type place struct {
	path document.Path
	name string
}

func (s *side) below(at place, name string) place {
	p := place{path: append(slices.Clip(at.path), document.Step{Name: name})}
	key := [2]string{at.name, name}
	if p.name = s.paths[key]; p.name == "" {
		p.name = p.path.String()
		s.paths[key] = p.name
	}
	return p
}

func (s *side) walk(row int, v document.Value, at place) {
	switch {
	case s.lists[at.name] && v.Kind() != document.Null:
		c := s.column(at, true)
		if c == nil {
			return
		}
		c.repeats = v.Repeats()
		x := &c.cells[row]
		x.kind = document.Array
		if v.Kind() == document.Array {
			x.elems = slices.AppendSeq(x.elems, v.Elements())
		} else {
			x.elems = append(x.elems, v) // one of a name that is repeated elsewhere
		}
	case v.Kind() == document.Object:
		for name, member := range v.Members() {
			if len(name) > 0 {
				s.walk(row, member, s.below(at, string(name)))
			}
		}
	case v.Scalar():
		c := s.column(at, s.lists[at.name])
		if c == nil || c.cells[row].kind != document.Missing {
			return
		}
		c.repeats = v.Repeats()
		if v.Kind() == document.String && s.hidden(v.Text()) {
			c.hidden = true
			return
		}
		c.cells[row] = cell{kind: v.Kind(), text: v.Text()}
		if v.Kind() == document.Null {
			c.cells[row].text = ""
		}
	}
}

// column returns the column of a path, nil where there are too many.
func (s *side) column(at place, array bool) *column {
	name := at.name
	if c := s.byName[name]; c != nil {
		return c
	}
	if len(s.columns) == MaxPaths {
		s.skipped[name] = true
		return nil
	}
	c := &column{path: at.path, name: name, cells: make([]cell, s.rows), array: array}
	s.columns = append(s.columns, c)
	s.byName[name] = c
	return c
}

func (s *side) more(who string) string {
	if s.left == 0 {
		return ""
	}
	return fmt.Sprintf("%s has %d more paths than the %d that are looked at", who, s.left, MaxPaths)
}
