package ids_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/strangler-fig/toolkit/acl/ids"
)

func TestReadCSV(t *testing.T) {
	long := strings.Repeat("x", ids.MaxLength)
	tests := []struct {
		name, text string
		want       []ids.Pair
		err        string // empty: none
	}{
		{"nothing", "", nil, ""},
		{"pairs", "1,a\n2,b\n", []ids.Pair{{Legacy: "1", Service: "a"}, {Legacy: "2", Service: "b"}}, ""},
		{"no end of the last line", "1,a", []ids.Pair{{Legacy: "1", Service: "a"}}, ""},
		{"a header", "legacy,service\n1,a\n", []ids.Pair{{Legacy: "1", Service: "a"}}, ""},
		{"a header, as Excel writes it", "\ufeffLegacy,Service\r\n1,a\r\n", []ids.Pair{{Legacy: "1", Service: "a"}}, ""},
		{"a header the other way round", "service,legacy\na,1\n", []ids.Pair{{Legacy: "1", Service: "a"}}, ""},
		{"what could be a header, further down", "1,a\nlegacy,service\n", []ids.Pair{{Legacy: "1", Service: "a"}, {Legacy: "legacy", Service: "service"}}, ""},
		{"empty lines", "\n\r\n1,a\n\n2,b\n\n", []ids.Pair{{Legacy: "1", Service: "a"}, {Legacy: "2", Service: "b"}}, ""},
		{"quotes", "\"a,b\",\"say \"\"yes\"\"\"\n", []ids.Pair{{Legacy: "a,b", Service: `say "yes"`}}, ""},
		{"line ends in quotes stay as they are", "\"a\r\nb\",\"c\rd\"\r\n", []ids.Pair{{Legacy: "a\r\nb", Service: "c\rd"}}, ""},
		{"spaces are of the identifier", " 1,a \n", []ids.Pair{{Legacy: " 1", Service: "a "}}, ""},
		{"as long as they may be", long + "," + long + "\n", []ids.Pair{{Legacy: long, Service: long}}, ""},
		{"nothing but quotes, as long as they may be", `"` + strings.Repeat(`""`, ids.MaxLength) + `",a`, []ids.Pair{{Legacy: strings.Repeat(`"`, ids.MaxLength), Service: "a"}}, ""},
		{"one column", "1,a\n2\n", nil, "line 2: it has no comma outside of quotes"},
		{"semicolons", "1;a\n", nil, "line 1: it has no comma outside of quotes"},
		{"three columns", "1,a\n\n2,b,c\n", nil, "line 3: it has more than two columns"},
		{"many columns", strings.Repeat(",", 1<<20), nil, "line 1: it has more than two columns"},
		{"no identifier", "1,a\n,b\n", nil, `line 2: "" can't be an identifier: it is empty`},
		{"too long", long + "x,a\n", nil, "line 1: "},
		{"an endless line", strings.Repeat("x", 1<<20), nil, "line 1: it is longer than"},
		{"a quote that is never closed", "1,a\n2,\"b\n3,c\n", nil, "line 2: a quote is opened and never closed"},
		{"a quote that is never closed, and much behind it", "1,\"a\n" + strings.Repeat("2,b\n", 1<<18), nil, "line 1: it is longer than"},
		{"a quote in the middle", "1,a\"b\n", nil, "line 1: there is a quote in a column"},
		{"something behind a quote", "\"1\"2,a\n", nil, "line 1: a quote is closed before its column ends"},
		{"the line of a pair is its first", "\"a\n\nb\",c\n2\n", nil, "line 4: "},
		{"not UTF-8", "1,\xff\n", nil, "line 1: \"\\xff\" can't be an identifier: it is not UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(strings.NewReader(test.text))
			atLine, isLine := errors.AsType[*ids.LineError](err)
			if (err == nil) != (test.err == "") || err != nil && (!isLine || !strings.Contains(atLine.Error(), test.err)) {
				t.Fatalf("%v, want %q", err, test.err)
			}
			if err == nil {
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if n, again := ids.CheckCSV(iotest.OneByteReader(strings.NewReader(test.text))); (again == nil) != (err == nil) || err == nil && n != int64(len(got)) {
				t.Errorf("checked: %d pairs, %v", n, again)
			}
		})
	}
}

