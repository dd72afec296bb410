package strangler_test

import "testing"

// TestPeerUpgradeUpstreamEndsFirst is TestPeerUpgradeEarlyBytes with the upstream as the first to
// end its direction: the client may go on with its own.
func TestPeerUpgradeUpstreamEndsFirst(t *testing.T) {
	eachPair(t, upgradeFronts, rawBacks, func(t *testing.T, f frontKind, b backKind) { earlyBytes(t, f, b, "upstream") })
}
