package upstream

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// understood is what becomes of a head.
type understood struct {
	Status, Proto, Length string
	Code, Lengths         int
	Header                http.Header
	Odd                   bool
	Err                   string
}

func understand(k *known1, head string) understood {
	var resp http.Response
	var room fields1
	err := k.read(&resp, []byte(head), &room)
	if err != nil {
		return understood{Err: err.Error()}
	}
	return understood{resp.Status, resp.Proto, room.length, resp.StatusCode, room.lengths, resp.Header, room.odd, ""}
}

// checkKnown has heads read one after another on a connection: each is understood as the first one on another is.
func checkKnown(t *testing.T, heads ...string) {
	t.Helper()
	var known known1
	for i, head := range heads {
		end := headEnd([]byte(head), 0)
		if end == 0 {
			continue // it isn't whole
		}
		head = head[:end]
		got, want := understand(&known, head), understand(new(known1), head)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("head %d of\n%q\nis understood otherwise than alone (-alone +after others):\n%s", i, heads, diff)
		}
	}
	if len(known.head) > maxKnownHead || cap(known.fields) > maxKnownFields {
		t.Errorf("a head of %d bytes and room for %d fields are kept", len(known.head), cap(known.fields))
	}
}

// TestKnown reads heads that are mostly as the one before, in all ways that they may not be.
func TestKnown(t *testing.T) {
	const begin, length = "HTTP/1.1 200 OK\r\nServer: x\r\n", "Content-Length: 5\r\n\r\n"
	long := "X-Long: " + strings.Repeat("x", 2*maxKnownHead) + "\r\n"
	for name, heads := range map[string][]string{
		"the same":                {begin + length, begin + length, begin + length},
		"another value":           {begin + "Etag: 1\r\n" + length, begin + "Etag: 2\r\n" + length, begin + "Etag: 12\r\n" + length, begin + "Etag: 1\r\n" + length},
		"one that goes on":        {begin + "X-A: 1\r\n" + length, begin + "X-A: 1\r\n 2\r\n" + length, begin + "X-A: 1\r\n" + length, begin + "X-A: 1\r\n\t\r\n" + length},
		"one more and one less":   {begin + length, begin + "Date: 1\r\n" + length, begin + length, "HTTP/1.1 200 OK\r\n" + length, begin + length},
		"another status":          {begin + length, "HTTP/1.1 404 Not Found\r\nServer: x\r\n" + length, "HTTP/1.1 200 OK \r\n" + length, "HTTP/1.0 200 OK\r\n" + length},
		"a status that is none":   {begin + length, "HTTP/1.1 2000 OK\r\nServer: x\r\n" + length, begin + length},
		"no line of a field's":    {begin + "X-A: 1\r\n" + length, begin + "X-A\r\n" + length, begin + "X-A: 1\r\n" + length, begin + " X-A: 1\r\n" + length},
		"other ends":              {begin + length, strings.ReplaceAll(begin+length, "\r", ""), begin + length},
		"repeated":                {begin + "X-A: 1\r\nX-A: 2\r\n" + length, begin + "X-A: 1\r\nX-B: 2\r\n" + length, begin + "X-A: 1\r\nX-A: 2\r\n" + length},
		"cookies":                 {begin + "Set-Cookie: a=1\r\nSet-Cookie: b=1\r\n" + length, begin + "Set-Cookie: a=1\r\nSet-Cookie: a=1\r\n" + length},
		"two lengths":             {begin + length, begin + "Content-Length: 5\r\n" + length, begin + "Content-Length: 6\r\n" + length, begin + length},
		"of chunks":               {begin + length, begin + "Transfer-Encoding: chunked\r\n\r\n", begin + length},
		"a long line":             {begin + long + length, begin + long + length, begin + "X-Long: 1\r\n" + length},
		"a name in small":         {begin + "x-a: 1\r\n" + length, begin + "x-a: 1\r\n" + length, begin + "X-A: 1\r\n" + length},
		"spaces":                  {begin + "X-A:  1 \r\n" + length, begin + "X-A:  1 \r\n" + length, begin + "X-A : 1\r\n" + length, begin + "X-A : 1\r\n" + length},
		"folded often":            {begin + "X-A: 1\r\n" + strings.Repeat(" \n", 1000) + length, begin + length},
		"none":                    {"HTTP/1.1 200 OK\r\n\r\n", begin + length, "HTTP/1.1 200 OK\r\n\r\n"},
		"hints before the answer": {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", begin + length, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", begin + length},
	} {
		t.Run(name, func(t *testing.T) { checkKnown(t, heads...) })
	}
	t.Run("always another", func(t *testing.T) {
		var heads []string
		for i := range 200 {
			heads = append(heads, begin+fmt.Sprintf("X-Id: %d\r\n", i/max(1, 100-i))+strings.Repeat("X-Many: 1\r\n", i)+length)
		}
		checkKnown(t, heads...)
	})
}

