package document

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	name := func(s string) Step { return Step{Name: s} }
	index := func(i int) Step { return Step{Index: i} }
	tests := []struct {
		text    string
		want    Path
		pointer string
		err     string
	}{
		{text: ".", want: Path{}},
		{text: "a", want: Path{name("a")}, pointer: "/a"},
		{text: "a.b", want: Path{name("a"), name("b")}, pointer: "/a/b"},
		{text: "a.b[0].c", want: Path{name("a"), name("b"), index(0), name("c")}, pointer: "/a/b/0/c"},
		{text: "[3]", want: Path{index(3)}, pointer: "/3"},
		{text: "a[1][2]", want: Path{name("a"), index(1), index(2)}, pointer: "/a/1/2"},
		{text: `a\.b\[0]\\`, want: Path{name(`a.b[0]\`)}, pointer: `/a.b[0]\`},
		{text: `\.`, want: Path{name(".")}, pointer: "/."},
		{text: "/a~1b/c~0/0", want: Path{name("a/b"), name("c~"), name("0")}, pointer: "/a~1b/c~0/0"},
		{text: `\/a`, want: Path{name("/a")}, pointer: "/~1a"},
		{text: "@id", want: Path{name("@id")}, pointer: "/@id"},
		{text: "größe.x y", want: Path{name("größe"), name("x y")}, pointer: "/größe/x y"},
		{text: "", err: `the path is empty; the whole body is "."`},
		{text: "a..b", err: `the path "a..b" has an empty name in it`},
		{text: ".a", err: `the path ".a" has an empty name in it`},
		{text: "a.", err: `the path "a." ends with a dot`},
		{text: "a[0].", err: `the path "a[0]." ends with a dot`},
		{text: "a.[0]", err: `the path "a.[0]" has an empty name in it`},
		{text: "a[0]b", err: `the path "a[0]b" has no dot behind its ]`},
		{text: `a[0]\b`, err: `the path "a[0]\\b" has no dot behind its ]`},
		{text: "a[0", err: `the path "a[0" has a [ without its ]`},
		{text: "a[-1]", err: `the path "a[-1]" has "-1" for an index; it is 0 to 9999`},
		{text: "a[+1]", err: `the path "a[+1]" has "+1" for an index; it is 0 to 9999`},
		{text: "a[01]", err: `the path "a[01]" has "01" for an index; it is 0 to 9999`},
		{text: "a[10000]", err: `the path "a[10000]" has "10000" for an index; it is 0 to 9999`},
		{text: `a\`, err: `the path "a\\" ends with a backslash`},
		{text: "/", err: `the pointer "/" has an empty name in it`},
		{text: "/a//b", err: `the pointer "/a//b" has an empty name in it`},
		{text: "/a~2", err: `the pointer "/a~2" has a ~ that is neither ~0 nor ~1`},
		{text: "a\xff", err: `the path "a\xff" isn't UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := ParsePath(tt.text)
			if err != nil || tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Fatalf("%v, want %s", err, tt.err)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got.Pointer() != tt.pointer {
				t.Errorf("pointer %s, want %s", got.Pointer(), tt.pointer)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	d := document(t, members{{"a", []any{members{{"b", "x"}}}}, {"r", "1"}, {"r", members{{"b", "2"}}}, {"", "empty"}})
	tests := []struct {
		path    string
		repeats bool
		want    any
	}{
		{"a[0].b", false, "x"},
		{"a[1].b", false, nil},
		{"r", false, "1"},
		{"r[0]", false, nil},
		{"r[0]", true, "1"},
		{"r[1].b", true, "2"},
		{"r[2]", true, nil},
		{"a[0].b", true, "x"},
	}
	for _, tt := range tests {
		p, err := ParsePath(tt.path)
		if err != nil {
			t.Fatal(err)
		}
		d.Repeats = tt.repeats
		if diff := cmp.Diff(tt.want, tree(p.Follow(d.Root()))); diff != "" {
			t.Errorf("%s, names repeat: %t: -want +got\n%s", tt.path, tt.repeats, diff)
		}
	}
	if !(Path{}).Follow(d.Root()).Is(d.Root()) {
		t.Error("the empty path leads elsewhere")
	}
}

// FuzzParsePath holds that every text is a path or an error, and that a path written is the path
// that is read.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{".", "a.b[0].c", `a\.b\[0\]\\`, "/a~1b/~0", `\/x`, "[0][1]", "a[0", "a..b", "..", "/", `\`, "]", "a]", "0", `a.\.`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		again, err := ParsePath(p.String())
		if err != nil {
			t.Fatalf("%q became %q: %v", s, p.String(), err)
		}
		if !slices.Equal(p, again) {
			t.Fatalf("%q became %q, which is %v and not %v", s, p.String(), again, p)
		}
		p.Pointer()
		p.Follow(Value{})
	})
}
