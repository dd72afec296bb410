package strangler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// served serves a handler, with plain requests answered without net/http or not, and returns its server and

// address.

func served(t testing.TB, handler http.HandlerFunc, frugal bool) (*Server, string) {
	t.Helper()
	s := NewServer(handler, ServerConfig{Logger: quiet})
	return s, listening(t, s, frugal)
}

// listening serves with s and returns its address.

func listening(t testing.TB, s *Server, frugal bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if frugal {
		l = Frugal{Listener: l}
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close(); <-ended })
	return addr
}

// TestPlainRequests holds which heads are plain, and how far one goes that isn't.

// plainOf returns a plain that holds some bytes.

// FuzzPlain holds that net/http reads what is plain in the same way, and finds its end in the same place; and that

// what isn't, but has an end that is certain, ends there for net/http too, if it takes it at all.

// TestPlainAnswers has handlers do all that one may do with an answer, and compares what comes over the wire with what

// net/http makes of it.

// conversation sends a request twice on a connection, then one that ends it, and returns all that comes back, in

// a form that says nothing of the order of headers and the cut of chunks.

// TestPlainContext has a handler's context end when it returns, for those who wait for it and those who ask, whoever

// comes first.

func TestPlainContext(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		for name, clientLeaves := range map[string]bool{"the handler's return": false, "the client's leaving": true} {
			conn, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
			defer leave()
			end := (*plainContext).end
			if clientLeaves {
				end = func(*plainContext) { leave() }
			}
			c := &plainContext{Context: conn}
			child, cancel := context.WithCancel(c)
			defer cancel()
			asks := &plainContext{Context: conn}
			if c.Err() != nil || asks.Err() != nil || child.Err() != nil || child.Value(key{}) != "value" || asks.Value(key{}) != "value" {
				t.Errorf("%s: a context has ended, or has no values", name)
			}
			called := false
			context.AfterFunc(c, func() { called = true })
			end(c)
			end(asks)
			synctest.Wait()
			late := &plainContext{Context: conn}
			end(late)
			<-late.Done()
			if !errors.Is(c.Err(), context.Canceled) || !errors.Is(asks.Err(), context.Canceled) || !errors.Is(child.Err(), context.Canceled) || !called {
				t.Errorf("%s: %v, %v, %v, %t", name, c.Err(), asks.Err(), child.Err(), called)
			}
			if context.Cause(child) != context.Canceled || context.Cause(asks) != context.Canceled {
				t.Errorf("%s: because of %v, %v", name, context.Cause(child), context.Cause(asks))
			}
		}
	})
}

// TestPlainShutdown has a server shut down while one request is answered, connections wait, new ones and old, and

// one says half a request: the answer gets whole, and everything has ended then.

func TestPlainShutdown(t *testing.T) {
	for name, cut := range map[string]bool{"shutdown": false, "cut": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun, goOn := make(chan struct{}), make(chan struct{})
			gone := make(chan struct{})
			s, addr := served(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					close(begun)
					select {
					case <-goOn:
					case <-r.Context().Done():
						close(gone)
						<-goOn
					}
				}
				_, _ = io.WriteString(w, "whole")
			}, true)
			ask := func(conn net.Conn, path string) { writeRaw(t, conn, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path) }
			connect := func() (net.Conn, *bufio.Reader) { return dial(t, "http://"+addr) }
			waits := func(conn net.Conn, r *bufio.Reader) {
				ask(conn, "/")
				if status, _, err := readAnswer(r); status != 200 || err != nil {
					t.Fatal(status, err)
				}
			}
			slow, slowReader := connect()
			waits(slow, slowReader)
			ask(slow, "/slow")
			<-begun
			var others []*bufio.Reader
			for i := range 3 {
				conn, r := connect()
				if i > 0 {
					waits(conn, r)
				}
				if i > 1 {
					writeRaw(t, conn, "GET / HTTP/1.1\r\nHo")
				}
				others = append(others, r)
			}
			ended := make(chan error, 1)
			if cut {
				_ = s.Close()
				<-gone
				close(goOn)
				if _, err := slowReader.ReadByte(); err == nil {
					t.Error("a connection goes on that was cut")
				}
			} else {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				go func() { ended <- s.Shutdown(ctx) }()
				select {
				case err := <-ended:
					t.Fatalf("it has shut down while a request is answered: %v", err)
				case <-time.After(100 * time.Millisecond):
				}
				close(goOn)
				resp, err := http.ReadResponse(slowReader, nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(resp.Body); string(body) != "whole" || err != nil || !resp.Close {
					t.Errorf("answer %q, %v, close %t", body, err, resp.Close)
				}
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
			for i, r := range others {
				if rest, err := io.ReadAll(r); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("connection %d goes on, %q", i, rest)
				}
			}
		})
	}
}

