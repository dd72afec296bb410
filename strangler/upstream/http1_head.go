package upstream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

var (
	errHeadTooLarge = errors.New("answer's head is larger than allowed")
	errMalformed    = errors.New("answer is malformed")
)

// readHead reads the bytes of one head, its empty line included, as a string that all of its
// fields are parts of.
func (c *conn1) readHead() (string, error) {
	for seen := 0; ; {
		b, _ := c.br.Peek(c.br.Buffered())
		if end := headEnd(b, seen); end > 0 {
			head := string(b[:end])
			_, _ = c.br.Discard(end) // they are there
			return head, nil
		}
		if err := hopeless(b); err != nil {
			return "", err
		}
		if seen = len(b); seen == c.br.Size() {
			return c.readLongHead()
		}
		if _, err := c.br.Peek(seen + 1); err != nil {
			return "", headError(err, seen)
		}
	}
}

// hopeless returns an error where b, a head's beginning, will never be an answer's: such an end
// isn't waited for.
func hopeless(b []byte) error {
	const proto = "HTTP/"
	if n := min(len(b), len(proto)); string(b[:n]) != proto[:n] {
		return fmt.Errorf("%w: it begins with %q", errMalformed, shortened(string(b)))
	}
	if line, _, whole := bytes.Cut(b, []byte("\n")); whole {
		return parseStatusLine(&http.Response{}, string(bytes.TrimSuffix(line, []byte("\r"))))
	}
	return nil
}

func headError(err error, seen int) error {
	if err == io.EOF && seen > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readLongHead reads a head that the buffer can't hold, as far as the connection's limit allows.
func (c *conn1) readLongHead() (string, error) {
	var head []byte
	for {
		line, err := c.br.ReadSlice('\n')
		start := len(head)
		head = append(head, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return "", headError(err, len(head))
		}
		if end := headEnd(head, max(0, start-3)); end > 0 {
			return string(head), nil
		}
	}
}

// headEnd returns where the first head in b ends, behind its empty line; 0: it doesn't. What
// lies before seen is known not to have an end in it.
func headEnd(b []byte, seen int) int {
	from := max(0, seen-3)
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		i += from
		if rest := b[i+1:]; len(rest) > 0 && rest[0] == '\n' {
			return i + 2
		} else if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 3
		}
		from = i + 1
	}
}

// fields1 is what a head's fields are read into: the map, and the values of all fields that come once. It
// has what of them frames the body, as it mostly is.
type fields1 struct {
	header http.Header
	values []string

	odd     bool   // there is a field about the connection, or the body's form, besides Content-Length
	lengths int    // how many Content-Lengths there are
	length  string // the last one
}

// of returns room for n fields.
func (f *fields1) of(n int) (http.Header, []string) {
	if f.header == nil {
		f.header = make(http.Header, n)
	}
	if len(f.values) < n {
		f.values = make([]string, n)
	}
	return f.header, f.values
}

// parseHead reads an answer's head into resp. Lines end with LF, a CR before it belonging to the
// end (RFC 9112 section 2.2), and a field may go on in lines that begin with a space (section
// 5.2): both are what old servers do, and neither can be mistaken for something else.
func parseHead(resp *http.Response, head string, room *fields1) error {
	line, rest := cutLine(head)
	if err := parseStatusLine(resp, line); err != nil {
		return err
	}
	fields := max(0, strings.Count(rest, "\n")-1) // the last line is empty
	if fields > maxFields {
		return fmt.Errorf("%w: more than %d header fields", errMalformed, maxFields)
	}
	again, err := parseFields(resp, rest, fields, room, unrepeated)
	if again {
		clear(resp.Header)
		_, err = parseFields(resp, rest, fields, room, repeated)
	}
	return err
}

// Whether a field may be one that was there: to look for that costs as much as to keep it, and hardly any is.
const (
	unrepeated = false
	repeated   = true
)

// parseFields reads fields. Again says that one is repeated that wasn't looked for, so that all has to be read again.
func parseFields(resp *http.Response, rest string, fields int, room *fields1, looks bool) (again bool, err error) {
	var line string
	var values []string // one for each field, all at once
	resp.Header, values = room.of(fields)
	room.odd, room.lengths = false, 0
	for rest != "" {
		line, rest = cutLine(rest)
		if line == "" {
			return false, nil
		}
		line = trimmedRight(line)
		for rest != "" && isBlank(rest[0]) {
			if !strings.Contains(line, ":") { // a name doesn't go on
				return false, fmt.Errorf("%w: header line %q", errMalformed, shortened(line))
			}
			var more string
			more, rest = cutLine(rest)
			line += " " + trimmed(more)
		}
		name, value, err := parseField(line)
		if err != nil {
			return false, err
		}
		looked := looks
		switch name {
		case "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer":
			room.odd = true
		case "Content-Length":
			room.lengths++
			room.length = value
		case "Set-Cookie", "Cache-Control", "Vary", "Link", "Via", "Www-Authenticate", "Server-Timing": // these often are
			looked = repeated
		}
		if looked {
			if have := resp.Header[name]; have != nil {
				resp.Header[name] = append(have, value)
				continue
			}
		}
		one := values[:1:1] // what is appended doesn't go into the next one's
		one[0], values = value, values[1:]
		have := len(resp.Header)
		if resp.Header[name] = one; len(resp.Header) == have {
			return true, nil
		}
	}
	return false, nil
}

// maxFields bounds what a head costs beyond its bytes.
const maxFields = 4096

func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// parseStatusLine reads the first line: HTTP/1.1 200 OK. The reason may be missing, with the space
// before it.
func parseStatusLine(resp *http.Response, line string) error {
	bad := func() error { return fmt.Errorf("%w: status line %q", errMalformed, shortened(line)) }
	proto, status, ok := strings.Cut(line, " ")
	if !ok || !isFieldValue(line) {
		return bad()
	}
	switch proto {
	case "HTTP/1.1":
		resp.ProtoMajor, resp.ProtoMinor = 1, 1
	case "HTTP/1.0":
		resp.ProtoMajor, resp.ProtoMinor = 1, 0
	default:
		// A version that there never was: net/http takes it for 1.1.
		if resp.ProtoMajor, resp.ProtoMinor, ok = http.ParseHTTPVersion(proto); !ok || resp.ProtoMajor+resp.ProtoMinor == 0 {
			return bad()
		}
	}
	resp.Proto, resp.Status = proto, strings.TrimLeft(status, " ")
	code, _, _ := strings.Cut(resp.Status, " ")
	if len(code) != 3 {
		return bad()
	}
	for i := range len(code) {
		if code[i] < '0' || code[i] > '9' {
			return bad()
		}
		resp.StatusCode = resp.StatusCode*10 + int(code[i]-'0')
	}
	if resp.StatusCode < 100 {
		return bad()
	}
	return nil
}

// parseField reads one field. A space before the colon is taken off, as a gateway must (RFC
// 9112 section 5.1), but not where the field decides how long the answer is.
func parseField(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	bare := strings.TrimRight(name, " ")
	key, token := canonicalToken(bare)
	if !ok || !token || !isFieldValue(value) {
		return "", "", fmt.Errorf("%w: header line %q", errMalformed, shortened(line))
	}
	if len(bare) != len(name) && ownFields(key) {
		return "", "", fmt.Errorf("%w: a space before the colon of %s", errMalformed, key)
	}
	return key, trimmedLeft(value), nil
}

// shortened is a line as it may stand in a log.
func shortened(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
