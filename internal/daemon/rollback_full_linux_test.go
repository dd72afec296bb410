package daemon_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/internal/daemon"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

const childFull = "STRANGLER_TEST_FULL"

// TestRollbackOnFullDisk runs a daemon whose data folder has no block left, in a process of its own:
// on a small file system that is filled to the last byte, which wants a mount namespace, and with files
// that may not grow, which anybody may do.
func TestRollbackOnFullDisk(t *testing.T) {
	if way := os.Getenv(childFull); way != "" {
		rollBackOnFullDisk(t, way, os.Getenv(childFull+"_FOLDER"))
		return
	}
	t.Parallel()
	for _, way := range []string{"small file system", "files that may not grow"} {
		t.Run(way, func(t *testing.T) {
			process := exec.Command(os.Args[0], "-test.run=^TestRollbackOnFullDisk$", "-test.v", "-test.timeout=2m")
			process.Env = append(os.Environ(), childFull+"="+way, childFull+"_FOLDER="+t.TempDir())
			if way == "small file system" {
				process.SysProcAttr = &syscall.SysProcAttr{
					Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
					UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
					GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
				}
			}
			skip := t.Skipf
			if os.Getenv("CI") == "true" {
				skip = t.Fatalf
			}
			out, err := process.CombinedOutput()
			if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
				skip("this system gives nobody a mount namespace: %v", err)
			}
			if strings.Contains(string(out), "SKIP: TestRollbackOnFullDisk") {
				skip("%s", out)
			}
			if err != nil || !strings.Contains(string(out), "PASS: TestRollbackOnFullDisk") {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}

func rollBackOnFullDisk(t *testing.T, way, folder string) {
	var fill, free func()
	if way == "small file system" {
		if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=3m"); err != nil {
			t.Skipf("mount: %v", err)
		}
		filler := filepath.Join(folder, "filler")
		fill = func() {
			file, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if n, err := io.Copy(file, strings.NewReader(strings.Repeat("x", 4<<20))); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("the disk isn't full after %d bytes: %v", n, err)
			}
		}
		free = func() {
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		signal.Ignore(syscall.SIGXFSZ)
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		set := func(to uint64) {
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: to, Max: limit.Max}); err != nil {
				t.Fatal(err)
			}
		}
		fill, free = func() { set(160 << 10) }, func() { set(limit.Cur) } // the marker has 128 KiB
	}

	legacy, service := nextServices(t)
	text := fmt.Sprintf(rollbackRoutes, legacy, service)
	s := startIn(t, folder, text)
	fill()
	full := false
	for i := 0; i < 200 && !full; i++ { // until the write-ahead log has to grow
		_, err := s.API.Shift(t.Context(), "idle", api.ShiftRequest{Phase: []strangler.Phase{strangler.PhaseShadow, strangler.PhaseLegacy}[i%2]})
		full = err != nil
	}
	if !full {
		t.Fatal("the journal is never full")
	}

	var result web.RollbackResult
	var err error
	began := time.Now()
	took := s.turns(t, "/read/1", func() { result, err = s.API.Rollback(t.Context(), web.Rollback{All: true, Reason: "full"}) })
	if took > time.Second || time.Since(began) > 650*time.Millisecond { // a refusal needs no patience
		t.Errorf("in effect after %s, answered after %s", took, time.Since(began))
	}
	if err != nil || result.Durable || !strings.Contains(result.Problem, "the marker in the data folder has it") {
		t.Fatalf("%+v, %v", result, err)
	}
	if !s.markedNewest(t) {
		t.Error("the marker is empty")
	}

	// Were the process gone now, the next one would honour it, full as the disk is.
	if err := s.end(); err != nil && !strings.Contains(err.Error(), "disk") {
		t.Errorf("it ended with %v", err)
	}
	again, err := tryStart(t, folder, text, daemon.Options{})
	if err != nil {
		t.Logf("a start on a full disk: %v", err) // SQLite wants a shared memory file
	} else {
		for _, r := range again.Routes()[:3] {
			if r.Phase != strangler.PhaseLegacy {
				t.Errorf("after a restart on a full disk it is %+v", r)
			}
		}
		if err := ended(again); err != nil && !strings.Contains(err.Error(), "disk") {
			t.Errorf("it ended with %v", err)
		}
	}
	free()
	last := startIn(t, folder, text)
	if got := last.served(t, "/read/1"); got != "legacy" {
		t.Errorf("when there is room again it is answered by %s", got)
	}
	if e := last.newest(t, "stock"); e.How != "rollback" || !strings.HasPrefix(e.Reason, "full") {
		t.Errorf("the journal's newest entry is %+v", e)
	}
}
