//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// terminal is for Linux alone, so that scripts begin with [!linux] skip.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	ts.Fatalf("there is no terminal here")
}
