// Package compare finds where two answers differ: two answers and rules in, differences out. It
// is pure: no I/O, no clock, no state.
package compare
