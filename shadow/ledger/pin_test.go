package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/shadow/ledger"
)

// TestExamplesTurnOver records many divergences within a short time: each example is there for ten minutes,
// others come all the while, and what is rarer comes at once.
func TestExamplesTurnOver(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock, Examples: 8})
	came, left := map[string]time.Duration{}, map[string]time.Duration{}
	const step = 10 * time.Second
	for n := range 240 {
		now := time.Duration(n) * step
		body := "{}"
		if n == 101 {
			body = strings.Repeat("x", 10_000)
		}
		c := diverged("orders", "/total", n, body)
		c.At = epoch.Add(now)
		l.Record(c)
		flush(t, l)
		kept := only(t, l, "orders").Examples
		for _, id := range kept {
			if _, known := came[id]; !known {
				came[id] = now
			}
		}
		for id := range came {
			if _, gone := left[id]; !gone && !slices.Contains(kept, id) {
				left[id] = now
			}
		}
		if n == 101 && kept[0] != "000000000101" {
			t.Errorf("what is rarer isn't kept: %v", kept)
		}
	}
	if len(came) < 15 {
		t.Errorf("only %d were ever examples", len(came))
	}
	for id, at := range left {
		if stayed := at - came[id]; stayed < 8*time.Minute && came[id] > time.Minute {
			t.Errorf("%s was there for %s", id, stayed)
		}
	}
}

// TestExamplesOfManyKindsStay records divergences of as many kinds as there are examples, or so, after some that are
// all alike: those which stay for ever are no reason to have the others come and go.
func TestExamplesOfManyKindsStay(t *testing.T) {
	for _, kinds := range []int{1, 3, 5, 15, 20} {
		t.Run(fmt.Sprint(kinds), func(t *testing.T) {
			l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{Now: clock})
			came := map[string]time.Duration{}
			var here []string
			short := 0
			for n := range 400 {
				now := time.Duration(n) * 4 * time.Second
				c := diverged("orders", "/total", n, "{}")
				if n >= 5 {
					c.Request.Method = fmt.Sprint("METHOD", n%kinds)
				}
				c.At = epoch.Add(now)
				l.Record(c)
				flush(t, l)
				kept := only(t, l, "orders").Examples
				for _, id := range here {
					if !slices.Contains(kept, id) && now-came[id] < 10*time.Minute {
						short++
					}
				}
				for _, id := range kept {
					if _, known := came[id]; !known {
						came[id] = now
					}
				}
				here = kept
			}
			if short > 15 { // which what is rarer came for
				t.Errorf("%d left before their time", short)
			}
			if len(came) < 25 || len(came) > 60 {
				t.Errorf("%d were examples", len(came))
			}
		})
	}
}

// TestPin holds that an example whose link somebody took stays, that there is a bound to how many do, and
// that those are none of the usual number.
func TestPin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	now := epoch
	l := open(t, path, ledger.Config{Now: func() time.Time { return now }, Examples: 4})
	ctx := context.Background()
	var pinned []string
	for n := range ledger.MaxPinned + 3 {
		c := slowly(diverged("orders", "/total", n, "{}"))
		l.Record(c)
		flush(t, l)
		now = now.Add(time.Second)
		if err := l.Pin(ctx, c.ID); err != nil {
			t.Fatal(err)
		}
		pinned = append([]string{c.ID}, pinned...)
	}
	if err := l.Pin(ctx, pinned[ledger.MaxPinned-1]); err != nil { // again, which makes it the last that goes
		t.Fatal(err)
	}
	for n := range 20 {
		l.Record(slowly(diverged("orders", "/total", 100+n, "{}")))
		flush(t, l)
	}
	g := only(t, l, "orders")
	if diff := gocmp.Diff(pinned[:ledger.MaxPinned], g.Pinned); diff != "" {
		t.Errorf("pinned (-want +got):\n%s", diff)
	}
	if len(g.Examples) != ledger.MaxPinned+4 {
		t.Errorf("there are %d examples: %v", len(g.Examples), g.Examples)
	}
	for _, id := range g.Pinned {
		if d, err := l.Divergence(ctx, id); err != nil || d.Legacy == nil {
			t.Errorf("divergence %s: %+v, %v", id, d, err)
		}
	}
	for _, id := range []string{"none", fmt.Sprintf("%012d", 105)} {
		if err := l.Pin(ctx, id); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("divergence %s, whose answers aren't kept: %v", id, err)
		}
	}
}