func read(r io.Reader) (all []ids.Pair, err error) {
	for p, err := range ids.ReadCSV(r) {
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func TestReadCSVEndsEarly(t *testing.T) {
	broken := errors.New("the line is dead")
	_, err := read(io.MultiReader(strings.NewReader("1,a\n2,"), iotest.ErrReader(broken)))
	if _, isLine := errors.AsType[*ids.LineError](err); !errors.Is(err, broken) || isLine {
		t.Errorf("%v, want what broke, and no line that would be to blame", err)
	}
}

func TestImportCSV(t *testing.T) {
	customers := fresh(t, ids.Config{Name: "a", Max: 5})
	tests := []struct {
		name, text string
		want       ids.Imported
		err        string
		as         any
	}{
		{"new ones", "legacy,service\n1,a\n2,b\n", ids.Imported{New: 2}, "", nil},
		{"known ones, and one twice", "1,a\n3,c\n3,c\n", ids.Imported{New: 1, Known: 2}, "", nil},
		{"a contradiction", "legacy,service\n4,d\n\n\"1\",x\n9,b\n", ids.Imported{}, "has other counterparts for 2 of these pairs; nothing was imported\n" +
			`"1" ↔ "x" against "1" ↔ "a", which it has (line 4)` + "\n" + `"9" ↔ "b" against "2" ↔ "b", which it has (line 5)`, new(*ids.ConflictError)},
		{"a bad line", "4,d\nx\n", ids.Imported{}, "line 2: ", new(*ids.LineError)},
		{"too many", "4,d\n5,e\n6,f\n", ids.Imported{}, "would hold more than 5 pairs, and may not; nothing was imported: raise ids.a.max", new(*ids.FullError)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := customers.ImportCSV(t.Context(), strings.NewReader(test.text))
			if got != test.want || (err == nil) != (test.err == "") {
				t.Fatalf("%+v, %v; want %+v, %q", got, err, test.want, test.err)
			}
			if err != nil && (!strings.Contains(err.Error(), test.err) || !errors.As(err, test.as)) {
				t.Errorf("%T %v, want %T %q", err, err, test.as, test.err)
			}
		})
	}
	if diff := cmp.Diff(map[string]string{"1": "a", "2": "b", "3": "c"}, exported(t, customers)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var out strings.Builder
	if err := ids.WriteCSV(&out, customers.Export(t.Context())); err != nil || out.String() != "legacy,service\n1,a\n2,b\n3,c\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestImportCanceled holds that an import that is given up in the middle leaves nothing, and leaves the file to
// others.
func TestImportCanceled(t *testing.T) {
	customers := fresh(t, both)
	ctx, cancel := context.WithCancel(t.Context())
	added, err := customers.Import(ctx, func(yield func(ids.Pair, error) bool) {
		for i := 0; yield(ids.Pair{Legacy: strconv.Itoa(i), Service: strconv.Itoa(i)}, nil); i++ {
			if i == 100 {
				cancel()
			}
		}
	})
	if added != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("added %d, %v", added, err)
	}
	if n, err := customers.Count(t.Context()); n != 0 || err != nil {
		t.Errorf("there are %d pairs, %v", n, err)
	}
	if _, err := customers.ToService(t.Context(), "4711"); err != nil {
		t.Error(err)
	}
	if done, err := customers.ImportCSV(t.Context(), strings.NewReader("1,a\n")); done.New != 1 || err != nil {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestFind(t *testing.T) {
	customers := fresh(t, both)
	if _, err := customers.Import(t.Context(), pairs("1=a")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for side, id := range map[ids.Side]string{ids.Legacy: "1", ids.Service: "a"} {
			if got, err := customers.Find(t.Context(), side, id); err != nil || got != (ids.Pair{Legacy: "1", Service: "a"}) {
				t.Errorf("%s of %s: %v, %v", id, side, got, err)
			}
		}
		_, err := customers.Find(t.Context(), ids.Legacy, "2")
		unknown, ok := errors.AsType[*ids.UnknownError](err)
		if !ok || !unknown.Makes || !strings.Contains(err.Error(), "makes one when a request needs it") {
			t.Errorf("%v", err)
		}
	}
	if n, err := customers.Count(t.Context()); n != 1 || err != nil {
		t.Errorf("looking made pairs: there are %d, %v", n, err)
	}
	if _, err := customers.Find(t.Context(), ids.Legacy, ""); !errors.As(err, new(*ids.InvalidError)) {
		t.Errorf("%v", err)
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"1,a\n", "legacy,service\r\n\"a\"\"b\",c", "\ufeffservice,legacy\n\r\na,\"\r\n\"", "1,\"a", ",,,", "\"\r\",\"\n\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := read(strings.NewReader(text))
		if err != nil {
			if _, ok := errors.AsType[*ids.LineError](err); !ok {
				t.Fatalf("%q: %v names no line", text, err)
			}
			return
		}
		var out strings.Builder
		if err := ids.WriteCSV(&out, func(yield func(ids.Pair, error) bool) {
			for _, p := range all {
				if !yield(p, nil) {
					return
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		again, err := read(strings.NewReader(out.String()))
		if err != nil || !slices.Equal(again, all) {
			t.Fatalf("%q is written as %q, which is read as %q: %v", all, &out, again, err)
		}
	})
}
