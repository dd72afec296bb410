package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/strangler-fig/toolkit/shadow"
)

// maxValue bounds each value of a difference, bytes of JSON.
const maxValue = 1 << 10

// An excerpt of a text begins a little before the first byte that differs.
const (
	excerptBefore = 30
	excerptAfter  = 90
)

// unstructured is the difference between two bodies that are compared by bytes. The problems say of
// each why it isn't compared as what it is said to be.
func (c *Comparer) unstructured(legacy, service document, problems [2]error) []shadow.Difference {
	at := 0
	for at < min(len(legacy.body), len(service.body)) && legacy.body[at] == service.body[at] {
		at++
	}
	texts := isText(legacy.body) && isText(service.body)
	return []shadow.Difference{{
		Kind:    shadow.KindBody,
		Legacy:  describe(legacy, at, texts, problems[0]),
		Service: describe(service, at, texts, problems[1]),
	}}
}

// describe says in a JSON string what a body is: for texts what they are from where they
// differ, else type, length and hash.
func describe(d document, at int, texts bool, err error) json.RawMessage {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "%v: ", err)
	}
	switch {
	case len(d.body) == 0:
		b.WriteString("empty")
	case texts:
		fmt.Fprintf(&b, "byte %d of %d: %s", at, len(d.body), excerpt(d.body, at))
	default:
		media := d.media
		if media == "" {
			media = "no type"
		}
		fmt.Fprintf(&b, "%.100s, %d bytes, xxh64 %016x", media, len(d.body), xxhash.Sum64(d.body))
	}
	return quote(b.String())
}

func excerpt(body []byte, at int) string {
	from, to := max(0, at-excerptBefore), min(len(body), at+excerptAfter)
	for from > 0 && !utf8.RuneStart(body[from]) {
		from--
	}
	s := string(cutUTF8(body[from:], to-from))
	if from > 0 {
		s = "…" + s
	}
	if to < len(body) {
		s += "…"
	}
	return s
}

// isText reports whether a body can be shown: UTF-8 without NUL.
func isText(body []byte) bool {
	return bytes.IndexByte(body, 0) < 0 && utf8.Valid(body)
}

// cutUTF8 returns the first n bytes of s, or a little less so as not to split a character.
func cutUTF8(s []byte, n int) []byte {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// quote returns a JSON string of at most maxValue bytes. Invalid UTF-8 becomes U+FFFD.
func quote(s string) json.RawMessage {
	for {
		quoted, err := json.Marshal(s)
		if err == nil && len(quoted) <= maxValue {
			return quoted
		}
		s = string(cutUTF8([]byte(s), len(s)*3/4)) + "…"
	}
}
