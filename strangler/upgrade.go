package strangler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// upgrade sends a 101 on and becomes a pipe between client and upstream (RFC 9110 section 7.8).
// The upstream's connection, where it is known, serves only to say that the client has nothing
// more to send: the body that net/http makes of it can't.
func (f *forwarder) upgrade(w http.ResponseWriter, r *http.Request, resp *http.Response, upstream net.Conn) {
	defer resp.Body.Close()
	broken := func(err error) {
		DecisionFrom(r.Context()).Failure = failBroken
		f.unanswered(w, r, f.failed(err))
	}
	asked, got := upgradeProtocol(r.Header), upgradeProtocol(resp.Header)
	back, ok := resp.Body.(io.ReadWriteCloser)
	switch {
	case !strings.EqualFold(asked, got) && !listHas([]string{asked}, got) || got == "":
		broken(fmt.Errorf("upstream switched to protocol %q when %q was asked for", got, asked))
		return
	case !ok:
		broken(errors.New("upstream's transport can't switch protocols"))
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		broken(fmt.Errorf("take over the client's connection: %w", err))
		return
	}
	defer conn.Close()
	// Whoever ends the request ends the pipe.
	stop := context.AfterFunc(r.Context(), func() {
		conn.Close()
		back.Close()
	})
	defer stop()

	add(w.Header(), resp.Header)
	resp.Header, resp.Body = w.Header(), nil
	if resp.Write(buffered) != nil || buffered.Flush() != nil {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		pipe(back, fromClient{buffered.Reader, conn}, conn, upstream)
	}()
	pipe(conn, back, back, conn)
	<-up
}

// pipe copies until from ends, then tells to that nothing more comes. Where it can't tell, or
// something broke, both are closed, which ends the other direction too.
func pipe(to io.WriteCloser, from io.Reader, source io.Closer, half net.Conn) {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	_, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, buf[:])
	if half, ok := half.(interface{ CloseWrite() error }); ok && err == nil && half.CloseWrite() == nil {
		return
	}
	to.Close()
	source.Close()
}

// fromClient reads what came together with the request first.
type fromClient struct {
	buffered *bufio.Reader
	conn     net.Conn
}

// Read implements io.Reader.
func (c fromClient) Read(p []byte) (int, error) {
	if c.buffered.Buffered() > 0 {
		return c.buffered.Read(p)
	}
	return c.conn.Read(p)
}
