package ledger_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangler-fig/toolkit/shadow/ledger"
)

func untranslated(kind string, at time.Duration, count int64, body string) ledger.Untranslated {
	u := ledger.Untranslated{Route: "r", Direction: "to legacy", Pointer: "/orders/*/status", Kind: kind, Count: count, First: epoch.Add(at), Last: epoch.Add(at)}
	if body != "" {
		u.Example = &ledger.UntranslatedExample{At: u.Last, Method: "GET", Path: "/api/ord/7", Pointer: "/orders/3/status", Reason: kind + `: "lost"`,
			Status: 200, ContentType: "application/json", Body: []byte(body), Size: int64(len(body))}
	}
	return u
}

func TestUntranslated(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, file, ledger.Config{})
	add := func(more ...ledger.Untranslated) {
		t.Helper()
		if err := l.AddUntranslated(t.Context(), more); err != nil {
			t.Fatal(err)
		}
	}
	add(untranslated("no code", 0, 2, `{"first":1}`), untranslated("not a number", time.Second, 1, ""))
	add(untranslated("no code", time.Minute, 3, `{"second":1}`))
	add(untranslated("no code", time.Hour, 1, "")) // without an example: the last one stays
	want := []ledger.Untranslated{untranslated("no code", time.Hour, 6, ""), untranslated("not a number", time.Second, 1, "")}
	want[0].First, want[0].Example = epoch, untranslated("no code", time.Minute, 1, `{"second":1}`).Example
	got, err := l.Untranslated(t.Context(), "r")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := l.Untranslated(t.Context(), "other"); len(got) > 0 || err != nil {
		t.Errorf("another route has %v, %v", got, err)
	}

	if err := l.Forget(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	add(untranslated("no code", 2*time.Hour, 1, `{"secret":1}`))
	if got, err := l.Untranslated(t.Context(), "r"); len(got) != 2 || got[0].Count != 7 || got[0].Example != nil || err != nil {
		t.Errorf("of a route of which nothing is to be kept there is %+v, %v", got, err)
	}
	l.Allow("r")
	add(untranslated("no code", 3*time.Hour, 1, `{}`))
	if got, _ := l.Untranslated(t.Context(), "r"); got[0].Example == nil {
		t.Error("no example is kept again")
	}
}

// TestUntranslatedIsBounded counts together what is beyond the kinds that are kept.
func TestUntranslatedIsBounded(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{})
	const kinds = 3 * ledger.MaxUntranslated
	for i := range kinds {
		if err := l.AddUntranslated(t.Context(), []ledger.Untranslated{untranslated(fmt.Sprintf("kind %d", i), time.Duration(i)*time.Minute, 2, "{}")}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Untranslated(t.Context(), "r")
	if err != nil || len(got) != ledger.MaxUntranslated+1 {
		t.Fatalf("%d are kept, %v; want %d and the others", len(got), err, ledger.MaxUntranslated)
	}
	var sum int64
	for i, u := range got {
		sum += u.Count
		if u.Kind == ledger.OtherKinds {
			if want := (ledger.Untranslated{Route: "r", Direction: "to legacy", Kind: ledger.OtherKinds, Count: 2 * (kinds - ledger.MaxUntranslated),
				First: epoch, Last: epoch.Add((kinds - ledger.MaxUntranslated - 1) * time.Minute)}); !cmp.Equal(want, u) {
				t.Errorf("the others (-want +got):\n%s", cmp.Diff(want, u))
			}
		} else if want := fmt.Sprintf("kind %d", kinds-1-i); u.Kind != want {
			t.Errorf("number %d is %s, want %s", i, u.Kind, want)
		}
	}
	if sum != 2*kinds {
		t.Errorf("%d are counted in all, want %d", sum, 2*kinds)
	}
}

func TestUntranslatedExpires(t *testing.T) {
	now := epoch
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"), ledger.Config{MaxAge: time.Hour, Now: func() time.Time { return now }})
	if err := l.AddUntranslated(t.Context(), []ledger.Untranslated{untranslated("old", 0, 1, "{}"), untranslated("new", 90*time.Minute, 1, "{}")}); err != nil {
		t.Fatal(err)
	}
	now = epoch.Add(2 * time.Hour)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Untranslated(t.Context(), "r"); len(got) != 1 || got[0].Kind != "new" || err != nil {
		t.Errorf("an hour later there is %+v, %v", got, err)
	}
}
