package format

import (
	"fmt"
	"mime"
	"strings"
	"unicode/utf8"
)

// New returns the format that c describes. The error is a Problems.
//
// An option that the format doesn't know is a problem, so that nobody waits for what it would do.
func New(c Config) (Format, error) {
	construct, options := constructor(c.Name)
	if construct == nil {
		return nil, Problems{{"format", fmt.Sprintf("%q isn't a format; it is %s", c.Name, strings.Join(names, ", "))}}
	}
	var p Problems
	for _, o := range given(c) {
		if !strings.Contains(options, " "+o+" ") {
			p = append(p, Problem{o, fmt.Sprintf("the format %s doesn't know this", c.Name)})
		}
	}
	if c.ContentType != "" {
		if t, _, err := mime.ParseMediaType(c.ContentType); err != nil || !strings.Contains(t, "/") {
			p = append(p, Problem{"content_type", fmt.Sprintf("%q isn't a content type such as text/csv; charset=utf-8", c.ContentType)})
		}
	}
	lookup, isXML := lookupCharset, c.Name == XML || c.Name == SOAP
	if isXML { // which know UTF-16 too
		lookup = xmlCharset
	}
	if set, err := lookup(c.Charset); err != nil {
		if !isXML { // which look for themselves
			p = append(p, Problem{"charset", err.Error()})
		}
	} else if named := parameter(c.ContentType, "charset"); named != "" {
		if announced, err := lookup(named); err != nil || announced.String() != set.String() {
			p = append(p, Problem{"content_type", fmt.Sprintf("it names the character set %s, and bodies are written in %s; say the same in charset", named, set)})
		}
	}
	f, err := construct(c)
	if err != nil {
		if more, ok := err.(Problems); ok {
			p = append(p, more...)
		} else {
			p = append(p, Problem{"format", err.Error()})
		}
	}
	if len(p) > 0 {
		return nil, p
	}
	return f, nil
}

var names = []string{JSON, NDJSON, XML, SOAP, Form, Multipart, CSV, FixedWidth}

// constructor returns what makes a format, and the options it knows, with spaces around.
func constructor(name string) (func(Config) (Format, error), string) {
	switch name {
	case JSON:
		return newJSON, " content_type charset "
	case NDJSON:
		return newNDJSON, " content_type charset "
	case Form:
		return newForm, " content_type charset "
	case Multipart:
		return newMultipart, " content_type charset "
	case CSV:
		return newCSV, " content_type charset delimiter quote columns header newline "
	case FixedWidth:
		return newFixed, " content_type charset columns newline "
	case XML:
		return newXML, " content_type charset root namespaces declaration cdata "
	case SOAP:
		return newSOAP, " content_type charset root namespaces declaration cdata version action "
	}
	return nil, ""
}

// given returns the options that c sets.
func given(c Config) []string {
	var set []string
	for _, o := range [...]struct {
		name string
		set  bool
	}{
		{"content_type", c.ContentType != ""},
		{"charset", c.Charset != ""},
		{"root", c.Root != ""},
		{"namespaces", len(c.Namespaces) > 0},
		{"declaration", c.Declaration},
		{"cdata", len(c.CDATA) > 0},
		{"version", c.Version != ""},
		{"action", c.Action != ""},
		{"delimiter", c.Delimiter != ""},
		{"quote", c.Quote != ""},
		{"columns", len(c.Columns) > 0},
		{"header", c.Header},
		{"newline", c.Newline != ""},
	} {
		if o.set {
			set = append(set, o.name)
		}
	}
	return set
}

// one reports whether s is one character that a separator can be.
func one(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size == len(s) && r != utf8.RuneError && r >= ' ' && r != '\uFEFF' || s == "\t"
}
