package suggest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/format"
)

// FormatOf says how a body is written, as far as its type, which may be empty, and its beginning
// tell. What it can't know is left as usual.
func FormatOf(body []byte, contentType string) (format.Config, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind, params = "", nil
	}
	c := format.Config{Charset: charsetOf(text, params["charset"])}
	switch {
	case kind == "multipart/form-data":
		c.Name = format.Multipart
	case len(text) == 0:
		return c, errors.New("the body is empty")
	case text[0] == '<':
		return markup(text, c)
	case text[0] == '{' || text[0] == '[':
		c.Name, c.Charset = format.JSON, ""
		if lines := bytes.SplitN(text, []byte("\n"), 3); strings.Contains(kind, "ndjson") || strings.Contains(kind, "jsonl") ||
			len(lines) > 1 && isObject(lines[0]) && bytes.HasPrefix(bytes.TrimSpace(lines[1]), []byte("{")) {
			c.Name = format.NDJSON
		}
	case kind == "application/x-www-form-urlencoded", kind == "" && form.Match(text):
		c.Name = format.Form
	default:
		delimiter := delimiterOf(text)
		if delimiter == "" {
			return c, errors.New("the body is neither JSON, XML, a form nor CSV, as far as its beginning tells")
		}
		c.Name, c.Header = format.CSV, true
		if delimiter != "," {
			c.Delimiter = delimiter
		}
		if bytes.Contains(text, []byte("\r\n")) {
			c.Newline = "\r\n"
		}
	}
	return c, nil
}

var form = regexp.MustCompile(`^[^\s=&;,]+=[^\s=&]*(&[^\s=&]+=[^\s=&]*)*$`)

func isObject(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}'
}

// charsetOf returns the set that a message says, if that isn't UTF-8, or the likely one of a text
// that can't be UTF-8.
func charsetOf(text []byte, said string) string {
	switch {
	case strings.EqualFold(said, "utf-8"):
		return ""
	case said != "":
		return said
	case !utf8.Valid(text):
		return "windows-1252"
	}
	return ""
}

// delimiterOf finds what stands between the columns of CSV: in the first two lines as often.
func delimiterOf(text []byte) string {
	lines := bytes.SplitN(text, []byte("\n"), 3)
	if len(lines) < 2 {
		return ""
	}
	best, most := "", 0
	for _, d := range []string{";", "\t", "|", ","} {
		n := bytes.Count(lines[0], []byte(d))
		if n > most && bytes.Count(lines[1], []byte(d)) >= n {
			best, most = d, n
		}
	}
	return best
}

const soap11, soap12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"

// markup reads the beginning of XML, up to the element that a translator calls the root.
func markup(text []byte, c format.Config) (format.Config, error) {
	c.Name = format.XML
	d := xml.NewDecoder(io.LimitReader(bytes.NewReader(text), 64<<10))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // names are ASCII, mostly
	spaces := map[string]string{}
	inBody := false
	for {
		token, err := d.RawToken()
		if err != nil {
			return c, errors.New("the body begins like XML, and isn't any")
		}
		switch t := token.(type) {
		case xml.ProcInst:
			if t.Target == "xml" {
				c.Declaration = true
				if set := encoding.FindSubmatch(t.Inst); set != nil {
					c.Charset = charsetOf(nil, string(set[1]))
				}
			}
		case xml.StartElement:
			if strings.EqualFold(t.Name.Local, "html") {
				return c, errors.New("the body is HTML, which no translator reads")
			}
			for _, a := range t.Attr {
				switch {
				case a.Name.Space == "xmlns":
					spaces[a.Name.Local] = a.Value
				case a.Name.Space == "" && a.Name.Local == "xmlns":
					spaces[""] = a.Value
				}
			}
			uri := spaces[t.Name.Space]
			switch {
			case t.Name.Local == "Envelope" && (uri == soap11 || uri == soap12):
				c.Name, c.Version = format.SOAP, ""
				if uri == soap12 {
					c.Version = "1.2"
				}
			case c.Name == format.SOAP && !inBody:
				inBody = t.Name.Local == "Body" && (uri == soap11 || uri == soap12)
			default:
				c.Root = t.Name.Local
				if t.Name.Space != "" {
					c.Root = t.Name.Space + ":" + c.Root
				}
				c.Namespaces = ofBody(spaces)
				return c, nil
			}
		}
	}
}

var encoding = regexp.MustCompile(`encoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// ofBody returns the namespaces that aren't SOAP's own or XML's, nor the absence of one.
func ofBody(spaces map[string]string) map[string]string {
	for prefix, uri := range spaces {
		if uri == "" || uri == soap11 || uri == soap12 || strings.HasPrefix(uri, "http://www.w3.org/2001/XMLSchema") {
			delete(spaces, prefix)
		}
	}
	if len(spaces) == 0 {
		return nil
	}
	return spaces
}
