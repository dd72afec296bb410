package strangler_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestPeerBadAnswers has upstreams of HTTP/1.1 answer what can't be passed on: the client gets a
// 502, and the log has the reason. The peer keeps the connection open, so that nothing but the
// bytes themselves can be what ends the wait, but where they are the beginning of an answer.
func TestPeerBadAnswers(t *testing.T) {
	const closes = "closes"
	for name, answer := range map[string]string{
		"garbage":                          "what?\r\n\r\n",
		"HTTP/2":                           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"the preface of HTTP/2's settings": "\x00\x00\x00\x04\x00\x00\x00\x00\x00\r\n\r\n",
		"TLS":                              "\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
		"nothing":                          closes,
		"half a line":                      closes + "HTTP/1.1 20",
		"half a head":                      closes + "HTTP/1.1 200 OK\r\nContent-Le",
		"a head without an end":            closes + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
		"hints and then nothing":           closes + "HTTP/1.1 103 Early Hints\r\n\r\n",
		"a status of 99":                   "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n",
		"a status of 0":                    "HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n",
		"a negative status":                "HTTP/1.1 -20 Odd\r\nContent-Length: 0\r\n\r\n",
		"a status of two digits":           "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"a status of four digits":          "HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n",
		"a status that is no number":       "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
		"no status":                        "HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"a version that is none":           "HTTP/one 200 OK\r\nContent-Length: 0\r\n\r\n",
		"another protocol":                 "ICY 200 OK\r\nContent-Length: 0\r\n\r\n",
		"a switch nobody asked for":        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
		"a header without a colon":         "HTTP/1.1 200 OK\r\nContent-Length 0\r\n\r\n",
		"a header without a name":          "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n",
		"a space before the colon":         "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
		"a space in a name":                "HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 0\r\n\r\n",
		"a name that is no token":          "HTTP/1.1 200 OK\r\nX(A): 1\r\nContent-Length: 0\r\n\r\n",
		"NUL in a value":                   "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n",
		"a bare CR in a value":             "HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n",
		"two lengths":                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"two lengths in one":               "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab",
		"a negative length":                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
		"a signed length":                  "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
		"a length in hexadecimal":          "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab",
		"an endless length":                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nab",
		"an empty length":                  "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nab",
		"an unknown coding":                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
		"two codings":                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"chunked twice":                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a head of 2 MiB":                  "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("a", 2<<20) + "\r\nContent-Length: 0\r\n\r\n",
		"a head of 100,000 lines":          "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: 12345\r\n", 100_000) + "Content-Length: 0\r\n\r\n",
	} {
		answer, ends := strings.CutPrefix(answer, closes)
		backs := rawBacks
		if strings.HasPrefix(name, "a space") {
			backs = []backKind{back1} // net/http's client doesn't mind
		}
		eachPair(t, []frontKind{front1, front2c}, backs, func(t *testing.T, f frontKind, b backKind) {
			t.Run(name, func(t *testing.T) {
				g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					if _, err := headOf(r); err != nil {
						return
					}
					_, _ = io.WriteString(conn, answer)
					if ends {
						_ = conn.CloseWrite()
					}
					_, _ = io.Copy(io.Discard, r)
				}))
				badGateway(t, g)
			})
		})
	}
}

