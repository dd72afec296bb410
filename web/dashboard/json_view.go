package dashboard

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/shadow"
)

// maxDepth bounds how deep a JSON body is laid out; a deeper one is shown as text.
const maxDepth = 200

// layoutLines bounds the work on a body; what comes after is not laid out.
const layoutLines = 12_000

// errEnough ends a layout.
var errEnough = errors.New("enough lines")

// jsonLines lays a JSON body out, one value a line, and marks where it differs on side. It
// reports false where the body isn't JSON.
func jsonLines(body string, differences []shadow.Difference, side shadow.Side) ([]bodyLine, bool) {
	lines, err := layJSON(body, differences, side, len(body) > roomy)
	if errors.Is(err, errEnough) { // many short lines
		lines, err = layJSON(body, differences, side, true)
	}
	return lines, err == nil || errors.Is(err, errEnough)
}

// layJSON does so, with sparing only what is near a difference. With errEnough there are the first lines.
func layJSON(body string, differences []shadow.Difference, side shadow.Side, sparing bool) ([]bodyLine, error) {
	if strings.TrimSpace(body) == "" {
		return nil, io.ErrUnexpectedEOF
	}
	l := &layout{
		dec:    decoderOf([]byte(body)),
		marks:  make(map[string]mark),
		moved:  make(map[[2]string]mark),
		ghosts: make(map[string][]string),
	}
	if sparing {
		l.near = new(nearby)
	}
	for _, d := range differences {
		if d.Pointer != "" && d.Pointer[0] != '/' {
			continue // status or a header
		}
		lacks := d.Kind == shadow.KindMissing && side == shadow.Service || d.Kind == shadow.KindExtra && side == shadow.Legacy
		if lacks {
			cut := strings.LastIndexByte(d.Pointer, '/')
			if cut >= 0 {
				l.ghosts[d.Pointer[:cut]] = append(l.ghosts[d.Pointer[:cut]], unescapeToken(d.Pointer[cut+1:]))
				l.near.add(d.Pointer[:cut])
			}
			continue
		}
		m := mark{kind: d.Kind, noise: d.Noise != "", other: otherText(d, side)}
		// Where elements are paired by a key or in any order, a pointer has the place in
		// legacy's list; in the service's the value tells which one is meant.
		if d.Kind == shadow.KindValue && side == shadow.Service && strings.Contains(d.Pattern, "*") && !bytes.Contains(d.Service, []byte("…")) {
			m.value = plain(d.Service)
			l.moved[[2]string{d.Pattern, m.value}] = m
			l.near.addMoved(d.Pattern, m.value)
		}
		l.marks[d.Pointer] = m
		l.near.add(d.Pointer)
	}
	if err := l.value(place{at: l.near, like: l.near.patterns()}, "", 0, false); err != nil {
		return l.lines, err
	}
	if _, err := l.dec.ReadToken(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	return l.lines, nil
}

type layout struct {
	dec    *jsontext.Decoder
	lines  []bodyLine
	marks  map[string]mark     // by pointer
	moved  map[[2]string]mark  // by pattern and value
	ghosts map[string][]string // by pointer of the parent, what it lacks
	near   *nearby             // nil: all is laid out
	inside int                 // lines within values that differ
	size   int                 // of all lines, in bytes of HTML, about
}

func decoderOf(body []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// mark is a difference at a place.
type mark struct {
	kind  shadow.Kind
	value string // the scalar that must stand there; empty: whatever does
	other string // what the other side has there, as a line has it; empty: it isn't known
	noise bool   // it doesn't count
}

// otherText returns a text that the other side has where d is, quoted; empty: it has none there, or
// another type.
func otherText(d shadow.Difference, side shadow.Side) string {
	raw := d.Service
	if side == shadow.Service {
		raw = d.Legacy
	}
	if len(raw) == 0 || raw[0] != '"' || bytes.Contains(raw, []byte("…")) {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return ""
	}
	return quoted(string(text))
}

// place is where a value stands: its pointer, and the same with indices as *.
type place struct {
	pointer, pattern string
	at, like         *nearby // of both; nil: no difference is there or below, or all is laid out
}

// mark returns how a scalar at p differs; its kind is empty where it doesn't.
func (l *layout) mark(p place, value string) mark {
	if m, ok := l.marks[p.pointer]; ok && (m.value == "" || m.value == value) {
		return m
	}
	return l.moved[[2]string{p.pattern, value}]
}

// plain returns a scalar as the decoder's tokens have it, strings set apart from the rest.
func plain(raw []byte) string {
	if len(raw) > 0 && raw[0] == '"' {
		text, _ := jsontext.AppendUnquote(nil, raw) // what can't be read matches nothing
		return `"` + string(text)
	}
	return string(raw)
}

func (l *layout) add(depth int, text string, m mark, inside bool) error {
	if len(l.lines) >= layoutLines || l.near == nil && l.size > 2*roomy {
		return errEnough
	}
	text = cut(text, maxLine)
	l.size += lineCost + len(text)
	l.lines = append(l.lines, bodyLine{Text: strings.Repeat("  ", depth) + text, Kind: m.kind, Noise: m.noise, Inside: inside})
	return nil
}

// value lays out the next value, label being what stands before it.
func (l *layout) value(p place, label string, depth int, inside bool) error {
	if depth > maxDepth {
		return errors.New("too deep")
	}
	token, err := l.dec.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	switch token.Kind() {
	case '{', '[':
		return l.container(token.Kind(), p, label, depth, inside)
	case '"':
		return l.scalar(label, quoted(text), depth, l.mark(p, `"`+text), inside)
	}
	return l.scalar(label, text, depth, l.mark(p, text), inside)
}

func (l *layout) scalar(label, text string, depth int, m mark, inside bool) error {
	if err := l.add(depth, label+text+l.comma(), m, inside); err != nil || m.kind == "" {
		return err
	}
	at := 2*depth + len(label)
	l.lines[len(l.lines)-1].hot = []stretch{differing(text, m.other, at)}
	return nil
}

func (l *layout) container(open jsontext.Kind, p place, label string, depth int, inside bool) error {
	m := l.marks[p.pointer]
	end := map[jsontext.Kind]string{'{': "}", '[': "]"}[open]
	ghosts := l.ghosts[p.pointer]
	if l.dec.PeekKind() == jsontext.Kind(end[0]) && len(ghosts) == 0 {
		if _, err := l.dec.ReadToken(); err != nil {
			return err
		}
		return l.add(depth, label+string(rune(open))+end+l.comma(), m, inside)
	}
	if err := l.add(depth, label+string(rune(open)), m, inside); err != nil {
		return err
	}
	// What is marked as another order or length is not other in each of its parts.
	within := inside || m.kind != "" && m.kind != shadow.KindOrder && m.kind != shadow.KindLength
	near := p.at.indexes()
	for i := 0; l.dec.PeekKind() != jsontext.Kind(end[0]); i++ {
		if l.near != nil && open == '[' && !within && p.at != nil && p.like == nil && !near[i] {
			if err := l.skip(within); err != nil {
				return err
			}
			continue
		}
		step, general, name := strconv.Itoa(i), "*", ""
		if open == '{' {
			token, err := l.dec.ReadToken()
			if err != nil {
				return err
			}
			step, name = escapeToken(token.String()), quoted(token.String())+": "
			general = step
		}
		if err := l.part(p, step, general, name, depth+1, within); err != nil {
			return err
		}
	}
	if _, err := l.dec.ReadToken(); err != nil {
		return err
	}
	for _, name := range ghosts {
		if open == '{' {
			name = quoted(name)
		} else {
			name = "[" + name + "]"
		}
		if err := l.add(depth+1, name, mark{}, false); err != nil {
			return err
		}
		l.lines[len(l.lines)-1].Ghost = true
	}
	return l.add(depth, end+l.comma(), mark{}, within)
}

// comma returns what stands after a value.
func (l *layout) comma() string {
	switch l.dec.PeekKind() {
	case '}', ']', 0:
		return ""
	}
	if l.dec.StackDepth() == 0 {
		return ""
	}
	return ","
}

// quoted returns s as a JSON string in which nothing is invisible.
func quoted(s string) string {
	s = cut(s, maxLine)
	b, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD"))
	if err != nil {
		return strconv.Quote(s)
	}
	if !bytes.ContainsFunc(b, hidden) {
		return string(b)
	}
	return visible(string(b))
}

// escapeToken and unescapeToken do what RFC 6901, section 3, says.
func escapeToken(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func unescapeToken(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~1", "/"), "~0", "~")
}
