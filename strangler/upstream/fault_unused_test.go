package upstream_test

import "testing"

// TestUnaskedWhileUnused has something come on a connection when the client has its answer and
// nobody uses the connection. It is there when the next request begins, and so it is seen.
func TestUnaskedWhileUnused(t *testing.T) {
	leavesNothing(t)
	ok := plain("ok")
	for name, c := range map[string]struct {
		method string // empty: GET
		answer string
		later  string
		want   heard
	}{
		"408 while unused":               {answer: ok, later: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"an answer while unused":         {answer: ok, later: evil, want: heard{Status: 200, Body: "ok"}},
		"half an answer while unused":    {answer: ok, later: evil[:30], want: heard{Status: 200, Body: "ok"}},
		"one byte while unused":          {answer: ok, later: "H", want: heard{Status: 200, Body: "ok"}},
		"an empty line while unused":     {answer: ok, later: "\r\n", want: heard{Status: 200, Body: "ok"}},
		"a hint while unused":            {answer: ok, later: "HTTP/1.1 103 Early Hints\r\nX-Evil: 1\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"100 while unused":               {answer: ok, later: "HTTP/1.1 100 Continue\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"101 while unused":               {answer: ok, later: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", want: heard{Status: 200, Body: "ok"}},
		"the rest of 204, late":          {answer: "HTTP/1.1 204 No Content\r\nContent-Length: 55\r\n\r\n", later: evil, want: heard{Status: 204}},
		"the rest of the answer to HEAD": {method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 55\r\n\r\n", later: evil, want: heard{Status: 200}},
	} {
		t.Run(name, func(t *testing.T) { leftover(t, c.method, c.answer, c.later, c.want) })
	}
}
