//go:build race

package strangler_test

const raceDetector = true
