package format

import (
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
