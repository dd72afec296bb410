package strangler

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"regexp/syntax"
	"strings"
)

// pattern is a path pattern, read.
type pattern struct {
	segments []segment
	rest     bool // ends in /*: at least one more segment follows, empty or not
}

// segment is what stands between two slashes.
type segment struct {
	kind   segmentKind
	text   string         // a literal, decoded; a regexp's source
	regexp *regexp.Regexp // anchored at both ends; nil but for a regexp
}

// segmentKind is a kind of segment. The smaller is the more specific.
type segmentKind uint8

const (
	literal   segmentKind = iota
	matched               // {name:regexp}
	parameter             // {name}
	rest                  // /*, never in pattern.segments
)

// maxPattern bounds a pattern, in bytes. Eight bytes of regexp, a{1000}, can become a thousand
// instructions.
const maxPattern = 1000

// PatternError says where and why a path pattern can't be read.
type PatternError struct {
	Pattern string
	Offset  int // of the place in Pattern, in bytes from 0
	Problem string
}

// Error implements error.
func (e *PatternError) Error() string {
	return fmt.Sprintf("read path pattern %q: at %d: %s", e.Pattern, e.Offset, e.Problem)
}

// parsePattern reads a path pattern:
//
//	/api/orders          these segments, each percent-decoded once
//	/api/orders/{id}     one segment, not empty
//	/api/{year:[0-9]{4}} one segment, not empty, that the regexp (RE2) matches whole
//	/api/*               the rest: /api/ and all below, but not /api
//
// A parameter is a whole segment; braces in a regexp stand in pairs, or in a class, or behind a
// backslash. A brace or an asterisk that is meant literally is written %7B, %7D, %2A. The error
// is a *PatternError.
func parsePattern(s string) (pattern, error) {
	var p pattern
	fail := func(at int, format string, args ...any) (pattern, error) {
		return pattern{}, &PatternError{s, at, fmt.Sprintf(format, args...)}
	}
	if !strings.HasPrefix(s, "/") {
		return fail(0, "a pattern begins with /")
	}
	if len(s) > maxPattern {
		return fail(maxPattern, "a pattern has at most %d bytes", maxPattern)
	}
	names := map[string]bool{}
	for at := 0; at < len(s); { // at a slash
		at++
		if s[at:] == "*" {
			p.rest = true
			return p, nil
		}
		if at < len(s) && s[at] == '{' {
			end := closingBrace(s, at)
			if end < 0 {
				return fail(at, "this { has no }")
			}
			if end+1 < len(s) && s[end+1] != '/' {
				return fail(end+1, "a parameter is a whole segment: / or the end must follow its }")
			}
			name, source, hasSource := strings.Cut(s[at+1:end], ":")
			if !isParameterName(name) {
				return fail(at+1, "a parameter's name is a letter and then letters, digits, _ or -, not %q", name)
			}
			if names[name] {
				return fail(at+1, "there is another parameter %q", name)
			}
			names[name] = true
			seg := segment{kind: parameter}
			if hasSource {
				re, err := compileWhole(source)
				if err != nil {
					return fail(at+2+len(name), "%s", err)
				}
				seg = segment{matched, source, re}
			}
			p.segments = append(p.segments, seg)
			at = end + 1
			continue
		}
		end := len(s)
		if i := strings.IndexByte(s[at:], '/'); i >= 0 {
			end = at + i
		}
		if i := strings.IndexAny(s[at:end], "{}*?#"); i >= 0 {
			return fail(at+i, "%s", misplaced[s[at+i]])
		}
		text, err := url.PathUnescape(s[at:end])
		if err != nil {
			return fail(at+strings.IndexByte(s[at:end], '%'), "%s; a literal %% is written %%25", err)
		}
		if isDots(text) {
			return fail(at, "no route gets a path with the segment %q: such paths only reach the catch-all", text)
		}
		p.segments = append(p.segments, segment{kind: literal, text: text})
		at = end
	}
	return p, nil
}

var misplaced = map[byte]string{
	'{': "a parameter is a whole segment: / must stand before its { (a literal { is written %7B)",
	'}': "this } has no { (a literal } is written %7D)",
	'*': "* stands only for the rest, as the last segment (a literal * is written %2A)",
	'?': "the query is no part of the path: it belongs under match.query (a literal ? is written %3F)",
	'#': "a fragment is never sent (a literal # is written %23)",
}

// closingBrace returns the index of the brace that closes the one at open, or -1. Behind the
// parameter's colon it knows what a brace is to a regexp: not one behind a backslash or in a
// class.
func closingBrace(s string, open int) int {
	depth, inRegexp := 0, false
	for i := open; i < len(s); i++ {
		switch c := s[i]; {
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		case c == '/' && !inRegexp:
			return -1
		case c == ':':
			inRegexp = true
		case c == '\\' && inRegexp:
			i++
		case c == '[' && inRegexp:
			i = classEnd(s, i)
		}
	}
	return -1
}

// classEnd returns the index of the bracket that closes the class at open; where there is none,
// open itself, so that the regexp's own error is the one that is shown.
func classEnd(s string, open int) int {
	i := open + 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	for first := true; i < len(s); i, first = i+1, false {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if n := strings.Index(s[i:], ":]"); n > 0 {
				i += n + 1
			}
		case s[i] == ']' && !first:
			return i
		}
	}
	return open
}

func isParameterName(s string) bool {
	for i, c := range []byte(s) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '_' || c == '-')) {
			return false
		}
	}
	return s != ""
}

// compileWhole compiles a regexp so that it matches only all of a text.
func compileWhole(source string) (*regexp.Regexp, error) {
	if source == "" {
		return nil, errors.New("the regexp is empty; without the colon, any segment matches")
	}
	// By itself first: "a)(b" would compile between our parentheses.
	if _, err := regexp.Compile(source); err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("regexp %s: %s", bad.Expr, bad.Code)
		}
		return nil, err
	}
	return regexp.Compile(`\A(?:` + source + `)\z`)
}

// holds reports whether a decoded segment is one that s stands for.
func (s *segment) holds(text string) bool {
	switch s.kind {
	case literal:
		return s.text == text
	case matched:
		return text != "" && s.regexp.MatchString(text)
	}
	return text != ""
}

// isDots reports whether a decoded segment is one that path cleaning gives a meaning to.
func isDots(text string) bool { return text == "." || text == ".." }
