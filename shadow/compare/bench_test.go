package compare_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// BenchmarkCompare compares two 10 KB answers that differ in one value, from bytes.
func BenchmarkCompare(b *testing.B) {
	legacy, service := document10K("12.50"), document10K("12.51")
	size := int64(len(legacy) + len(service))
	decode := func(s string) (v any) {
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			b.Fatal(err)
		}
		return v
	}
	run := func(name string, f func() bool) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if f() {
					b.Fatal("no difference found")
				}
			}
		})
	}
	c := comparer(b, rules{})
	x, y := jsonAnswer(legacy), jsonAnswer(service)
	spaced := jsonAnswer(strings.ReplaceAll(service, `,"`, `, "`))
	run("compare", func() bool { d, err := c.Compare(x, y); return err != nil || len(d) != 1 })
	run("compare other blanks", func() bool { d, err := c.Compare(x, spaced); return err != nil || len(d) != 1 })
	run("encoding-json+DeepEqual", func() bool { return reflect.DeepEqual(decode(legacy), decode(service)) })
	run("encoding-json+cmp.Equal", func() bool { return cmp.Equal(decode(legacy), decode(service)) })
	run("encoding-json+cmp.Diff", func() bool { return cmp.Diff(decode(legacy), decode(service)) == "" })
	same := jsonAnswer(strings.Clone(legacy))
	run("equal bytes", func() bool { d, err := c.Compare(x, same); return err != nil || len(d) > 0 })
}
