package command

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBarText(t *testing.T) {
	for share, want := range map[float64]string{0: "[          ]", 0.0999: "[          ]", 0.1: "[=         ]", 29.0 / 30: "[========= ]", 0.9999: "[========= ]",
		1: "[==========]", 2: "[==========]", -1: "[          ]"} {
		if got := barText(share, 10); got != want {
			t.Errorf("%v is drawn as %s, want %s", share, got, want)
		}
	}
}

// TestBar holds what a terminal shows, how often, and that nothing else is bothered with it.
func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		for _, b := range []*bar{{to: &out, width: 60}, newBar(&out, false), newBar(os.Stderr, true)} { // the second finds no terminal
			b.clear() // of nothing
			b.show(0, 0, "of nothing")
			b.show(29, 30, "29 of 30: %d fixed, 8 remain, 1 new", 20)
			b.show(30, 30, "too soon")
			time.Sleep(barEvery)
			b.show(30, 30, "\x1b[2Jorders")
			time.Sleep(barEvery)
			b.wait("reading %s", "orders")
			b.clear()
			b.clear()
		}
		want := "\r\x1b[K[============================= ] 29 of 30: 20 fixed, 8 rem…" +
			"\r\x1b[K[==============================] \uFFFD[2Jorders" + "\r\x1b[Kreading orders" + "\r\x1b[K"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestReadingIsShown has a log read, whose size is known or isn't.
func TestReadingIsShown(t *testing.T) {
	for of, want := range map[int64]string{
		4 << 20: "\r\x1b[K[=======                       ] a.log, 1.0 of 4.0 MiB",
		0:       "\r\x1b[Ka.log, 1.0 MiB",
	} {
		var out bytes.Buffer
		r := &reading{Reader: strings.NewReader(strings.Repeat("x", 1<<20)), bar: &bar{to: &out}, name: "a.log", of: of}
		if n, err := r.Read(make([]byte, 2<<20)); n != 1<<20 || err != nil {
			t.Errorf("read %d, %v", n, err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestWritingIsShown has lines written, and nothing drawn once it is over.
func TestWritingIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out, file bytes.Buffer
		w := &writing{Writer: &file, bar: &bar{to: &out}, thing: "pair", of: 2}
		for _, line := range []string{"legacy,service\n", "1,a\n", "2,b\n"} {
			if _, err := w.Write([]byte(line)); err != nil {
				t.Error(err)
			}
			time.Sleep(barEvery)
		}
		w.bar.end()
		w.bar.show(1, 2, "too late")
		want := "\r\x1b[K[===============               ] 1 of 2 pairs\r\x1b[K[==============================] 2 of 2 pairs\r\x1b[K[==============================] 2 of 2 pairs\r\x1b[K"
		if diff := cmp.Diff(want, out.String()); diff != "" || file.String() != "legacy,service\n1,a\n2,b\n" {
			t.Errorf("written %q (-want +got):\n%s", &file, diff)
		}
	})
}
