package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// loadSpec says what a load process sends.
type loadSpec struct {
	Addr        string
	Method      string
	Paths       []string // asked for in turn
	Upload      int      // size of a request's body, bytes
	Answer      int      // size of the answer's body that is expected
	Connections int
	Warmup      int     // requests before the measured ones
	Requests    int     // measured ones
	Rate        float64 // requests per second, whether answers come or not; 0: as fast as they come
	Crowd       int     // connections that are opened beside, asked a little and then left idle
}

// loadResult is what came of the measured requests.
type loadResult struct {
	Seconds  float64
	P50, P99 time.Duration
}

// crowdAsks is how many requests each connection of a crowd sends before it idles, and
// crowdAtOnce how many of them do at the same time.
const crowdAsks, crowdAtOnce = 3, 16

// generateLoad is the subcommand. It warms up and says so, waits for a line, sends what is
// measured and says what came of it; the connections stay open until control ends.
func generateLoad(control io.Reader, out io.Writer) error {
	in, say := json.NewDecoder(control), json.NewEncoder(out)
	var spec loadSpec
	if err := in.Decode(&spec); err != nil {
		return fmt.Errorf("read what to send: %w", err)
	}
	clients := make([]*client, spec.Connections)
	for i := range clients {
		c, err := dial(spec)
		if err != nil {
			return err
		}
		defer c.conn.Close()
		clients[i] = c
	}
	if _, err := closedLoop(clients, spec.Warmup); err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	if err := say.Encode(struct{}{}); err != nil {
		return err
	}
	var start struct{}
	if err := in.Decode(&start); err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}
	began := time.Now()
	var took []time.Duration
	var err error
	switch {
	case spec.Crowd > 0:
		var crowd []*client
		crowd, err = gather(spec)
		for _, c := range crowd {
			defer c.conn.Close()
		}
	case spec.Rate > 0:
		took, err = openLoop(clients, spec.Requests, spec.Rate)
	default:
		took, err = closedLoop(clients, spec.Requests)
	}
	if err != nil {
		return err
	}
	result := loadResult{Seconds: time.Since(began).Seconds(), P50: percentile(took, 0.50), P99: percentile(took, 0.99)}
	if err := say.Encode(result); err != nil {
		return err
	}
	var end struct{}
	if err := in.Decode(&end); !errors.Is(err, io.EOF) {
		return fmt.Errorf("wait for the end: %w", err)
	}
	return nil
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

// gather opens the crowd's connections and asks a little over each.
func gather(spec loadSpec) ([]*client, error) {
	crowd := make([]*client, spec.Crowd)
	for i := range crowd {
		c, err := dial(spec)
		if err != nil {
			return crowd[:i], err
		}
		crowd[i] = c
	}
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
	return crowd, all.Wait()
}

func collect(clients []*client) []time.Duration {
	var took []time.Duration
	for _, c := range clients {
		took = append(took, c.took...)
	}
	slices.Sort(took)
	return took
}

// percentile returns a quantile of what is sorted; 0 of nothing.
func percentile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
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

func dial(spec loadSpec) (*client, error) {
	conn, err := net.Dial("tcp", spec.Addr)
	if err != nil {
		return nil, err
	}
	buffer := 4 << 10
	if spec.Answer > buffer {
		buffer = 64 << 10
	}
	c := &client{conn: conn, r: bufio.NewReaderSize(conn, buffer), answer: body(spec.Answer)}
	for _, path := range spec.Paths {
		request := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: benchmark\r\nAccept: application/json\r\n", spec.Method, path)
		if spec.Upload > 0 {
			request = fmt.Appendf(request, "Content-Type: application/json\r\nContent-Length: %d\r\n", spec.Upload)
		}
		request = append(request, "\r\n"...)
		if spec.Upload > 0 {
			request = append(request, body(spec.Upload)...)
		}
		c.requests = append(c.requests, request)
	}
	return c, nil
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
