package strangler_test

import "testing"

// TestPeerForbiddenTrailersStandard is TestPeerForbiddenTrailers with net/http's transport, which
// passes them on.
func TestPeerForbiddenTrailersStandard(t *testing.T) {
	eachPair(t, []frontKind{front1}, []backKind{back1st}, forbidden)
}
