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
)

// upstreamSpec says what the process behind the proxies answers. It has a listener for each of
// the two sides; both answer the same bytes.
type upstreamSpec struct {
	Answer       int           // size of the body, bytes
	ServiceDelay time.Duration // how long the service's side waits before it answers
}

// upstreamReady is what the process says once it listens.
type upstreamReady struct{ Legacy, Service string } // addresses

// upstreamCounts are requests that each side has got so far.
type upstreamCounts struct{ Legacy, Service int64 }

// serveUpstream is the subcommand: it answers until control ends, and tells its counts for each
// line that comes over it. The server knows as much of HTTP/1.1 as proxies send, and no more,
// so that the processor is left to them.
func serveUpstream(control io.Reader, out io.Writer) error {
	in := json.NewDecoder(control)
	var spec upstreamSpec
	if err := in.Decode(&spec); err != nil {
		return fmt.Errorf("read what to answer: %w", err)
	}
	answer := []byte(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Thu, 26 Nov 2026 09:00:00 GMT\r\n"+
		"Cache-Control: no-store\r\nContent-Length: %d\r\n\r\n", spec.Answer))
	answer = append(answer, body(spec.Answer)...)
	var counts [2]atomic.Int64
	var addrs [2]string
	for i, delay := range []time.Duration{0, spec.ServiceDelay} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		defer listener.Close()
		addrs[i] = listener.Addr().String()
		go accept(listener, answer, delay, &counts[i])
	}
	say := json.NewEncoder(out)
	if err := say.Encode(upstreamReady{addrs[0], addrs[1]}); err != nil {
		return err
	}
	for {
		var question struct{}
		if err := in.Decode(&question); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := say.Encode(upstreamCounts{counts[0].Load(), counts[1].Load()}); err != nil {
			return err
		}
	}
}

func accept(listener net.Listener, answer []byte, delay time.Duration, count *atomic.Int64) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return // closed: the process ends
		}
		go func() {
			defer conn.Close()
			r := bufio.NewReaderSize(conn, 8<<10)
			for {
				if err := readRequest(r); err != nil {
					return
				}
				count.Add(1)
				if delay > 0 {
					time.Sleep(delay)
				}
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}()
	}
}

// readRequest reads one request with its body, whatever frames that.
func readRequest(r *bufio.Reader) error {
	length, chunked := 0, false
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			if first {
				continue // RFC 9112, 2.2: an empty line before a request line is ignored
			}
			break
		}
		if value, ok := headerValue(line, "content-length"); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		} else if _, ok := headerValue(line, "transfer-encoding"); ok {
			chunked = true
		}
	}
	if !chunked {
		_, err := r.Discard(length)
		return err
	}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return err
		}
		if _, err := r.Discard(int(size) + len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// headerValue returns the value of a header line, if it is the one of that name, which is in
// lower case.
func headerValue(line []byte, name string) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}

// body returns a JSON document of exactly size bytes, such as an API answers.
func body(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"items":[`)
	for i := 0; ; i++ {
		item := fmt.Sprintf(`{"id":%d,"name":"item %d","price":%d.%02d,"in_stock":%t},`, 1000+i, i, i%90+1, i%100, i%3 == 0)
		if b.Len()+len(item)+len(`{"pad":""}]}`) > size {
			break
		}
		b.WriteString(item)
	}
	const open, end = `{"pad":"`, `"}]}`
	b.WriteString(open)
	b.Write(bytes.Repeat([]byte("x"), max(size-b.Len()-len(end), 0)))
	b.WriteString(end)
	return b.Bytes()
}
