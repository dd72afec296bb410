package exchange

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// template is the path and query of the requests of one side, compiled for reading and for
// writing. It is safe for concurrent use.
type template struct {
	text     string
	segments []segment
	rest     string // name of the segments behind; empty: there are none
	query    []parameter
}

// segment is one segment of a path: what stands in front of a name, the name, and what stands
// behind it.
type segment struct {
	name          string // empty: prefix is the whole segment
	prefix, after string // as they are meant, without escapes
	rawPre, rawAf string // as they are written
}

// parameter is one parameter of a query.
type parameter struct {
	key, raw string // as it is meant, and as it is written
	name     string // of its value; empty: it has the value below
	optional bool
	value    string
	rawPair  string // the whole of one without a name, as it is written
}

// parseTemplate reads a template. Names are paths of package document without indexes.
func parseTemplate(text string) (*template, error) {
	path, query, asks := strings.Cut(text, "?")
	switch {
	case asks && strings.LastIndexByte(path, '{') > strings.LastIndexByte(path, '}'):
		return nil, errors.New("a name in the path can't be missing; only parameters of the query may, as in q={q?}")
	case strings.Contains(text, "#"):
		return nil, errors.New("a fragment never reaches a server; leave out what begins with #")
	}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, errors.New("it begins with a slash: the template is of the path, without scheme and host")
	}
	t := &template{text: text}
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		if part == "" && !last {
			return nil, errors.New("it has an empty segment; between two slashes there is a text or a {name}")
		}
		if name, is := strings.CutSuffix(part, "...}"); is {
			name, is = strings.CutPrefix(name, "{")
			if !is || !last {
				return nil, fmt.Errorf("%s is all that is left of a path: it stands alone behind the last slash", part)
			}
			name, err := t.add(name)
			if err != nil {
				return nil, err
			}
			t.rest = name
			continue
		}
		s, err := t.segment(part)
		if err != nil {
			return nil, err
		}
		t.segments = append(t.segments, s)
	}
	if asks {
		for pair := range strings.SplitSeq(query, "&") {
			p, err := t.parameter(pair)
			if err != nil {
				return nil, err
			}
			t.query = append(t.query, p)
		}
	}
	return t, nil
}

// segment reads a segment with one name or none.
func (t *template) segment(part string) (segment, error) {
	var s segment
	var behind string
	named := false
	s.rawPre, behind, named = strings.Cut(part, "{")
	if named {
		var closed bool
		s.name, s.rawAf, closed = strings.Cut(behind, "}")
		switch {
		case !closed:
			return s, fmt.Errorf("%s has a { without its }", part)
		case strings.ContainsAny(s.rawAf, "{}"):
			return s, fmt.Errorf("%s has two names; a segment has one, since it couldn't be told where the first one ends", part)
		}
		var err error
		if s.name, err = t.add(s.name); err != nil {
			return s, err
		}
	} else if strings.Contains(part, "}") {
		return s, fmt.Errorf("%s has a } without its {", part)
	}
	var err error
	if s.prefix, err = literal(s.rawPre); err == nil {
		s.after, err = literal(s.rawAf)
	}
	if s.name == "" && dots(s.prefix) {
		return s, fmt.Errorf("%q isn't a name of a segment, but the way to another", part)
	}
	return s, err
}

// literal returns what a text of a path is without escapes.
func literal(raw string) (string, error) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return "", fmt.Errorf("%q has a %% that escapes nothing; it is %%25", raw)
	}
	for _, c := range []byte(raw) {
		if !pathCharacter(c) && c != '%' {
			return "", fmt.Errorf("%q can't stand in a path as it is; it is %s", raw, url.PathEscape(text))
		}
	}
	return text, nil
}

// pathCharacter reports what may stand in a segment as it is (RFC 3986, section 3.3).
func pathCharacter(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0
}

// dots reports a segment that isn't a name but the way to another segment (RFC 3986, section
// 5.2.4).
func dots(s string) bool { return s == "." || s == ".." }

// parameter reads a pair of the query.
func (t *template) parameter(pair string) (parameter, error) {
	p := parameter{rawPair: pair}
	raw, value, _ := strings.Cut(pair, "=")
	p.raw = raw
	if strings.ContainsAny(raw, "{}") {
		return p, fmt.Errorf("%s has a name where a parameter's own name stands; only its value can be one", pair)
	}
	var err error
	if p.key, err = url.QueryUnescape(raw); err != nil || p.key == "" {
		return p, fmt.Errorf("%q isn't a parameter such as id={id} or format=json", pair)
	}
	if inner, is := strings.CutPrefix(value, "{"); is && strings.HasSuffix(inner, "}") {
		p.name, p.optional = strings.CutSuffix(inner[:len(inner)-1], "?")
		p.name, err = t.add(p.name)
		return p, err
	}
	if strings.ContainsAny(value, "{}") {
		return p, fmt.Errorf("%s has a name and something else for its value; it is one of the two", pair)
	}
	if p.value, err = url.QueryUnescape(value); err != nil {
		return p, fmt.Errorf("%q has a %% that escapes nothing; it is %%25", pair)
	}
	for _, c := range []byte(pair) {
		if !pathCharacter(c) && strings.IndexByte("%/?", c) < 0 {
			return p, fmt.Errorf("%q can't stand in a query as it is; it is %s=%s", pair, url.QueryEscape(p.key), url.QueryEscape(p.value))
		}
	}
	return p, nil
}

// add returns a name in the one way in which it is written everywhere; it is there once.
func (t *template) add(name string) (string, error) {
	path, err := document.ParsePath(name)
	if err != nil {
		return "", fmt.Errorf("in {%s}: %w", name, err)
	}
	if len(path) == 0 || slices.ContainsFunc(path, func(s document.Step) bool { return s.Name == "" }) {
		return "", fmt.Errorf("{%s} has to be a name, or names with dots between them", name)
	}
	if name = path.String(); slices.Contains(t.names(), name) {
		return "", fmt.Errorf("the name %s stands in it twice", name)
	}
	return name, nil
}

// names returns the names in it, in order.
func (t *template) names() []string {
	if t == nil {
		return nil
	}
	var names []string
	for _, s := range t.segments {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	if t.rest != "" {
		names = append(names, t.rest)
	}
	for _, p := range t.query {
		if p.name != "" {
			names = append(names, p.name)
		}
	}
	return names
}

// optional reports whether a name may be missing.
func (t *template) optional(name string) bool {
	return slices.ContainsFunc(t.query, func(p parameter) bool { return p.name == name && p.optional })
}
