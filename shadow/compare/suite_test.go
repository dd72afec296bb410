package compare_test

import (
	"strings"
	"testing"

	"github.com/strangler-fig/toolkit/shadow"
)

// TestSuite takes cases in the manner of JSONTestSuite: what is valid is compared by structure,
// what isn't by bytes, and everything equals itself.
func TestSuite(t *testing.T) {
	valid := []string{`[]`, `{}`, ` [1]`, "[\t\r\n]", `""`, `"\u0000"`, `"\uDBFF\uDFFF"`, "[\"\u2028\x7f\"]", `-0`, `[1E-2]`, `[123e65]`,
		`{"":0}`, `{"a":{"a":1}}`, `[null,true,false]`, `"\"\\\/\b\f\n\r\t"`, `"\u00e9\u00E9"`, `"\\u0000"`}
	invalid := []string{`[`, `]`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `{"a":1,"a":1}`, `01`, `-`, `1.`, `.1`, `1e`, `1e+`,
		`+1`, `0x1`, `NaN`, `-Infinity`, `tru`, `nul`, `TRUE`, `"`, `"\`, `"\u12"`, `"\x"`, `"\uD800"`, `"\uDC00"`, `"\uD800\u0041"`, "\"\x01\"",
		"\"\xff\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf[]", `[1]x`, `[1]//`, `'a'`, "[1]\x00", "[\f]", `{"a":1]`, `[1}`, `1 2`, strings.Repeat("[", 100_000)}
	c := comparer(t, rules{})
	for i, text := range append(valid, invalid...) {
		if diffs, err := c.Compare(jsonAnswer(text), jsonAnswer(text)); err != nil || len(diffs) > 0 {
			t.Errorf("%.40q differs from itself: %v, %v", text, lines(diffs), err)
		}
		diffs, err := c.Compare(jsonAnswer(text), jsonAnswer(text+" "))
		if err != nil {
			t.Fatal(err)
		}
		bytewise := len(diffs) == 1 && diffs[0].Kind == shadow.KindBody && strings.Contains(string(diffs[0].Legacy), "not JSON")
		if wantBytes := i >= len(valid); bytewise != wantBytes || len(diffs) > 1 {
			t.Errorf("%.40q compared by bytes: %t, want %t (%v)", text, bytewise, wantBytes, lines(diffs))
		}
	}
}
