package daemon_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCertificateReload renews a certificate under a client that stays connected, then spoils it.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "server.crt"), filepath.Join(folder, "server.key")
	first := certificate(t, cert, key)
	legacy := backend(t, "legacy", nil)
	s := startIn(t, folder, fmt.Sprintf("tls: {cert: server.crt, key: server.key}\nlegacy: {url: %q}\n", legacy.URL))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: first}}
	defer transport.CloseIdleConnections()
	stays := &http.Client{Transport: transport}
	goesOn := func(when string) {
		t.Helper()
		resp, err := stays.Get("https://" + s.Addr())
		if text, err := body(resp, err); err != nil || text != "legacy GET /" {
			t.Errorf("%s: %q, %v", when, text, err)
		}
	}
	shown := func(trusted *x509.CertPool) bool {
		conn, err := tls.Dial("tcp", s.Addr(), &tls.Config{RootCAs: trusted})
		if err != nil {
			return false
		}
		conn.Close()
		return true
	}
	goesOn("at first")

	second := certificate(t, cert, key)
	eventually(t, "new connections are shown the new certificate", func() bool { return shown(second) })
	if shown(first) {
		t.Error("the old certificate is still shown")
	}
	goesOn("after the renewal")
	s.logs(t, "another certificate is in force for new connections")
	if strings.Contains(s.Log.String(), "after a restart") {
		t.Error("a restart is asked for")
	}

	good, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("spoilt"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bad pair is reported", func() bool { return s.Config().Problem != "" })
	if problem := s.Config().Problem; !strings.Contains(problem, "tls: the certificate and key don't serve") {
		t.Errorf("problem %q", problem)
	}
	if _, detail := s.ready(t); detail["config_problem"] != s.Config().Problem {
		t.Errorf("/readyz: %v", detail)
	}
	if !shown(second) {
		t.Error("with a bad pair the good one isn't shown")
	}
	goesOn("with a bad pair")

	if err := os.WriteFile(key, good, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the good pair is accepted", func() bool { return s.Config().Problem == "" })
	third := certificate(t, cert, key)
	eventually(t, "and the next one is shown", func() bool { return shown(third) })
	goesOn("in the end")
}

// rawAnswer sends bytes and returns the answer's status and body; 0 where none comes.
func (s *system) rawAnswer(t *testing.T, text string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, ""
	}
	text, _ = body(resp, nil)
	return resp.StatusCode, text
}

// TestProxyProtocolSetting takes the PROXY protocol from trusted peers, as a reload names them.
func TestProxyProtocolSetting(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"), " ", r.Header.Get("Forwarded"))
	})
	text := fmt.Sprintf("proxy_protocol: true\nforwarded: true\nlegacy: {url: %q}\ntrusted_proxies: ", legacy.URL)
	s := start(t, text+"[127.0.0.0/8]\n")
	const request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	const from = "PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\n"
	if status, got := s.rawAnswer(t, from+request); status != 200 || got != "192.0.2.7 for=192.0.2.7;host=h;proto=http" {
		t.Errorf("with a header: %d %q", status, got)
	}
	if status, _ := s.rawAnswer(t, request); status != 0 {
		t.Errorf("without a header: %d, want no answer", status)
	}
	s.write(t, text+"[10.0.0.0/8]\n")
	eventually(t, "loopback isn't trusted any more", func() bool {
		status, got := s.rawAnswer(t, request)
		return status == 200 && strings.HasPrefix(got, "127.0.0.1 ")
	})
	if status, _ := s.rawAnswer(t, from+request); status != 400 {
		t.Errorf("a stranger's header is answered %d, want 400", status)
	}
}

// TestLimitSettings puts limits in force: those of a request with a reload, those of a
// connection with a restart, which is said.
func TestLimitSettings(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	text := fmt.Sprintf("legacy: {url: %q}\ndefaults: {max_body: 10B}\nroutes: [{name: large, match: {path: /large}, max_body: 1KiB}]\nlimits: ", legacy.URL)
	s := start(t, text+"{header_count: 20, header_bytes: 8KiB}\n")
	post := func(path string, length int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, length, strings.Repeat("x", length))
	}
	lines := func(n int) string {
		return "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X-A: 1\r\n", n) + "\r\n"
	}
	for name, c := range map[string]struct {
		send string
		want int
	}{
		"a body within the default":    {post("/", 10), 200},
		"a body beyond the default":    {post("/", 11), 413},
		"a body within the route's":    {post("/large", 1024), 200},
		"a body beyond the route's":    {post("/large", 1025), 413},
		"as many lines as may be":      {lines(18), 200}, // two are ours
		"too many lines":               {lines(21), 431},
		"a head that is too large":     {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", 431},
		"a head that is just not that": {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 7<<10) + "\r\n\r\n", 200},
	} {
		if got, _ := s.rawAnswer(t, c.send); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	s.write(t, text+"{header_count: 30, header_bytes: 16KiB, body_idle: 300ms}\n")
	eventually(t, "more lines may come", func() bool { got, _ := s.rawAnswer(t, lines(25)); return got == 200 })
	if got, _ := s.rawAnswer(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello"); got != 408 {
		t.Errorf("a body that doesn't come is answered %d, want 408", got)
	}
	s.logs(t, `in effect only after a restart" settings=limits`) // the size of heads
}
