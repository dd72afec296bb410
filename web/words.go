package web

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What the journal keeps of a person's words, in characters.
const (
	MaxReason = 1000
	MaxActor  = 100
)

// CheckWords reports words that are not fit for the journal, which keeps them for ever and is
// read on terminals.
func CheckWords(reason, actor string) error {
	for _, one := range []struct {
		what, text string
		most       int
	}{{"reason", reason, MaxReason}, {"actor", actor, MaxActor}} {
		if n := utf8.RuneCountInString(one.text); n > one.most {
			return fmt.Errorf("%s has %d characters; at most %d are kept", one.what, n, one.most)
		}
		if strings.ContainsFunc(one.text, unicode.IsControl) {
			return fmt.Errorf("%s has a control character in it; write plain text on one line", one.what)
		}
	}
	return nil
}
