package upstream

import (
	"net/textproto"
	"strings"
	"testing"
)

// TestSyntaxOfEachByte has every byte stand at every place of values and names, long enough to be
// looked at eight bytes at a time and not.
func TestSyntaxOfEachByte(t *testing.T) {
	for length := 1; length <= 20; length++ {
		for at := range length {
			for c := range 256 {
				s := strings.Repeat("x", at) + string([]byte{byte(c)}) + strings.Repeat("x", length-at-1)
				if got, want := isFieldValue(s), bytesIn[c]&inValue != 0; got != want {
					t.Errorf("%q is a field's value: %t, want %t", s, got, want)
				}
			}
		}
	}
	for _, s := range []string{"", "\x7f\x80aaaaaa", "\x80\x7faaaaaa", " \x1faaaaaa", "\x00\x00\x00\x00\x00\x00\x00\x00", "~~~~~~~~        ", "\t\t\t\t\t\t\t\t"} {
		if got, want := isFieldValue(s), consistsOf(s, inValue); got != want {
			t.Errorf("%q is a field's value: %t, want %t", s, got, want)
		}
	}
}

func TestCanonicalToken(t *testing.T) {
	names := []string{"", "Content-Type", "content-type", "CONTENT-TYPE", "Etag", "ETag", "X--A", "-a", "a-", "X_y", "1-a", "x:y", "X Y", "x\x80", "Ünder", "X-Y\x00"}
	for c := range 256 {
		names = append(names, string([]byte{byte(c)}), "X-"+string([]byte{byte(c)}), string([]byte{byte(c)})+"-Y", "Ab"+string([]byte{byte(c)}))
	}
	for _, name := range names {
		key, token := canonicalToken(name)
		if token != isToken(name) || token && key != textproto.CanonicalMIMEHeaderKey(name) {
			t.Errorf("%q: %q, a token: %t; want %q, %t", name, key, token, textproto.CanonicalMIMEHeaderKey(name), isToken(name))
		}
	}
}
