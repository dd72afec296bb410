package strangler

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is an upstream that keeps what reached it. It reads a message by the letter of RFC
// 9112 and nothing else, so that what it takes for one request no other reader takes for two.
type recorder struct {
	host     string
	mu       sync.Mutex
	open     int // connections
	requests []recorded
	wrong    []string // what no reader should have to see
}

// recorded is a request as it was on the wire.
type recorded struct {
	head string // without the empty line
	body string // its content
}

// newRecorder returns an upstream that answers everything with 200 and its own connection's end.
func newRecorder(t *testing.T) (*recorder, Upstream) {
	rec := new(recorder)
	up := rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		rec.mu.Lock()
		rec.open++
		rec.mu.Unlock()
		defer func() {
			rec.mu.Lock()
			rec.open--
			rec.mu.Unlock()
		}()
		got, err := rec.read(r)
		if err != nil {
			return // it was cut, and nobody takes it for a request
		}
		rec.mu.Lock()
		rec.requests = append(rec.requests, got)
		rec.mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		if more, _ := io.ReadAll(r); len(more) > 0 {
			rec.complain("behind the request came %q", more)
		}
	})
	rec.host = up.URL.Host
	return rec, up
}

func (rec *recorder) complain(format string, args ...any) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.wrong = append(rec.wrong, fmt.Sprintf(format, args...))
}

func (rec *recorder) read(r *bufio.Reader) (recorded, error) {
	head, err := readHead(r)
	if err != nil {
		return recorded{}, err
	}
	got := recorded{head: strings.TrimSuffix(head, "\r\n\r\n")}
	if strings.Count(head, "\n") != strings.Count(head, "\r\n") || strings.Count(head, "\r") != strings.Count(head, "\r\n") {
		rec.complain("a bare CR or LF in %q", head)
	}
	lines := strings.Split(got.head, "\r\n")
	if words := strings.Split(lines[0], " "); len(words) != 3 || words[2] != "HTTP/1.1" {
		rec.complain("request line %q", lines[0])
	}
	var lengths, codings []string
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !isToken(name) || strings.ContainsAny(value, "\x00\r\n") {
			rec.complain("header line %q", line)
		}
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Content-Length":
			lengths = append(lengths, value)
		case "Transfer-Encoding":
			codings = append(codings, value)
		}
	}
	if len(lengths)+len(codings) > 1 {
		rec.complain("lengths %q and codings %q in one request", lengths, codings)
	}
	var body []byte
	switch {
	case len(codings) > 0:
		if codings[0] != "chunked" {
			rec.complain("coding %q", codings[0])
		}
		body, err = readChunks(r)
	case len(lengths) > 0:
		n, bad := strconv.ParseUint(lengths[0], 10, 31)
		if bad != nil || strconv.FormatUint(n, 10) != lengths[0] {
			rec.complain("length %q", lengths[0])
		}
		body = make([]byte, n)
		_, err = io.ReadFull(r, body)
	}
	got.body = string(body)
	return got, err
}

// readChunks returns a chunked body with its trailers behind it, as "|Name: value".
func readChunks(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return body, err
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(line, "\r\n"), 16, 31)
		if err != nil {
			return body, err
		}
		if n == 0 {
			trailers, err := readHead(r)
			for _, line := range strings.Split(strings.TrimRight(trailers, "\r\n"), "\r\n") {
				if line != "" {
					body = append(body, "|"+line...)
				}
			}
			return body, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return body, err
		}
		if string(chunk[n:]) != "\r\n" {
			return body, fmt.Errorf("chunk ends in %q", chunk[n:])
		}
		body = append(body, chunk[:n]...)
	}
}

// take waits until no connection is open and returns what came since the last take: each request
// as its line, its headers sorted and its content, without what the proxy adds to every one.
func (rec *recorder) take(t *testing.T) []string {
	t.Helper()
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		rec.mu.Lock()
		open := rec.open
		rec.mu.Unlock()
		if open == 0 {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal("a connection to the upstream stays open")
		}
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, wrong := range rec.wrong {
		t.Error("at the upstream: ", wrong)
	}
	var all []string
	for _, got := range rec.requests {
		all = append(all, rec.text(t, got))
	}
	rec.requests, rec.wrong = nil, nil
	return all
}

func (rec *recorder) text(t *testing.T, got recorded) string {
	lines := sortedHead(withoutIDs(t, got.head+"\r\n"))
	host := ""
	for _, line := range lines {
		if name, found := strings.CutPrefix(line, "Host: "); found {
			host = name
		}
	}
	if host == rec.host { // as it is called where the client gave no name
		lines[slices.Index(lines, "Host: "+host)] = "Host: UPSTREAM"
		lines = append(lines, "X-Forwarded-Host: "+host) // which nobody asked for
	}
	added := []string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: " + host, "X-Forwarded-Proto: http"}
	lines = slices.DeleteFunc(lines, func(line string) bool {
		if i := slices.Index(added, line); i >= 0 {
			added = slices.Delete(added, i, i+1)
			return true
		}
		return strings.HasPrefix(line, "X-Forwarded-Port: ")
	})
	if len(added) > 0 {
		t.Errorf("%q are missing in %q", added, got.head)
	}
	text := strings.Join(lines, "\n")
	if got.body != "" {
		text += "\n\n" + got.body
	}
	return text
}
