package web

import (
	"errors"
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

// MaxServiceVersion is how long a service's version may be, in bytes. What is longer is something else.
const MaxServiceVersion = 200

// ServiceVersion returns the version of a service that somebody typed or the service told, without the
// space around it: one short line of characters that have a shape. It says what is wrong with others.
func ServiceVersion(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", errors.New("the version is blank")
	case len(text) > MaxServiceVersion:
		return "", fmt.Errorf("the version is over %d bytes", MaxServiceVersion)
	case !utf8.ValidString(text):
		return "", errors.New("the version isn't UTF-8")
	}
	for _, r := range text {
		if !unicode.IsPrint(r) { // two versions that look alike have to be the same
			return "", fmt.Errorf("the version has a character in it that can't be seen, %U", r)
		}
	}
	return text, nil
}
