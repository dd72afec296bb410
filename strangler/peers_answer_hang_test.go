package strangler_test

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// TestPeerNoAnswerAtAll has upstreams say something that no answer begins with, and then nothing
// more. Nobody needs to wait for the rest of it.
func TestPeerNoAnswerAtAll(t *testing.T) {
	for name, said := range map[string]string{
		"a line":                "\x00\x01\x02\x03\r\n",
		"a greeting":            "220 mail.example ESMTP\r\n",
		"another one":           "SSH-2.0-OpenSSH_9.9\r\n",
		"a status of one digit": "HTTP/1.1 2 OK\r\n",
	} {
		eachPair(t, []frontKind{front1, front2c}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
			t.Parallel()
			t.Run(name, func(t *testing.T) {
				badGateway(t, gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					if _, err := headOf(r); err == nil {
						_, _ = io.WriteString(conn, said)
						_, _ = io.Copy(io.Discard, r)
					}
				})))
			})
		})
	}
}
