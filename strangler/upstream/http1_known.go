package upstream

import (
	"fmt"
	"net/http"
	"strings"
)

// known1 is the head that came last on a connection. The next one is mostly the same, or in most of its lines: what is
// the same to the byte, in the same place, isn't read again. The zero value knows nothing.
type known1 struct {
	head   string        // empty: none is known
	status http.Response // what its first line says
	fields []field1
}

// field1 is a field, and where in a head it stands.
type field1 struct {
	name, value string
	start, end  int // of the line, with its end
	at          int // of the value
	kind        kind1
	renamed     bool // the name isn't a part of the head
	folded      bool // nor is the value, which goes on in another line
}

// kind1 is what a field is to the head that it is in.
type kind1 uint8

const (
	kindOther  kind1 = iota
	kindForm         // it is about the connection, or the body's form
	kindLength       // Content-Length
	kindList         // it often comes more than once
)

func kindOf(name string) kind1 {
	switch name {
	case "Connection", "Keep-Alive", "Transfer-Encoding", "Trailer":
		return kindForm
	case "Content-Length":
		return kindLength
	case "Set-Cookie", "Cache-Control", "Vary", "Link", "Via", "Www-Authenticate", "Server-Timing":
		return kindList
	}
	return kindOther
}

// What an idle connection holds at most: bytes of a head, and room for fields.
const (
	maxKnownHead   = 4 << 10
	maxKnownFields = 64
)

// read reads an answer's head into resp. Lines end with LF, a CR before it belonging to the
// end (RFC 9112 section 2.2), and a field may go on in lines that begin with a space (section
// 5.2): both are what old servers do, and neither can be mistaken for something else.
func (k *known1) read(resp *http.Response, head []byte, room *fields1) error {
	if k.head == "" || string(head) != k.head {
		if err := k.learn(string(head)); err != nil {
			*k = known1{}
			return err
		}
	}
	s := &k.status
	resp.Proto, resp.ProtoMajor, resp.ProtoMinor, resp.Status, resp.StatusCode = s.Proto, s.ProtoMajor, s.ProtoMinor, s.Status, s.StatusCode
	if k.head == "" || room.of != k.head || !room.intact() {
		room.empty()
		room.fill(k.fields)
		room.of = k.head
	}
	resp.Header = room.header
	if len(head) > maxKnownHead || cap(k.fields) > maxKnownFields {
		*k, room.of = known1{}, ""
	}
	return nil
}

// learn reads a head, as far as it isn't the one before.
func (k *known1) learn(head string) error {
	before, fields := k.head, k.fields
	line, rest := cutLine(head)
	k.status = http.Response{}
	if err := parseStatusLine(&k.status, line); err != nil {
		return err
	}
	lines := strings.Count(rest, "\n") - 1 // the last one is empty
	if lines > maxFields {
		return fmt.Errorf("%w: more than %d header fields", errMalformed, maxFields)
	}
	if fields == nil {
		fields = make([]field1, 0, max(lines, 0))
	}
	i := 0
	for ; len(rest) > 0 && rest[0] != '\n' && !strings.HasPrefix(rest, "\r\n"); i++ {
		var f field1
		if start := len(head) - len(rest); i < len(fields) && fields[i].begins(rest, before) {
			f = fields[i].moved(head, start)
		} else if err := f.parse(head, start); err != nil {
			return err
		}
		if i < len(fields) {
			fields[i] = f
		} else {
			fields = append(fields, f)
		}
		rest = head[f.end:]
	}
	clear(fields[i:])
	k.head, k.fields = head, fields[:i]
	return nil
}

// begins reports whether a head goes on with the line that the field had in the one before.
func (f *field1) begins(rest, before string) bool {
	line := before[f.start:f.end]
	return !f.folded && strings.HasPrefix(rest, line) && (len(rest) == len(line) || !isBlank(rest[len(line)]))
}

// moved is the field in another head, which has the same line at start.
func (f field1) moved(head string, start int) field1 {
	by := start - f.start
	f.start, f.at, f.end = start, f.at+by, f.end+by
	f.value = head[f.at:][:len(f.value)]
	if !f.renamed {
		f.name = head[start:][:len(f.name)]
	}
	return f
}

// parse reads the field that begins at start.
func (f *field1) parse(head string, start int) (err error) {
	line, rest := cutLine(head[start:])
	line = trimmedRight(line)
	for ; rest != "" && isBlank(rest[0]); f.folded = true {
		if !strings.Contains(line, ":") { // a name doesn't go on
			return fmt.Errorf("%w: header line %q", errMalformed, shortened(line))
		}
		var more string
		more, rest = cutLine(rest)
		line += " " + trimmed(more)
	}
	if f.name, f.value, err = parseField(line); err != nil {
		return err
	}
	f.start, f.end, f.at = start, len(head)-len(rest), start+len(line)-len(f.value)
	f.kind, f.renamed = kindOf(f.name), !strings.HasPrefix(line, f.name)
	return nil
}
