package strangler_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var soak = flag.Bool("soak", false, "run the long tests at their full size and length, for minutes")

func TestMain(m *testing.M) {
	if target := os.Getenv(processEnv); target != "" {
		proxyProcess(target)
		return
	}
	// A net/http server lingers for half a second over a connection whose client may still send.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
