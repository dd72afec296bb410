package strangler

import (
	"fmt"
	"strings"
)

const (
	post    = "POST / HTTP/1.1\r\n" + hostLine
	chunked = post + "Transfer-Encoding: chunked\r\n"
)

// wantChunked is how a chunked POST with that content and those trailers reaches the upstream.
func wantChunked(content string, more ...string) string {
	lines := append([]string{"POST / HTTP/1.1", "Host: h"}, more...)
	text := strings.Join(append(lines, "Transfer-Encoding: chunked"), "\n")
	if content != "" {
		text += "\n\n" + content
	}
	return text
}

var oddLengths = []malformed{
	{name: "two lengths", why: "9112 6.3: unrecoverable", send: post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", status: 400},
	{name: "a length and none", why: "9112 6.3", send: post + "Content-Length: 5\r\nContent-Length:\r\n\r\nhello", status: 400},
	{name: "the same length twice", why: "9110 8.6: may be taken for one", send: post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", want: "POST / HTTP/1.1\nContent-Length: 5\nHost: h\n\nhello"},
	{name: "a list of one length", why: "9110 8.6: may be refused", send: post + "Content-Length: 5, 5\r\n\r\nhello", status: 400},
	{name: "a list of lengths", why: "9112 6.3", send: post + "Content-Length: 5, 40\r\n\r\nhello" + smuggled, status: 400},
	{name: "a length with a sign", why: "9110 8.6: digits only", send: post + "Content-Length: +5\r\n\r\nhello", status: 400},
	{name: "a negative length", why: "9110 8.6", send: post + "Content-Length: -5\r\n\r\nhello", status: 400},
	{name: "a negative length of zero", why: "9110 8.6", send: post + "Content-Length: -0\r\n\r\n", status: 400},
	{name: "a length with zeros before it", why: "9110 8.6 allows them, some read octal; passed on without", send: post + "Content-Length: 0010\r\n\r\nhellohello", want: "POST / HTTP/1.1\nContent-Length: 10\nHost: h\n\nhellohello"},
	{name: "a length of zeros", why: "9110 8.6", send: post + "Content-Length: 000\r\n\r\n", want: "POST / HTTP/1.1\nContent-Length: 0\nHost: h"},
	{name: "a hexadecimal length", why: "9110 8.6", send: post + "Content-Length: 0x5\r\n\r\nhello", status: 400},
	{name: "a length with a decimal point", why: "9110 8.6", send: post + "Content-Length: 5.0\r\n\r\nhello", status: 400},
	{name: "a length with an exponent", why: "9110 8.6", send: post + "Content-Length: 5e0\r\n\r\nhello", status: 400},
	{name: "a length with an underscore", why: "9110 8.6: some languages' numbers", send: post + "Content-Length: 1_0\r\n\r\nhellohello", status: 400},
	{name: "a length with a space in it", why: "9110 8.6", send: post + "Content-Length: 1 0\r\n\r\nhellohello", status: 400},
	{name: "a length in quotes", why: "9110 8.6", send: post + "Content-Length: \"5\"\r\n\r\nhello", status: 400},
	{name: "a length in other digits", why: "9110 8.6: ASCII", send: post + "Content-Length: \xd9\xa5\r\n\r\nhello", status: 400},
	{name: "a length that is empty", why: "9110 8.6", send: post + "Content-Length:\r\n\r\n", status: 400},
	{name: "a length beyond 63 bits", why: "9110 8.6: no overflow", send: post + "Content-Length: 9223372036854775808\r\n\r\nhello", status: 400},
	{name: "a length beyond 64 bits", why: "9110 8.6: no overflow", send: post + "Content-Length: 18446744073709551621\r\n\r\nhello", status: 400},
	{name: "a length with a comma behind it", why: "9110 8.6", send: post + "Content-Length: 5,\r\n\r\nhello", status: 400},
	{name: "a folded length", why: "9112 5.2", send: post + "Content-Length: 1\r\n 0\r\n\r\nhellohello", status: 400},
	{name: "a length between tabs", why: "9110 5.5", send: post + "Content-Length:\t5\t\r\n\r\nhello", want: "POST / HTTP/1.1\nContent-Length: 5\nHost: h\n\nhello"},
	{name: "GET with a body", why: "9110 9.3.1: no meaning, but framed", send: "GET / HTTP/1.1\r\n" + hostLine + "Content-Length: 35\r\n\r\n" + smuggled, want: "GET / HTTP/1.1\nContent-Length: 35\nHost: h\n\n" + smuggled},
	{name: "a body without a length", why: "9112 6.3: there is none, what follows is a request", send: "POST / HTTP/1.1\r\n" + hostLine + "\r\n", want: "POST / HTTP/1.1\nContent-Length: 0\nHost: h"},
	{name: "a body that is shorter", why: "9112 8: incomplete", send: post + "Content-Length: 50\r\n\r\nhello", eof: true, gone: true},
	{name: "a body that is too large by its length", why: "9110 15.5.14", send: "POST /small HTTP/1.1\r\n" + hostLine + "Content-Length: 6\r\n\r\nhello!", status: 413},
	{name: "a body as large as may be", why: "9110 15.5.14", send: "POST /small HTTP/1.1\r\n" + hostLine + "Content-Length: 5\r\n\r\nhello", want: "POST /small HTTP/1.1\nContent-Length: 5\nHost: h\n\nhello"},
	{name: "chunks that are too large", why: "9110 15.5.14", send: "POST /small HTTP/1.1\r\n" + hostLine + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", status: 413},
	{name: "chunks as large as may be", why: "9110 15.5.14", send: "POST /small HTTP/1.1\r\n" + hostLine + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", closes: true, want: "POST /small HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nhello"},
}

var oddCodings = []malformed{
	{name: "both lengths, chunked last", why: "9112 6.1: chunked counts, Content-Length goes, and the connection closes", send: post + "Content-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, closes: true, want: wantChunked("")},
	{name: "both lengths, chunked first", why: "9112 6.1", send: chunked + "Content-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + smuggled, closes: true, want: wantChunked("hello")},
	{name: "both lengths, one empty", why: "9112 6.1", send: chunked + "Content-Length:\r\n\r\n0\r\n\r\n", status: 400},
	{name: "both lengths, one twice", why: "9112 6.1", send: chunked + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n0\r\n\r\n", status: 400},
	{name: "chunked twice in a list", why: "9112 6.1: chunked is applied once", send: post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "chunked twice in two lines", why: "9112 6.1", send: chunked + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "identity", why: "9112 7: was removed", send: post + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", status: 501},
	{name: "identity before chunked", why: "9112 7", send: post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "chunked before identity", why: "9112 6.3: chunked is not last", send: post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "chunked, then identity in another line", why: "9112 6.3", send: chunked + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "gzip before chunked", why: "9112 6.1: a coding that isn't understood is 501", send: post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", status: 501},
	{name: "a coding nobody knows", why: "9112 6.1", send: post + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello" + smuggled, status: 501},
	{name: "chunked with a parameter", why: "9112 7.1: has none", send: post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", status: 501},
	{name: "chunked in quotes", why: "9112 7", send: post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "chunked with a comma before it", why: "9110 5.6.1.2: an empty element", send: post + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n" + smuggled, status: 501},
	{name: "an empty coding", why: "9112 6.1", send: post + "Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello", status: 501},
	{name: "a vertical tab before chunked", why: "9110 5.5: some trim it", send: post + "Transfer-Encoding: \vchunked\r\nContent-Length: 5\r\n\r\nhello" + smuggled, status: 400},
	{name: "a no-break space behind chunked", why: "9110 5.5: some trim it", send: post + "Transfer-Encoding: chunked\xa0\r\nContent-Length: 5\r\n\r\nhello" + smuggled, status: 501},
	{name: "a letter that folds to k", why: "9112 7: codings are ASCII, the Kelvin sign is not", send: post + "Transfer-Encoding: chun\xe2\x84\xaaed\r\n\r\n0\r\n\r\n", status: 501},
	{name: "chunked in capitals", why: "9112 7: codings know no case", send: post + "tRANSFER-eNCODING: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "chunked between tabs", why: "9110 5.5", send: post + "Transfer-Encoding:\tchunked\t\r\n\r\n5\r\nhello\r\n0\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "chunked on a line of its own", why: "9112 5.2", send: post + "Transfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + smuggled, closes: true, want: wantChunked("hello")},
	{name: "chunked behind a bare LF", why: "9112 2.2: it is there for us, and for the upstream", send: post + "X-A: 1\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled, closes: true, want: "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\nX-A: 1"},
	{name: "GET in chunks", why: "9112 6.3", send: "GET / HTTP/1.1\r\n" + hostLine + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", closes: true, want: "GET / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nhello"},
}

// afterOne is a chunked POST whose second chunk line is as given.
func afterOne(rest string) string { return chunked + "\r\n5\r\nhello\r\n" + rest }

var oddChunks = []malformed{
	{name: "a chunk extension", why: "9112 7.1.1: ignored, and not passed on", send: chunked + "\r\n5;a=b\r\nhello\r\n0;c\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a quoted chunk extension", why: "9112 7.1.1", send: chunked + "\r\n5;a=\"x;y\"\r\nhello\r\n0\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a chunk extension without a name", why: "9112 7.1.1", send: chunked + "\r\n5;\r\nhello\r\n0\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a chunk extension with a bare LF", why: "9112 7.1.1, TERM.EXT: some read to LF, some to CRLF", send: afterOne("2;\nxx\r\n20\r\n0\r\n\r\n" + smuggled), status: 400},
	{name: "a chunk extension with a bare CR", why: "9112 7.1.1", send: afterOne("2;\rxx\r\n0\r\n\r\n" + smuggled), status: 400},
	{name: "a chunk extension that is very long", why: "9112 7.1.1: limited", send: afterOne("2;" + strings.Repeat("a", 5000) + "\r\nxx\r\n0\r\n\r\n"), status: 400},
	{name: "chunk extensions beyond measure", why: "9112 7.1.1: an unreasonable amount is refused", send: afterOne(strings.Repeat("1;"+strings.Repeat("a", 2000)+"\r\nx\r\n", 20) + "0\r\n\r\n"), status: 400},
	{name: "a chunk size with a bare LF", why: "9112 7.1", send: afterOne("1\nx\r\n0\r\n\r\n" + smuggled), status: 400},
	{name: "a last chunk with a bare LF", why: "9112 7.1", send: afterOne("0\n\n" + smuggled), status: 400},
	{name: "a chunk size with a sign", why: "9112 7.1", send: afterOne("+1\r\nx\r\n0\r\n\r\n"), status: 400},
	{name: "a negative chunk size", why: "9112 7.1", send: afterOne("-1\r\nx\r\n0\r\n\r\n"), status: 400},
	{name: "a chunk size with 0x", why: "9112 7.1", send: afterOne("0x1\r\nx\r\n0\r\n\r\n" + smuggled), status: 400},
	{name: "a chunk size with a space before it", why: "9112 7.1", send: afterOne(" 1\r\nx\r\n0\r\n\r\n"), status: 400},
	{name: "a chunk size with an underscore", why: "9112 7.1", send: afterOne("1_0\r\n0123456789abcdef\r\n0\r\n\r\n"), status: 400},
	{name: "a chunk size with a letter beyond f", why: "9112 7.1", send: afterOne("g\r\nx\r\n0\r\n\r\n"), status: 400},
	{name: "no chunk size", why: "9112 7.1", send: afterOne("\r\nx\r\n0\r\n\r\n"), status: 400},
	{name: "a chunk size beyond 64 bits", why: "9112 7.1: no overflow", send: afterOne("10000000000000001\r\nx\r\n0\r\n\r\n" + smuggled), status: 400},
	{name: "a chunk size with a tab behind it", why: "9112 7.1.1: bad whitespace, without meaning", send: chunked + "\r\n5\t \r\nhello\r\n0\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a chunk size with zeros before it", why: "9112 7.1: allowed", send: chunked + "\r\n0005\r\nhello\r\n000\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a chunk that is longer than its size", why: "9112 7.1", send: afterOne("1\r\nxy\r\n0\r\n\r\n"), status: 400},
	{name: "a chunk that ends in a bare LF", why: "9112 7.1", send: afterOne("1\r\nx\n0\r\n\r\n"), status: 400},
	{name: "a chunk that ends in anything", why: "9112 7.1, SPILL: some skip two bytes", send: afterOne("1\r\nxAB0\r\n\r\n" + smuggled), status: 400},
	{name: "chunks without an end", why: "9112 8: incomplete", send: afterOne(""), eof: true, gone: true},
	{name: "a chunk that is shorter", why: "9112 8: incomplete", send: afterOne("ff\r\nx"), eof: true, gone: true},
	{name: "a last chunk without an empty line", why: "9112 7.1", send: afterOne("0\r\n"), eof: true, gone: true},
	{name: "chunks of a byte each", why: "9112 7.1: allowed", send: chunked + "\r\n" + strings.Repeat("1\r\nx\r\n", 100) + "0\r\n\r\n", closes: true, want: wantChunked(strings.Repeat("x", 100))},
}

var oddTrailers = []malformed{
	{name: "a trailer", why: "9112 7.1.2: passed on", send: chunked + "Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n", closes: true, want: wantChunked("hello|X-Sum: 7", "Trailer: X-Sum")},
	{name: "Transfer-Encoding announced as a trailer", why: "9110 6.5.1", send: chunked + "Trailer: Transfer-Encoding\r\n\r\n0\r\n\r\n", status: 400},
	{name: "Content-Length announced as a trailer", why: "9110 6.5.1", send: chunked + "Trailer: content-length\r\n\r\n0\r\n\r\n", status: 400},
	{name: "Content-Length as a trailer", why: "9110 6.5.1: framing is over", send: chunked + "\r\n5\r\nhello\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "Host as a trailer", why: "9110 6.5.1: routing is over", send: chunked + "\r\n5\r\nhello\r\n0\r\nHost: evil\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "credentials as trailers", why: "9110 6.5.1: authentication is over", send: chunked + "Trailer: Authorization, Cookie\r\n\r\n5\r\nhello\r\n0\r\nAuthorization: x\r\nCookie: y\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "forwarding headers as trailers", why: "9110 6.5.1: who asks is known", send: chunked + "Trailer: X-Forwarded-For\r\n\r\n5\r\nhello\r\n0\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=1.2.3.4\r\nX_Forwarded_Proto: https\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "our headers as trailers", why: "they are ours", send: chunked + "\r\n5\r\nhello\r\n0\r\nX-Strangler-Shadow: r\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "a trailer without a colon", why: "9112 7.1.2", send: afterOne("0\r\nX-Sum\r\n\r\n"), status: 400},
	{name: "a trailer with spaces in its name", why: "9112 5.1: net/http takes it, and it goes no further", send: chunked + "\r\n5\r\nhello\r\n0\r\nX Sum : 7\r\n\r\n", closes: true, want: wantChunked("hello")},
	{name: "trailers without end", why: "9112 7.1.2: limited", send: afterOne("0\r\n" + strings.Repeat("X-Sum: 7\r\n", 10000)), status: 400},
	{name: "a trailer without chunks", why: "9110 6.6.2: hop by hop, and there are none", send: post + "Trailer: X-Sum\r\nContent-Length: 5\r\n\r\nhello", want: "POST / HTTP/1.1\nContent-Length: 5\nHost: h\n\nhello"},
}

var oddConnections = []malformed{
	{name: "Connection names a header", why: "9110 7.6.1: both go", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: keep-alive, X-A\r\nX-A: 1\r\nX-B: 2\r\n\r\n", want: "GET / HTTP/1.1\nHost: h\nX-B: 2"},
	{name: "Connection names a header in another case", why: "9110 7.6.1", send: "GET / HTTP/1.1\r\n" + hostLine + "connection: x-a ,\tX-B\r\nX-A: 1\r\nX-B: 2\r\n\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "Connection in two lines", why: "9110 7.6.1", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: X-A\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 2\r\n\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "Connection names Host", why: "9110 7.6.1: never appropriate", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: Host\r\n\r\n", status: 400},
	{name: "Connection names Content-Length", why: "9110 7.6.1: a body would become a request", send: post + "Connection: keep-alive, Content-Length\r\nContent-Length: 35\r\n\r\n" + smuggled, status: 400},
	{name: "Connection names Cookie", why: "9110 7.6.1: would take a session off", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: close, Cookie\r\nCookie: a=1\r\n\r\n", status: 400},
	{name: "Connection names Authorization", why: "9110 7.6.1", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: authorization\r\nAuthorization: x\r\n\r\n", status: 400},
	{name: "Connection names X-Forwarded-For", why: "9110 7.6.1: would hide who asks", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: X-Forwarded-For\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n", status: 400},
	{name: "Connection names Transfer-Encoding", why: "9110 7.6.1: hop by hop anyway", send: chunked + "Connection: Transfer-Encoding\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + smuggled, closes: true, want: wantChunked("hello")},
	{name: "Connection says close and keep-alive", why: "9112 9.3: close wins", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: keep-alive, close\r\n\r\n" + smuggled, closes: true, want: "GET / HTTP/1.1\nHost: h"},
	{name: "Proxy-Connection and Keep-Alive", why: "9110 7.6.1: hop by hop", send: "GET / HTTP/1.1\r\n" + hostLine + "Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\n\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "an upgrade to h2c", why: "9113 3.1: ignored", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "an upgrade to h2c among others", why: "9113 3.1", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "an upgrade to h2c with bytes behind it", why: "9113 3.1: they are no HTTP/2", send: "GET / HTTP/1.1\r\n" + hostLine + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", tail: true, want: "GET / HTTP/1.1\nHost: h"},
}

var oddVersions = []malformed{
	{name: "HTTP/0.9", why: "9112 appendix C.1", send: "GET /\r\n", status: 400},
	{name: "HTTP/0.9 with a version", why: "9110 6.2", send: "GET / HTTP/0.9\r\n" + hostLine + "\r\n", status: 505},
	{name: "HTTP/2.0 in text", why: "9110 6.2", send: "GET / HTTP/2.0\r\n" + hostLine + "\r\n", status: 505},
	{name: "HTTP/3.0", why: "9110 6.2", send: "GET / HTTP/3.0\r\n" + hostLine + "\r\n", status: 505},
	{name: "HTTP/1.2", why: "9110 6.2: as 1.1", send: "GET / HTTP/1.2\r\n" + hostLine + "\r\n", want: "GET / HTTP/1.1\nHost: h"},
	{name: "a version with two digits", why: "9112 2.3", send: "GET / HTTP/1.10\r\n" + hostLine + "\r\n", status: 400},
	{name: "a version with a zero before it", why: "9112 2.3", send: "GET / HTTP/01.1\r\n" + hostLine + "\r\n", status: 400},
	{name: "a version with a sign", why: "9112 2.3", send: "GET / HTTP/+1.1\r\n" + hostLine + "\r\n", status: 400},
	{name: "a version without a minor one", why: "9112 2.3", send: "GET / HTTP/1\r\n" + hostLine + "\r\n", status: 400},
	{name: "a version in small letters", why: "9112 2.3: case-sensitive", send: "GET / http/1.1\r\n" + hostLine + "\r\n", status: 400},
	{name: "another protocol", why: "9112 2.3", send: "GET / ICY/1.1\r\n" + hostLine + "\r\n", status: 400},
	{name: "HTTP/1.0 without Host", why: "9112 3.2: allowed; the upstream is asked by its own name", send: "GET / HTTP/1.0\r\nX-A: 1\r\n\r\n", closes: true, want: "GET / HTTP/1.1\nHost: UPSTREAM\nX-A: 1"},
	{name: "HTTP/1.0 with chunks", why: "9112 6.1: framing is faulty; there is no body, and the connection closes", send: "POST / HTTP/1.0\r\n" + hostLine + "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, closes: true, want: "POST / HTTP/1.1\nContent-Length: 0\nHost: h"},
	{name: "HTTP/1.0 with both lengths", why: "9112 6.1: the length counts, and the connection closes", send: "POST / HTTP/1.0\r\n" + hostLine + "Connection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled, closes: true, want: "POST / HTTP/1.1\nContent-Length: 5\nHost: h\n\n0\r\n\r\n"},
	{name: "HTTP/1.0 with an upgrade", why: "9110 7.8: ignored", send: "GET / HTTP/1.0\r\n" + hostLine + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", closes: true, want: "GET / HTTP/1.1\nHost: h"},
}

// tooMuch are requests that are well-formed and beyond the limits.
func tooMuch() []malformed {
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: 1\r\n", i)
		}
		return b.String()
	}
	const enough = defaultHeaders // Host doesn't count, net/http takes it off
	return []malformed{
		{name: "as many headers as may be", why: "6585 5", send: "GET / HTTP/1.1\r\n" + hostLine + strings.Repeat("X-A: 1\r\n", enough-2) + "\r\n", want: "GET / HTTP/1.1\nHost: h" + strings.Repeat("\nX-A: 1", enough-2)},
		{name: "too many headers", why: "6585 5", send: "GET / HTTP/1.1\r\n" + hostLine + lines(enough+1) + "\r\n", status: 431},
		{name: "too many lines of one header", why: "6585 5", send: "GET / HTTP/1.1\r\n" + hostLine + strings.Repeat("X-A: 1\r\n", enough+1) + "\r\n", status: 431},
		{name: "a header that is too long", why: "6585 5", send: "GET / HTTP/1.1\r\n" + hostLine + "X-A: " + strings.Repeat("a", 300<<10) + "\r\n\r\n", status: 431},
		{name: "a header name that is too long", why: "6585 5", send: "GET / HTTP/1.1\r\n" + hostLine + strings.Repeat("a", 300<<10) + ": 1\r\n\r\n", status: 431},
		{name: "a long header", why: "9110 5.4: within the limit", send: "GET / HTTP/1.1\r\n" + hostLine + "X-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n", want: "GET / HTTP/1.1\nHost: h\nX-A: " + strings.Repeat("a", 100<<10)},
	}
}
