package strangler_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var soak = flag.Bool("soak", false, "run the long tests at their full size and length, for minutes")

func TestMain(m *testing.M) {
	if target := os.Getenv(processEnv); target != "" {
		proxyProcess(target)
		return
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		_ = f.Value.Set("6") // they wait more than they work
	}
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(settled{m}, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// settled runs the tests and waits for what ends by itself: net/http's server lingers for a second over HTTP/2
// connections that were told to go away.
type settled struct{ *testing.M }

// Run implements goleak.TestingM.
func (m settled) Run() int {
	code := m.M.Run()
	stacks := make([]byte, 16<<20)
	for start := time.Now(); strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "(*http2serverConn).serve(") && time.Since(start) < 20*time.Second; {
		time.Sleep(50 * time.Millisecond)
	}
	return code
}
