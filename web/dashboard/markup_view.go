package dashboard

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/web"
)

// markupViews lays two documents of XML or HTML out by their structure, an element a line, and marks
// where they differ. It reports false where they are none, or where the difference isn't one of structure.
func markupViews(d web.Divergence) (legacy, service bodyView, ok bool) {
	if slices.ContainsFunc(d.Differences, func(x shadow.Difference) bool { return x.Kind == shadow.KindBody && x.Pointer == "" }) {
		return legacy, service, false
	}
	var documents [2]*element
	var err error
	switch media := mediaOf(d.Legacy); {
	case media != mediaOf(d.Service):
		return legacy, service, false
	case !isXML(media) && media != "text/html":
		return legacy, service, false
	case max(len(d.Legacy.Body), len(d.Service.Body)) > maxMarkup:
		err = errMarkup
	case isXML(media):
		if documents[0], err = readXML(d.Legacy.Body); err == nil {
			documents[1], err = readXML(d.Service.Body)
		}
	default:
		documents, err = readHTML(d.Legacy.Body, d.Service.Body)
	}
	if err != nil {
		return legacy, service, false
	}
	left, right := layMarkup(documents[0], d.Differences, shadow.Legacy), layMarkup(documents[1], d.Differences, shadow.Service)
	if max(len(left), len(right)) >= layoutLines { // what differs may be in what isn't laid out
		return legacy, service, false
	}
	if slices.ContainsFunc(left, bodyLine.differs) || slices.ContainsFunc(right, bodyLine.differs) {
		return viewOf(left, d.Legacy), viewOf(right, d.Service), true
	}
	// What differs was found in another way than by structure: show which lines are others.
	left, right = alignedLines(textsOf(left), textsOf(right))
	return viewOf(left, d.Legacy), viewOf(right, d.Service), true
}

func textsOf(lines []bodyLine) []string {
	all := make([]string, len(lines))
	for i, l := range lines {
		all[i] = l.Text
	}
	return all
}

func isXML(media string) bool {
	return media == "application/xml" || media == "text/xml" || strings.HasSuffix(media, "+xml")
}

// mediaOf returns an answer's media type, without parameters.
func mediaOf(a *web.Answer) string {
	for name, values := range a.Headers {
		if http.CanonicalHeaderKey(name) == "Content-Type" && len(values) > 0 {
			media, _, _ := mime.ParseMediaType(values[0])
			return media
		}
	}
	return ""
}

// maxMarkup is up to which size, in bytes, a document is laid out by its structure.
const maxMarkup = 1 << 20

// brokenUp returns an answer's body as text to be shown by lines. Markup may have come with hardly any: then
// each element begins one.
func brokenUp(a *web.Answer) string {
	const longest = 500 // characters, on average
	if media := mediaOf(a); (isXML(media) || media == "text/html") && len(a.Body) > longest*(1+strings.Count(a.Body, "\n")) {
		return strings.ReplaceAll(a.Body, "><", ">\n<")
	}
	return a.Body
}

// markupLayout lays a document out.
type markupLayout struct {
	lines      []bodyLine
	whole      map[*element]markupMark
	attributes map[*element]map[string]markupMark
	ghosts     map[*element][]string // what an element lacks
}

// markupMark is a difference of an element or of an attribute.
type markupMark struct {
	kind  shadow.Kind
	noise bool
	other string // the other side's text; empty: none, or it isn't known
}

func layMarkup(document *element, differences []shadow.Difference, side shadow.Side) []bodyLine {
	l := &markupLayout{whole: make(map[*element]markupMark), attributes: make(map[*element]map[string]markupMark), ghosts: make(map[*element][]string)}
	for _, d := range differences {
		if strings.HasPrefix(d.Pointer, "/") {
			l.mark(document, d, side)
		}
	}
	for _, p := range document.content {
		if p.child != nil {
			l.lay(p.child, 0, false)
		}
	}
	for _, name := range l.ghosts[document] {
		l.lines = append(l.lines, bodyLine{Text: name, Ghost: true})
	}
	return l.lines
}

