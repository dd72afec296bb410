package upstream_test

import (
	"strings"
	"testing"
)

// TestGarbage has upstreams answer what is no answer, or one whose end nobody can be sure of.
// The client gets a 502, or an answer that is visibly cut where the head was in order.
func TestGarbage(t *testing.T) {
	leavesNothing(t)
	const ok = "HTTP/1.1 200 OK\r\n"
	for name, c := range map[string]struct {
		answer string
		cut    bool // the head is in order, the body isn't
	}{
		"nothing HTTP":                  {answer: "220 mail.example ESMTP\r\n"},
		"binary":                        {answer: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
		"HTTP/2":                        {answer: "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00\x00\x05\x00\xff\xff\xff"},
		"a page without a head":         {answer: "<html>hello</html>"},
		"an empty line only":            {answer: "\r\n\r\n"},
		"a status of two digits":        {answer: "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
		"a status of four digits":       {answer: "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
		"a status of letters":           {answer: "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"},
		"a negative status":             {answer: "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n"},
		"status 000":                    {answer: "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"},
		"no status":                     {answer: "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
		"no protocol":                   {answer: "200 OK\r\nContent-Length: 0\r\n\r\n"},
		"a protocol that isn't":         {answer: "HTTP/x.y 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"another protocol":              {answer: "ICY 200 OK\r\nContent-Length: 0\r\n\r\n"},
		"a header without a colon":      {answer: ok + "Content-Length\r\n\r\n"},
		"a header without a name":       {answer: ok + ": 5\r\n\r\n"},
		"a folded first line":           {answer: ok + " folded: 1\r\nContent-Length: 2\r\n\r\nok"},
		"NUL in a name":                 {answer: ok + "X-\x00A: 1\r\nContent-Length: 2\r\n\r\nok"},
		"two lengths":                   {answer: ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"},
		"two lengths in one":            {answer: ok + "Content-Length: 2, 3\r\n\r\nabc"},
		"a negative length":             {answer: ok + "Content-Length: -2\r\n\r\nok"},
		"a length with a plus":          {answer: ok + "Content-Length: +2\r\n\r\nok"},
		"a length in hexadecimal":       {answer: ok + "Content-Length: 0x2\r\n\r\nok"},
		"a length with a letter":        {answer: ok + "Content-Length: 2a\r\n\r\nok"},
		"a length with a space":         {answer: ok + "Content-Length: 2 2\r\n\r\nok"},
		"a fractional length":           {answer: ok + "Content-Length: 2.0\r\n\r\nok"},
		"a length beyond 64 bits":       {answer: ok + "Content-Length: 18446744073709551618\r\n\r\nok"},
		"a coding nobody knows":         {answer: ok + "Transfer-Encoding: gzip\r\n\r\nok"},
		"chunked twice":                 {answer: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"chunked within another":        {answer: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"chunked not last":              {answer: ok + "Transfer-Encoding: chunked, gzip\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"chunked and identity":          {answer: ok + "Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"chunked with a tab":            {answer: ok + "Transfer-Encoding: \x0bchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"chunked in quotes":             {answer: ok + "Transfer-Encoding: \"chunked\"\r\n\r\n2\r\nok\r\n0\r\n\r\n"},
		"an empty coding":               {answer: ok + "Transfer-Encoding:\r\n\r\nok"},
		"a chunk size of letters":       {answer: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n", cut: true},
		"a negative chunk size":         {answer: ok + "Transfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk size with 0x":          {answer: ok + "Transfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk size with a plus":      {answer: ok + "Transfer-Encoding: chunked\r\n\r\n+2\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk size with underscores": {answer: ok + "Transfer-Encoding: chunked\r\n\r\n0_2\r\nok\r\n0\r\n\r\n", cut: true},
		"a space before a chunk size":   {answer: ok + "Transfer-Encoding: chunked\r\n\r\n 2\r\nok\r\n0\r\n\r\n", cut: true},
		"an empty chunk size":           {answer: ok + "Transfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk size beyond 64 bits":   {answer: ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk size of all ones":      {answer: ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk longer than its size":  {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nokok\r\n0\r\n\r\n", cut: true},
		"a chunk shorter than its size": {answer: ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nok\r\n0\r\n\r\n", cut: true},
		"a chunk without an end":        {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok0\r\n\r\n", cut: true},
		"a chunk with half an end":      {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\n0\r\n\r\n", cut: true},
		"a trailer without a colon":     {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum\r\n\r\n", cut: true},
		"no last chunk":                 {answer: ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", cut: true},
		"no chunks at all":              {answer: ok + "Transfer-Encoding: chunked\r\n\r\n", cut: true},
		"a length that isn't reached":   {answer: ok + "Content-Length: 9223372036854775807\r\n\r\nok", cut: true},
		"a switch that nobody wants":    {answer: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"},
		"hints and no answer":           {answer: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"},
		"garbage after a hint":          {answer: "HTTP/1.1 103 Early Hints\r\n\r\nwhat?\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, func(conn *peerConn) {
				if _, _, ok := conn.request(); ok {
					conn.send(c.answer)
				}
			})
			g := startGateway(t, p.URL, gatewayConfig{})
			for _, request := range []string{getRequest("/"), postRequest("/", "abc")} {
				before := p.Requests.Load()
				got := ask(t, g.Addr, request)
				switch {
				case c.cut && !got.Cut:
					t.Errorf("%v; want it cut", got)
				case !c.cut && (got.Status != 502 || got.Cut):
					t.Errorf("%v; want 502", got)
				}
				if seen := g.observed(t); seen.Decision.Failure != "broken" || seen.Aborted != c.cut {
					t.Errorf("observed failure %q, aborted %v; want broken, %v", seen.Decision.Failure, seen.Aborted, c.cut)
				}
				if log := g.Log.take(); !strings.Contains(log, "failure=broken") || !strings.Contains(log, "error=") {
					t.Errorf("logged: %q", log)
				}
				if n := p.Requests.Load() - before; n != 1 {
					t.Errorf("the upstream got the request %d times: what was answered is not asked again", n)
				}
			}
		})
	}
}
