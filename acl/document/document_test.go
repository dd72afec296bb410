package document

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tree is a value as tests write it: nil, bool, a number's literal, a text, a list or members.
type (
	number  string
	members []member
	member  struct {
		name  string
		value any
	}
)

func build(b *Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.Null()
	case bool:
		b.Bool(v)
	case number:
		b.Number(string(v))
	case string:
		b.String(v)
	case []any:
		b.Array()
		for _, e := range v {
			build(b, e)
		}
		b.End()
	case members:
		b.Object()
		for _, m := range v {
			b.Name(m.name)
			build(b, m.value)
		}
		b.End()
	default:
		panic(fmt.Sprintf("%T", v))
	}
}

func document(t testing.TB, v any) *Document {
	t.Helper()
	b := NewBuilder(nil, 0)
	build(b, v)
	d, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tree is build the other way round.
func tree(v Value) any {
	switch v.Kind() {
	case True, False:
		return v.Kind() == True
	case Number:
		return number(v.Text())
	case String:
		return v.Text()
	case Array:
		list := []any{}
		for e := range v.Elements() {
			list = append(list, tree(e))
		}
		return list
	case Object:
		list := members{}
		for n, m := range v.Members() {
			list = append(list, member{string(n), tree(m)})
		}
		return list
	}
	return nil
}

var sameTree = cmp.AllowUnexported(member{})

func trees(depth int) *rapid.Generator[any] {
	gens := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.StringMatching(`-?[1-9][0-9]*(\.[0-9]+)?`), func(s string) any { return number(s) }),
	}
	if depth > 0 {
		below := trees(depth - 1)
		gens = append(gens,
			rapid.Map(rapid.SliceOfN(below, 0, 4), func(list []any) any { return append([]any{}, list...) }),
			rapid.Custom(func(t *rapid.T) any {
				list := members{}
				for range rapid.IntRange(0, 4).Draw(t, "members") {
					list = append(list, member{rapid.SampledFrom([]string{"a", "b", "/~", ""}).Draw(t, "name"), below.Draw(t, "value")})
				}
				return list
			}))
	}
	return rapid.OneOf(gens...)
}

// TestBuilder holds that a document has what was built, however it came in: value by value, as a
// copy, or as a copy that shares its texts.
func TestBuilder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := trees(4).Draw(t, "tree")
		b := NewBuilder(nil, 0)
		build(b, want)
		d, err := b.Document()
		if err != nil {
			t.Fatal(err)
		}
		copied := NewBuilder([]byte("before"), 0)
		copied.Copy(d.Root())
		shared := Sharing(d)
		shared.Array()
		shared.String("of its own")
		shared.Copy(d.Root())
		shared.End()
		c, err := copied.Document()
		if err != nil {
			t.Fatal(err)
		}
		s, err := shared.Document()
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]Value{"built": d.Root(), "copied": c.Root(), "shared": s.Root().Index(1)} {
			if diff := cmp.Diff(want, tree(v), sameTree); diff != "" {
				t.Fatalf("%s: -want +got\n%s", name, diff)
			}
		}
		if got, want := s.Root().Size(), d.Root().Size()+2; got != want {
			t.Fatalf("size %d, want %d", got, want)
		}
	})
}

// TestPointers holds that each value of a document has a pointer of its own, which leads to it.
func TestPointers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder(nil, 0)
		build(b, trees(4).Draw(t, "tree"))
		d, err := b.Document()
		if err != nil {
			t.Fatal(err)
		}
		var walk func(v Value, pointer string)
		walk = func(v Value, pointer string) {
			if !d.Root().At(v.Ref()).Is(v) {
				t.Fatalf("%s isn't at its place", pointer)
			}
			if got := v.Pointer(); got != pointer {
				t.Fatalf("%s, want %s", got, pointer)
			}
			i := 0
			for e := range v.Elements() {
				walk(e, fmt.Sprintf("%s/%d", pointer, i))
				i++
			}
			count, nth := map[string]int{}, map[string]int{}
			for n := range v.Members() {
				count[string(n)]++
			}
			for n, m := range v.Members() {
				p := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(string(n))
				if count[string(n)] > 1 {
					p = fmt.Sprintf("%s/%d", p, nth[string(n)])
					nth[string(n)]++
				}
				walk(m, p)
			}
		}
		walk(d.Root(), "")
	})
}

func TestValues(t *testing.T) {
	d := document(t, members{{"a", []any{nil, true, false, number("1.50"), "x"}}, {"b", members{}}, {"b", "second"}})
	root := d.Root()
	for i, want := range []struct {
		kind Kind
		text string
	}{{Null, "null"}, {True, "true"}, {False, "false"}, {Number, "1.50"}, {String, "x"}, {Missing, ""}} {
		v := root.Get("a").Index(i)
		if v.Kind() != want.kind || v.Text() != want.text {
			t.Errorf("element %d is %s %q, want %s %q", i, v.Kind(), v.Text(), want.kind, want.text)
		}
		if scalar := i < 5; v.Scalar() != scalar || v.Exists() != scalar {
			t.Errorf("element %d: scalar %t, exists %t", i, v.Scalar(), v.Exists())
		}
	}
	if n := root.Len(); n != 3 {
		t.Errorf("%d members, want 3", n)
	}
	if got := root.Get("b"); got.Kind() != Object || !got.Is(root.Get("b")) || got.Is(root.Get("a")) {
		t.Errorf("the first b is %s", got.Kind())
	}
	if got := root.Get("c"); got.Exists() || got.Pointer() != "" || got.Size() != 0 || got.Len() != 0 {
		t.Error("what isn't there is there")
	}
	if missing := (Value{}); missing.Ref() != 0 || root.At(0).Exists() || missing.At(1).Exists() {
		t.Error("a missing value has a place")
	}
	if (&Document{}).Root().Exists() {
		t.Error("an empty document has a root")
	}
}