// TestKnownIsCheap counts what is allocated for a head that is as the one before, and for one of which a line isn't.
func TestKnownIsCheap(t *testing.T) {
	var known known1
	var resp http.Response
	room := fields1{header: http.Header{}, values: make([]string, 8)}
	n := 0
	for name, tt := range map[string]struct {
		head func() []byte
		most float64
	}{
		"the same": {func() []byte { return []byte("HTTP/1.1 200 OK\r\nServer: x\r\nEtag: 1\r\nContent-Length: 5\r\n\r\n") }, 1},
		"another line": {func() []byte {
			n++
			return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: x\r\nEtag: %5d\r\nContent-Length: 5\r\n\r\n", n)
		}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			got := testing.AllocsPerRun(100, func() {
				clear(room.header)
				resp = http.Response{}
				if err := known.read(&resp, tt.head(), &room); err != nil {
					t.Fatal(err)
				}
			})
			if got > tt.most {
				t.Errorf("%.1f allocations, at most %.1f are allowed", got, tt.most)
			}
		})
	}
}

// FuzzKnown has it that what came before on a connection changes nothing about what a head is understood as.
func FuzzKnown(f *testing.F) {
	for i, answer := range fuzzAnswers {
		f.Add(answer, fuzzAnswers[(i+1)%len(fuzzAnswers)])
	}
	f.Add("HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\n\r\n")
	f.Fuzz(func(t *testing.T, one, other string) {
		if len(one)+len(other) > 64<<10 {
			return
		}
		checkKnown(t, one, other, one, other, other)
	})
}

// BenchmarkHead reads a head of the usual size, of which the date is another one now and then.
func BenchmarkHead(b *testing.B) {
	heads := [2][]byte{}
	for i := range heads {
		heads[i] = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 01 Jan 2026 00:00:0%d GMT\r\nContent-Type: application/json\r\n"+
			"Content-Length: 1024\r\nCache-Control: no-cache, private\r\nX-Frame-Options: DENY\r\n\r\n", i)
	}
	for _, forgets := range []bool{false, true} {
		b.Run(map[bool]string{false: "known", true: "new"}[forgets], func(b *testing.B) {
			b.ReportAllocs()
			var known known1
			var resp http.Response
			var room fields1
			for i := 0; b.Loop(); i++ {
				if forgets {
					known = known1{}
				}
				clear(room.header)
				resp = http.Response{}
				if err := known.read(&resp, heads[i>>10&1], &room); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAnswersGivenBack gives answers back whose header was changed before, as hop-by-hop fields are taken off: the next
// one on the connection is as it came.
func TestAnswersGivenBack(t *testing.T) {
	answers := []string{
		"HTTP/1.1 200 OK\r\nServer: x\r\nUpgrade: y\r\nSet-Cookie: a=1\r\nSet-Cookie: b=1\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nServer: x\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nServer: x\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
	}
	changes := map[string]func(http.Header){
		"nothing": func(http.Header) {},
		"off":     func(h http.Header) { h.Del("Upgrade"); h.Del("Server") },
		"added":   func(h http.Header) { h.Set("X-B", "1") },
		"all":     func(h http.Header) { clear(h) },
	}
	for name, change := range changes {
		for i, answer := range answers {
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				another := answers[(i+1)%len(answers)]
				script := turns{answer, answer, answer, another, answer, another, another, answer}
				left, dials := slices.Clone(script), 0
				tr := newHTTP1(http1Config{Dial: func(context.Context, string, string) (net.Conn, error) {
					dials++
					return &said{&left}, nil
				}})
				defer tr.CloseIdleConnections()
				for n, said := range script {
					want, err := byOurs(http.MethodGet, []byte(said), 1<<20)
					if err != nil {
						t.Fatal(err)
					}
					r, _ := http.NewRequest(http.MethodGet, "http://up.example/", nil)
					resp, err := tr.RoundTrip(r)
					if err != nil {
						t.Fatal(err)
					}
					got, err := outcomeOf(resp)
					if diff := cmp.Diff(want, got); diff != "" || err != nil {
						t.Fatalf("answer %d: %v (-want +got):\n%s", n, err, diff)
					}
					change(resp.Header)
					if !resp.Body.(interface{ Forget(bool) bool }).Forget(true) {
						t.Fatal("it isn't taken back")
					}
				}
				if dials != 1 {
					t.Errorf("%d connections were made", dials)
				}
			})
		}
	}
}

// turns are answers, one for each Read.
type turns []string

func (t *turns) Read(p []byte) (int, error) {
	if len(*t) == 0 {
		return 0, io.EOF
	}
	n := copy(p, (*t)[0])
	*t = (*t)[1:]
	return n, nil
}
