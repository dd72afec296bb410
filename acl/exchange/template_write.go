package exchange

import (
	"fmt"
	"net/url"
	"strings"
)

// write returns the path with its escapes and the query, without what others may want to add to
// it. A value is one segment, or one parameter, whatever is in it.
func (t *template) write(v values) (path, query string, err error) {
	var b strings.Builder
	for _, s := range t.segments {
		b.WriteByte('/')
		if s.name == "" {
			b.WriteString(s.rawPre)
			continue
		}
		value := v[s.name]
		if value == "" {
			return "", "", fmt.Errorf("there is nothing for %s in %s", s.name, t.text)
		}
		if dots(s.prefix + value + s.after) {
			// An escape doesn't help: %2E%2E is the same segment (RFC 3986, section 6.2.2.2).
			return "", "", fmt.Errorf("%q for %s in %s would be the way to another path", value, s.name, t.text)
		}
		b.WriteString(s.rawPre)
		b.WriteString(url.PathEscape(value))
		b.WriteString(s.rawAf)
	}
	if t.rest != "" {
		value := v[t.rest]
		if value == "" {
			return "", "", fmt.Errorf("there is nothing for %s in %s", t.rest, t.text)
		}
		for part := range strings.SplitSeq(value, "/") {
			if part == "" || dots(part) {
				return "", "", fmt.Errorf("%q for %s in %s has an empty segment, or the way to another path", value, t.rest, t.text)
			}
			b.WriteByte('/')
			b.WriteString(url.PathEscape(part))
		}
	}
	var pairs []string
	for _, p := range t.query {
		value, there := v[p.name]
		switch {
		case p.name == "":
			pairs = append(pairs, p.rawPair)
		case there:
			pairs = append(pairs, p.raw+"="+url.QueryEscape(value))
		case !p.optional:
			return "", "", fmt.Errorf("there is nothing for %s in %s", p.name, t.text)
		}
	}
	return b.String(), strings.Join(pairs, "&"), nil
}

// owns reports whether the template itself writes a parameter of that key.
func (t *template) owns(key string) bool {
	for _, p := range t.query {
		if p.key == key {
			return true
		}
	}
	return false
}
