package roundtrip

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
)

// token is one step of a pointer into a body.
type token struct {
	name  string
	index int // of a list, if name is empty
}

// found is a difference at a place of one body: the first, and how many there are.
type found struct {
	times         int
	pointer       string // exactly
	before, after string
	from, to      document.Value
}

// comparer finds where two bodies of one side differ. The order of members doesn't count, that of
// elements does.
type comparer struct {
	lists map[string]bool // generalised pointers of lists, also where a format writes one as nothing but its element
	found map[placeKey]found
}

func (c *comparer) add(kind Kind, at []token, before, after document.Value) {
	key := placeKey{pointer: pointerOf(at, true), kind: kind}
	f, again := c.found[key]
	f.times++
	if !again {
		f.pointer, f.before, f.after, f.from, f.to = pointerOf(at, false), shown(before), shown(after), before, after
	}
	c.found[key] = f
}

func (c *comparer) compare(a, b document.Value, at []token) {
	switch {
	case !a.Exists() && !b.Exists():
	case !b.Exists():
		c.alone(Lost, a, at)
	case !a.Exists():
		c.alone(Added, b, at)
	case a.Kind() == document.Object && b.Kind() == document.Object:
		c.objects(a, b, at)
	case a.Kind() == document.Array && b.Kind() == document.Array:
		c.elements(list(a), list(b), at)
	case a.Kind() == document.Number && b.Kind() == document.Number:
		if a.Text() != b.Text() {
			kind := Changed
			if sameNumber(a.Text(), b.Text()) {
				kind = Spelling
			}
			c.add(kind, at, a, b)
		}
	case a.Kind() == b.Kind() && a.Scalar():
		if a.Text() != b.Text() {
			c.add(Changed, at, a, b)
		}
	case isBool(a) && isBool(b):
		c.add(Changed, at, a, b)
	case a.Kind() == document.Object && a.Len() > 0 && blank(b): // an element with nothing in it
		c.alone(Lost, a, at)
	case b.Kind() == document.Object && b.Len() > 0 && blank(a):
		c.alone(Added, b, at)
	default:
		c.add(Retyped, at, a, b)
	}
}

// blank reports what is an empty object as well, in a format in which all values are texts.
func blank(v document.Value) bool {
	return v.Repeats() && v.Kind() == document.String && strings.TrimSpace(v.Text()) == ""
}

func isBool(v document.Value) bool { return v.Kind() == document.True || v.Kind() == document.False }

// alone notes what only one of the two has: an object by its members, so that each is told by its
// own name.
func (c *comparer) alone(kind Kind, v document.Value, at []token) {
	if v.Kind() == document.Object && v.Len() > 0 {
		members := group(v)
		for _, name := range members.names {
			for i, member := range members.of[name] {
				next := below(at, name)
				if len(members.of[name]) > 1 || c.lists[pointerOf(next, true)] {
					next = append(next, token{index: i})
				}
				c.alone(kind, member, next)
			}
		}
		return
	}
	if kind == Lost {
		c.add(kind, at, v, document.Value{})
	} else {
		c.add(kind, at, document.Value{}, v)
	}
}

func (c *comparer) objects(a, b document.Value, at []token) {
	before, after := group(a), group(b)
	for _, name := range before.names {
		c.member(name, before.of[name], after.of[name], at)
	}
	for _, name := range after.names {
		if before.of[name] == nil {
			c.member(name, nil, after.of[name], at)
		}
	}
}

func (c *comparer) member(name string, a, b []document.Value, at []token) {
	next := below(at, name)
	if len(a) > 1 || len(b) > 1 || a != nil && a[0].Repeats() && c.lists[pointerOf(next, true)] {
		c.elements(a, b, next)
		return
	}
	var before, after document.Value
	if len(a) == 1 {
		before = a[0]
	}
	if len(b) == 1 {
		after = b[0]
	}
	c.compare(before, after, next)
}

func (c *comparer) elements(a, b []document.Value, at []token) {
	for i := range max(len(a), len(b)) {
		var before, after document.Value
		if i < len(a) {
			before = a[i]
		}
		if i < len(b) {
			after = b[i]
		}
		c.compare(before, after, append(at[:len(at):len(at)], token{index: i}))
	}
}

// members are those of an object, by name; a name may be there more than once.
type members struct {
	names []string
	of    map[string][]document.Value
}

func group(v document.Value) members {
	m := members{of: map[string][]document.Value{}}
	for name, member := range v.Members() {
		if m.of[string(name)] == nil {
			m.names = append(m.names, string(name))
		}
		m.of[string(name)] = append(m.of[string(name)], member)
	}
	return m
}

func list(v document.Value) (all []document.Value) {
	for e := range v.Elements() {
		all = append(all, e)
	}
	return all
}

func below(at []token, name string) []token {
	return append(at[:len(at):len(at)], token{name: name})
}

// pointerOf returns where that is; generalised, every index is *.
func pointerOf(at []token, general bool) string {
	var b strings.Builder
	for _, t := range at {
		b.WriteByte('/')
		switch {
		case t.name != "":
			b.WriteString(document.EscapePointer(t.name))
		case general:
			b.WriteByte('*')
		default:
			b.WriteString(strconv.Itoa(t.index))
		}
	}
	return b.String()
}

// withoutNumbers puts * for the parts of a pointer that are numbers, where there is no document to tell
// indices from names.
func withoutNumbers(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i, p := range parts {
		if isNumber(p) {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

func isNumber(part string) bool { return part != "" && strings.Trim(part, "0123456789") == "" }

// follow returns what stands at a pointer, and the pointer with * for each index: of an array, or among
// members of one name.
func follow(v document.Value, pointer string) (at document.Value, general string) {
	if pointer == "" {
		return v, ""
	}
	var b strings.Builder
	var same []document.Value // as v, by name
	for part := range strings.SplitSeq(pointer[1:], "/") {
		b.WriteByte('/')
		i, err := strconv.Atoi(part)
		index := err == nil && isNumber(part)
		switch {
		case v.Kind() == document.Array && index:
			b.WriteByte('*')
			v, same = v.Index(i), nil
		case len(same) > 1 && index:
			b.WriteByte('*')
			if v = (document.Value{}); i < len(same) {
				v = same[i]
			}
			same = nil
		default:
			b.WriteString(part)
			name := strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
			same = slices.Collect(v.Named(name))
			v = v.Get(name)
		}
	}
	return v, b.String()
}

// maxExponent is beyond what is computed to compare two numbers.
const maxExponent = 10_000

// sameNumber reports whether two literals are the same number: 1.0 and 1.00, 10 and 1e1.
func sameNumber(a, b string) bool {
	if exponent(a) > maxExponent || exponent(b) > maxExponent {
		return a == b
	}
	x, ok := new(big.Rat).SetString(a)
	y, good := new(big.Rat).SetString(b)
	return ok && good && x.Cmp(y) == 0
}

func exponent(s string) int {
	_, e, ok := strings.Cut(strings.ToLower(s), "e")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimLeft(e, "+-"))
	if err != nil {
		return maxExponent + 1
	}
	return n
}

// shown returns a value as JSON, shortened.
func shown(v document.Value) string {
	if !v.Exists() {
		return ""
	}
	f, err := format.New(format.Config{Name: format.JSON})
	if err != nil {
		return v.Text()
	}
	text, err := f.Append(nil, v)
	if err != nil {
		return cut(v.Text())
	}
	return cut(string(text))
}

// cut shortens a text, between characters.
func cut(s string) string {
	if len(s) <= maxShown {
		return s
	}
	s = s[:maxShown]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
