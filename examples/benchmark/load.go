package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// loadSpec says what a load process sends, and over how many connections.
type loadSpec struct {
	Addr        string
	Method      string
	Paths       []string // asked for in turn
	Upload      int      // size of a request's body, bytes
	Answer      int      // size of the answer's body that is expected
	Connections int
}

// loadOrder has a load process send requests.
type loadOrder struct {
	Requests int
	Rate     float64 // requests per second, whether answers come or not; 0: as fast as they come
	Warmup   bool    // they don't count
	Crowd    int     // instead: so many connections are opened, asked a little and left idle
}

// loadResult is what came of an order.
type loadResult struct {
	Seconds float64
	Took    []time.Duration // for each request, unless it was a warm-up
}

// crowdAsks is how many requests each connection of a crowd sends before it idles, and
// crowdAtOnce how many of them do so at the same time.
const crowdAsks, crowdAtOnce = 3, 16

// orderTimeout ends the run where a proxy doesn't answer at all.
const orderTimeout = time.Minute

// generateLoad is the subcommand. It says when it has connected, and follows orders until control
// ends; until then its connections stay open.
func generateLoad(control io.Reader, out io.Writer) error {
	in, say := json.NewDecoder(control), json.NewEncoder(out)
	var spec loadSpec
	if err := in.Decode(&spec); err != nil {
		return fmt.Errorf("read what to send: %w", err)
	}
	clients, err := dialAll(spec, spec.Connections)
	defer hangUp(clients)
	if err != nil {
		return err
	}
	if err := say.Encode(struct{}{}); err != nil {
		return err
	}
	var crowd []*client
	defer func() { hangUp(crowd) }()
	for {
		var order loadOrder
		if err := in.Decode(&order); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		for _, c := range clients {
			if err := c.conn.SetDeadline(time.Now().Add(orderTimeout)); err != nil {
				return err
			}
		}
		began := time.Now()
		var result loadResult
		switch {
		case order.Crowd > 0:
			if crowd, err = dialAll(spec, order.Crowd); err == nil {
				err = askEach(crowd)
			}
		case order.Rate > 0:
			result.Took, err = openLoop(clients, order.Requests, order.Rate)
		default:
			result.Took, err = closedLoop(clients, order.Requests)
		}
		if err != nil {
			return err
		}
		result.Seconds = time.Since(began).Seconds()
		if order.Warmup {
			result.Took = nil
		}
		if err := say.Encode(result); err != nil {
			return err
		}
	}
}

// closedLoop sends n requests over all connections, each the next one once it has its answer.
func closedLoop(clients []*client, n int) ([]time.Duration, error) {
	var sent atomic.Int64
	var all errgroup.Group
	for _, c := range clients {
		c.took = c.took[:0]
		all.Go(func() error {
			for sent.Add(1) <= int64(n) {
				began := time.Now()
				if err := c.ask(); err != nil {
					return err
				}
				c.took = append(c.took, time.Since(began))
			}
			return nil
		})
	}
	err := all.Wait()
	return collect(clients), err
}

// openLoop sends n requests at a fixed rate, over the connections in turn. A request whose
// connection still waits for an earlier answer is late, and its time counts from when it should
// have been sent: a client that can't send is a client that waits.
func openLoop(clients []*client, n int, rate float64) ([]time.Duration, error) {
	start := time.Now()
	var all errgroup.Group
	for i, c := range clients {
		c.took = c.took[:0]
		all.Go(func() error {
			for ; i < n; i += len(clients) {
				began := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				if wait := time.Until(began); wait > 0 {
					time.Sleep(wait)
					began = time.Now() // what the timer is late isn't the proxy's doing
				}
				if err := c.ask(); err != nil {
					return err
				}
				c.took = append(c.took, time.Since(began))
			}
			return nil
		})
	}
	err := all.Wait()
	return collect(clients), err
}

// askEach asks a little over each connection of a crowd.
func askEach(crowd []*client) error {
	var all errgroup.Group
	all.SetLimit(crowdAtOnce)
	for _, c := range crowd {
		all.Go(func() error {
			for range crowdAsks {
				if err := c.ask(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

func collect(clients []*client) []time.Duration {
	var took []time.Duration
	for _, c := range clients {
		took = append(took, c.took...)
	}
	return took
}

// client is one keep-alive connection. Its requests are made once; of an answer it reads what
// tells where it ends, and the first one it compares byte by byte.
type client struct {
	conn     net.Conn
	r        *bufio.Reader
	requests [][]byte
	next     int
	answer   []byte
	checked  bool
	took     []time.Duration
}

// dialAll opens n connections; beside an error it returns those that it has opened.
func dialAll(spec loadSpec, n int) ([]*client, error) {
	answer := body(spec.Answer)
	requests := make([][]byte, len(spec.Paths))
	for i, path := range spec.Paths {
		request := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: benchmark\r\nAccept: application/json\r\n", spec.Method, path)
		if spec.Upload > 0 {
			request = fmt.Appendf(request, "Content-Type: application/json\r\nContent-Length: %d\r\n", spec.Upload)
		}
		request = append(request, "\r\n"...)
		if spec.Upload > 0 {
			request = append(request, body(spec.Upload)...)
		}
		requests[i] = request
	}
	buffer := 4 << 10
	if spec.Answer > buffer {
		buffer = 64 << 10
	}
	var clients []*client
	for i := range n {
		conn, err := net.Dial("tcp", spec.Addr)
		if err != nil {
			return clients, err
		}
		clients = append(clients, &client{conn: conn, r: bufio.NewReaderSize(conn, buffer), requests: requests, next: i % len(requests), answer: answer})
	}
	return clients, nil
}

func hangUp(clients []*client) {
	for _, c := range clients {
		c.conn.Close()
	}
}

// ask sends a request and reads its answer. Anything but the answer that is expected is an
// error: figures of something else would be worth nothing.
func (c *client) ask() error {
	if _, err := c.conn.Write(c.requests[c.next]); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	c.next = (c.next + 1) % len(c.requests)
	status, err := c.r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read an answer: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("the answer is %q", status)
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("read a head: %w", err)
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if value, ok := headerValue(line, "content-length"); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("read a length: %w", err)
			}
		}
	}
	if length != len(c.answer) {
		return fmt.Errorf("an answer's length is %d instead of %d", length, len(c.answer))
	}
	if c.checked {
		_, err = c.r.Discard(length)
		return err
	}
	c.checked = true
	got := make([]byte, length)
	if _, err := io.ReadFull(c.r, got); err != nil {
		return fmt.Errorf("read a body: %w", err)
	}
	if !bytes.Equal(got, c.answer) {
		return errors.New("an answer isn't what the upstream sent")
	}
	return nil
}
