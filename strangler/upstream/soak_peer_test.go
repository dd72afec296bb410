package upstream_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// soakPeer is the upstream's part of the soak: it does what a request's path says, and checks
// that requests arrive as they were sent, and those that may not be repeated once.
type soakPeer struct {
	wrong chan<- string
	last  []atomic.Int64 // of each client, the last unsafe request that came
	cut   atomic.Int64   // uploads that broke off, as their clients did
}

func (s *soakPeer) play(c *peerConn) {
	var out []byte
	for {
		head, ok := c.head()
		if !ok {
			return
		}
		p, ok := parseSoakPlan(path(head))
		p.method = method(head)
		if !ok || headerOf(head, "X-Token") != p.token {
			s.tell("the upstream got a request that nobody sent:\n%s", head)
			return
		}
		if p.method == "POST" && s.last[p.client].Swap(p.seq) == p.seq {
			s.tell("the upstream got %s twice", path(head))
			return
		}
		early := strings.HasPrefix(p.fault.name, "early")
		if !early && !s.upload(c, head, &p) {
			return
		}
		var goesOn bool
		out, goesOn = s.answer(c, out[:0], &p)
		if !goesOn {
			return
		}
		if early && !s.upload(c, head, &p) {
			return
		}
	}
}

func (s *soakPeer) tell(format string, args ...any) {
	select {
	case s.wrong <- fmt.Sprintf(format, args...):
	default:
	}
}

// upload reads a request's body and reports whether it came whole. One that seems whole is.
func (s *soakPeer) upload(c *peerConn, head string, p *soakPlan) bool {
	body, err := c.body(head)
	if at := strangeAt([]byte(body), p.token); at >= 0 {
		s.tell("%s: at byte %d the upstream got another request's body: %.80q", path(head), at, body[at:])
		return false
	}
	if err != nil {
		s.cut.Add(1)
		return false
	}
	if len(body) != max(p.upload, 0) {
		s.tell("%s: the upstream got an upload of %d bytes that seems whole", path(head), len(body))
		return false
	}
	return true
}

// answer sends the answer, or what is in its place, and reports whether the connection goes on.
func (s *soakPeer) answer(c *peerConn, out []byte, p *soakPlan) ([]byte, bool) {
	out, headLen := appendSoakAnswer(out, p)
	write := func(b []byte) bool { _, err := c.Write(b); return err == nil }
	strange := "HTTP/1.1 200 OK\r\nX-Token: strange\r\nContent-Length: 7\r\n\r\nstrange"
	switch p.fault.name {
	case "kills":
		return out, false
	case "resets":
		c.reset()
		return out, false
	case "hangs":
		time.Sleep(time.Duration(1+p.seq%8) * time.Millisecond)
		return out, false
	case "kills-in-head":
		write(out[:headLen/2])
		return out, false
	case "kills-in-body", "resets-in-body":
		// At least one byte is missing, also of a body that ends with the connection.
		write(out[:headLen+int(p.seq)%(len(out)-headLen)])
		if p.fault.name == "resets-in-body" {
			c.reset()
		}
		return out, false
	case "garbage":
		write(append(out[:0], "220 strange ESMTP\r\n"+strange...))
		return out, false
	case "two-lengths":
		write([]byte("HTTP/1.1 200 OK\r\nX-Token: " + p.token + "\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" + p.token))
		return out, false
	case "slow":
		for _, part := range [][]byte{out[:headLen/2], out[headLen/2 : headLen], out[headLen:]} {
			if !write(part) {
				return out, false
			}
			time.Sleep(200 * time.Microsecond)
		}
	case "extra-answer":
		out = append(out, strange...)
		write(out)
		return out, c.untilUsed()
	case "extra-bytes":
		out = append(out, "strange\r\n"...)
		write(out)
		return out, c.untilUsed()
	case "extra-408":
		out = append(out, "HTTP/1.1 408 Request Timeout\r\nX-Token: strange\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"...)
		write(out)
		return out, false
	case "early-closes", "closes-after", "says-close":
		write(out)
		return out, false
	case "resets-after":
		write(out)
		time.Sleep(100 * time.Microsecond)
		c.reset()
		return out, false
	default:
		if !write(out) {
			return out, false
		}
	}
	return out, p.framing != "end"
}

// untilUsed waits for the other end to close a connection on which there is too much; true: it
// sends something in place of that.
func (c *peerConn) untilUsed() bool {
	_, err := c.r.Peek(1)
	return err == nil
}

// appendSoakAnswer appends the answer that is asked for, and returns where its body begins.
func appendSoakAnswer(out []byte, p *soakPlan) ([]byte, int) {
	if p.fault.name == "hint" {
		out = append(out, "HTTP/1.1 103 Early Hints\r\nX-Token: "+p.token+"\r\n\r\n"...)
	}
	out = append(out, "HTTP/1.1 200 OK\r\nX-Token: "+p.token+"\r\n"...)
	if p.fault.name == "says-close" {
		out = append(out, "Connection: close\r\n"...)
	}
	switch p.framing {
	case "length":
		out = append(out, "Content-Length: "+strconv.Itoa(p.size)+"\r\n\r\n"...)
	case "trailer":
		out = append(out, "Trailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n"...)
	case "chunks":
		out = append(out, "Transfer-Encoding: chunked\r\n\r\n"...)
	default:
		out = append(out, "\r\n"...)
	}
	headLen := len(out)
	if p.method == "HEAD" {
		return out, headLen
	}
	if p.framing == "length" || p.framing == "end" {
		return appendPattern(out, p.token, p.size), headLen
	}
	body := appendPattern(nil, p.token, p.size)
	for i := 0; len(body) > 0; i++ {
		n := min(len(body), []int{1, 10, 1000, 5000, 30_000}[i%5])
		out = append(out, strconv.FormatInt(int64(n), 16)+"\r\n"...)
		out = append(out, body[:n]...)
		out = append(out, "\r\n"...)
		body = body[n:]
	}
	out = append(out, "0\r\n"...)
	if p.framing == "trailer" {
		out = append(out, "X-End: "+p.token+"\r\n"...)
	}
	return append(out, "\r\n"...), headLen
}