// TestPlainWithoutKeepAlives has connections end with their answers.

func TestPlainWithoutKeepAlives(t *testing.T) {
	s, addr := served(t, func(http.ResponseWriter, *http.Request) {}, true)
	for _, on := range []bool{true, false, true} {
		s.SetKeepAlivesEnabled(on)
		conn, r := dial(t, "http://"+addr)
		writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.Close == on {
			t.Errorf("with keep-alives %t: %v, %v", on, resp, err)
		}
	}
}

// TestPlainShutdownOfHalf has a server shut down when a client has said half a request behind a whole one: nobody

// waits for the other half, as net/http doesn't.

func TestPlainShutdownOfHalf(t *testing.T) {
	s, addr := served(t, func(http.ResponseWriter, *http.Request) {}, true)
	conn, r := dial(t, "http://"+addr)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHo")
	if status, _, err := readAnswer(r); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	time.Sleep(20 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("half a request is answered %q, %v", rest, err)
	}
}

// TestPlainShutdownIsTheEnd has a request get whole when its server shuts down already: as with net/http no handler

// gets it, which the server might not wait for.

func TestPlainShutdownIsTheEnd(t *testing.T) {
	for _, frugal := range []bool{false, true} {
		s, addr := served(t, func(http.ResponseWriter, *http.Request) { t.Errorf("plain %t: a handler is called", frugal) }, frugal)
		conn, r := dial(t, "http://"+addr)
		writeRaw(t, conn, "GET / HTTP/1.1\r\nHo")
		time.Sleep(20 * time.Millisecond)
		ended := make(chan error)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		go func() { ended <- s.Shutdown(ctx) }()
		time.Sleep(20 * time.Millisecond)
		writeRaw(t, conn, "st: h\r\n\r\n")
		if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
			t.Errorf("plain %t: it is answered %q, %v", frugal, rest, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestPlainKeepAlivesEnd has keep-alives end while a plain request is answered on a connection that net/http takes

// for idle, having answered the one before: the answer gets whole.

func TestPlainKeepAlivesEnd(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s, addr := served(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-goOn
		}
	}, true)
	conn, r := dial(t, "http://"+addr)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nPragma: no-cache\r\n\r\n")
	if status, _, err := readAnswer(r); status != 200 || err != nil {
		t.Fatal(status, err)
	}
	writeRaw(t, conn, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
	<-begun
	s.SetKeepAlivesEnabled(false)
	close(goOn)
	if status, open, err := readAnswer(r); status != 200 || open || err != nil {
		t.Errorf("status %d, %v, the connection stays open %t", status, err, open)
	}
}

// TestPlainShutdownGivesUp has a request outlast the time that there is.

func TestPlainShutdownGivesUp(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s, addr := served(t, func(http.ResponseWriter, *http.Request) { close(begun); <-goOn }, true)
	defer close(goOn)
	conn, r := dial(t, "http://"+addr)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	_ = s.Close()
	if _, err := r.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection goes on after Close: %v", err)
	}
}

// TestPlainServers has servers of which somebody has set something: they do with plain requests as http.Server says.

func TestPlainServers(t *testing.T) {
	for name, c := range map[string]struct {
		set     func(*Server)
		refuses bool
	}{
		"no idle time":         {set: func(s *Server) { s.IdleTimeout = 0 }},
		"an idle time below 0": {set: func(s *Server) { s.IdleTimeout = -1 }},
		"no time for a head":   {set: func(s *Server) { s.ReadHeaderTimeout = 0 }},
		"HTTP/2 only":          {set: func(s *Server) { s.Protocols.SetHTTP1(false) }, refuses: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ServerConfig{Logger: quiet})
			c.set(s)
			conn, r := dial(t, "http://"+listening(t, s, true))
			for range 2 {
				for _, part := range []string{"GET / HTTP/1.1\r\nHo", "st: h\r\n\r\n"} {
					_, _ = io.WriteString(conn, part)
					time.Sleep(20 * time.Millisecond)
				}
				if status, _, err := readAnswer(r); (status == 0) != c.refuses {
					t.Fatalf("status %d, %v", status, err)
				}
			}
		})
	}
}

// TestPlainThenForeign sends what isn't plain behind what is, and net/http makes of it what it makes of that on a

// connection on which it has answered a request itself: as soon, and no HTTP/2.

