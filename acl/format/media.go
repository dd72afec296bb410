package format

import (
	"fmt"
	"iter"
	"mime"
	"slices"
	"strings"
)

// media is the content types of a format.
type media struct {
	written string   // how written bodies are announced
	read    []string // media types that are read, in lower case
	suffix  string   // of media types that are read as well (RFC 6839), such as "+json"
}

// newMedia returns the content types of a format: usual is what it writes unless a configuration
// names another, others is what it reads as well.
func newMedia(configured, usual string, others ...string) media {
	m := media{written: usual, read: append(others, mediaType(usual))}
	if configured != "" {
		m.written = configured
		m.read = append(m.read, mediaType(configured))
	}
	return m
}

// Accepts implements Format.
func (m media) Accepts(contentType string) bool {
	t := mediaType(contentType)
	return t != "" && (slices.Contains(m.read, t) || m.suffix != "" && strings.HasSuffix(t, m.suffix))
}

// ContentType implements Format.
func (m media) ContentType() string { return m.written }

// mediaType returns the type of a Content-Type without its parameters, in lower case; empty where
// there is none. Parameters may be as wrong as they like: nothing is decided by them here.
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// charsetParameter returns the charset of a Content-Type; empty where there is none. It counts
// however wrong the other parameters are: to read a body in another set than the one that it is
// announced in would be worse.
func charsetParameter(contentType string) (string, error) {
	if !strings.Contains(contentType, ";") {
		return "", nil
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return params["charset"], nil
	}
	var set string
	_, rest, _ := strings.Cut(contentType, ";")
	for name, value := range looseParameters(rest) {
		if !strings.EqualFold(name, "charset") || value == "" {
			continue
		}
		if set != "" && !strings.EqualFold(set, value) {
			return "", fmt.Errorf("the content type %q names two character sets", contentType)
		}
		set = value
	}
	return set, nil
}

// looseParameters goes through parameters that needn't be well-formed, without their quotes.
func looseParameters(s string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for s != "" {
			end, quoted := 0, false
			for ; end < len(s) && (quoted || s[end] != ';'); end++ {
				switch {
				case s[end] == '"':
					quoted = !quoted
				case s[end] == '\\' && quoted && end+1 < len(s):
					end++
				}
			}
			name, value, _ := strings.Cut(s[:end], "=")
			if !yield(strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"`)) {
				return
			}
			s = s[min(end+1, len(s)):]
		}
	}
}

// parameter returns a parameter of a Content-Type; empty where there is none.
func parameter(contentType, name string) string {
	if !strings.Contains(contentType, ";") {
		return ""
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil {
		return params[name]
	}
	return ""
}
