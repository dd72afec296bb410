package upstream_test

import (
	"math/rand/v2"
	"strings"
)

var oddStatusLines = []string{
	"HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1  200 OK", "HTTP/1.1 200  OK", "HTTP/1.1\t200 OK",
	"HTTP/1.1 200\tOK", "HTTP/1.1 +20 OK", "HTTP/1.1 2 0 OK", "HTTP/1.1 0200 OK", "HTTP/1.1 600 Odd", "HTTP/1.1 999 Odd",
	"HTTP/1.1 1000 Odd", "HTTP/1.1 099 Odd", "HTTP/1.1 200 \x80\xff", "HTTP/1.1 200 O\x00K", "HTTP/1.1 200 O\rK",
	"HTTP/1.0 200 OK", "HTTP/0.9 200 OK", "HTTP/2.0 200 OK", "HTTP/3.7 200 OK", "HTTP/1.2 200 OK", "HTTP/1 200 OK",
	"HTTP/11 200 OK", "HTTP/1.10 200 OK", "HTTP/01.1 200 OK", "http/1.1 200 OK", "Http/1.1 200 OK", " HTTP/1.1 200 OK",
	"\r\nHTTP/1.1 200 OK", "\nHTTP/1.1 200 OK", "HTTP /1.1 200 OK", "HTTP/1.1200 OK", "HTTP/1.1 404 Not Found",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 103 Hint\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK",
	"HTTP/1.1 199 Odd\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 103 Hint\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK",
	"HTTP/1.1 103 Hint\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK",
	"HTTP/1.1 103 Hint\r\nTransfer-Encoding: -\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 103 Hint\r\nContent-Length: -\r\n\r\nHTTP/1.1 200 OK",
	"HTTP/1.1 103 Hint\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\nHTTP/1.1 200 OK",
	"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.1 205 Reset Content",
	"HTTP/1.1 304 Not Modified", "HTTP/1.1 206 Partial Content", "HTTP/1.1 502 Bad Gateway", "HTTP/1.1 408 Request Timeout",
}

var oddHeaders = []string{
	"X-A: 1", "X-A:1", "X-A:", "X-A: ", "X-A:  1 \t", "x-a: 1\r\nX-a: 2\r\nX-A: 3", "X-A: a,b\r\nX-A: c",
	"X-A : 1", "X A: 1", " X-A: 1", "\tX-A: 1", ": 1", "X-A", "X-A 1", "X-A\r\n: 1", "X-A: 1\r\n folded", "X-A: 1\r\n\tfolded",
	"X-A: 1\r\n \r\n folded", "X-A: 1\r\n \r\nX-B: 2", "X-A: a\x00b", "X-A: a\x01b", "X-A: a\x7fb", "X-A: a\x80b", "X-A: \xc3\xa9", "X-\xc3\xa9: 1",
	"X-A: a\rb", "X-A: a\r", "X-A: a\r\r", "X-A: a\nX-B: b", "X-A: a\n\rX-B: b", "X@A: 1", "X(A): 1", "X\"A: 1", "X_A: 1", "X.A: 1", "X/A: 1",
	"X-A: \"quoted\"", "X-A: {\"json\": 1}", "X-A: 1:2:3", "::", "Set-Cookie: a=1\r\nSet-Cookie: b=2", "Connection: X-A\r\nX-A: 1",
	"Connection: close", "Connection: keep-alive", "Connection: upgrade", "Connection: ,,", "Connection: close, close", "Connection: cl ose",
	"Keep-Alive: timeout=5, max=100", "Keep-Alive: timeout=-1", "Keep-Alive: timeout=99999999999999999999", "Keep-Alive: max=0",
	"Trailer: X-A", "Trailer: Content-Length", "Trailer: Transfer-Encoding", "Trailer: ,", "Trailer: X A", "Trailer: X-A\r\nTrailer: X-B",
	"Upgrade: h2c", "Content-Encoding: gzip", "Content-Type: text/plain", "Content-Type:", "Date: never", "Server:",
	"Content-Range: bytes 0-1/2", "Location: ::", "Proxy-Connection: close", "TE: trailers", "X-A: " + strings.Repeat("a", 70_000),
	strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 500), "\r\n"),
}

