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
// That the client has nothing more to send is told to the body, or where that is net/http's, which
// can't be told, to the connection behind it.
func (f *forwarder) upgrade(w http.ResponseWriter, r *http.Request, resp *http.Response) {
	defer resp.Body.Close()
	broken := func(err error) {
		DecisionFrom(r.Context()).Failure = failBroken
		f.unanswered(w, r, f.failed(err))
	}
	asked, got := asksUpgrade(r), upgradeProtocol(resp.Header)
	back, ok := resp.Body.(io.ReadWriteCloser)
	switch {
	case asked == "", got == "", !strings.EqualFold(asked, got) && !listHas([]string{asked}, got):
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

	connection, upgrade := resp.Header["Connection"], resp.Header["Upgrade"]
	add(w.Header(), resp.Header)
	w.Header()["Connection"], w.Header()["Upgrade"] = connection, upgrade
	resp.Header, resp.Body = w.Header(), nil
	if resp.Write(buffered) != nil || buffered.Flush() != nil {
		return
	}
	var half any = back
	if t := callFrom(r.Context()).traced; t != nil && t.conn != nil {
		half = t.conn
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		pipe(back, fromClient{buffered.Reader, conn}, conn, half)
	}()
	pipe(conn, back, back, conn)
	<-up
}

// pipe copies until from ends, then tells to that nothing more comes. Where it can't tell, or
// something broke, both are closed, which ends the other direction too.
func pipe(to io.WriteCloser, from io.Reader, source io.Closer, half any) {
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
