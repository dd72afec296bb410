package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strangler-fig/toolkit/cmd/strangler/command"
)

// TestMain lets the test's own program be the partners, and the strangler command.
func TestMain(m *testing.M) {
	if code, is := runPartner(os.Args[1:]); is {
		os.Exit(code)
	}
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(command.Main(command.Config{}))
	}
	os.Exit(m.Run())
}

// linux skips a test where the benchmark doesn't work.
func linux(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		if os.Getenv("CI") == "true" {
			t.Fatal("the benchmark reads figures as Linux tells them, which CI has")
		}
		t.Skip("the benchmark reads figures as Linux tells them")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

func TestRun(t *testing.T) {
	self := linux(t)
	const requests, rounds = 400, 1
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"-strangler", self, "-works", "pass,split,post,100k,mirror,routes", "-proxies", "strangler,reverse",
		"-requests", "400", "-rounds", "1", "-connections", "4", "-routes", "5,20", "-json"}, &out, &said)
	if code != 0 {
		t.Fatalf("it ends with %d: %s", code, &said)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"pass": {"strangler", "reverse"}, "split": {"strangler", "reverse"}, "post": {"strangler", "reverse"},
		"100k": {"strangler", "reverse"}, "mirror": {"strangler", "reverse"}, "routes": {"1 route", "5 routes", "20 routes"}}
	if len(r.Works) != len(want) {
		t.Errorf("%d works were done instead of %d", len(r.Works), len(want))
	}
	for _, w := range r.Works {
		var labels []string
		for _, c := range w.Contestants {
			labels = append(labels, c.Label)
			want := rounds
			if w.Name == "routes" { // which tells less apart
				want *= 8
			}
			if len(c.Rounds) != want {
				t.Errorf("%s: %s has %d rounds instead of %d", w.Name, c.Label, len(c.Rounds), want)
			}
			// A ratio of a thousand isn't noise, it is a figure of something else.
			if c.Ratio < 0.001 || c.Ratio > 1000 {
				t.Errorf("%s: %s takes %v of the baseline", w.Name, c.Label, c.Ratio)
			}
			for _, s := range c.Rounds {
				sane(t, w.Name+": "+c.Label, s, requests)
				copies := int64(0)
				if w.Name == "mirror" {
					copies = requests
				}
				if w.Name != "split" && s.Service != copies || w.Name == "split" && (s.Service < requests/3 || s.Service > requests*2/3) {
					t.Errorf("%s: %s: the second upstream got %d requests", w.Name, c.Label, s.Service)
				}
				verdicts := int64(0)
				if w.Name == "mirror" && c.Label == "strangler" {
					verdicts = requests
				}
				if s.Match != verdicts || s.Recorded != verdicts || s.Skipped != 0 || s.OtherVerdicts != 0 {
					t.Errorf("%s: %s: %d match, %d skipped, %d other, %d recorded; all of %d should match and be recorded",
						w.Name, c.Label, s.Match, s.Skipped, s.OtherVerdicts, s.Recorded, verdicts)
				}
			}
		}
		if !slices.Equal(labels, want[w.Name]) {
			t.Errorf("%s is done by %q instead of %q", w.Name, labels, want[w.Name])
		}
	}
	alone(t)
}

// sane fails on figures that can't be: no proxy takes less than a microsecond, or a second, of
// processor time for a request, or answers it in no time.
func sane(t *testing.T, who string, s sample, requests int) {
	t.Helper()
	if s.Requests != requests || s.CPUMicros < 1 || s.CPUMicros > 1e6 || s.PerSecond < 1 || s.P50MS <= 0 || s.P99MS < s.P50MS || s.RSS < 1<<20 {
		t.Errorf("%s: %+v isn't sane", who, s)
	}
}

// alone fails if this process has children.
func alone(t *testing.T) {
	t.Helper()
	pids, err := family(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if len(pids) != 1 {
		t.Errorf("processes %v are left", pids[1:])
	}
}

func TestSlowMirrorAndIdleConnections(t *testing.T) {
	self := linux(t)
	var out, said bytes.Buffer
	code := run(t.Context(), []string{"-strangler", self, "-works", "isolation,idle", "-proxies", "strangler",
		"-requests", "1000", "-rounds", "1", "-connections", "8"}, &out, &said)
	if code != 0 {
		t.Fatalf("it ends with %d: %s", code, &said)
	}
	for _, want := range []string{"| 50 of 50 |", "\n### Memory of 2000 idle keep-alive connections\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't in the report:\n%s", want, &out)
		}
	}
	alone(t)
}

func TestInterrupt(t *testing.T) {
	self := linux(t)
	ctx, cancel := context.WithCancel(t.Context())
	var said bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"-strangler", self, "-works", "pass", "-proxies", "strangler,reverse", "-requests", "100000000"}, io.Discard, &said)
	}()
	for all := 0; all < 6; { // itself, the upstream, two proxies, and those who send to them
		pids, err := family(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		all = len(pids)
		select {
		case code := <-ended:
			t.Fatalf("it ends with %d: %s", code, &said)
		case <-time.After(10 * time.Millisecond):
		}
	}
	cancel()
	if code := <-ended; code != 1 {
		t.Errorf("it ends with %d: %s", code, &said)
	}
	alone(t)
}

func TestWrongUsage(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"no such work", []string{"-works", "pas"}, 2, `no work "pas"`},
		{"no such proxy", []string{"-proxies", "apache"}, 2, `no proxy "apache"`},
		{"nothing to measure", []string{"-rounds", "0"}, 2, "-rounds at least 1"},
		{"routes", []string{"-routes", "1"}, 2, `"1"`},
		{"something after the flags", []string{"pass"}, 2, "nothing follows"},
		{"help", []string{"-help"}, 0, "-connections"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var said bytes.Buffer
			if code := run(t.Context(), test.args, io.Discard, &said); code != test.code || !strings.Contains(said.String(), test.says) {
				t.Errorf("it ends with %d and says %q; want %d and %q", code, &said, test.code, test.says)
			}
		})
	}
}
