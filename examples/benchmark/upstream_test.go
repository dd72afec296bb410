package main

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestBody(t *testing.T) {
	for _, size := range []int{100, 1 << 10, 100_000} {
		b := body(size)
		if len(b) != size || !json.Valid(b) {
			t.Errorf("a body of %d bytes has %d, and valid JSON is it: %v", size, len(b), json.Valid(b))
		}
	}
}

// TestReadRequest reads one request and looks whether the next one begins behind it.
func TestReadRequest(t *testing.T) {
	for _, test := range []struct{ name, request string }{
		{"no body", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"length", "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nGET /"},
		{"chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\na\r\n0123456789\r\n0\r\n\r\n"},
		{"empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{"other header that begins alike", "GET / HTTP/1.1\r\nContent-Length-Hint: 5\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const next = "GET /next HTTP/1.1\r\n"
			r := bufio.NewReader(strings.NewReader(test.request + next))
			if err := readRequest(r); err != nil {
				t.Fatal(err)
			}
			if rest, err := io.ReadAll(r); err != nil || string(rest) != next {
				t.Errorf("%q is left, %v", rest, err)
			}
		})
	}
}
