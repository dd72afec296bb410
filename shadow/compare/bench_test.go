package compare_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/r3labs/diff/v3"
	"github.com/wI2L/jsondiff"
)

// document10K is 10 KB of JSON as an API answers it.
func document10K(price string) string {
	var b strings.Builder
	b.WriteString(`{"total":1234.50,"page":1,"items":[`)
	for i := range 70 {
		if i > 0 {
			b.WriteByte(',')
		}
		p := "12.50"
		if i == 35 {
			p = price
		}
		fmt.Fprintf(&b, `{"id":%d,"title":"The strangler fig, volume %d","price":%s,"tags":["tree","fig"],"stock":{"count":%d,"warehouse":"north"},"active":true}`, i, i, p, i*3)
	}
	b.WriteString(`]}`)
	return b.String()
}

// ways are how one may find out that two JSON texts differ, decoding included. Each returns whether
// they do.
var ways = []struct {
	name string
	find func(legacy, service []byte) (bool, error)
}{
	{"encoding-json+DeepEqual", decoded(func(a, b any) (bool, error) { return !reflect.DeepEqual(a, b), nil })},
	{"encoding-json+cmp.Equal", decoded(func(a, b any) (bool, error) { return !cmp.Equal(a, b), nil })},
	{"encoding-json+cmp.Diff", decoded(func(a, b any) (bool, error) { return cmp.Diff(a, b) != "", nil })},
	{"encoding-json+r3labs-diff", decoded(func(a, b any) (bool, error) {
		changes, err := diff.Diff(a, b)
		return len(changes) > 0, err
	})},
	{"wI2L-jsondiff", func(legacy, service []byte) (bool, error) {
		patch, err := jsondiff.CompareJSON(legacy, service)
		return len(patch) > 0, err
	}},
}

func decoded(find func(a, b any) (bool, error)) func(legacy, service []byte) (bool, error) {
	return func(legacy, service []byte) (bool, error) {
		var a, b any
		if err := json.Unmarshal(legacy, &a); err != nil {
			return false, err
		}
		if err := json.Unmarshal(service, &b); err != nil {
			return false, err
		}
		return find(a, b)
	}
}

// BenchmarkCompare compares two 10 KB answers that differ in one value, from bytes, and in the
// ways that there are besides. The rate is that of both answers' bytes.
func BenchmarkCompare(b *testing.B) {
	legacy, service := document10K("12.50"), document10K("12.51")
	size := int64(len(legacy) + len(service))
	run := func(name string, f func() (bool, error)) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := f(); err != nil || !ok {
					b.Fatalf("not the answer that was expected; error %v", err)
				}
			}
		})
	}
	c := comparer(b, rules{})
	x, y, same := jsonAnswer(legacy), jsonAnswer(service), jsonAnswer(strings.Clone(legacy))
	spaced := jsonAnswer(strings.ReplaceAll(service, `,"`, `, "`))
	keyed := comparer(b, rules{Keyed: map[string]string{"/items": "id"}})
	run("equal bytes", func() (bool, error) { d, err := c.Compare(x, same); return len(d) == 0, err })
	run("compare", func() (bool, error) { d, err := c.Compare(x, y); return len(d) == 1, err })
	run("compare other blanks", func() (bool, error) { d, err := c.Compare(x, spaced); return len(d) == 1, err })
	run("compare keyed", func() (bool, error) { d, err := keyed.Compare(x, y); return len(d) == 1, err })
	for _, way := range ways {
		run(way.name, func() (bool, error) { return way.find([]byte(legacy), []byte(service)) })
	}
}