func TestPlainThenForeign(t *testing.T) {
	const begun = 200 * time.Millisecond
	for name, c := range map[string]struct {
		send  string
		waits bool
	}{
		"HTTP/2":            {send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
		"a few bytes":       {send: "GET /\r\n\r\n"},
		"half a head":       {send: "GET / HTTP/1.1\nHost: h\n", waits: true},
		"half a large head": {send: "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", arrivalSize), waits: true},
		"chunks":            {send: "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said [2]string
			for i, frugal := range []bool{false, true} {
				handler := func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
				s := NewServer(http.HandlerFunc(handler), ServerConfig{Logger: quiet, HeaderTimeout: begun})
				conn, r := dial(t, "http://"+listening(t, s, frugal))
				writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				if status, _, err := readAnswer(r); status != 200 || err != nil {
					t.Fatal(status, err)
				}
				writeRaw(t, conn, "%s", c.send)
				start := time.Now()
				said[i], _ = r.ReadString('\n')
				if took := time.Since(start); took > 5*time.Second || (took > begun/2) != c.waits {
					t.Errorf("plain %t: it took %v", frugal, took)
				}
			}
			if said[0] != said[1] {
				t.Errorf("it is answered %q, by net/http %q", said[1], said[0])
			}
		})
	}
}

// TestPlainForm has a handler keep an uploaded file on disk: nothing is left of it when the request is over.

func TestPlainForm(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	kept := func() int {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	var during int
	_, addr := served(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fatalUnless(r.ParseMultipartForm(0), nil)
			during = kept()
		}
	}, true)
	conn, r := dial(t, "http://"+addr)
	const body = "--b\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\nfile\r\n--b--\r\n"
	writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	for range 2 {
		if status, _, err := readAnswer(r); status != 200 || err != nil {
			t.Fatal(status, err)
		}
	}
	if after := kept(); during != 1 || after != 0 {
		t.Errorf("%d files while it is answered, %d behind it", during, after)
	}
}

// TestPlainTaken has handlers take connections, of plain requests and of one that net/http reads, which is for a

// server that shuts down or closes as if it had never had them.

func TestPlainTaken(t *testing.T) {
	for name, extra := range map[string]string{"plain": "", "net/http's": "Pragma: no-cache\r\n"} {
		for end, stop := range map[string]func(*Server) error{
			"shutdown": func(s *Server) error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				return s.Shutdown(ctx)
			},
			"close": (*Server).Close,
		} {
			t.Run(name+", "+end, func(t *testing.T) {
				t.Parallel()
				taken, goOn := make(chan struct{}), make(chan struct{})
				s, addr := served(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/take" {
						return
					}
					conn, _, err := w.(http.Hijacker).Hijack()
					if err != nil {
						panic(err)
					}
					defer conn.Close()
					close(taken)
					<-goOn
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nX-Ended: %v\r\n\r\n", r.Context().Err())
				}, true)
				conn, r := dial(t, "http://"+addr)
				writeRaw(t, conn, "GET / HTTP/1.1\r\nHost: h\r\nPragma: no-cache\r\n\r\n")
				if status, _, err := readAnswer(r); status != 200 || err != nil {
					t.Fatal(status, err)
				}
				writeRaw(t, conn, "GET /take HTTP/1.1\r\nHost: h\r\n%s\r\n", extra)
				<-taken
				if err := stop(s); err != nil {
					t.Error(err)
				}
				close(goOn)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				if ended := resp.Header.Get("X-Ended"); ended != "<nil>" {
					t.Errorf("the request's context has ended: %s", ended)
				}
			})
		}
	}
}

// TestPlainTakenBody has a handler read a body after it has taken the connection, behind which more came: what

// held both isn't anybody else's before the handler returns.

func TestPlainTakenBody(t *testing.T) {
	_, addr := served(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		for range 8 {
			another := arrivals.Get().(*[arrivalSize]byte)
			copy(another[:], strings.Repeat("x", arrivalSize))
		}
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(conn, "%q", body)
	}, true)
	for range 20 {
		conn, r := dial(t, "http://"+addr)
		writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodymore")
		_ = conn.CloseWrite()
		if said, _ := io.ReadAll(r); string(said) != `"body"` {
			t.Fatalf("the body is %s", said)
		}
	}
}

// TestPlainBodyIsNobodysLater has a handler's goroutine read a body when the handler has returned: of what came

// since it gets nothing.

func TestPlainBodyIsNobodysLater(t *testing.T) {
	late := make(chan string, 1)
	_, addr := served(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return
		}
		body, ctx := r.Body, r.Context()
		go func() {
			<-ctx.Done()
			b, err := io.ReadAll(body)
			late <- fmt.Sprintf("%q %v", b, err)
		}()
	}, true)
	conn, r := dial(t, "http://"+addr)
	for range 20 {
		writeRaw(t, conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nsecretGET / HTTP/1.1\r\nHost: h\r\n\r\n")
		for range 2 {
			if status, _, err := readAnswer(r); status != 200 || err != nil {
				t.Fatal(status, err)
			}
		}
		if got, want := <-late, fmt.Sprintf("%q %v", "", http.ErrBodyReadAfterClose); got != want {
			t.Errorf("read %s, want %s", got, want)
		}
	}
}
