//go:build race

package body_test

const raceEnabled = true
