package strangler

import (
	"bytes"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// head is what look finds.
type head uint8

const (
	headPart    head = iota // nothing, or the beginning of what may be a plain request
	headPlain               // a plain request, which is l.exchange
	headForeign             // what is net/http's: l.left says how far
)

// bodyMost has bodies end before what an int64 counts.
const bodyMost = 1 << 50

// look looks at what is held. Where it is in doubt it finds that it is foreign: nothing is plain that
// net/http would read in any other way, nor that it would refuse.
func (l *plain) look() head {
	if l.left != 0 {
		return headForeign
	}
	if l.posted { // as net/http does for them, but for its answer (RFC 9112 section 2.2)
		for l.from < l.to && (l.held[l.from] == '\r' || l.held[l.from] == '\n') {
			l.from++
		}
		l.release()
	}
	if l.from == l.to {
		return headPart
	}
	b, most := l.held[l.from:l.to], min(arrivalSize, l.server.MaxHeaderBytes)
	end := bytes.Index(b, headEnd)
	switch {
	case end < 0 && len(b) < most && hopeful(b):
		return headPart
	case end < 0, end > most:
		l.left = -1
		return headForeign
	}
	size := int64(end + len(headEnd))
	x := l.newPlainExchange()
	body, simple := x.parse(string(b[:end+2]))
	switch {
	case body < 0:
		l.left = -1
		return headForeign
	case simple && size+body <= int64(len(b)):
		l.from += int(size + body)
		if body == 0 {
			l.release() // a handler may take its time
		} else {
			x.body.rest = b[size : size+body]
			x.in.Body = &x.body
		}
		l.exchange = x
		return headPlain
	}
	l.left, l.begun = size+body, time.Time{}
	return headForeign
}

var headEnd = []byte("\r\n\r\n")

// hopeful reports whether b, which has no head's end, may become a plain head. What can't is net/http's at once:
// it may answer without waiting for the rest.
func hopeful(b []byte) bool {
	for line, i := b, 0; ; line = line[i+1:] {
		if i = bytes.IndexByte(line, '\n'); i < 0 {
			break
		}
		if i == 0 || line[i-1] != '\r' {
			return false
		}
	}
	first, _, whole := bytes.Cut(b, []byte("\r\n"))
	if whole {
		_, _, ok := requestLine(string(first))
		return ok
	}
	method, _, _ := bytes.Cut(first, []byte(" "))
	return plainMethod(string(method))
}

// requestLine reads a head's first line.
func requestLine(line string) (method, target string, ok bool) {
	method, rest, _ := strings.Cut(line, " ")
	target, found := strings.CutSuffix(rest, " HTTP/1.1")
	if !found || !plainMethod(method) || target == "" || target[0] != '/' {
		return "", "", false
	}
	for i := range len(target) {
		if target[i] <= ' ' || target[i] >= 0x7f {
			return "", "", false
		}
	}
	return method, target, true
}

// plainMethod reports a method as they usually look, but for those after which no more requests follow.
func plainMethod(method string) bool {
	if len(method) == 0 || len(method) > 16 || method == http.MethodConnect || method == "PRI" {
		return false
	}
	for i := range len(method) {
		if method[i] < 'A' || method[i] > 'Z' {
			return false
		}
	}
	return true
}

// parse reads a head, whose lines all end with CR LF, into the request. It returns how long the body is, or -1
// where that isn't certain beyond doubt. Simple says that nothing is left that net/http would make something of.
func (x *plainExchange) parse(head string) (body int64, simple bool) {
	in := &x.in
	line, rest, _ := strings.Cut(head, "\r\n")
	method, target, ok := requestLine(line)
	if !ok || !x.target(target) {
		return -1, false
	}
	in.Method, in.RequestURI = method, target
	fields := strings.Count(rest, "\n")
	in.Header = make(http.Header, fields)
	values := make([]string, fields) // one for each field, all at once
	simple = true
	for rest != "" {
		i := strings.IndexByte(rest, '\n')
		if i < 1 || rest[i-1] != '\r' {
			return -1, false
		}
		line, rest = rest[:i-1], rest[i+1:]
		name, value, ok := plainField(line)
		if !ok {
			return -1, false
		}
		switch name {
		case "Host":
			if in.Host != "" || !validHost(value) {
				return -1, false
			}
			in.Host = value
			continue
		case "Content-Length":
			if body, ok = plainLength(value); !ok || in.Header[name] != nil {
				return -1, false
			}
		case "Connection":
			if simple = simple && value == "keep-alive"; !simple && value != "close" {
				return -1, false
			}
		case "Transfer-Encoding", "Trailer", "Expect", "Upgrade":
			return -1, false
		case "Pragma": // of which net/http makes a Cache-Control
			simple = false
		}
		if have := in.Header[name]; have != nil {
			in.Header[name] = append(have, value)
			continue
		}
		one := values[:1:1] // what is appended doesn't go into the next one's
		one[0], values = value, values[1:]
		in.Header[name] = one
	}
	if in.Host == "" {
		return -1, false
	}
	in.ContentLength = body
	return body, simple
}

// target reads a request's target, which is a path, as net/http does.
func (x *plainExchange) target(target string) bool {
	path, query, asks := strings.Cut(target, "?")
	if !strings.HasPrefix(path, "//") && !strings.ContainsFunc(path, escapes) {
		x.url = url.URL{Path: path, RawQuery: query, ForceQuery: asks && query == ""}
		return true
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return false
	}
	x.url = *u
	return true
}

// escapes reports a character that url.URL may write otherwise in a path.
func escapes(c rune) bool {
	return !('a' <= c|0x20 && c|0x20 <= 'z' || '/' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~')
}

// plainField reads a line of a head.
func plainField(line string) (name, value string, ok bool) {
	i := strings.IndexByte(line, ':')
	if i < 1 {
		return "", "", false
	}
	name, value = line[:i], line[i+1:]
	canonical, upper := true, true // as textproto.CanonicalMIMEHeaderKey writes it
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z':
			canonical = canonical && !upper
		case 'A' <= c && c <= 'Z':
			canonical = canonical && upper
		case '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return "", "", false
		}
		upper = c == '-'
	}
	if !canonical {
		name = textproto.CanonicalMIMEHeaderKey(name)
	}
	for value != "" && (value[0] == ' ' || value[0] == '\t') {
		value = value[1:]
	}
	for value != "" && (value[len(value)-1] == ' ' || value[len(value)-1] == '\t') {
		value = value[:len(value)-1]
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return "", "", false
		}
	}
	return name, value, true
}

// plainLength reads a Content-Length that everybody reads alike.
func plainLength(s string) (length int64, ok bool) {
	if s == "" || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || length > bodyMost/10 {
			return 0, false
		}
		length = length*10 + int64(s[i]-'0')
	}
	return length, true
}
