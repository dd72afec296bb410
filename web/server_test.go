package web

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSlowBody sends a part of a body and no more: whoever reads it doesn't wait for ever.
func TestSlowBody(t *testing.T) {
	read := make(chan error, 1)
	server := httptest.NewServer(hurried(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}), 50*time.Millisecond))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow")
	select {
	case err := <-read:
		if err == nil {
			t.Error("half a body was taken for the whole")
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}

// TestDeadlineEndsWithItsRequest sends two requests on one connection, the second after the
// first one's body would have been late.
func TestDeadlineEndsWithItsRequest(t *testing.T) {
	server := httptest.NewServer(hurried(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}), 50*time.Millisecond))
	defer server.Close()
	for range 2 {
		resp, err := server.Client().Post(server.URL, "text/plain", strings.NewReader("whole"))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(resp.Body); string(text) != "whole" || err != nil {
			t.Errorf("it read %q, %v", text, err)
		}
		resp.Body.Close()
		time.Sleep(100 * time.Millisecond)
	}
}
