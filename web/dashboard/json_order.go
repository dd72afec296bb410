package dashboard

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// inOrderOf returns a JSON body with the members of its objects in the order in which legacy's
// corresponding ones are, those that legacy lacks after them: which order members have means nothing,
// and two columns are easier to read in the same one. Where one of both is no JSON the body stays.
func inOrderOf(legacy, service string) (body string, changed bool) {
	a, err := readTree(legacy)
	if err != nil {
		return service, false
	}
	b, err := readTree(service)
	if err != nil {
		return service, false
	}
	if !b.order(a) {
		return service, false
	}
	return string(b.append(nil)), true
}

// tree is a JSON value whose parts can change places. Scalars stay as they are written.
type tree struct {
	raw   []byte // of a scalar
	open  byte   // { or [; 0: a scalar
	names []string
	keys  []jsontext.Value // as written
	parts []*tree
}

func readTree(body string) (*tree, error) {
	dec := jsontext.NewDecoder(strings.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	left := layoutLines
	return readValue(dec, 0, &left)
}

func readValue(dec *jsontext.Decoder, depth int, left *int) (*tree, error) {
	if *left--; *left < 0 || depth > maxDepth {
		return nil, errEnough
	}
	open := dec.PeekKind()
	if open != '{' && open != '[' {
		raw, err := dec.ReadValue()
		return &tree{raw: slices.Clone(raw)}, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	t := &tree{open: byte(open)}
	for kind := dec.PeekKind(); kind != '}' && kind != ']'; kind = dec.PeekKind() {
		if open == '{' {
			raw, err := dec.ReadValue()
			if err != nil {
				return nil, err
			}
			t.keys = append(t.keys, slices.Clone(raw))
			name, _ := jsontext.AppendUnquote(nil, raw) // what can't be read is a name all the same
			t.names = append(t.names, string(name))
		}
		part, err := readValue(dec, depth+1, left)
		if err != nil {
			return nil, err
		}
		t.parts = append(t.parts, part)
	}
	_, err := dec.ReadToken()
	return t, err
}

// order puts the members of t in the order of like's, and reports whether any changed its place.
func (t *tree) order(like *tree) (changed bool) {
	if t.open != like.open {
		return false
	}
	if t.open == '[' {
		for i := range min(len(t.parts), len(like.parts)) {
			changed = t.parts[i].order(like.parts[i]) || changed
		}
		return changed
	}
	at := make(map[string]int, len(like.names))
	for i, name := range like.names {
		if _, twice := at[name]; !twice {
			at[name] = i
		}
	}
	places := make([]int, len(t.names))
	for i, name := range t.names {
		places[i] = i
		if its, known := at[name]; known {
			changed = t.parts[i].order(like.parts[its]) || changed
		}
	}
	rank := func(i int) int {
		if its, known := at[t.names[i]]; known {
			return its
		}
		return len(like.names)
	}
	slices.SortStableFunc(places, func(a, b int) int { return rank(a) - rank(b) })
	names, keys, parts := make([]string, len(places)), make([]jsontext.Value, len(places)), make([]*tree, len(places))
	for to, from := range places {
		changed = changed || to != from
		names[to], keys[to], parts[to] = t.names[from], t.keys[from], t.parts[from]
	}
	t.names, t.keys, t.parts = names, keys, parts
	return changed
}

func (t *tree) append(dst []byte) []byte {
	switch t.open {
	case 0:
		return append(dst, t.raw...)
	case '[':
		dst = append(dst, '[')
	default:
		dst = append(dst, '{')
	}
	for i, part := range t.parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		if t.open == '{' {
			dst = append(append(dst, t.keys[i]...), ':')
		}
		dst = part.append(dst)
	}
	return append(dst, map[byte]byte{'[': ']', '{': '}'}[t.open])
}
