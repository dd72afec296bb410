package ids_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/ids"
)

// pairs yields pairs of the form legacy=service; ! is an error.
func pairs(all ...string) iter.Seq2[ids.Pair, error] {
	return func(yield func(ids.Pair, error) bool) {
		for _, text := range all {
			legacy, service, _ := strings.Cut(text, "=")
			var err error
			if text == "!" {
				err = errors.New("line 3: no comma")
			}
			if !yield(ids.Pair{Legacy: legacy, Service: service}, err) {
				return
			}
		}
	}
}

func TestImport(t *testing.T) {
	tests := []struct {
		name   string
		pairs  []string
		added  int64
		wanted string // of the error; empty: none
	}{
		{"nothing", nil, 0, ""},
		{"new ones", []string{"2=b", "3=c"}, 2, ""},
		{"one that is there", []string{"1=a", "2=b"}, 1, ""},
		{"one twice", []string{"2=b", "2=b"}, 1, ""},
		{"another counterpart for legacy's", []string{"2=b", "1=x"}, 0, `has other counterparts for 1 of these pairs; nothing was imported` + "\n" + `"1" ↔ "x" against "1" ↔ "a", which it has (pair 2)`},
		{"another counterpart for the service's", []string{"9=a"}, 0, `"9" ↔ "a" against "1" ↔ "a"`},
		{"against one another", []string{"2=b", "3=b"}, 0, `"3" ↔ "b" against "2" ↔ "b", which it has (pair 2)`},
		{"empty", []string{"2=b", "3="}, 0, `pair 2: "" can't be an identifier: it is empty`},
		{"too long", []string{strings.Repeat("x", 2000) + "=b"}, 0, "it has 2000 bytes"},
		{"an error of the source", []string{"2=b", "!"}, 0, "pair 2: line 3: no comma"},
		{"too many", []string{"2=b", "3=c", "4=d", "5=e"}, 0, "would hold more than 4 pairs, and may not; nothing was imported"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			customers := fresh(t, ids.Config{Name: "a", Max: 4})
			if _, err := customers.Import(t.Context(), pairs("1=a")); err != nil {
				t.Fatal(err)
			}
			added, err := customers.Import(t.Context(), pairs(test.pairs...))
			if added != test.added || (err == nil) != (test.wanted == "") || err != nil && !strings.Contains(err.Error(), test.wanted) {
				t.Errorf("added %d, %v; want %d, %q", added, err, test.added, test.wanted)
			}
			want := map[string]string{"1": "a"}
			if test.wanted == "" {
				for p := range pairs(test.pairs...) {
					want[p.Legacy] = p.Service
				}
			}
			if diff := cmp.Diff(want, exported(t, customers)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestImportNamesSomeConflicts(t *testing.T) {
	customers := fresh(t, ids.Config{Name: "a"})
	var first, second []string
	for i := range 50 {
		first, second = append(first, fmt.Sprintf("%d=a%d", i, i)), append(second, fmt.Sprintf("%d=b%d", i, i))
	}
	if _, err := customers.Import(t.Context(), pairs(first...)); err != nil {
		t.Fatal(err)
	}
	var conflicts *ids.ConflictError
	_, err := customers.Import(t.Context(), pairs(second...))
	if !errors.As(err, &conflicts) || conflicts.Total != 50 || len(conflicts.First) != ids.MaxConflicts || !strings.Contains(err.Error(), "and 30 more") {
		t.Errorf("%v", err)
	}
}

func TestExport(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "ids.db"))
	customers := table(t, store, ids.Config{Name: "a"})
	const many = 2500 // more than a page, and no multiple of one
	_, err := customers.Import(t.Context(), func(yield func(ids.Pair, error) bool) {
		for i := range many {
			if !yield(ids.Pair{Legacy: fmt.Sprintf("%04d", i), Service: strconv.Itoa(i)}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p, err := range customers.Export(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p.Legacy)
	}
	if len(got) != many || !slices.IsSorted(got) {
		t.Errorf("%d pairs, sorted: %t", len(got), slices.IsSorted(got))
	}
	for range customers.Export(t.Context()) {
		break // leaves nothing open: the cleanup would hang
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := 0
	for _, err := range customers.Export(ctx) {
		if n++; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d yielded", n)
	}

	// Into another file, and back out the same.
	other := fresh(t, ids.Config{Name: "b"})
	if added, err := other.Import(t.Context(), customers.Export(t.Context())); err != nil || added != many {
		t.Errorf("added %d, %v", added, err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := store.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exported(t, customers), exported(t, table(t, open(t, backup), ids.Config{Name: "a"}))); diff != "" {
		t.Errorf("backup (-want +got):\n%s", diff)
	}
}
