package shadow

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// Bounds of one comparison of Go values, as package compare has them for JSON.
const (
	maxValueSteps = 1 << 19 // looks at a part; a list is looked at several times
	maxValueDepth = 1000
	maxPlace      = 2 << 10 // bytes of a pointer
)

// places are the differences found, bounded.
type places struct {
	list []Difference
	more int
}

func (p *places) add(d Difference) {
	if len(p.list) == maxDifferences {
		p.more++
		return
	}
	p.list = append(p.list, d)
}

// compareValues returns where go-cmp says that two values differ. Unexported fields count, as far
// as the options don't leave them out. What go-cmp panics about, options that contradict one
// another say, goes on to the caller.
func compareValues(legacy, service any, options cmp.Options) (places, *SkipError) {
	r := &reporter{}
	r.walk(legacy, service, options)
	if len(r.found.list) == 0 && r.gaveUp {
		return r.found, &SkipError{SkipTooComplex, fmt.Sprintf("the values take more than %d steps, or have a depth of more than %d", maxValueSteps, maxValueDepth)}
	}
	return r.found, nil
}

// enough is what ends go-cmp's walk from inside, for which it has no other way.
type enough struct{}

func (r *reporter) walk(legacy, service any, options cmp.Options) {
	defer func() {
		if v := recover(); v != nil && v != (enough{}) {
			panic(v)
		}
	}()
	cmp.Equal(legacy, service, options,
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(r.tooDeep, cmp.Ignore()),
		cmp.Reporter(r))
}

// reporter collects what go-cmp reports. Its pointers lead into the values' JSON: what that writes
// as one text is one place, and a field is named as it is there.
type reporter struct {
	path   cmp.Path
	found  places
	last   string // pointer of the last difference
	steps  int
	gaveUp bool
}

// tooDeep bounds a comparison: go-cmp itself would follow a long list until the stack overflows,
// which ends the program. It is called for each part of the values, and ends the walk after so many.
func (r *reporter) tooDeep(path cmp.Path) bool {
	if r.steps++; r.steps > maxValueSteps {
		r.gaveUp = true
		panic(enough{})
	}
	if len(path) <= maxValueDepth {
		return false
	}
	r.gaveUp = true
	return true
}

// PushStep implements what cmp.Reporter wants.
func (r *reporter) PushStep(step cmp.PathStep) { r.path = append(r.path, step) }

// PopStep implements what cmp.Reporter wants.
func (r *reporter) PopStep() { r.path = r.path[:len(r.path)-1] }

// Report implements what cmp.Reporter wants.
func (r *reporter) Report(result cmp.Result) {
	if result.Equal() {
		return
	}
	if len(r.found.list) == maxDifferences {
		r.found.more++
		return
	}
	path := r.path[:textAt(r.path)]
	d := Difference{Kind: KindValue}
	d.Pointer, d.Pattern = pointersOf(path)
	if d.Pointer == r.last && len(path) < len(r.path) && len(r.found.list) > 0 {
		return // another byte of the same text
	}
	r.last = d.Pointer
	legacy, service := path.Last().Values()
	d.Kind = kindOf(legacy, service)
	d.Legacy, d.Service = excerptOf(legacy), excerptOf(service)
	r.found.add(d)
}

// kindOf says how two values differ that go-cmp looks no deeper into.
func kindOf(legacy, service reflect.Value) Kind {
	switch {
	case !service.IsValid():
		return KindMissing
	case !legacy.IsValid():
		return KindExtra
	}
	if isNil(legacy) != isNil(service) {
		return KindType // null against something
	}
	if legacy.Kind() == reflect.Interface && !isNil(legacy) && legacy.Elem().Type() != service.Elem().Type() {
		return KindType
	}
	return KindValue
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// textAt returns how many steps lead to the first value that JSON writes as one text: bytes, and
// what writes itself; all of them if there is none.
func textAt(path cmp.Path) int {
	for i, step := range path[:len(path)-1] {
		t := step.Type()
		if t == nil {
			continue
		}
		if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 ||
			t.Kind() != reflect.Interface && (t.Implements(textMarshaler) || reflect.PointerTo(t).Implements(textMarshaler)) {
			return i + 1
		}
	}
	return len(path)
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1")

// pointersOf returns where a path leads, with indices and with * for them.
func pointersOf(path cmp.Path) (pointer, pattern string) {
	var p, g strings.Builder
	token := func(at, general string) {
		if p.Len() < maxPlace {
			p.WriteString("/" + escapePointer.Replace(at))
			g.WriteString("/" + escapePointer.Replace(general))
		}
	}
	for i, step := range path {
		switch step := step.(type) {
		case cmp.StructField:
			if name, shown := memberName(path, i, step); shown {
				token(name, name)
			}
		case cmp.SliceIndex:
			at, service := step.SplitKeys()
			if at < 0 {
				at = service
			}
			token(strconv.Itoa(at), "*")
		case cmp.MapIndex:
			key := keyText(step.Key())
			if isRecord(path, i) {
				token(key, key)
			} else {
				token(key, "*")
			}
		}
	}
	return p.String(), g.String()
}

// memberName returns the name of a struct's field in JSON. Of an embedded struct the fields stand
// in the outer one. What JSON leaves out has its name in Go.
func memberName(path cmp.Path, i int, step cmp.StructField) (name string, shown bool) {
	of := path[i-1].Type()
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || step.Index() >= of.NumField() {
		return step.Name(), true
	}
	field := of.Field(step.Index())
	tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	inner := field.Type
	if inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	switch {
	case tag != "" && tag != "-":
		return tag, true
	case field.Anonymous && tag == "" && inner.Kind() == reflect.Struct && i < len(path)-1:
		return "", false
	}
	return step.Name(), true
}

// isRecord reports whether a map's keys are names somebody made up, as in decoded JSON, and not
// data, as they are where all values are of one type.
func isRecord(path cmp.Path, i int) bool {
	of := path[i-1].Type()
	return of.Kind() == reflect.Map && of.Elem().Kind() == reflect.Interface && of.Key().Kind() == reflect.String
}

// keyText returns a map's key as JSON has it.
func keyText(key reflect.Value) string {
	switch kind := key.Kind(); {
	case kind == reflect.String:
		return key.String()
	case !key.CanInterface():
		return key.Type().String()
	}
	text, err := encodeValue(key.Interface(), maxValuePart)
	if err != nil {
		return key.Type().String()
	}
	return strings.Trim(string(text), `"`)
}