// TestGrouped holds that repeated names become lists where they are copied out of a format that has
// no lists.
func TestGrouped(t *testing.T) {
	d := document(t, members{{"a", "1"}, {"b", members{{"c", "2"}, {"c", "3"}}}, {"a", "4"}, {"skipped", "5"}})
	d.Repeats = true
	b := Sharing(d)
	b.Object()
	b.CopyMembers(d.Root(), func(name []byte) bool { return string(name) == "skipped" })
	b.End()
	got, err := b.Document()
	if err != nil {
		t.Fatal(err)
	}
	want := members{{"a", []any{"1", "4"}}, {"b", members{{"c", []any{"2", "3"}}}}}
	if diff := cmp.Diff(any(want), tree(got.Root()), sameTree); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	b = NewBuilder(nil, 0)
	b.Repeats(true)
	b.Copy(d.Root())
	if got, err = b.Document(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree(d.Root()), tree(got.Root()), sameTree); diff != "" || !got.Root().Repeats() {
		t.Errorf("between formats that repeat names: -want +got\n%s", diff)
	}
}

func TestBuilderErrors(t *testing.T) {
	tests := []struct {
		name  string
		build func(b *Builder)
		want  string
	}{
		{"a second value", func(b *Builder) { b.Null(); b.Null() }, "a document has one value, and this is a second one"},
		{"no name", func(b *Builder) { b.Object(); b.String("x"); b.End() }, "a value in an object has no name"},
		{"a name in an array", func(b *Builder) { b.Array(); b.Name("x") }, "a name can't stand here"},
		{"a name of a name", func(b *Builder) { b.Object(); b.Name("x"); b.Name("y") }, "a name can't stand here"},
		{"a name outside", func(b *Builder) { b.Name("x") }, "a name can't stand here"},
		{"never ended", func(b *Builder) { b.Array() }, "an object or array is never ended"},
		{"ended twice", func(b *Builder) { b.Array(); b.End(); b.End() }, "nothing can be ended here"},
		{"ended behind a name", func(b *Builder) { b.Object(); b.Name("x"); b.End() }, "nothing can be ended here"},
		{"a text that isn't there", func(b *Builder) { b.Span(String, 0, 10) }, "a value has a text that isn't there"},
		{"a name that isn't there", func(b *Builder) { b.Object(); b.NameSpan(2, 1) }, "a name has a text that isn't there"},
		{"too much text", func(b *Builder) { b.Bytes(String, make([]byte, MaxText+1)) }, errTooMuch.Error()},
		{"too much text in two", func(b *Builder) { b.Put([]byte("x")); b.Put(make([]byte, MaxText)) }, errTooMuch.Error()},
		{"too much text in a name", func(b *Builder) { b.Object(); b.Put([]byte("x")); b.Put(make([]byte, MaxText)); b.Name("x") }, errTooMuch.Error()},
		{"too deep", func(b *Builder) {
			for range MaxDepth + 1 {
				b.Array()
			}
		}, "the body nests deeper than 512"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBuilder(nil, 0)
			tt.build(b)
			if b.Err() != nil {
				b.Null() // the first thing that went wrong is what counts
			}
			if _, err := b.Document(); err == nil || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
		})
	}
}

// TestShare holds that a Builder that is used again knows nothing of what it built before.
func TestShare(t *testing.T) {
	first, second := document(t, members{{"a", "x"}}), document(t, []any{"y", number("1")})
	var b Builder
	for _, d := range []*Document{first, second, first} {
		b.Share(d.Root(), 1, 1)
		b.Copy(d.Root())
		got, err := b.Document()
		if err != nil {
			t.Fatal(err)
		}
		b.Reset()
		if diff := cmp.Diff(tree(d.Root()), tree(got.Root()), sameTree); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	b.Share(Value{}, 0, 0)
	start, end := b.PutString("put")
	if got := string(b.Text(start, end)); got != "put" {
		t.Errorf("put %q", got)
	}
	b.Span(String, start, end)
	if got, err := b.Document(); err != nil || got.Root().Text() != "put" {
		t.Errorf("%v", err)
	}
	text := document(t, " x ")
	b.Share(text.Root(), 0, 0)
	start, end, ok := b.Shared(text.Root())
	if !ok || string(b.Text(start+1, end-1)) != "x" {
		t.Errorf("shared %t, %d to %d", ok, start, end)
	}
	for name, v := range map[string]Value{"another document": first.Root().Get("a"), "an object": first.Root(), "missing": {}} {
		if _, _, ok := b.Shared(v); ok {
			t.Errorf("the text of %s is shared", name)
		}
	}
	b.Share(first.Root().Get("a"), 0, 0)
	if _, _, ok := b.Shared(first.Root().Get("a")); ok {
		t.Error("the text of a part is shared")
	}
}

func TestError(t *testing.T) {
	cause := errors.New("not a number")
	for want, e := range map[string]*Error{"at /a/0: not a number": {"/a/0", cause}, "not a number": {"", cause}} {
		if e.Error() != want || !errors.Is(e, cause) {
			t.Errorf("%v, want %s", e, want)
		}
	}
}
