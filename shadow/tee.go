package shadow

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// requestTee is a request's body that is captured as the handler reads it.
type requestTee struct {
	io.ReadCloser
	x *exchange
}

// Read implements io.Reader.
func (t *requestTee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.x.read(p[:n], err)
	return n, err
}

// answerTee is a ResponseWriter through which the client's answer is captured as the handler
// writes it. What it doesn't implement http.ResponseController finds through Unwrap. A handler may
// go on writing when it has returned, against the rules: then it has no exchange any more, which
// may be another one's.
type answerTee struct {
	http.ResponseWriter
	headed bool

	mu sync.Mutex
	x  *exchange // nil: the handler has returned
}

// leave ends capturing.
func (t *answerTee) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.x = nil
}

// wrote tells the exchange what was written.
func (t *answerTee) wrote(p []byte, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.x != nil {
		t.x.wrote(p, err)
	}
}

// over reports whether nothing more needs to be captured.
func (t *answerTee) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.x == nil || t.x.over()
}

// Unwrap is for http.ResponseController.
func (t *answerTee) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// WriteHeader implements http.ResponseWriter. Informational answers pass; the client is to have
// them as they come.
func (t *answerTee) WriteHeader(status int) {
	t.ResponseWriter.WriteHeader(status)
	if status >= 200 || status == http.StatusSwitchingProtocols {
		t.head(status)
	}
}

// Write implements io.Writer.
func (t *answerTee) Write(p []byte) (int, error) {
	if !t.headed {
		t.head(http.StatusOK)
	}
	n, err := t.ResponseWriter.Write(p)
	t.wrote(p[:n], err)
	return n, err
}

// ReadFrom implements io.ReaderFrom. The server copies in its own way, so that what it writes
// and when stays as it is without a shadow; the bytes are captured as it reads them.
func (t *answerTee) ReadFrom(src io.Reader) (int64, error) {
	if !t.headed {
		t.head(http.StatusOK)
	}
	if t.over() {
		return io.Copy(t.ResponseWriter, src) // src as it is: sendfile stays possible
	}
	n, err := io.Copy(t.ResponseWriter, &sourceTee{src, t})
	t.wrote(nil, err)
	return n, err
}

// sourceTee is what an answer is copied from, captured as it is read.
type sourceTee struct {
	io.Reader
	to *answerTee
}

// Read implements io.Reader.
func (t *sourceTee) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.to.wrote(p[:n], nil)
	return n, err
}

// Flush implements http.Flusher.
func (t *answerTee) Flush() { t.FlushError() }

// FlushError flushes what is written, and with it the head.
func (t *answerTee) FlushError() error {
	if !t.headed {
		t.head(http.StatusOK)
	}
	return http.NewResponseController(t.ResponseWriter).Flush()
}

// Hijack implements http.Hijacker.
func (t *answerTee) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err == nil {
		t.headed = true
		t.hijacked()
	}
	return conn, rw, err
}

func (t *answerTee) head(status int) {
	if t.headed {
		return
	}
	t.headed = true
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.x != nil {
		t.x.head(status, t.Header())
	}
}

func (t *answerTee) hijacked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.x != nil {
		t.x.hijacked()
	}
}

// harmless reports whether an error of Write's leaves the client with the whole answer.
func harmless(err error) bool { return err == nil || errors.Is(err, http.ErrBodyNotAllowed) }
