package strangler_test

import "testing"

// TestPeerNoHTTP2Upgrade has other names for the same: Apache httpd proposes and takes "h2" over
// TLS as it does "h2c" without, and tokens may have versions (RFC 9110 section 7.8).
func TestPeerNoHTTP2Upgrade(t *testing.T) {
	notAsked(t,
		"Connection: Upgrade\r\nUpgrade: h2\r\n",
		"Connection: Upgrade\r\nUpgrade: h2, h2c\r\n",
		"Connection: Upgrade\r\nUpgrade: h2c/1\r\n",
		"Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n",
	)
}
