package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestVersionsOfServices has services tell their versions on each way on which their answers come:
// copies, clients' requests, requests under a policy of the route's own; and where they are asked.
func TestVersionsOfServices(t *testing.T) {
	t.Parallel()
	legacy := backend(t, "legacy", nil)
	tells := func(version string) string {
		return backend(t, version, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Version", version)
			fmt.Fprint(w, r.URL.Path)
		}).URL
	}
	asked := make(chan string, 10)
	where := backend(t, "asked", func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.RequestURI
		http.NotFound(w, r)
	})
	s := start(t, fmt.Sprintf(`legacy: {url: %q}
services:
  copied: {urls: [%q], version: {header: x-version}}
  live: {urls: [%q], version: {header: X-Version}}
  own: {urls: [%q], version: {header: X-Version}}
  silent: {urls: [%q]}
  asked: {urls: [%q], version: {path: /version}}
routes:
  - {name: copied, match: {methods: [GET], path: /copied}, service: copied, start: shadow}
  - {name: live, match: {methods: [GET], path: /live}, service: live, start: live}
  - {name: own, match: {methods: [GET], path: /own}, service: own, start: live, timeouts: {first_byte: 5s}}
  - {name: silent, match: {methods: [GET], path: /silent}, service: silent, start: live}
`, legacy.URL, tells("1.1"), tells("1.2"), tells("1.3"), tells("1.4"), where.URL))
	told := func(service, version string) bool {
		return strings.Contains(s.Log.String(), fmt.Sprintf(`msg="another version of a service answers" service=%s version=%s`, service, version))
	}
	eventually(t, "each version is known", func() bool {
		for _, path := range []string{"/copied", "/live", "/own", "/silent"} {
			s.get(t, path)
		}
		time.Sleep(50 * time.Millisecond)
		return told("copied", "1.1") && told("live", "1.2") && told("own", "1.3")
	})
	if strings.Contains(s.Log.String(), "service=silent") {
		t.Error("a service that doesn't say where it tells its version is listened to")
	}
	if got := <-asked; got != "GET /version" {
		t.Errorf("asked for %s", got)
	}
	eventually(t, "it is said that one can't be asked", func() bool {
		return strings.Contains(s.Log.String(), `msg="a service doesn't tell its version" service=asked problem=`)
	})
}
