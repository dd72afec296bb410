package config

import (
	"fmt"
	"strings"
)

// Position is a place in a configuration file. The zero value is none.
type Position struct {
	File   string
	Line   int // from 1; 0: the file as a whole
	Column int // from 1, in characters
}

// String returns file:line:column, as far as known.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing that is wrong with a configuration, or likely so.
type Problem struct {
	File    string
	Line    int    // from 1; 0: the file as a whole
	Column  int    // from 1, in characters
	Path    string // of the value, such as routes[2].service; empty: none
	Message string
}

// String returns the problem in one line, its place first, as editors can follow it.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(Position{p.File, p.Line, p.Column}.String() + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Error implements error.
func (p Problem) Error() string { return p.String() }

// Problems is the error of Load: all that is wrong, in the order of the files.
type Problems []Problem

// Error implements error: one problem a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
