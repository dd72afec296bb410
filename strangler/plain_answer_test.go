package strangler

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlainAnswers(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 3<<10)
	set := func(w http.ResponseWriter, pairs ...string) {
		for i := 0; i < len(pairs); i += 2 {
			w.Header().Add(pairs[i], pairs[i+1])
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"nothing":           func(http.ResponseWriter, *http.Request) {},
		"a status":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"an unknown status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) },
		"204":               func(w http.ResponseWriter, _ *http.Request) { set(w, "Content-Length", "3"); w.WriteHeader(204) },
		"304": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Type", "a/b", "Etag", `"1"`)
			w.WriteHeader(304)
		},
		"204 with a body": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			_, err := w.Write([]byte("x"))
			fatalUnless(err, http.ErrBodyNotAllowed)
		},
		"short": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>short") },
		"short in parts": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			_, _ = w.Write([]byte("b"))
		},
		"typed": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Type", "a/b")
			_, _ = io.WriteString(w, "typed")
		},
		"encoded": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "typed")
		},
		"untyped on purpose": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			w.Header()["Date"] = nil
			_, _ = io.WriteString(w, "x")
		},
		"long": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) },
		"long of a length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", fmt.Sprint(len(long)))
			_, _ = io.WriteString(w, long)
		},
		"of a length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "5", "Content-Type", "a/b")
			_, _ = io.WriteString(w, "12345")
		},
		"of a length, in parts": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "13") // of which parts alone don't tell the type
			_, _ = io.WriteString(w, "<h")
			_, _ = io.WriteString(w, "tml>a</html")
		},
		"complete": func(w http.ResponseWriter, _ *http.Request) { // nothing is to be added to its head
			set(w, "Content-Length", "5", "Content-Type", "a/b", "Date", "today", "X-A", "1", "X-A", " 2\r\n", "X Y", "z", "X-B", "")
			_, _ = io.WriteString(w, "12345")
		},
		"complete and long": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", fmt.Sprint(len(long)), "Content-Type", "a/b", "Date", "today", "X-A", long[:9<<10])
			_, _ = io.WriteString(w, long)
		},
		"more than its length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "3", "Content-Type", "a/b")
			_, _ = io.WriteString(w, "123")
			_, err := io.WriteString(w, "4")
			fatalUnless(err, http.ErrContentLength)
		},
		"less than its length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "9", "Content-Type", "a/b")
			_, _ = io.WriteString(w, "123")
		},
		"a length that is none": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "-9")
			_, _ = io.WriteString(w, "123")
		},
		"flushed": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "b")
		},
		"flushed before": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush(); _, _ = io.WriteString(w, "b") },
		"copied":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader(long)) },
		"copied of a length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", fmt.Sprint(len(long)), "Content-Type", "a/b")
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(long))
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Trailer", "X-A, Content-Length", "Trailer", "x-b")
			_, _ = io.WriteString(w, "body")
			set(w, "X-A", "1", "X-B", "2", http.TrailerPrefix+"X-C", "3")
		},
		"trailers unannounced": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "body")
			set(w, http.TrailerPrefix+"X-C", "3")
		},
		"hints": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Link", "</a>")
			w.WriteHeader(103)
			_, _ = io.WriteString(w, "body")
		},
		"headers set late": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			set(w, "X-Late", "1")
			_, _ = io.WriteString(w, "body")
		},
		"a status twice":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(500) },
		"no status behind one": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(0) },
		"closing": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Connection", "close")
			_, _ = io.WriteString(w, "body")
		},
		"odd headers": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "X-A", " a\r\nX-B: b ", "X Y", "z", "X-A", "")
			_, _ = io.WriteString(w, "body")
		},
		"chunked by itself": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Transfer-Encoding", "chunked")
			_, _ = io.WriteString(w, "body")
		},
		"identity": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Transfer-Encoding", "identity")
			_, _ = io.WriteString(w, "body")
		},
		"identity in parts": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Transfer-Encoding", "identity")
			_, _ = io.WriteString(w, "first")
			_, _ = io.WriteString(w, long)
			_, _ = io.WriteString(w, "last")
		},
		"identity, copied": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Transfer-Encoding", "identity")
			_, _ = io.WriteString(w, "first")
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(long))
			_, _ = io.WriteString(w, "last")
		},
		"chunked and of a length": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Transfer-Encoding", "chunked", "Content-Length", "4")
			_, _ = io.WriteString(w, "body")
		},
		"echo":  func(w http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); _, _ = w.Write(b) },
		"panic": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"panic behind a part": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "9", "Content-Type", "a/b")
			_, _ = io.WriteString(w, "123")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"panic behind a long part": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "9999", "Content-Type", "a/b")
			_, _ = w.Write([]byte(long[:3000]))
			panic(http.ErrAbortHandler)
		},
		"taken": func(w http.ResponseWriter, _ *http.Request) {
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = rw.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
			_ = rw.Flush()
		},
		"taken behind the head": func(w http.ResponseWriter, _ *http.Request) {
			set(w, "Content-Length", "2")
			w.WriteHeader(200)
			conn, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = rw.WriteString("hi")
			_ = rw.Flush()
		},
		"deadlines": func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			if err := errors.Join(c.SetReadDeadline(time.Now().Add(time.Hour)), c.SetWriteDeadline(time.Now().Add(time.Hour)), c.EnableFullDuplex()); err != nil {
				panic(err)
			}
			_, _ = io.WriteString(w, "body")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, theirs := served(t, answer, false)
			_, ours := served(t, answer, true)
			for _, request := range []string{
				"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
				"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
				"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody",
			} {
				if name == "a length that is none" && strings.HasPrefix(request, "HEAD") {
					continue // of which net/http sends it
				}
				if diff := cmp.Diff(conversation(t, theirs, request), conversation(t, ours, request)); diff != "" {
					t.Errorf("%.4s is answered otherwise (-net/http +plain):\n%s", request, diff)
				}
			}
		})
	}
}

func fatalUnless(err, want error) {
	if !errors.Is(err, want) {
		panic(fmt.Sprintf("error %v, want %v", err, want))
	}
}

func conversation(t *testing.T, addr, request string) (said []string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request+request); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	r := bufio.NewReader(conn)
	method, _, _ := strings.Cut(request, " ")
	for {
		if _, err := r.Peek(1); err != nil {
			return append(said, "end")
		}
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return append(said, "an error")
		}
		if resp.Header.Get("Date") != "" {
			resp.Header.Set("Date", "today")
		}
		if len(resp.TransferEncoding) > 0 {
			resp.Header["Transfer-Encoding"] = resp.TransferEncoding
		}
		if resp.StatusCode < 200 {
			said = append(said, fmt.Sprint(resp.Status, " ", resp.Header))
			continue
		}
		body, err := io.ReadAll(resp.Body)
		dump, _ := httputil.DumpResponse(&http.Response{Status: resp.Status, StatusCode: resp.StatusCode, ProtoMajor: 1, ProtoMinor: 1, Header: resp.Header}, false)
		said = append(said, fmt.Sprintf("%s\n%.99q of %d, %v, close %t, trailers %v", dump, body, len(body), err, resp.Close, resp.Trailer))
	}
}
