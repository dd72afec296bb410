package compare

import (
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/cascadia"
)

// Pointer names a place in an answer: its status, one of its headers or trailers, places in its body, or what a
// selector finds in a page. It is immutable.
type Pointer struct {
	text     string
	status   bool
	header   string // canonical
	cookie   string // of the header Set-Cookie; empty: all
	trailer  string // canonical
	selector cascadia.SelectorGroup
	tokens   []string
}

// costly matches selectors that take time quadratic in the size of a page.
var costly = regexp.MustCompile(`(?i):(nth-[a-z-]+\(\s*([+-]?\d*n|even|odd)|only-of-type|has\(|haschild\(|contains\(|containsown\(|matches\(|matchesown\()`)

// Wildcard is the token that stands for any one key or index.
const Wildcard = "*"

// ParsePointer parses "status", "header:Name", "header:Set-Cookie/NAME", "trailer:Name",
// "css:SELECTOR", or a JSON pointer (RFC 6901) in which a token * stands for any one key or index. The
// empty pointer is the whole body. The error is a *RuleError without a rule.
func ParsePointer(s string) (Pointer, error) {
	p := Pointer{text: s}
	bad := func(format string, args ...any) (Pointer, error) {
		return Pointer{}, &RuleError{Pointer: s, Problem: fmt.Sprintf(format, args...)}
	}
	name, isHeader := strings.CutPrefix(s, "header:")
	field, cookie, isCookie := strings.Cut(name, "/")
	isCookie = isHeader && isCookie && strings.EqualFold(field, "Set-Cookie")
	trailer, isTrailer := strings.CutPrefix(s, "trailer:")
	selector, isSelector := strings.CutPrefix(s, "css:")
	switch {
	case s == "":
		return p, nil
	case s == "status":
		p.status = true
		return p, nil
	case isCookie && cookie == "":
		return bad("no cookie's name: write header:Set-Cookie/NAME, or header:Set-Cookie for all")
	case isCookie:
		p.header, p.cookie = "Set-Cookie", cookie
		return p, nil
	case isHeader && !validHeaderName(name):
		return bad("not a header's name: write header:Name, as in header:X-Request-Id")
	case isHeader:
		p.header = textproto.CanonicalMIMEHeaderKey(name)
		return p, nil
	case isTrailer && !validHeaderName(trailer):
		return bad("not a trailer's name: write trailer:Name, as in trailer:Grpc-Status")
	case isTrailer:
		p.trailer = textproto.CanonicalMIMEHeaderKey(trailer)
		return p, nil
	case isSelector:
		if costly.MatchString(selector) {
			return bad("a selector that counts elements, or looks into each, costs too much on a large page: use ids, classes, or :first-child and :last-child")
		}
		group, err := cascadia.ParseGroup(selector)
		if err != nil {
			return bad("not a CSS selector (%v): write css:SELECTOR, as in css:#total or css:.price", err)
		}
		p.selector = group
		return p, nil
	case s[0] != '/':
		return bad("names no place: write status, header:Name, trailer:Name, css:SELECTOR, or /%s for a member of the body", s)
	case !utf8.ValidString(s):
		return bad("not UTF-8")
	}
	p.tokens = strings.Split(s[1:], "/")
	for i, token := range p.tokens {
		plain, err := unescapeToken(token)
		if err != nil {
			return bad("%v", err)
		}
		p.tokens[i] = plain
	}
	if len(p.tokens) > maxDepth {
		return bad("has %d tokens; bodies are compared to a depth of %d", len(p.tokens), maxDepth)
	}
	return p, nil
}

// String returns the pointer as it was written.
func (p Pointer) String() string { return p.text }

// Body reports whether p points into the body, rather than to the status, a header, a trailer or
// what a selector finds.
func (p Pointer) Body() bool {
	return !p.status && p.header == "" && p.trailer == "" && p.selector == nil
}

// Selects reports whether p is a selector, which names places in pages only.
func (p Pointer) Selects() bool { return p.selector != nil }

// unescapeToken replaces ~1 by / and ~0 by ~ (RFC 6901, section 4).
func unescapeToken(token string) (string, error) {
	if !strings.Contains(token, "~") {
		return token, nil
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		switch {
		case token[i] != '~':
			b.WriteByte(token[i])
		case i+1 < len(token) && token[i+1] == '0':
			b.WriteByte('~')
			i++
		case i+1 < len(token) && token[i+1] == '1':
			b.WriteByte('/')
			i++
		default:
			return "", fmt.Errorf("has a ~ that is neither ~0 nor ~1: write ~0 for a tilde, ~1 for a slash")
		}
	}
	return b.String(), nil
}

// appendToken appends a slash and a key, escaped (RFC 6901, section 3).
func appendToken(dst, key []byte) []byte {
	dst = append(dst, '/')
	for _, c := range key {
		switch c {
		case '~':
			dst = append(dst, "~0"...)
		case '/':
			dst = append(dst, "~1"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// validHeaderName reports whether name is a token (RFC 9110, section 5.6.2).
func validHeaderName(name string) bool {
	for i := range len(name) {
		c := name[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
