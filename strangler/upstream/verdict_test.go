package upstream_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// verdict is what one reader makes of an answer.
type verdict struct {
	Outcome string // refused, cut, whole
	Status  int
	Header  fields // end to end
	Body    string
	Trailer fields
}

// twoReaders has the same answers read by net/http's client and through a gateway.
type twoReaders struct {
	mu      sync.Mutex
	answers map[string]string // by path
	n       int

	peer    *peer
	gateway *gateway
	direct  *http.Transport
}

func startTwoReaders(t *testing.T) *twoReaders {
	t.Helper()
	two := &twoReaders{answers: make(map[string]string)}
	two.peer = startPeer(t, func(c *peerConn) {
		head, _, ok := c.request()
		if !ok {
			return
		}
		two.mu.Lock()
		answer := two.answers[path(head)]
		two.mu.Unlock()
		c.send(answer)
	})
	two.gateway = startGateway(t, two.peer.URL, gatewayConfig{})
	two.direct = &http.Transport{DisableCompression: true, MaxResponseHeaderBytes: 1 << 20}
	t.Cleanup(two.direct.CloseIdleConnections)
	return two
}

// read has both read an answer: to a GET, or to a HEAD.
func (two *twoReaders) read(t *testing.T, method, answer string) (direct, through verdict) {
	t.Helper()
	two.mu.Lock()
	two.n++
	path := "/" + strconv.Itoa(two.n)
	two.answers[path] = answer
	two.mu.Unlock()

	req, _ := http.NewRequest(method, two.peer.URL.String()+path, nil)
	resp, err := two.direct.RoundTrip(req)
	direct = judge(resp, err)
	two.direct.CloseIdleConnections()

	c := connect(t, two.gateway.Addr)
	defer c.Close()
	if _, err := io.WriteString(c, method+" "+path+" HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for {
		resp, err = http.ReadResponse(c.r, &http.Request{Method: method})
		if err != nil || resp.StatusCode/100 != 1 {
			break
		}
	}
	through = judge(resp, err)
	if through.Status == http.StatusBadGateway && strings.HasPrefix(through.Body, "Bad Gateway: the legacy application broke") ||
		through.Status == http.StatusBadGateway && method == "HEAD" && through.Header["X-Content-Type-Options"] != nil {
		through = verdict{Outcome: "refused"}
	}
	<-two.gateway.Seen
	return direct, through
}

func judge(resp *http.Response, err error) verdict {
	if err != nil {
		return verdict{Outcome: "refused"}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		resp.Body.Close()
		return verdict{Outcome: "refused"} // nobody asked for it
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	v := verdict{"whole", resp.StatusCode, fields{}, string(body), fields{}}
	if err != nil {
		v.Outcome = "cut"
	}
	var named []string
	for _, line := range resp.Header["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			named = append(named, http.CanonicalHeaderKey(strings.TrimSpace(name)))
		}
	}
	for name, values := range resp.Header {
		name = http.CanonicalHeaderKey(strings.TrimRight(name, " \t")) // as RFC 9112 section 5.1 has it of gateways
		switch name {
		case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer",
			"Transfer-Encoding", "Upgrade", "Http2-Settings", "Content-Length", "Date":
			continue
		}
		if resp.StatusCode == http.StatusNotModified && name == "Content-Type" {
			continue // net/http's server keeps it back
		}
		if !slices.Contains(named, name) {
			v.Header.keep(name, values)
		}
	}
	if resp.Request.Method != http.MethodHead {
		for name, values := range resp.Trailer {
			switch name {
			case "Content-Length", "Transfer-Encoding", "Trailer", "Host":
				continue // RFC 9110 section 6.5.1
			}
			v.Trailer.keep(name, values)
		}
	}
	return v
}

// fields are headers or trailers as any reader sees them.
type fields map[string][]string

// keep adds what net/http's server would send on: names that may be, values without what stands
// around them.
func (f fields) keep(name string, values []string) {
	if !isToken(name) {
		return
	}
	for _, value := range values {
		f[name] = append(f[name], strings.Join(strings.Fields(value), " ")) // as a fold has it
	}
}

func (f fields) sort() {
	for _, values := range f {
		slices.Sort(values)
	}
}

// isToken reports whether a header may have that name (RFC 9110 section 5.6.2); net/http's server
// sends no other.
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", c)
	})
}

// strict finds what may be refused although net/http takes it: a space in a header's name, also
// before the colon, where it decides about the length (RFC 9112 section 5.1), and control
// characters in the status line.
var strict = regexp.MustCompile(`(?m)^[^:\n]*[^:\s][ \t]+[^:\n]*:|^[^:\n]*[ \t]:|(?m)^HTTP/[^\n]*(?:[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n])`)

