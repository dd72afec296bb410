package format

import "strings"

// Problem is one thing that is wrong with a Config.
type Problem struct {
	Option  string // as a configuration calls it: "delimiter", "columns[2].width"
	Message string
}

// Problems is all that is wrong with a Config.
type Problems []Problem

// Error implements error.
func (p Problems) Error() string {
	parts := make([]string, len(p))
	for i, one := range p {
		parts[i] = one.Option + ": " + one.Message
	}
	return strings.Join(parts, "; ")
}
