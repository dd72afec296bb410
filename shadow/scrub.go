package shadow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What is taken out wherever it stands, since nobody names all the places where it may.
const (
	ScrubCards   = "cards"   // numbers of payment cards, by their check digit
	ScrubEmails  = "emails"  // e-mail addresses
	ScrubBearers = "bearers" // bearer tokens and JSON web tokens
)

// Scrubs lists all of them.
func Scrubs() []string { return []string{ScrubCards, ScrubEmails, ScrubBearers} }

// scrubber takes out of text what looks like a secret. It never changes what it is given.
type scrubber struct {
	cards, emails, bearers bool
	patterns               []*regexp.Regexp
}

func newScrubber(names, patterns []string) (s scrubber, err error) {
	if names == nil {
		names = Scrubs()
	}
	for _, name := range names {
		if !slices.Contains(Scrubs(), name) {
			return s, fmt.Errorf("no kind of secret %q: it is cards, emails or bearers", name)
		}
	}
	s.cards, s.emails, s.bearers = slices.Contains(names, ScrubCards), slices.Contains(names, ScrubEmails), slices.Contains(names, ScrubBearers)
	for _, text := range patterns {
		re, err := regexp.Compile(text)
		if err != nil {
			return s, fmt.Errorf("redact pattern:%s: %w", text, err)
		}
		s.patterns = append(s.patterns, re)
	}
	return s, nil
}

const (
	hiddenCard   = redactedPrefix + " card]"
	hiddenEmail  = redactedPrefix + " e-mail]"
	hiddenBearer = redactedPrefix + " token]"
)

// text returns b without secrets: b itself where there are none.
func (s scrubber) text(b []byte) []byte {
	if s.emails {
		b = scrubEmails(b)
	}
	if s.bearers {
		b = scrubBearers(b)
	}
	if s.cards {
		b = scrubCards(b)
	}
	for _, re := range s.patterns {
		if re.Match(b) {
			b = re.ReplaceAllLiteral(b, []byte(redacted))
		}
	}
	return b
}

func (s scrubber) string(text string) string {
	clean := s.text([]byte(text))
	if len(clean) == len(text) && string(clean) == text {
		return text
	}
	return string(clean)
}

// json returns a JSON value without secrets, still a JSON value.
func (s scrubber) json(v json.RawMessage) json.RawMessage {
	clean := s.text(v)
	if len(clean) == len(v) || json.Valid(clean) {
		return clean
	}
	return hidden
}

