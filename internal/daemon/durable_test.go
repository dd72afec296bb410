package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web/api"
)

// childFile is the environment variable that makes this test binary a daemon of its own: it
// names the configuration.
const childFile = "STRANGLER_TEST_DAEMON"

// child runs a daemon until it is killed, and says where.
func child(file string) {
	cfg, err := config.Load(file, config.Options{})
	if err != nil {
		panic(err)
	}
	d, err := daemon.New(context.Background(), daemon.Options{Config: cfg, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	fmt.Println(d.AdminURL())
	fmt.Println("http://" + d.Addr())
	if err := d.Run(context.Background()); err != nil {
		panic(err)
	}
}

// TestKill kills a daemon -9 as soon as it has acknowledged a change, and looks what the next
// one believes. Only the process is lost here; that the disk has it too is synchronous=FULL,
// which the journal checks.
func TestKill(t *testing.T) {
	t.Parallel()
	legacy, service := backend(t, "legacy", nil), backend(t, "service", nil)
	s, err := tryStart(t, t.TempDir(), fmt.Sprintf(oneRoute, legacy.URL, service.URL), daemon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := ended(s); err != nil {
		t.Fatal(err)
	}
	version := int64(1)
	for round, to := range []string{"shadow", "10%", "live", "99.99%", "legacy"} {
		position, _ := strangler.ParsePosition(to)
		process := exec.Command(os.Args[0])
		process.Env = append(os.Environ(), childFile+"="+s.File)
		process.Stderr = os.Stderr
		out, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatalf("the daemon said %q: %v", line, err)
		}
		client, err := api.NewClient(api.ClientConfig{URL: strings.TrimSpace(line), Actor: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if before, err := client.Route(t.Context(), "orders-read"); err != nil || before.Version != version {
			t.Errorf("round %d begins with %+v, %v; want version %d", round, before, err, version)
		}
		moved, err := client.Shift(t.Context(), "orders-read", api.ShiftRequest{Phase: position.Phase, Weight: &position.Weight, Reason: to})
		_ = process.Process.Kill() // SIGKILL
		_ = process.Wait()         // says that it was killed
		if err != nil {
			t.Fatal(err)
		}
		version = moved.Version
		if got := (strangler.Position{Phase: moved.Phase, Weight: moved.Weight}); got != position {
			t.Errorf("acknowledged %s, want %s", got, position)
		}
	}

	again := startIn(t, strings.TrimSuffix(s.File, "/strangler.yaml"), fmt.Sprintf(oneRoute, legacy.URL, service.URL))
	routes := again.Routes()
	if len(routes) != 1 || routes[0].Version != version || routes[0].Phase != strangler.PhaseLegacy || routes[0].Reason != "legacy" || routes[0].Actor != "test" {
		t.Errorf("after five kills: %+v", routes)
	}
	if strings.Contains(again.Log.String(), "there was no journal") {
		t.Error("the journal was taken for a new one")
	}
}

// ended runs a daemon that only its start was wanted of to its end.
func ended(s *system) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return s.Run(ctx)
}
