//go:build !race

package strangler_test

const raceDetector = false