// scrubEmails looks for @, however it is written in URLs and JSON, and takes what stands around it (a
// small part of RFC 5322, which is what addresses in use look like).
func scrubEmails(b []byte) []byte {
	var out []byte
	done := 0
	for at := 0; at < len(b); at++ {
		width := atSign(b[at:])
		if width == 0 {
			continue
		}
		start, end := at, at+width
		for start > done && at-start < 64 && localByte(b[start-1]) {
			start--
		}
		dots := 0
		for end < len(b) && end-at < 255 && (alnum(b[end]) || b[end] == '-' || b[end] == '.' && end+1 < len(b) && alnum(b[end+1])) {
			if b[end] == '.' {
				dots++
			}
			end++
		}
		if start >= at || dots == 0 {
			continue
		}
		out = append(append(out, b[done:start]...), hiddenEmail...)
		done, at = end, end-1
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

// atSign returns how many bytes a text begins with that stand for an @.
func atSign(b []byte) int {
	switch b[0] {
	case '@':
		return 1
	case '%':
		if len(b) > 2 && b[1] == '4' && b[2] == '0' {
			return 3
		}
	case '\\':
		if len(b) > 5 && string(b[1:6]) == "u0040" {
			return 6
		}
	case '&':
		if bytes.HasPrefix(b, []byte("&#64;")) {
			return 5
		}
	}
	return 0
}

func alnum(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' }

func localByte(c byte) bool {
	return alnum(c) || strings.IndexByte("._%+-'", c) >= 0 || c >= 0x80
}

// scrubBearers takes what follows "Bearer " (RFC 6750), and JSON web tokens (RFC 7519), which begin
// as the Base64 of {" does.
func scrubBearers(b []byte) []byte {
	var out []byte
	done := 0
	for at := 0; at < len(b); at++ {
		start, dots := at, 0
		switch b[at] {
		case 'b', 'B':
			if start += len(bearer); start > len(b) || !strings.EqualFold(string(b[at:start]), bearer) {
				continue
			}
			blank := blankAt(b[start:])
			if start += blank; blank == 0 {
				continue
			}
		case 'e':
			if dots = 2; !bytes.HasPrefix(b[at:], []byte("eyJ")) {
				continue
			}
		default:
			continue
		}
		end := start
		for end < len(b) && (alnum(b[end]) || strings.IndexByte("-._~+/=", b[end]) >= 0) {
			end++
		}
		at = max(at, end-1)
		if end-start < leastBearer || dots > 0 && bytes.Count(b[start:end], []byte(".")) != dots {
			continue
		}
		out = append(append(out, b[done:start]...), hiddenBearer...)
		done = end
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

const (
	bearer      = "bearer"
	leastBearer = 16 // bytes of a token: "bearer " may be followed by a word
)

// scrubCards looks for 13 to 19 digits, in groups or not, whose last one is the check digit (ISO/IEC
// 7812) and whose first ones are a card scheme's.
func scrubCards(b []byte) []byte {
	var out []byte
	done := 0
	for at := 0; at < len(b); at++ {
		if c := b[at]; c < '2' || c > '6' || at > 0 && (alnum(b[at-1]) || b[at-1] == '.' || b[at-1] == '-' || b[at-1] == '_') {
			continue
		}
		end, valid := cardAt(b[at:])
		if !valid {
			at += max(0, end-1)
			continue
		}
		out = append(out, b[done:at]...)
		if bareNumber(b, at, at+end) {
			out = append(out, '"')
			out = append(out, hiddenCard...)
			out = append(out, '"')
		} else {
			out = append(out, hiddenCard...)
		}
		done, at = at+end, at+end-1
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

// blankAt returns how many bytes a text begins with that stand for one blank, in URLs too.
func blankAt(b []byte) int {
	switch {
	case len(b) > 0 && (b[0] == ' ' || b[0] == '+'):
		return 1
	case bytes.HasPrefix(b, []byte("%20")):
		return 3
	}
	return 0
}

// cardAt returns how far the digits at the beginning of b go, and whether they, or the first groups of
// them, are a card's number; then how far that goes.
func cardAt(b []byte) (end int, valid bool) {
	var digits [19]byte
	n, card := 0, 0
	for end < len(b) {
		c := b[end]
		if '0' <= c && c <= '9' {
			if n == len(digits) {
				break
			}
			digits[n] = c - '0'
			n++
			end++
			continue
		}
		if (!alnum(c) && c != '_' && (c != '.' || end+1 == len(b) || b[end+1] < '0' || '9' < b[end+1])) && isCard(digits[:n]) {
			card = end
		}
		gap := blankAt(b[end:])
		if c == '-' {
			gap = 1
		}
		if gap == 0 || n < 4 || end+gap >= len(b) || b[end+gap] < '0' || '9' < b[end+gap] {
			break
		}
		end += gap
	}
	if end == len(b) && isCard(digits[:n]) {
		card = end
	}
	if card > 0 {
		return card, true
	}
	return end, false
}

func isCard(digits []byte) bool { return len(digits) >= 13 && scheme(digits) && luhn(digits) }

// scheme reports whether digits begin as the cards of one do: Mastercard 51–55 and 2221–2720, Visa 4,
// American Express 34 and 37, Discover and others 6, Diners 30, 36, 38, JCB 35.
func scheme(d []byte) bool {
	switch d[0] {
	case 2:
		first := int(d[0])*1000 + int(d[1])*100 + int(d[2])*10 + int(d[3])
		return len(d) == 16 && 2221 <= first && first <= 2720
	case 3:
		return d[1] == 0 || d[1] >= 4 && d[1] <= 8
	case 4:
		return len(d) == 13 || len(d) == 16 || len(d) == 19
	case 5:
		return len(d) == 16 && d[1] >= 1 && d[1] <= 5
	}
	return d[0] == 6
}

func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// bareNumber reports whether b[from:to] stands as a number in JSON, so that a text in its place wants
// quotes.
func bareNumber(b []byte, from, to int) bool {
	before := bytes.TrimRight(b[:from], " \t\r\n")
	after := bytes.TrimLeft(b[to:], " \t\r\n")
	starts := len(before) == 0 && len(after) == 0 || len(before) > 0 && bytes.IndexByte([]byte(":[,"), before[len(before)-1]) >= 0
	ends := len(after) == 0 || bytes.IndexByte([]byte(",]}"), after[0]) >= 0
	if !starts || !ends {
		return false
	}
	return len(before) == 0 || looksJSON(b)
}
