package strangler

import (
	"crypto/tls"
	"encoding/xml"
	"maps"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// h2spec is a conformance test of HTTP/2. Its newer versions have no module path that Go takes.
const h2spec = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"

// h2specKnown are the cases that net/http's server fails, and why that is right or can be borne.
var h2specKnown = map[string]string{
	"http2/3.5 Sends invalid connection preface":                                                                   "without TLS, what doesn't begin as HTTP/2 is read as HTTP/1.1: it is answered 400 in that, and the connection is closed",
	"http2/4.2 Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE":                          "net/http allows frames of 1 MiB, and the case sends one of 20 KB",
	"http2/6.5.3 Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE":                                            "net/http takes a setting that is sent twice in a frame for an attack, and hangs up",
	"http2/8.1.2.2 Sends a HEADERS frame that contains the connection-specific header field":                       "net/http answers 400 rather than reset the stream; no upstream sees it (TestMalformedHTTP2)",
	"http2/8.1.2.2 Sends a HEADERS frame that contains the TE header field with any value other than \"trailers\"": "likewise",
}

// TestH2spec runs h2spec against the listener, with TLS and without.
func TestH2spec(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	program := buildH2spec(t)
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	certificates := borrowed.TLS.Certificates
	borrowed.Close()
	up := upstreamOf(t, says(200, "hello"))
	done := make(chan struct{}, 2)
	known := make(chan string, 100)
	for name, tlsConfig := range map[string]*tls.Config{"TLS": {Certificates: certificates}, "h2c": nil} {
		go func() {
			defer func() { done <- struct{}{} }()
			for _, failed := range runH2spec(t, program, up, tlsConfig) {
				if h2specKnown[failed] == "" {
					t.Errorf("%s: %s", name, failed)
				}
				known <- failed
			}
		}()
	}
	<-done
	<-done
	close(known)
	stale := maps.Clone(h2specKnown)
	for failed := range known {
		delete(stale, failed)
	}
	for name := range stale {
		t.Errorf("%s holds by now: take it off the list", name)
	}
}

// buildH2spec returns the program. Where the module can't be had the test is skipped, but in CI.
func buildH2spec(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	build := exec.Command("go", "install", h2spec)
	build.Dir = folder // out of our module, whose versions it has nothing to do with
	build.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=-mod=mod")
	if text, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("build h2spec: %v\n%s", err, text)
		}
		t.Skipf("h2spec can't be built: %v\n%s", err, text)
	}
	return filepath.Join(folder, "h2spec")
}

// runH2spec returns the names of the cases that failed.
func runH2spec(t *testing.T, program string, up Upstream, tlsConfig *tls.Config) []string {
	p, err := New(Config{Logger: quiet, Legacy: up})
	if err != nil {
		t.Error(err)
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return nil
	}
	s := NewServer(p, ServerConfig{Logger: quiet, TLS: tlsConfig})
	served := make(chan struct{})
	go func() {
		defer close(served)
		if tlsConfig != nil {
			_ = s.ServeTLS(l, "", "")
		} else {
			_ = s.Serve(Frugal{Listener: l})
		}
	}()
	defer func() { s.Close(); <-served }()

	report := filepath.Join(t.TempDir(), "report.xml")
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	args := []string{"--port", port, "--junit-report", report}
	if tlsConfig != nil {
		args = append(args, "--tls", "--insecure")
	}
	output, _ := exec.CommandContext(t.Context(), program, args...).CombinedOutput() // it ends with 1 where a case fails
	text, err := os.ReadFile(report)
	if err != nil {
		t.Errorf("h2spec: %v\n%s", err, output)
		return nil
	}
	var cases struct {
		Suites []struct {
			Cases []struct {
				Package string    `xml:"package,attr"`
				Name    string    `xml:"classname,attr"`
				Error   *struct{} `xml:"error"`
				Failure *struct{} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &cases); err != nil {
		t.Errorf("h2spec's report: %v", err)
	}
	ran := 0
	var failed []string
	for _, suite := range cases.Suites {
		for _, c := range suite.Cases {
			ran++
			if c.Error != nil || c.Failure != nil {
				failed = append(failed, c.Package+" "+c.Name)
			}
		}
	}
	if ran < 140 {
		t.Errorf("h2spec ran %d cases, want at least 140:\n%s", ran, output)
	}
	slices.Sort(failed)
	return failed
}
