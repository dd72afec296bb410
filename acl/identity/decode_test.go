package identity_test

import (
	"encoding/base64"
	"testing"
)

// decode reads a part of a token.
func decode(t testing.TB, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