// badGateway asks for something and wants a 502 and its reason in the log.
func badGateway(t *testing.T, g *gateway) {
	t.Helper()
	client := g.client(t)
	client.Timeout = patience / 4
	resp, err := client.Get(g.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	body := string(read)
	if err != nil {
		body += err.Error()
	}
	if resp.StatusCode != http.StatusBadGateway || !strings.Contains(body, "request id: ") {
		t.Errorf("answer %d %q, want 502", resp.StatusCode, body)
	}
	if log := g.log.String(); !strings.Contains(log, "request not answered") || !strings.Contains(log, " error=") || strings.Contains(log, `error=""`) {
		t.Errorf("the log doesn't say why:\n%s", log)
	}
}

// TestPeerBadBodies has answers go wrong after their head: the client can't take them for whole.
func TestPeerBadBodies(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nright\r\n"
	for name, answer := range map[string]string{
		"cut short":                 "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nright",
		"cut between chunks":        chunked,
		"cut in a chunk":            chunked + "5\r\nwr",
		"cut in a chunk's size":     chunked + "5",
		"cut before the trailers":   chunked + "0\r\n",
		"cut in the trailers":       chunked + "0\r\nX-A: 1\r\n",
		"a size that is none":       chunked + "x\r\nwrong\r\n0\r\n\r\n",
		"a signed size":             chunked + "+5\r\nwrong\r\n0\r\n\r\n",
		"a size with a prefix":      chunked + "0x5\r\nwrong\r\n0\r\n\r\n",
		"an endless size":           chunked + "ffffffffffffffffff\r\nwrong\r\n0\r\n\r\n",
		"more than the size":        chunked + "5\r\nwrong, wrong\r\n0\r\n\r\n",
		"no line's end after it":    chunked + "5\r\nwrong0\r\n\r\n",
		"trailers that are none":    chunked + "0\r\nwhat?\r\n\r\n",
		"an endless extension":      chunked + "5;" + strings.Repeat("x", 100_000) + "\r\nwrong\r\n0\r\n\r\n",
		"trailers of several MiB":   chunked + "0\r\nX-A: " + strings.Repeat("a", 4<<20) + "\r\n\r\n",
		"cut short, long":           "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + strings.Repeat("right", 100_000),
		"cut in a large chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n" + strings.Repeat("right", 100_000),
		"a control char in trailer": chunked + "0\r\nX-A: a\x00b\r\n\r\n",
	} {
		eachPair(t, []frontKind{front1, front2c}, rawBacks, func(t *testing.T, f frontKind, b backKind) {
			t.Run(name, func(t *testing.T) {
				g := gatewayOf(t, f, rawPeer(t, b, func(conn *net.TCPConn, r *bufio.Reader) {
					if _, err := headOf(r); err == nil {
						_, _ = io.WriteString(conn, answer)
						_ = conn.CloseWrite()
						_, _ = io.Copy(io.Discard, r)
					}
				}))
				resp, err := g.client(t).Get(g.url)
				if err != nil {
					return // cut before the head was out
				}
				defer resp.Body.Close()
				if resp.StatusCode == http.StatusBadGateway {
					return
				}
				body, err := io.ReadAll(resp.Body)
				if err == nil {
					t.Errorf("the client takes %d bytes for whole: %q", len(body), body[:min(len(body), 50)])
				}
			})
		})
	}
}

// frames is an upstream of HTTP/2 that is nothing but its frames. It answers each stream with
// what answer does.
func frames(t *testing.T, answer func(f *http2.Framer, stream uint32, fields func(...string) []byte)) *gateway {
	t.Helper()
	up := peerAt(t, back2c, listening(t, func(conn *net.TCPConn, r *bufio.Reader) {
		if _, err := io.ReadFull(r, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		f := http2.NewFramer(conn, r)
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		if f.WriteSettings() != nil {
			return
		}
		var block strings.Builder
		encoder := hpack.NewEncoder(&block)
		fields := func(pairs ...string) []byte {
			block.Reset()
			for i := 0; i < len(pairs); i += 2 {
				_ = encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
			}
			return []byte(block.String())
		}
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			switch frame := frame.(type) {
			case *http2.SettingsFrame:
				if !frame.IsAck() && f.WriteSettingsAck() != nil {
					return
				}
			case *http2.PingFrame:
				if !frame.IsAck() && f.WritePing(true, frame.Data) != nil {
					return
				}
			case *http2.MetaHeadersFrame:
				answer(f, frame.StreamID, fields)
			}
		}
	}), nil)
	return gatewayOf(t, front1, up)
}

// TestPeerBadAnswersHTTP2 is TestPeerBadAnswers of HTTP/2.
func TestPeerBadAnswersHTTP2(t *testing.T) {
	head := func(end bool, pairs ...string) func(*http2.Framer, uint32, func(...string) []byte) {
		return func(f *http2.Framer, stream uint32, fields func(...string) []byte) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields(pairs...), EndHeaders: true, EndStream: end})
		}
	}
	for name, answer := range map[string]func(f *http2.Framer, stream uint32, fields func(...string) []byte){
		"no status":                  head(true, "x-a", "1"),
		"a status of 99":             head(true, ":status", "099"),
		"a status of 0":              head(true, ":status", "0"),
		"a negative status":          head(true, ":status", "-20"),
		"a status of four digits":    head(true, ":status", "1000"),
		"a status that is no number": head(true, ":status", "abc"),
		"a switch":                   head(true, ":status", "101"),
		"two statuses":               head(true, ":status", "200", ":status", "201"),
		"a name in capitals":         head(true, ":status", "200", "X-A", "1"),
		"a name that is no token":    head(true, ":status", "200", "x a", "1"),
		"a line's end in a value":    head(true, ":status", "200", "x-a", "a\r\nx-b: c"),
		"NUL in a value":             head(true, ":status", "200", "x-a", "a\x00b"),
		"hints that end the stream":  head(true, ":status", "103"),
		"a reset": func(f *http2.Framer, stream uint32, _ func(...string) []byte) {
			_ = f.WriteRSTStream(stream, http2.ErrCodeInternal)
		},
		"a body before the head": func(f *http2.Framer, stream uint32, _ func(...string) []byte) {
			_ = f.WriteData(stream, true, []byte("body"))
		},
		"a frame that is none": func(f *http2.Framer, stream uint32, _ func(...string) []byte) {
			_ = f.WriteRawFrame(http2.FrameHeaders, http2.FlagHeadersEndHeaders, stream, []byte{0xff, 0xff, 0xff, 0xff})
		},
	} {
		t.Run(name, func(t *testing.T) { badGateway(t, frames(t, answer)) })
	}
}