// oddFraming ends with an empty line but for its body.
var oddFraming = []string{
	"", "Content-Length: 2\r\n", "Content-Length: 02\r\n", "Content-Length:  2 \r\n", "Content-Length:2\r\n", "content-length: 2\r\n",
	"Content-Length: \r\n", "Content-Length: 0\r\n", "Content-Length: 00\r\n", "Content-Length: 1\r\n", "Content-Length: 3\r\n", "Content-Length: -1\r\n", "Content-Length: +2\r\n",
	"Content-Length: 2\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nContent-Length: 3\r\n", "Content-Length: 2, 2\r\n", "Content-Length: 2,3\r\n", "Content-Length: 2;\r\n",
	"Content-Length: 2\r\nContent-Length: 02\r\n", "Content-Length: 2\r\nContent-Length: \r\n", "Content-Length: 0x2\r\n", "Content-Length: 2 2\r\n", "Content-Length: 1e0\r\n", "Content-Length: two\r\n",
	"Content-Length: 9223372036854775807\r\n", "Content-Length: 9223372036854775808\r\n", "Content-Length: 18446744073709551618\r\n", "Content-Length: \"2\"\r\n", "Content-Length: 2\t\r\n", "Content-Length: \x0b2\r\n", "Content-Length: \xc2\xa02\r\n", "Content-Length: 2\r\n 2\r\n", "Content-Length:\r\n 2\r\n",
	"Content-Length : 2\r\n", "Content_Length: 2\r\n", "X-Content-Length: 2\r\n", "Content-Length: 2\r\nConnection: close\r\n", "Content-Length: 2\r\nConnection: Content-Length\r\n",
	"Transfer-Encoding: chunked\r\n", "transfer-encoding: CHUNKED\r\n", "Transfer-Encoding: Chunked \r\n", "Transfer-Encoding:chunked\r\n", "Transfer-Encoding: \r\n",
	"Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: , chunked\r\n", "Transfer-Encoding: chunked,\r\n",
	"Transfer-Encoding: chunked;q=1\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked\x00\r\n", "Transfer-Encoding: \x0bchunked\r\n", "Transfer-Encoding: \"chunked\"\r\n", "Transfer-Encoding : chunked\r\n", "Transfer_Encoding: chunked\r\n", "Transfer-Encoding:\r\n chunked\r\n", "Transfer-Encoding: chu\r\n nked\r\n", "Transfer-Encoding: chunked\r\n \r\n",
	"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "Content-Length: 2\r\nTransfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\nContent-Length: bad\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
	"Transfer-Encoding: chunked\r\nConnection: close\r\n", "Transfer-Encoding: chunked\r\nConnection: Transfer-Encoding\r\n",
}

var oddChunks = []string{
	"", "0\r\n\r\n", "0\r\n", "0\r", "0", "2\r\nok\r\n0\r\n\r\n", "2\nok\n0\n\n", "2\nok\r\n0\r\n\r\n", "2\r\nok\n0\r\n\r\n", "2\r\nok\r\n0\n\r\n", "2\r\nok\r\n0\r\n\n", "2\rok\r0\r\r",
	"02\r\nok\r\n0\r\n\r\n", "00000002\r\nok\r\n0\r\n\r\n", "0000000000000002\r\nok\r\n0\r\n\r\n", "00000000000000002\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n000\r\n\r\n", "2\r\nok\r\n00000000000000000\r\n\r\n",
	" 2\r\nok\r\n0\r\n\r\n", "2 \r\nok\r\n0\r\n\r\n", "2\t\r\nok\r\n0\r\n\r\n", "2  \t \r\nok\r\n0\r\n\r\n", "\t2\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n0 \r\n\r\n", "2\x00\r\nok\r\n0\r\n\r\n", "2\x0b\r\nok\r\n0\r\n\r\n",
	"+2\r\nok\r\n0\r\n\r\n", "-2\r\nok\r\n0\r\n\r\n", "0x2\r\nok\r\n0\r\n\r\n", "2h\r\nok\r\n0\r\n\r\n", "2.0\r\nok\r\n0\r\n\r\n", "2_0\r\nok\r\n0\r\n\r\n", "\r\n\r\n", "\r\nok\r\n0\r\n\r\n", ";\r\nok\r\n0\r\n\r\n",
	"a\r\n0123456789\r\n0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "g\r\nok\r\n0\r\n\r\n", "2\r\nokk\r\n0\r\n\r\n", "3\r\nok\r\n0\r\n\r\n", "2\r\nok0\r\n\r\n", "2\r\nok\r\r\n0\r\n\r\n", "2\r\nok\n\r0\r\n\r\n", "2\r\nok\r\n\r\n0\r\n\r\n",
	"2;a=b\r\nok\r\n0\r\n\r\n", "2;\r\nok\r\n0\r\n\r\n", "2;a=\"b;c\"\r\nok\r\n0\r\n\r\n", "2;a=\"b\r\nc\"\r\nok\r\n0\r\n\r\n", "2; a\r\nok\r\n0\r\n\r\n", "2 ;a\r\nok\r\n0\r\n\r\n", "2;a\nok\r\n0\r\n\r\n", "2;a\rb\r\nok\r\n0\r\n\r\n", "2;\x00\r\nok\r\n0\r\n\r\n", "2;\n\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n0;a=b\r\n\r\n",
	"2;" + strings.Repeat("x", 3000) + "\r\nok\r\n0\r\n\r\n", "2;" + strings.Repeat("x", 5000) + "\r\nok\r\n0\r\n\r\n", "2;" + strings.Repeat("x", 20_000) + "\r\nok\r\n0\r\n\r\n", strings.Repeat("1;"+strings.Repeat("x", 100)+"\r\na\r\n", 50) + "0\r\n\r\n", strings.Repeat("1;"+strings.Repeat("x", 100)+"\r\na\r\n", 500) + "0\r\n\r\n", strings.Repeat("1\r\na\r\n", 3000) + "0\r\n\r\n",
	"2\r\nok\r\n0\r\nX-A: 1\r\n\r\n", "2\r\nok\r\n0\r\nx-a: 1\r\nX-B: 2\r\n\r\n", "2\r\nok\r\n0\r\nX-A: 1\r\n", "2\r\nok\r\n0\r\nX-A: 1", "2\r\nok\r\n0\r\nX-A\r\n\r\n", "2\r\nok\r\n0\r\nX A: 1\r\n\r\n", "2\r\nok\r\n0\r\nX-A : 1\r\n\r\n", "2\r\nok\r\n0\r\n: 1\r\n\r\n", "2\r\nok\r\n0\r\n X-A: 1\r\n\r\n", "2\r\nok\r\n0\r\nX-A: 1\r\n folded\r\n\r\n", "2\r\nok\r\n0\r\nX-A: 1\n\n", "2\r\nok\r\n0\r\nX-A: 1\n\r\n", "2\r\nok\r\n0\r\nX-A: a\x00b\r\n\r\n", "2\r\nok\r\n0\r\nX-A: 1\r\n\r\n\r\n",
	"2\r\nok\r\n0\r\nContent-Length: 5\r\n\r\n", "2\r\nok\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nok\r\n0\r\nTrailer: X-A\r\n\r\n", "2\r\nok\r\n0\r\nConnection: close\r\n\r\n", "2\r\nok\r\n0\r\nX-A: " + strings.Repeat("a", 3000) + "\r\n\r\n", "2\r\nok\r\n0\r\nX-A: " + strings.Repeat("a", 30_000) + "\r\n\r\n",
	"10000000000000002\r\nok\r\n0\r\n\r\n", "ffffffffffffffff\r\nok\r\n0\r\n\r\n", "7fffffffffffffff\r\nok\r\n0\r\n\r\n", "8000000000000000\r\nok\r\n0\r\n\r\n", "fffffffe\r\nok\r\n0\r\n\r\n",
	"2\r\nok\r\n0\r\n\r\nmore", "0\r\n\r\n2\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n2\r\nok\r\n0\r\n\r\n", "2\r\nok\r\n", "2\r\nok", "2\r\no", "2\r\n", "2\r", "2",
}

