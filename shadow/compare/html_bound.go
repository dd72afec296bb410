package compare

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a page.
const (
	maxHTML       = maxText / 4
	maxHTMLTokens = 1 << 17
	maxHTMLNodes  = maxNodes << 1
)

// boundHTML refuses pages that would cost too much to parse. Most cost what their tokens do. But
// a formatting element that isn't closed where it should be is opened again in each block that
// follows (HTML, section 13.2.4.3), so that a small page may be a large tree.
func boundHTML(text []byte) error {
	if len(text) > maxHTML {
		return tooComplex("HTML of %d bytes; the limit is %d", len(text), maxHTML)
	}
	z := html.NewTokenizer(bytes.NewReader(text))
	var open []atom.Atom // elements that begin, and didn't end yet
	var formatting, nodes int
	for tokens := 0; ; tokens++ {
		kind := z.Next()
		nodes += 1 + formatting
		switch {
		case tokens > maxHTMLTokens:
			return tooComplex("HTML with over %d tokens", maxHTMLTokens)
		case nodes > maxHTMLNodes:
			return tooComplex("HTML whose formatting isn't closed in over %d places", maxHTMLNodes)
		case kind == html.ErrorToken:
			return nil // the end: a text has no other error
		}
		if kind != html.StartTagToken && kind != html.EndTagToken {
			continue
		}
		name, more := z.TagName()
		tag := atom.Lookup(name)
		for more {
			_, _, more = z.TagAttr()
			tokens++
		}
		switch {
		case voids(tag):
		case kind == html.StartTagToken:
			open = append(open, tag)
			if formats(tag) {
				formatting = min(formatting+1, maxLevels)
			}
		case len(open) > 0 && open[len(open)-1] == tag:
			open = open[:len(open)-1]
			if formats(tag) {
				formatting--
			}
		default: // what should have ended before is left open, as far as formatting goes
			for i := len(open) - 1; i >= 0 && i >= len(open)-maxLevels; i-- {
				if open[i] == tag {
					open = open[:i]
					break
				}
			}
		}
	}
}

// formats reports the formatting elements (HTML, section 13.2.4.2) of which there may be many at
// a time: an a or nobr ends the one before.
func formats(tag atom.Atom) bool {
	switch tag {
	case atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.S, atom.Small, atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	}
	return false
}

// voids reports the elements that have no end (HTML, section 13.1.2).
func voids(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta,
		atom.Param, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}
