package strangler

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// malformed is a request that is wrong, or odd, and what has to become of it.
type malformed struct {
	name, why string // why cites RFC 9112, 9110 or 3986 by their number and section
	send      string

	status int    // it is refused with that and nothing reaches the upstream; 0: it is forwarded
	want   string // what reaches the upstream, as recorder.take has it
	closes bool   // forwarded, and the connection is closed: nothing that follows counts
	gone   bool   // the connection ends without an answer, as the client isn't there to read one
	tail   bool   // nothing is sent behind it
	eof    bool   // the client closes its half behind it
}

// next is what every case is followed by on the same connection. It has to be taken for a request
// of its own, or not to be read at all.
const next = "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

// smuggled is what an attacker hides.
const smuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

// TestMalformed sends what an attacker or a broken client would: it is refused, or it reaches
// the upstream in one form that nobody can read in two ways, and no second request does.
func TestMalformed(t *testing.T) {
	rec, up := newRecorder(t)
	address, _ := front(t, Config{Legacy: up, Routes: []Route{{Name: "small", Match: Match{Path: "/small"}, MaxBody: 5}}})
	cases := allMalformed()
	if len(cases) < 120 {
		t.Errorf("%d cases, want at least 120", len(cases))
	}
	names := map[string]bool{}
	for _, c := range cases {
		if names[c.name] {
			t.Errorf("two cases are named %q", c.name)
		}
		names[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			statuses, upstream := c.exchange(t, address, rec)
			wantStatuses, want := []int{c.status}, []string(nil)
			switch {
			case c.gone:
				wantStatuses = nil
			case c.status == 0:
				wantStatuses, want = []int{200}, []string{c.want}
				if !c.closes && !c.tail && !c.eof {
					wantStatuses, want = append(wantStatuses, 200), append(want, "GET /next HTTP/1.1\nHost: h")
				}
			}
			if diff := cmp.Diff(wantStatuses, statuses); diff != "" {
				t.Errorf("%s\n%q\nstatuses (-want +got):\n%s", c.why, c.send, diff)
			}
			if diff := cmp.Diff(want, upstream); diff != "" {
				t.Errorf("%s\n%q\nat the upstream (-want +got):\n%s", c.why, c.send, diff)
			}
		})
	}
}

// exchange sends the case and returns the statuses of all answers until the connection ends, and
// what reached the upstream.
func (c malformed) exchange(t *testing.T, address string, rec *recorder) (statuses []int, upstream []string) {
	conn, answers := dial(t, address)
	text := c.send
	if !c.tail && !c.eof {
		text += next
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	sent := make(chan struct{})
	go func() { // what is large may be answered before it is sent
		defer close(sent)
		_, _ = io.WriteString(conn, text)
		if c.eof {
			_ = conn.CloseWrite()
		}
	}()
	for {
		status, open, err := readAnswer(answers)
		if err != nil {
			if netErr, ok := err.(net.Error); ok && netErr.Timeout() {
				t.Error("the connection stays open and no answer comes")
			}
			break
		}
		statuses = append(statuses, status)
		if !open || c.tail {
			break
		}
	}
	conn.Close()
	<-sent
	return statuses, rec.take(t)
}

// readAnswer returns an answer's status, and whether the connection stays open by what it says.
func readAnswer(r *bufio.Reader) (status int, open bool, err error) {
	head, err := readHead(r)
	if err != nil {
		return 0, false, err
	}
	if _, err := fmt.Sscanf(head[min(len(head), len("HTTP/1.")):], "%1d %d ", new(int), &status); err != nil {
		return 0, false, fmt.Errorf("answer %q: %w", head, err)
	}
	if strings.Contains(head, "\r\nConnection: close\r\n") || strings.HasPrefix(head, "HTTP/1.0 ") {
		_, _ = io.Copy(io.Discard, r) // there may be no length
		return status, false, nil
	}
	if _, length, found := strings.Cut(head, "\r\nContent-Length: "); found {
		n := 0
		if _, err := fmt.Sscan(length, &n); err != nil {
			return status, true, fmt.Errorf("answer %q: %w", head, err)
		}
		_, err = r.Discard(n)
	}
	return status, true, err
}

func allMalformed() []malformed {
	var all []malformed
	for _, group := range [][]malformed{
		oddRequestLines, oddTargets, oddHosts, oddLineEnds, oddHeaderNames, oddHeaderValues,
		oddLengths, oddCodings, oddChunks, oddTrailers, oddConnections, oddVersions, tooMuch(),
	} {
		all = append(all, group...)
	}
	return all
}
