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

// readHead reads one head, its empty line included, into resp.
func (c *conn1) readHead(resp *http.Response, room *fields1) error {
	for seen := 0; ; {
		b, _ := c.br.Peek(c.br.Buffered())
		if end := headEnd(b, seen); end > 0 {
			err := c.known.read(resp, b[:end], room)
			_, _ = c.br.Discard(end) // they are there
			return err
		}
		if err := hopeless(b); err != nil {
			return err
		}
		if seen = len(b); seen == c.br.Size() {
			head, err := c.readLongHead()
			if err != nil {
				return err
			}
			return c.known.read(resp, head, room)
		}
		if _, err := c.br.Peek(seen + 1); err != nil {
			return headError(err, seen)
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
func (c *conn1) readLongHead() ([]byte, error) {
	var head []byte
	for {
		line, err := c.br.ReadSlice('\n')
		start := len(head)
		head = append(head, line...)
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, headError(err, len(head))
		}
		if end := headEnd(head, max(0, start-3)); end > 0 {
			return head, nil
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

	of    string // the head whose they are; empty: they are nobody's, or may have been changed
	names int    // how many there were in the map

	odd     bool   // there is a field about the connection, or the body's form, besides Content-Length
	lengths int    // how many Content-Lengths there are
	length  string // the last one
}

// intact reports whether no field was added or taken off since they were read. Nobody changes one: see body1.Forget.
func (f *fields1) intact() bool {
	return f.of != "" && len(f.header) == f.names && !f.odd && f.lengths <= 1
}

// empty makes room for other fields.
func (f *fields1) empty() {
	clear(f.header)
	clear(f.values)
	f.of, f.length = "", ""
}

// fill puts fields into the map, which is empty.
func (f *fields1) fill(fields []field1) {
	if f.header == nil {
		f.header = make(http.Header, len(fields))
	}
	if len(f.values) < len(fields) {
		f.values = make([]string, len(fields))
	}
	if f.fillOnce(fields, unrepeated) {
		clear(f.header)
		f.fillOnce(fields, repeated)
	}
	f.names = len(f.header)
}

// Whether a field may be one that was there: to look for that costs as much as to keep it, and hardly any is.
const (
	unrepeated = false
	repeated   = true
)

// fillOnce reports whether a field is repeated that wasn't looked for.
func (f *fields1) fillOnce(fields []field1, looks bool) (again bool) {
	f.odd, f.lengths = false, 0
	for i := range fields {
		one := &fields[i]
		looked := looks
		switch one.kind {
		case kindForm:
			f.odd = true
		case kindLength:
			f.lengths++
			f.length = one.value
		case kindList:
			looked = repeated
		}
		if looked {
			if have := f.header[one.name]; have != nil {
				f.header[one.name] = append(have, one.value)
				continue
			}
		}
		value := f.values[i : i+1 : i+1] // what is appended doesn't go into the next one's
		value[0] = one.value
		have := len(f.header)
		if f.header[one.name] = value; len(f.header) == have {
			return true
		}
	}
	return false
}

// maxFields bounds what a head costs beyond its bytes.
const maxFields = 4096

// cutLine cuts a line off, without its end.
func cutLine(s string) (line, rest string) {
	end := strings.IndexByte(s, '\n') + 1
	if end == 0 {
		end = len(s)
	}
	return withoutEnd(s[:end]), s[end:]
}

func withoutEnd(line string) string {
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
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
