package compare

import (
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// guessTexts guesses why two strings differ. What explains more of them is tried later: a string
// that is the other in capitals isn't taken for one that was cut off.
func guessTexts(l, s string) string {
	if l == s || l == "" || s == "" {
		return ""
	}
	if isNumber([]byte(l)) && isNumber([]byte(s)) {
		return guessNumbers(l, s)
	}
	if why := guessTimes(l, s); why != "" {
		return why
	}
	switch {
	case strings.EqualFold(l, s):
		return "case only"
	case strings.TrimSpace(l) == strings.TrimSpace(s):
		return "trimmed blanks"
	case withoutBlanks(l) == withoutBlanks(s):
		return "whitespace only"
	case norm.NFC.String(l) == norm.NFC.String(s):
		return "Unicode normal form"
	case html.UnescapeString(l) == s || html.UnescapeString(s) == l:
		return "HTML-escaped"
	case urlEscaped(l, s) || urlEscaped(s, l):
		return "URL-escaped"
	case misread(l, s) || misread(s, l):
		return "charset: UTF-8 read as Latin-1"
	case lostLetters(l, s) || lostLetters(s, l):
		return "charset: letters lost"
	}
	if n := cutOff(l, s); n > 0 {
		return "cut off after " + strconv.Itoa(n) + " characters"
	}
	return ""
}

func withoutBlanks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// urlEscaped reports whether s is t as part of a URL (RFC 3986, section 2.1), or in a form, where
// blanks are plus signs.
func urlEscaped(s, t string) bool {
	path, err := url.PathUnescape(s)
	if err == nil && path == t {
		return true
	}
	form, err := url.QueryUnescape(s)
	return err == nil && form == t
}

// misread reports whether s is what becomes of t's UTF-8 for somebody who takes each byte for a
// character, be it in ISO 8859-1 or, as browsers do under that name, in Windows-1252.
func misread(s, t string) bool {
	for _, charset := range []*charmap.Charmap{charmap.Windows1252, charmap.ISO8859_1} {
		if wrong, err := charset.NewDecoder().String(t); err == nil && wrong == s {
			return true
		}
	}
	return false
}

// lostLetters reports whether s is t with question marks or U+FFFD in place of letters beyond
// ASCII, and nothing else changed.
func lostLetters(s, t string) bool {
	if utf8.RuneCountInString(s) != utf8.RuneCountInString(t) {
		return false
	}
	letters := []rune(t)
	for i, r := range []rune(s) {
		if r != letters[i] && (r != '?' && r != utf8.RuneError || letters[i] < utf8.RuneSelf) {
			return false
		}
	}
	return true
}

// fewCharacters is up to where a beginning in common may be chance.
const fewCharacters = 8

// cutOff returns after how many characters one of the strings is the other's beginning, with an
// ellipsis or without; 0 if neither is.
func cutOff(l, s string) int {
	if len(l) > len(s) {
		l, s = s, l
	}
	l = strings.TrimSuffix(strings.TrimSuffix(l, "…"), "...")
	if n := utf8.RuneCountInString(l); n >= fewCharacters && strings.HasPrefix(s, l) {
		return n
	}
	return 0
}

var excerptEnd = regexp.MustCompile(`… \(\d+ bytes\)$`)

// isExcerpt reports whether a string is what excerptJSON leaves of a large value.
func isExcerpt(s string) bool { return excerptEnd.MatchString(s) }
