package upstream_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// soakFault is what an upstream does wrong, or only unusually, with one request.
type soakFault struct {
	name   string
	weight int
	want   []string // the outcomes that are right, of soakOutcomes; the first is the usual one
	upload bool     // only where there is an upload
	small  bool     // only with a small answer, so that it is one segment with what follows
	bodied bool     // only where there is a body to break off: not with HEAD, not empty
}

// The outcomes of a request. A wrong one is none of them: it is an error that ends the test.
const (
	outcomeOK     = "answered" // wholly, with its token everywhere
	outcomeFailed = "502"
	outcomeCut    = "cut"    // visibly, and what came has its token
	outcomeSilent = "closed" // without an answer: only for the second of two requests sent at once
	outcomeLeft   = "left"   // the client did
)

// soakFaults are chosen by weight. Those before the answer's first byte happen again where a
// request is repeated.
var soakFaults = []soakFault{
	{name: "none", weight: 1000, want: []string{outcomeOK}},
	{name: "slow", weight: 10, want: []string{outcomeOK}},
	{name: "hint", weight: 20, want: []string{outcomeOK}},
	{name: "says-close", weight: 15, want: []string{outcomeOK}},
	{name: "closes-after", weight: 15, want: []string{outcomeOK}},
	{name: "resets-after", weight: 10, want: []string{outcomeOK}, small: true},
	{name: "extra-answer", weight: 15, want: []string{outcomeOK}, small: true},
	{name: "extra-bytes", weight: 10, want: []string{outcomeOK}, small: true},
	{name: "extra-408", weight: 10, want: []string{outcomeOK}, small: true},
	{name: "early", weight: 15, want: []string{outcomeOK}, upload: true},
	{name: "early-closes", weight: 10, want: []string{outcomeOK, outcomeFailed}, upload: true, small: true},
	{name: "kills", weight: 10, want: []string{outcomeFailed}},
	{name: "resets", weight: 10, want: []string{outcomeFailed}},
	{name: "hangs", weight: 5, want: []string{outcomeFailed}},
	{name: "kills-in-head", weight: 10, want: []string{outcomeFailed}},
	{name: "kills-in-body", weight: 15, want: []string{outcomeCut}, bodied: true},
	{name: "resets-in-body", weight: 10, want: []string{outcomeCut}, bodied: true},
	{name: "garbage", weight: 10, want: []string{outcomeFailed}},
	{name: "two-lengths", weight: 5, want: []string{outcomeFailed}},
}

// soakPlan is one request, what its upstream does and what its client does.
type soakPlan struct {
	token   string // client-sequence
	client  int
	seq     int64
	method  string
	fault   *soakFault
	framing string // of the answer: length, chunks, trailer, end
	size    int    // of the answer's body: bytes
	upload  int    // of the request's: bytes; below 0: none
	chunked bool   // the upload is

	leaves string // where the client does: "", head, upload, waiting, reading
}

var soakSizes = []int{0, 1, 100, 1000, 1024, 4095, 4096, 16 << 10, 40_000, 70_000}

// newSoakPlan makes the request that comes next from a client.
func newSoakPlan(r *rand.Rand, client int, seq int64) soakPlan {
	p := soakPlan{
		token: fmt.Sprintf("%d-%d", client, seq), client: client, seq: seq,
		method: "GET", upload: -1,
		framing: []string{"length", "length", "length", "chunks", "chunks", "trailer", "end"}[r.IntN(7)],
		size:    soakSizes[min(r.IntN(len(soakSizes)), r.IntN(len(soakSizes)))],
	}
	switch n := r.IntN(100); {
	case n < 30:
		p.method, p.upload, p.chunked = "POST", soakSizes[r.IntN(len(soakSizes)-1)], r.IntN(3) == 0
	case n < 38:
		p.method = "HEAD"
	}
	if p.framing == "end" && r.IntN(4) > 0 {
		p.framing = "length" // each costs a connection
	}
	if r.IntN(40) == 0 {
		p.leaves = []string{"head", "upload", "waiting", "reading"}[r.IntN(4)]
	}
	p.fault = chooseSoakFault(r, &p)
	return p
}

func chooseSoakFault(r *rand.Rand, p *soakPlan) *soakFault {
	all := 0
	for _, f := range soakFaults {
		all += f.weight
	}
	n := r.IntN(all)
	for i := range soakFaults {
		f := &soakFaults[i]
		if n -= f.weight; n >= 0 {
			continue
		}
		switch {
		case f.upload && p.upload < 0, f.bodied && (p.method == "HEAD" || p.size == 0):
			return &soakFaults[0]
		case f.bodied && p.framing == "end" && f.name != "resets-in-body":
			p.framing = "chunks" // nobody can see that it is cut
		case f.small:
			p.size = min(p.size, 1000)
		}
		if p.framing == "end" && (f.small || f.upload) {
			p.framing = "length" // what is extra would be the body's, and what is unread would reset it
		}
		return f
	}
	return &soakFaults[0]
}

// path has all that the upstream must know.
func (p *soakPlan) path() string {
	return fmt.Sprintf("/%s/%s/%d/%d/%s", p.fault.name, p.framing, p.size, p.upload, p.token)
}

// parseSoakPlan reads a path that a client made.
func parseSoakPlan(path string) (p soakPlan, ok bool) {
	parts := strings.Split(path, "/")
	if len(parts) != 6 {
		return p, false
	}
	for i := range soakFaults {
		if soakFaults[i].name == parts[1] {
			p.fault = &soakFaults[i]
		}
	}
	var errs [4]error
	p.framing, p.token = parts[2], parts[5]
	p.size, errs[0] = strconv.Atoi(parts[3])
	p.upload, errs[1] = strconv.Atoi(parts[4])
	client, seq, _ := strings.Cut(p.token, "-")
	p.client, errs[2] = strconv.Atoi(client)
	p.seq, errs[3] = strconv.ParseInt(seq, 10, 64)
	return p, p.fault != nil && errs == [4]error{}
}

// head returns the request's head as it goes on the wire.
func (p *soakPlan) head() string {
	head := p.method + " " + p.path() + " HTTP/1.1\r\nHost: soak.example\r\nX-Token: " + p.token + "\r\n"
	switch {
	case p.upload >= 0 && p.chunked:
		head += "Transfer-Encoding: chunked\r\n"
	case p.upload >= 0:
		head += "Content-Length: " + strconv.Itoa(p.upload) + "\r\n"
	}
	return head + "\r\n"
}

// appendPattern appends n bytes that are a token's and no other's.
func appendPattern(b []byte, token string, n int) []byte {
	end := len(b) + n
	for len(b) < end {
		b = append(b, token...)
		b = append(b, ';')
	}
	return b[:end]
}

// strangeAt returns where b is not the beginning of a token's pattern; below 0: it is.
func strangeAt(b []byte, token string) int {
	period := len(token) + 1
	for i := range b {
		want := byte(';')
		if at := i % period; at < len(token) {
			want = token[at]
		}
		if b[i] != want {
			return i
		}
	}
	return -1
}
