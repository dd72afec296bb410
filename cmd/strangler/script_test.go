package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/mattn/go-sqlite3"
	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a script waits for what has to come, on a machine that is busy.
const patience = 20 * time.Second

// exits STATUS PROGRAM ARG…: runs a program, which has to end with that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := run(ts, args[1:]); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// eventually PATTERN PROGRAM ARG…: runs a program again and again until it succeeds and its
// output matches; request is such a program, too.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: eventually PATTERN PROGRAM ARG…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if args[1] == "request" {
			if answer := fetch(ts, args[2:]); pattern.MatchString(answer) {
				fmt.Fprintln(ts.Stdout(), answer)
				return
			}
		} else if run(ts, args[1:]) == 0 && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no match for %s within %s", args[0], patience)
		}
	}
}

// keep NAME PATTERN: sets a variable to what the pattern's parentheses match in the last output.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep NAME PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) != 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// run runs a program and returns its exit status.
func run(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// interrupt PATTERN PROGRAM ARG…: runs a program until its output matches, then interrupts it,
// which has to end it without failure.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt PATTERN PROGRAM ARG…")
	}
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[1], args[2:]...)
	cmd.Env = append(os.Environ(), "STRANGLER_ADMIN="+ts.Getenv("STRANGLER_ADMIN"))
	cmd.Stderr = ts.Stderr()
	output, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for !pattern.MatchString(seen.String()) {
		n, err := output.Read(buffer)
		seen.Write(buffer[:n])
		if err != nil {
			ts.Fatalf("no match for %s in what %s printed: %v\n%s", args[0], args[1], errors.Join(err, cmd.Wait()), &seen)
		}
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	_, err = io.Copy(io.Discard, output)
	ts.Check(errors.Join(err, cmd.Wait()))
}

// ready [URL]: waits until the proxy with that admin listener, or the script's own, is ready.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	url := ts.Getenv("STRANGLER_ADMIN")
	if len(args) == 1 {
		url = args[0]
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get(url + "/readyz"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	ts.Fatalf("nothing is ready at %s", url)
}

// request [-X METHOD] [-H HEADER]… URL: prints the answer's status, the side that gave it if it
// says so, and its body; or what went wrong.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! request")
	}
	fmt.Fprintln(ts.Stdout(), fetch(ts, args))
}

func fetch(ts *testscript.TestScript, args []string) string {
	method, header := http.MethodGet, http.Header{}
	for len(args) > 2 {
		switch args[0] {
		case "-X":
			method = args[1]
		case "-H":
			name, value, _ := strings.Cut(args[1], ": ")
			header.Add(name, value)
		default:
			ts.Fatalf("request: no flag %s", args[0])
		}
		args = args[2:]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: request [-X METHOD] [-H HEADER]… URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, args[0], nil)
	ts.Check(err)
	r.Header = header
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "no answer: " + err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "no whole answer: " + err.Error()
	}
	return fmt.Sprintln(answer.StatusCode, answer.Header.Get("X-Side"), strings.TrimSpace(string(body)))
}

// backend NAME FOLDER: starts an application whose answers lie in the folder, as JSON, and says
// in X-Side who it is; /seen answers what it sees of a request. NAME becomes its URL. It keeps
// the requests that hold sends waiting.
func backend(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: backend NAME FOLDER")
	}
	folder, side, held := ts.MkAbs(args[1]), strings.ToLower(args[0]), ts.Value(heldKey{}).(*held)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Hold") != "" {
			close(held.arrived)
			<-held.release
		}
		w.Header().Set("X-Side", side)
		if r.URL.Path == "/seen" {
			fmt.Fprintf(w, "host=%s for=%s proto=%s", r.Host, r.Header.Get("X-Forwarded-For"), r.Header.Get("X-Forwarded-Proto"))
			return
		}
		body, err := os.ReadFile(filepath.Join(folder, filepath.Clean("/"+r.URL.Path)))
		if err != nil {
			http.Error(w, "there is nothing here", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

// held is a script's request that waits at a backend; there is at most one.
type held struct {
	arrived, release chan struct{}
	answer           chan string
}

type heldKey struct{}

// hold URL: sends a request, and goes on when it is at a backend, which doesn't answer yet.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold URL")
	}
	held := ts.Value(heldKey{}).(*held)
	go func() { held.answer <- fetch(ts, []string{"-H", "X-Hold: yes", args[0]}) }()
	select {
	case <-held.arrived:
	case answer := <-held.answer:
		ts.Fatalf("it was not held, and answered %s", answer)
	case <-time.After(patience):
		ts.Fatalf("it didn't arrive")
	}
}

// release: lets the backend answer the request that hold sent, and prints the answer.
func release(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: release")
	}
	held := ts.Value(heldKey{}).(*held)
	close(held.release)
	fmt.Fprintln(ts.Stdout(), <-held.answer)
}

// busy NAME: listens on a port that nobody else can have then. NAME becomes its address.
func busy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: busy NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// signal HUP|INT|TERM|KILL|USR1 FOLDER: sends a signal to the proxy that holds a data folder.
func signal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "USR1": syscall.SIGUSR1}
	if neg || len(args) != 2 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal HUP|INT|TERM|KILL|USR1 FOLDER")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(filepath.Join(args[1], "lock"))))
	ts.Check(err)
	ts.Check(syscall.Kill(pid, signals[args[0]]))
}

type lockKey struct{}

// lock FOLDER: holds the lock of the journal in a data folder, as another process could, until unlock.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock FOLDER")
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(ts.MkAbs(args[0]), "journal.db")+"?_busy_timeout=5000&_txlock=exclusive")
	ts.Check(err)
	ts.Defer(func() { db.Close() })
	tx, err := db.Begin()
	ts.Check(err)
	*ts.Value(lockKey{}).(**sql.Tx) = tx
}

// tamper FOLDER STATEMENT: changes the journal in a data folder as somebody would who doesn't mind
// its triggers.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper FOLDER STATEMENT")
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(ts.MkAbs(args[0]), "journal.db")+"?_busy_timeout=5000")
	ts.Check(err)
	defer db.Close()
	for _, statement := range []string{"DROP TRIGGER IF EXISTS entries_no_update", "DROP TRIGGER IF EXISTS entries_no_delete", args[1]} {
		_, err := db.Exec(statement)
		ts.Check(err)
	}
}

// unlock: ends what lock began.
func unlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: unlock")
	}
	ts.Check((*ts.Value(lockKey{}).(**sql.Tx)).Rollback())
}