func (l *markupLayout) mark(document *element, d shadow.Difference, side shadow.Side) {
	own, other := d.Legacy, d.Service
	if side == shadow.Service {
		own, other = d.Service, d.Legacy
	}
	tokens := tokensOf(d.Pointer)
	if d.Kind == shadow.KindLength || d.Kind == shadow.KindOrder {
		tokens = document.list(tokens)
	}
	at, attribute, rest := document.find(tokens)
	if lacks := d.Kind == shadow.KindMissing && side == shadow.Service || d.Kind == shadow.KindExtra && side == shadow.Legacy; lacks {
		if len(rest) == 0 { // something else has its index here: the list lacks one
			last := len(tokens) - 1
			if _, err := strconv.Atoi(tokens[last]); err == nil {
				last--
			}
			if last < 0 {
				return
			}
			at, _, _ = document.find(tokens[:last])
			rest = tokens[last:]
		}
		l.ghosts[at] = append(l.ghosts[at], ghostName(rest))
		return
	}
	m := markupMark{kind: d.Kind, noise: d.Noise != "", other: textOfJSON(other)}
	if d.Kind == shadow.KindValue && side == shadow.Service && attribute == "" && strings.Contains(d.Pattern, "*") {
		// Where elements are paired by a key or in any order a pointer has legacy's place; the text tells
		// which one is meant here.
		if want := textOfJSON(own); want != "" && (len(rest) > 0 || at.text() != want) {
			document.all(tokensOf(d.Pattern), func(e *element) bool {
				if e.text() != want {
					return false
				}
				at, rest = e, nil
				return true
			})
		}
	}
	switch {
	case len(rest) > 0:
	case attribute != "":
		if l.attributes[at] == nil {
			l.attributes[at] = make(map[string]markupMark)
		}
		l.attributes[at][attribute] = m
	default:
		l.whole[at] = m
	}
}

// ghostName is how what an element lacks is shown.
func ghostName(tokens []string) string {
	if strings.HasPrefix(tokens[0], "@") {
		return cut(visible(tokens[0]), 160)
	}
	return "<" + cut(visible(tokens[0]), 160) + ">"
}

func tokensOf(pointer string) []string {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range tokens {
		tokens[i] = unescapeToken(tokens[i])
	}
	return tokens
}

// textOfJSON returns the text that a JSON value is; empty: it is none, or was cut.
func textOfJSON(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' || bytes.Contains(raw, []byte("…")) {
		return ""
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return ""
	}
	return string(text)
}

func (l *markupLayout) add(line bodyLine) {
	if len(l.lines) < layoutLines {
		line.Text = cut(line.Text, maxLine)
		l.lines = append(l.lines, line)
	}
}

func (l *markupLayout) lay(e *element, depth int, inside bool) {
	m := l.whole[e]
	line := bodyLine{Kind: m.kind, Noise: m.noise && m.kind != "", Inside: inside}
	indent := strings.Repeat("  ", depth)
	var b strings.Builder
	b.WriteString(indent + "<" + flat(e.name))
	for _, a := range e.attributes {
		b.WriteString(" " + flat(a.name) + `="`)
		at, value := b.Len(), flat(a.value)
		b.WriteString(value + `"`)
		if mark, differs := l.attributes[e][a.token]; differs {
			line.hot = append(line.hot, differing(value, flat(mark.other), at))
			if line.Kind == "" {
				line.Kind, line.Noise = mark.kind, mark.noise
			}
		}
	}
	ofAll := m.kind == shadow.KindMissing || m.kind == shadow.KindExtra || m.kind == shadow.KindType
	switch {
	case e.void:
		b.WriteString(">")
	case e.noText:
		b.WriteString(">…</" + flat(e.name) + ">")
	case len(e.content) == 0 && len(l.ghosts[e]) == 0:
		b.WriteString("></" + flat(e.name) + ">")
	case len(e.content) == 1 && e.content[0].child == nil && len(l.ghosts[e]) == 0:
		b.WriteString(">")
		at, text := b.Len(), flat(e.content[0].text)
		b.WriteString(text + "</" + flat(e.name) + ">")
		if m.kind != "" {
			line.hot = append(line.hot, differing(text, flat(m.other), at))
		}
	default:
		b.WriteString(">")
		line.Text = b.String()
		l.add(line)
		l.content(e, m, depth+1, inside || ofAll)
		l.add(bodyLine{Text: indent + "</" + flat(e.name) + ">", Inside: inside || ofAll})
		return
	}
	line.Text = b.String()
	l.add(line)
}

func (l *markupLayout) content(e *element, m markupMark, depth int, inside bool) {
	indent := strings.Repeat("  ", depth)
	for _, p := range e.content {
		if p.child != nil {
			l.lay(p.child, depth, inside)
			continue
		}
		line := bodyLine{Text: indent + flat(p.text), Inside: inside}
		if m.kind == shadow.KindValue && !strings.Contains(m.other, p.text) {
			line.Kind, line.Noise = m.kind, m.noise
		}
		l.add(line)
	}
	for _, name := range l.ghosts[e] {
		l.add(bodyLine{Text: indent + name, Ghost: true})
	}
}

// flat returns a text as it stands within a line.
func flat(s string) string {
	return visible(strings.NewReplacer("\r\n", "↵", "\n", "↵", "\r", "↵", "\t", "⇥").Replace(cut(s, maxLine)))
}
