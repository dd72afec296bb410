package main

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strangler-fig/toolkit/cmd/strangler/command"
	"github.com/strangler-fig/toolkit/internal/browser"
)

func TestMain(m *testing.M) {
	testscript.Main(browser.Main{M: m}, map[string]func(){
		"strangler": func() { os.Exit(command.Main(command.Config{})) },
	})
}

// TestScripts runs testdata/script. Each script has its own ports: LISTEN, ADMIN and OPS are
// addresses that nobody listens on, and STRANGLER_ADMIN is where its proxy's admin listener is.
// script_test.go has the commands that scripts know besides testscript's own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"LISTEN", "ADMIN", "OPS"} {
				address, err := freeAddress()
				if err != nil {
					return err
				}
				env.Setenv(name, address)
			}
			env.Setenv("STRANGLER_ADMIN", "http://"+env.Getenv("ADMIN"))
			env.Setenv("TZ", "UTC")
			if cache, err := exec.Command("go", "env", "GOCACHE").Output(); err == nil {
				env.Setenv("GOCACHE", strings.TrimSpace(string(cache))) // or a script would compile the library anew
			}
			env.Values[lockKey{}] = new(*sql.Tx)
			env.Values[heldKey{}] = &held{make(chan struct{}), make(chan struct{}), make(chan string, 1)}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"backend":    backend,
			"busy":       busy,
			"eventually": eventually, "keep": keep,
			"exits":     exits,
			"hold":      hold,
			"interrupt": interrupt,
			"lock":      lock,
			"ready":     ready,
			"release":   release,
			"request":   request,
			"signal":    signal,
			"tamper":    tamper,
			"terminal":  terminal,
			"unlock":    unlock,
		},
	})
}

// taken are the ports that scripts were given.
var taken sync.Map

// freeAddress returns a loopback address that nobody listens on and that no other script gets.
// Its port is below those that the system gives to outgoing connections.
func freeAddress() (string, error) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 12000+rand.IntN(20000))
		if _, again := taken.LoadOrStore(address, true); again {
			continue
		}
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", fmt.Errorf("there is no free port")
}
