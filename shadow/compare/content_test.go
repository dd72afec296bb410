package compare_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/shadow/compare"
)

// hold compares two answers both ways around, and each with itself, and checks what is true of
// all comparisons.
func hold(t *testing.T, c *compare.Comparer, a, b *shadow.Answer) {
	t.Helper()
	for _, one := range []*shadow.Answer{a, b} {
		other := *one
		other.Body = append(bytes.Clone(one.Body), '\n')[:len(one.Body)]
		if diffs, err := c.Compare(one, &other); err != nil || len(diffs) > 0 {
			t.Errorf("an answer differs from itself: %v, %v", lines(diffs), err)
		}
	}
	diffs, err := c.Compare(a, b)
	back, errBack := c.Compare(b, a)
	if err != nil || errBack != nil {
		for _, err := range []error{err, errBack} {
			if skip, ok := errors.AsType[*shadow.SkipError](err); err != nil && (!ok || skip.Reason != shadow.SkipTooComplex) {
				t.Errorf("compare: %v", err)
			}
		}
		return
	}
	if (len(diffs) == 0) != (len(back) == 0) {
		t.Errorf("got %q, and the other way around %q", lines(diffs), lines(back))
	}
	if len(diffs) > compare.MaxDifferences {
		t.Errorf("%d differences", len(diffs))
	}
	for _, d := range diffs {
		if len(d.Pointer) > 3<<10 || len(d.Pattern) > 3<<10 {
			t.Errorf("a pointer of %d bytes, pattern %d", len(d.Pointer), len(d.Pattern))
		}
		for _, v := range []json.RawMessage{d.Legacy, d.Service} {
			if v != nil && (!json.Valid(v) || len(v) > 1<<10) {
				t.Errorf("%s: not JSON, or too long: %q", d.Pointer, v)
			}
		}
	}
}

// FuzzContent compares bodies of all media types that are compared by structure.
func FuzzContent(f *testing.F) {
	for _, pairs := range readPairs(f) {
		for _, p := range pairs {
			f.Add(p.legacy.Header.Get("Content-Type"), p.legacy.Body, p.service.Body)
		}
	}
	c := comparer(f, rules{})
	f.Fuzz(func(t *testing.T, media string, a, b []byte) {
		if len(a) > 1<<12 || len(b) > 1<<12 || strings.ContainsAny(media, "\r\n") {
			return
		}
		answer := func(body []byte) *shadow.Answer {
			return &shadow.Answer{Status: 200, Header: http.Header{"Content-Type": {media}}, Body: body, Size: int64(len(body))}
		}
		hold(t, c, answer(a), answer(b))
	})
}
