package exchange

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// values are the texts that names of a template stand for; one that is missing isn't there.
type values map[string]string

// misfit says that a request isn't one that a template describes.
type misfit struct{ why string }

// Error implements error.
func (m *misfit) Error() string { return m.why }

func (t *template) misfit(format string, args ...any) error {
	return &misfit{fmt.Sprintf("it doesn't fit %s: %s", t.text, fmt.Sprintf(format, args...))}
}

// read returns what the names stand for in a path with its escapes and a query, and takes those
// parameters off the query that the template has.
func (t *template) read(path string, q *query) (values, error) {
	found := values{}
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, t.misfit("the path is %q", path)
	}
	parts := strings.Split(rest, "/")
	if len(parts) < len(t.segments) || t.rest == "" && len(parts) > len(t.segments) {
		return nil, t.misfit("the path has %d segments", len(parts))
	}
	for i, s := range t.segments {
		text, err := segmentText(parts[i])
		if err != nil {
			return nil, t.misfit("segment %d of the path: %v", i+1, err)
		}
		middle, begins := strings.CutPrefix(text, s.prefix)
		if s.name == "" {
			if !begins || middle != "" {
				return nil, t.misfit("segment %d of the path is %q", i+1, text)
			}
			continue
		}
		value, ends := strings.CutSuffix(middle, s.after)
		if !begins || !ends {
			return nil, t.misfit("segment %d of the path is %q", i+1, text)
		}
		if value == "" {
			return nil, t.misfit("the path has nothing for %s", s.name)
		}
		found[s.name] = value
	}
	if t.rest != "" {
		behind, err := restText(parts[len(t.segments):])
		if err != nil {
			return nil, t.misfit("the path has for %s %v", t.rest, err)
		}
		found[t.rest] = behind
	}
	for _, p := range t.query {
		if err := t.readParameter(p, q, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *template) readParameter(p parameter, q *query, found values) error {
	got := q.take(p.key)
	if len(got) > 1 {
		return t.misfit("the parameter %s is there %d times", p.key, len(got))
	}
	if p.name == "" {
		if len(got) == 0 || got[0] != p.value {
			return t.misfit("the parameter %s isn't %q", p.key, p.value)
		}
		return nil
	}
	if len(got) == 1 {
		found[p.name] = got[0]
	} else if !p.optional {
		return t.misfit("the parameter %s is missing", p.key)
	}
	return nil
}

// segmentText takes the escapes off a segment of a path.
func segmentText(raw string) (string, error) {
	text, err := url.PathUnescape(raw)
	if err != nil {
		return "", fmt.Errorf("it is %q, which has an invalid escape", raw)
	}
	return text, nil
}

// restText is the text of several segments, with slashes between them as in the path, so that
// none of them may have one itself.
func restText(parts []string) (string, error) {
	texts := make([]string, len(parts))
	for i, part := range parts {
		text, err := segmentText(part)
		switch {
		case err != nil:
			return "", err
		case text == "":
			return "", errors.New("an empty segment")
		case dots(text), strings.Contains(text, "/"):
			return "", fmt.Errorf("the segment %q", text)
		}
		texts[i] = text
	}
	return strings.Join(texts, "/"), nil
}