// TestPeerHintAfterTheAnswer has an upstream send an informational answer when the answer's head
// is out, which is against the protocol (RFC 9110 section 15.2). No client sees it.
func TestPeerHintAfterTheAnswer(t *testing.T) {
	g := frames(t, func(f *http2.Framer, stream uint32, fields func(...string) []byte) {
		write := func(end bool, pairs ...string) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: fields(pairs...), EndHeaders: true, EndStream: end})
		}
		write(false, ":status", "103", "link", "<a>")
		write(false, ":status", "200", "x-final", "1")
		write(false, ":status", "103", "link", "<b>")
		_ = f.WriteData(stream, true, []byte("body"))
	})
	for range 20 {
		conn, r := g.dial(t)
		say(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		all, _ := io.ReadAll(r)
		if n := strings.Count(string(all), "HTTP/1.1 103 "); n > 1 || strings.Contains(string(all), "<b>") {
			t.Fatalf("answer %q", all)
		}
		if !strings.HasPrefix(string(all), "HTTP/1.1 103 ") {
			t.Fatalf("answer %q", all)
		}
	}
}

// TestPeerOddStatus has statuses that are allowed and rare, the highest of them too.
func TestPeerOddStatus(t *testing.T) {
	eachPair(t, fronts, backs, func(t *testing.T, f frontKind, b backKind) {
		g := gatewayOf(t, f, peer(t, b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var status int
			_, _ = fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &status)
			w.WriteHeader(status)
		})))
		client := g.client(t)
		for _, status := range []int{200, 203, 207, 226, 299, 300, 418, 421, 451, 499, 511, 599, 600, 799, 999} {
			resp, err := client.Get(fmt.Sprint(g.url, "/", status))
			if err != nil {
				t.Fatal(err)
			}
			if textOf(t, resp); resp.StatusCode != status {
				t.Errorf("status %d, want %d", resp.StatusCode, status)
			}
		}
	})
}
