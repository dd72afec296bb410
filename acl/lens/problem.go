package lens

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a definition.
type Problem struct {
	Lens    string // the name in Set.Lenses; empty: the definition itself
	Field   int    // -1: none
	Option  string // of the field, as a configuration calls it: "values", "number.scale"; may be empty
	Message string
}

// String returns the problem with its place.
func (p Problem) String() string {
	var b strings.Builder
	if p.Lens != "" {
		fmt.Fprintf(&b, "lens %s: ", p.Lens)
	}
	if p.Field >= 0 {
		fmt.Fprintf(&b, "field %d: ", p.Field+1)
	}
	if p.Option != "" {
		fmt.Fprintf(&b, "%s: ", p.Option)
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is all that is wrong with a definition. In its text fields are counted from 1.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.String()
	}
	return strings.Join(lines, "\n")
}

// What [Loss.Direction] says.
const (
	ToService = "to service"
	ToLegacy  = "to legacy"
)

// Loss is something that a definition doesn't bring over, and so can't bring back.
type Loss struct {
	Lens      string // as in Problem
	Field     int    // -1: what no field names
	Direction string // in which it is lost: ToService or ToLegacy
	What      string // a sentence without a full stop: "B becomes active, which comes back as A"
}

// report collects what there is to say about a definition.
type report struct {
	stock
	problems Problems
	losses   []Loss
}

// about is a report on one field of one lens, or with field -1 on a lens as a whole.
type about struct {
	*report
	lens  string
	field int
}

func (a about) problem(option, format string, args ...any) {
	a.problems = append(a.problems, Problem{a.lens, a.field, option, fmt.Sprintf(format, args...)})
}

// told reports whether something was wrong with one of these options of the field.
func (a about) told(options ...string) bool {
	return slices.ContainsFunc(a.problems, func(p Problem) bool {
		option, _, _ := strings.Cut(p.Option, ".")
		return p.Lens == a.lens && p.Field == a.field && slices.Contains(options, option)
	})
}

// loss reports what is lost in the direction in which the side in is read.
func (a about) loss(in side, format string, args ...any) {
	a.losses = append(a.losses, Loss{a.lens, a.field, in.direction(), fmt.Sprintf(format, args...)})
}
