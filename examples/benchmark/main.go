// Command benchmark puts this proxy beside chi with httputil.ReverseProxy and, where they are
// installed, nginx, HAProxy and Caddy, all on the same upstream. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

func main() {
	if code, is := runPartner(os.Args[1:]); is {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	works, proxies []string // empty: all
	requests       int
	connections    int
	rounds         int
	json, check    bool
	strangler      string // the command; empty: it is built
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var works, proxies string
	flags := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&works, "works", "", "`names`, by commas, of the works to do (default all)")
	flags.StringVar(&proxies, "proxies", "", "`names`, by commas, of the proxies to compare (default all that are there)")
	flags.IntVar(&o.requests, "requests", 12_000, "`number` of requests in a round")
	flags.IntVar(&o.connections, "connections", 64, "`number` of clients' connections")
	flags.IntVar(&o.rounds, "rounds", 5, "`number` of rounds; the median counts")
	flags.BoolVar(&o.json, "json", false, "print JSON, with every round's figures")
	flags.BoolVar(&o.check, "check", false, "end with status 1 where a target isn't met")
	flags.StringVar(&o.strangler, "strangler", "", "`file` of the strangler command (default: it is built from this module)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.requests < 10 || o.connections < 1 || o.rounds < 1 || flags.NArg() > 0 {
		return o, errors.New("-requests is at least 10, -connections and -rounds at least 1, and nothing follows the flags")
	}
	o.works, o.proxies = split(works), split(proxies)
	known := worksFor(o)
	for _, name := range o.works {
		if !slices.ContainsFunc(known, func(w work) bool { return w.name == name }) {
			return o, fmt.Errorf("there is no work %q", name)
		}
	}
	for _, name := range o.proxies {
		if !slices.ContainsFunc(adapters, func(a adapter) bool { return a.name == name }) {
			return o, fmt.Errorf("there is no proxy %q", name)
		}
	}
	return o, nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(stderr, "benchmark:", err)
		return 2
	}
	report, err := compete(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "benchmark:", err)
		return 1
	}
	if err := report.print(stdout, o.json); err != nil {
		fmt.Fprintln(stderr, "benchmark:", err)
		return 1
	}
	if o.check {
		if missed := report.missed(); len(missed) > 0 {
			fmt.Fprintf(stderr, "benchmark: targets that aren't met:\n  %s\n", strings.Join(missed, "\n  "))
			return 1
		}
	}
	return 0
}

// bench is one run.
type bench struct {
	options
	strangler string // the command
	dir       string // for all files of the run
	stderr    io.Writer
}

// compete does the works.
func compete(ctx context.Context, o options, stderr io.Writer) (*report, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the processes' figures are read as Linux tells them, and this is " + runtime.GOOS)
	}
	dir, err := os.MkdirTemp("", "benchmark-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o, dir: dir, stderr: stderr, strangler: o.strangler}
	proxies, absent := choose(o.proxies)
	if b.strangler == "" {
		if b.strangler, err = build(ctx, dir); err != nil {
			return nil, err
		}
	}
	r := &report{Go: runtime.Version(), Processors: runtime.NumCPU(), Absent: absent}
	for _, w := range worksFor(o) {
		if len(o.works) > 0 && !slices.Contains(o.works, w.name) {
			continue
		}
		contestants := w.enter(proxies)
		if len(contestants) == 0 {
			continue
		}
		fmt.Fprintf(stderr, "%s ...\n", w.name)
		done, err := b.do(ctx, w, contestants)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		r.Works = append(r.Works, done)
	}
	return r, nil
}

// choose returns the adapters of the proxies that are wanted and there, and the names of those
// that aren't there.
func choose(names []string) (there []adapter, absent []string) {
	for _, a := range adapters {
		if len(names) > 0 && !slices.Contains(names, a.name) {
			continue
		}
		if a.program != "" {
			if _, err := exec.LookPath(a.program); err != nil {
				absent = append(absent, a.name)
				continue
			}
		}
		there = append(there, a)
	}
	return there, absent
}

// build builds the strangler command as it is built for use.
func build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "strangler")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/strangler-fig/toolkit/cmd/strangler")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build strangler: %w\n%s", err, out)
	}
	return program, nil
}