// namedXA finds a header that is named by Connection.
var namedXA = regexp.MustCompile(`(?mi)^Connection[ \t]*:[^\n]*\bX-A\b`)

// disagreement says how the gateway's verdict is not what it must be; empty: it is.
func disagreement(answer string, direct, through verdict) string {
	switch {
	case direct.Outcome == "whole" && (direct.Status < 100 || direct.Status > 999):
		direct = verdict{Outcome: "refused"} // nothing that could be sent on
	case direct.Outcome == "refused" && through.Outcome == "refused":
		return ""
	}
	switch {
	case through.Outcome == "whole" && direct.Outcome != "whole":
		return "net/http rejects what is passed on as whole"
	case through.Outcome != "whole" && strict.MatchString(answer):
		return ""
	case direct.Outcome == "whole" && through.Outcome != "whole":
		return "net/http takes what is not passed on"
	case direct.Outcome == "cut" && through.Outcome == "cut":
		if !strings.HasPrefix(direct.Body, through.Body) && !strings.HasPrefix(through.Body, direct.Body) {
			return "of an answer that is cut, both have read something else"
		}
	case direct.Outcome == "whole":
		if namedXA.MatchString(answer) { // net/http may forget which beside Connection: close
			delete(direct.Header, "X-A")
			delete(through.Header, "X-A")
		}
		if strict.MatchString(answer) { // net/http has two names where a gateway has one, so that the order is open
			direct.Header.sort()
			through.Header.sort()
		}
		if diff := cmp.Diff(direct, through); diff != "" {
			return "an answer is read differently (-net/http +ours):\n" + diff
		}
	}
	return ""
}

// TestVerdictOnOddAnswers compares verdicts on answers that are odd, and some that aren't.
func TestVerdictOnOddAnswers(t *testing.T) {
	leavesNothing(t)
	two := startTwoReaders(t)
	for _, method := range []string{"GET", "HEAD"} {
		for _, status := range oddStatusLines {
			for _, framing := range []string{"Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "\r\nok"} {
				two.agree(t, method, status+"\r\n"+framing)
			}
		}
		for _, header := range oddHeaders {
			for _, framing := range []string{"Content-Length: 2\r\n\r\nok", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "\r\nok"} {
				two.agree(t, method, "HTTP/1.1 200 OK\r\n"+header+"\r\n"+framing)
			}
		}
		for _, body := range oddChunks {
			two.agree(t, method, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
		}
		for _, lengths := range oddFraming {
			for _, body := range []string{"ok", "2\r\nok\r\n0\r\n\r\n", ""} {
				two.agree(t, method, "HTTP/1.1 200 OK\r\n"+lengths+"\r\n"+body)
				two.agree(t, method, "HTTP/1.0 200 OK\r\n"+lengths+"\r\n"+body)
				two.agree(t, method, "HTTP/1.1 204 No Content\r\n"+lengths+"\r\n"+body)
				two.agree(t, method, "HTTP/1.1 304 Not Modified\r\n"+lengths+"\r\n"+body)
			}
		}
	}
	t.Logf("%d answers", two.n)
}

func (two *twoReaders) agree(t *testing.T, method, answer string) bool {
	t.Helper()
	direct, through := two.read(t, method, answer)
	if wrong := disagreement(answer, direct, through); wrong != "" {
		t.Errorf("%s is answered %q: %s\nnet/http %+v\nours     %+v", method, answer, wrong, direct, through)
		return false
	}
	return true
}

// TestVerdictOnRandomAnswers compares verdicts on answers that a grammar makes and chance spoils.
func TestVerdictOnRandomAnswers(t *testing.T) {
	leavesNothing(t)
	n := 2000
	if *soak {
		n = 100_000
	}
	seed := *seeded
	if seed == 0 && *soak {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	two := startTwoReaders(t)
	counts := make(map[string]int)
	wrong := 0
	for range n {
		method := "GET"
		if r.IntN(8) == 0 {
			method = "HEAD"
		}
		answer := randomAnswer(r)
		direct, through := two.read(t, method, answer)
		counts[fmt.Sprint(direct.Outcome, ", ours ", through.Outcome)]++
		if why := disagreement(answer, direct, through); why != "" {
			t.Errorf("%s is answered %q: %s\nnet/http %+v\nours     %+v", method, answer, why, direct, through)
			if wrong++; wrong == 10 {
				break
			}
		}
	}
	t.Logf("net/http's verdicts and ours: %v", counts)
	for _, outcome := range []string{"whole", "cut", "refused"} {
		if got := counts[outcome+", ours "+outcome]; wrong == 0 && got < n/50 {
			t.Errorf("only %d answers were %s: the grammar is lopsided", got, outcome)
		}
	}
}
