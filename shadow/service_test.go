package shadow_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// serviceKind is the environment variable that makes this test's binary a service of that kind.
const serviceKind = "SHADOW_TEST_SERVICE"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serviceKind); kind != "" {
		beService(kind)
		return
	}
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// beService says on stdout where it listens, and ends with stdin.
func beService(kind string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("http://" + l.Addr().String())
	switch kind {
	case "hanging":
		go http.Serve(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	case "garbage":
		go talkGarbage(l)
	}
	io.Copy(io.Discard, os.Stdin)
}

// talkGarbage answers what is no HTTP until l is closed.
func talkGarbage(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		bufio.NewReader(conn).ReadString('\n')
		io.WriteString(conn, "220 mail.example.com ESMTP\r\n\r\n")
		conn.Close()
	}
}

// serviceApart starts a service of that kind in a process of its own, so that what it costs is
// not counted as a cost of shadowing, and returns its URL. Refusing is one that has ended.
func serviceApart(t testing.TB, kind string) (url string) {
	t.Helper()
	service := exec.Command(os.Args[0])
	service.Env = append(os.Environ(), serviceKind+"="+kind)
	service.Stderr = os.Stderr
	stdin, err := service.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := service.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	url, err = bufio.NewReader(stdout).ReadString('\n')
	end := func() { stdin.Close(); service.Wait() }
	if err != nil {
		end()
		t.Fatalf("start a service: %v", err)
	}
	if kind == "refusing" {
		end()
	} else {
		t.Cleanup(end)
	}
	return strings.TrimSpace(url)
}