// randomAnswer makes an answer that is mostly an answer.
func randomAnswer(r *rand.Rand) string {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	if r.IntN(10) == 0 {
		b.WriteString("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n")
	}
	if r.IntN(10) > 0 {
		b.WriteString("HTTP/1.1 200 OK")
	} else {
		b.WriteString(pick(oddStatusLines))
	}
	b.WriteString("\r\n")
	for range r.IntN(4) {
		if r.IntN(5) > 0 {
			b.WriteString(pick([]string{"X-A: 1", "Server: x", "Content-Type: text/plain", "Set-Cookie: a=b", "Etag: \"1\""}))
		} else {
			b.WriteString(pick(oddHeaders))
		}
		b.WriteString("\r\n")
	}
	chunks := r.IntN(2) == 0
	switch {
	case r.IntN(8) == 0:
		b.WriteString(pick(oddFraming))
	case chunks:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	case r.IntN(4) > 0:
		b.WriteString("Content-Length: 10\r\n")
	}
	b.WriteString("\r\n")
	switch {
	case !chunks:
		b.WriteString("0123456789")
	case r.IntN(4) == 0:
		b.WriteString(pick(oddChunks))
	default:
		b.WriteString("4\r\n0123\r\n6;a=b\r\n456789\r\n0\r\n")
		if r.IntN(3) == 0 {
			b.WriteString("X-Sum: 7\r\n")
		}
		b.WriteString("\r\n")
	}
	return spoil(r, b.String())
}

// spoil changes a few bytes of an answer, or none.
func spoil(r *rand.Rand, answer string) string {
	const bytes = "\r\n\t :;,\"\x00\x01\x7f\x80\xff012aAfFzZ-+_.%()/\\"
	if r.IntN(12) == 0 {
		answer = strings.ReplaceAll(answer, "\r\n", "\n")
	}
	for range max(0, r.IntN(5)-2) {
		if answer == "" {
			break
		}
		at := r.IntN(len(answer))
		if len(answer) > 300 && r.IntN(2) == 0 {
			at = r.IntN(300)
		}
		c := bytes[r.IntN(len(bytes)):][:1]
		switch r.IntN(8) {
		case 0, 1:
			answer = answer[:at] + c + answer[at:]
		case 2, 3:
			answer = answer[:at] + c + answer[at+1:]
		case 4, 5:
			answer = answer[:at] + answer[at+1:]
		case 6: // twice what is there
			end := min(len(answer), at+1+r.IntN(20))
			answer = answer[:end] + answer[at:]
		case 7:
			answer = answer[:at]
		}
	}
	return answer
}
