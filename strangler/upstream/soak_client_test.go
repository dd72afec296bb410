package upstream_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// soakClient is one client of the soak: one connection at a time.
type soakClient struct {
	addr  string
	id    int
	rand  *rand.Rand
	count map[string]int // fault and outcome
	seq   int64

	conn net.Conn
	r    *bufio.Reader
	out  []byte
	body []byte
}

// run sends requests until none are left; the error says which answer was wrong.
func (c *soakClient) run(left func() bool) error {
	defer c.hangUp()
	for left() {
		p := c.next()
		var second *soakPlan
		if p.leaves == "" && p.upload < 0 && c.rand.IntN(50) == 0 { // two at once
			q := c.next()
			q.leaves = ""
			second = &q
		}
		if err := c.exchange(&p, second); err != nil {
			return fmt.Errorf("%s %s: %w", p.method, p.path(), err)
		}
	}
	return nil
}

func (c *soakClient) next() soakPlan {
	c.seq++
	return newSoakPlan(c.rand, c.id, c.seq)
}

func (c *soakClient) hangUp() {
	if c.conn != nil {
		if tcp := c.conn.(*net.TCPConn); c.rand.IntN(2) == 0 {
			_ = tcp.SetLinger(0)
		}
		c.conn.Close()
		c.conn = nil
	}
}

func (c *soakClient) exchange(p, second *soakPlan) error {
	if c.conn == nil {
		conn, err := net.Dial("tcp", c.addr)
		if err != nil {
			return err
		}
		c.conn = conn
		if c.r == nil {
			c.r = bufio.NewReaderSize(conn, 8<<10)
		}
		c.r.Reset(conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(4 * patience))
	c.out = appendSoakRequest(c.out[:0], p)
	if second != nil {
		c.out = appendSoakRequest(c.out, second)
	}
	if p.leaves != "" {
		c.leave(p)
		return nil
	}
	if _, err := c.conn.Write(c.out); err != nil && p.upload <= 0 {
		return fmt.Errorf("send: %w", err)
	}
	err := c.listen(p, false)
	if second == nil || err != nil {
		return err
	}
	if err := c.listen(second, true); err != nil {
		return fmt.Errorf("after it %s: %w", second.path(), err)
	}
	return nil
}

// leave sends a part and goes.
func (c *soakClient) leave(p *soakPlan) {
	head := len(p.head())
	switch p.leaves {
	case "head":
		_, _ = c.conn.Write(c.out[:1+c.rand.IntN(head-1)])
	case "upload":
		_, _ = c.conn.Write(c.out[:head+c.rand.IntN(max(1, len(c.out)-head))])
	case "waiting":
		_, _ = c.conn.Write(c.out)
		time.Sleep(time.Duration(c.rand.IntN(300)) * time.Microsecond)
	case "reading":
		_, _ = c.conn.Write(c.out)
		_, _ = c.r.Peek(1)
		_, _ = c.r.Discard(c.rand.IntN(max(1, c.r.Buffered())))
	}
	c.count[p.fault.name+" "+outcomeLeft]++
	c.hangUp()
}

// listen takes one answer and judges it.
func (c *soakClient) listen(p *soakPlan, maybeSilent bool) error {
	if c.conn == nil { // the answer before closed it
		c.count[p.fault.name+" "+outcomeSilent]++
		return nil
	}
	outcome, closes, err := c.hear(p)
	if err != nil {
		return err
	}
	switch {
	case outcome == outcomeSilent && maybeSilent: // as a server may do with what is pipelined
	case outcome == outcomeFailed && p.method == "POST": // it met a connection that was closing
	case outcome == outcomeSilent || !slices.Contains(p.fault.want, outcome) && !(outcome == outcomeCut && p.fault.want[0] == outcomeCut):
		return fmt.Errorf("%s; want %v", outcome, p.fault.want)
	}
	c.count[p.fault.name+" "+outcome]++
	if closes {
		c.hangUp()
	}
	return nil
}

// hear reads one answer. The error says that it is one that nobody may ever get.
func (c *soakClient) hear(p *soakPlan) (outcome string, closes bool, err error) {
	for {
		resp, err := http.ReadResponse(c.r, &http.Request{Method: p.method})
		if err != nil {
			if err == io.ErrUnexpectedEOF || err == io.EOF || isReset(err) {
				if p.fault.want[0] == outcomeCut { // the head was not sent yet
					return outcomeCut, true, nil
				}
				return outcomeSilent, true, nil
			}
			return "", true, err
		}
		token := resp.Header["X-Token"]
		if len(token) > 1 || len(token) == 1 && token[0] != p.token {
			return "", true, fmt.Errorf("WRONG TOKEN: status %d with the header's token %q", resp.StatusCode, token)
		}
		if resp.StatusCode == http.StatusEarlyHints {
			continue
		}
		b := c.body[:0]
		for err == nil {
			if cap(b)-len(b) < 4096 {
				b = slices.Grow(b, 32<<10)
			}
			var n int
			n, err = resp.Body.Read(b[len(b):cap(b)])
			b = b[:len(b)+n]
		}
		c.body = b
		if resp.StatusCode == http.StatusBadGateway && len(token) == 0 {
			return outcomeFailed, resp.Close, nil
		}
		if resp.StatusCode != http.StatusOK || len(token) == 0 {
			return "", true, fmt.Errorf("status %d without a token", resp.StatusCode)
		}
		if at := strangeAt(b, p.token); at >= 0 {
			return "", true, fmt.Errorf("WRONG TOKEN: another answer's body at byte %d: %.80q", at, b[at:])
		}
		if err != io.EOF {
			return outcomeCut, true, nil
		}
		if want := p.size; len(b) != want && p.method != http.MethodHead {
			return "", true, fmt.Errorf("a body of %d bytes that seems whole, want %d", len(b), want)
		}
		if p.framing == "trailer" && p.method != http.MethodHead && resp.Trailer.Get("X-End") != p.token {
			return "", true, fmt.Errorf("WRONG TOKEN: trailer %q", resp.Trailer)
		}
		return outcomeOK, resp.Close, nil
	}
}

func appendSoakRequest(out []byte, p *soakPlan) []byte {
	out = append(out, p.head()...)
	switch {
	case p.upload < 0:
	case p.chunked:
		if p.upload > 0 {
			out = append(out, strconv.FormatInt(int64(p.upload), 16)+"\r\n"...)
			out = append(appendPattern(out, p.token, p.upload), "\r\n"...)
		}
		out = append(out, "0\r\n\r\n"...)
	default:
		out = appendPattern(out, p.token, p.upload)
	}
	return out
}
