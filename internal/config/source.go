package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	maxFile    = 8 << 20 // bytes of one file
	maxAliased = 20_000  // nodes that aliases add to a file
)

// source is one file.
type source struct {
	name  string
	lines []string
}

// parse returns the root of a file's tree, its aliases replaced by what they stand for; nil
// where the file can't be read, which has then been reported.
func (l *loader) parse(name string, data []byte) (*source, *yaml.Node) {
	src := &source{name: name}
	if len(data) > maxFile {
		l.report(Problem{File: name, Message: fmt.Sprintf("the file is larger than %d MiB", maxFile>>20)})
		return src, nil
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		l.report(Problem{File: name, Line: 1, Column: 1, Message: "the file is UTF-16; save it as UTF-8"})
		return src, nil
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // some editors begin UTF-8 with it
	if at := invalidUTF8(data); at >= 0 {
		line, column := place(data, at)
		l.report(Problem{File: name, Line: line, Column: column,
			Message: fmt.Sprintf("byte %#02x is not UTF-8; save the file as UTF-8", data[at])})
		return src, nil
	}
	if at, char := unprintable(data); at >= 0 {
		line, column := place(data, at)
		l.report(Problem{File: name, Line: line, Column: column,
			Message: fmt.Sprintf("the control character %#02x is not allowed in YAML; remove it", char)})
		return src, nil
	}
	src.lines = strings.Split(string(data), "\n")

	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF), err == nil && isNull(document.Content[0]):
		l.report(Problem{File: name, Line: 1, Column: 1,
			Message: "the file is empty; strangler init --legacy URL writes one to begin with"})
		return src, nil
	case err != nil:
		l.reportSyntax(src, err)
		return src, nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		l.report(Problem{File: name, Line: second.Line, Column: second.Column,
			Message: "a second document begins here; one file is one document, so remove the --- before it, or put it in a file of its own under include"})
		return src, nil
	case !errors.Is(err, io.EOF):
		l.reportSyntax(src, err)
		return src, nil
	}
	root := document.Content[0]
	if !(&untangler{l: l, src: src}).untangle(root) {
		return src, nil
	}
	return src, root
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// invalidUTF8 returns the offset of the first byte that is not part of valid UTF-8, or -1.
func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// unprintable returns the offset of the first character that YAML doesn't allow (section 5.1),
// or -1.
func unprintable(data []byte) (at int, char rune) {
	for i, r := range string(data) {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == 0x85:
		case r < ' ' || 0x7f <= r && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			return i, r
		}
	}
	return -1, 0
}

// place returns the line and column of an offset, both from 1.
func place(data []byte, offset int) (line, column int) {
	before := data[:offset]
	lineStart := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[lineStart:]) + 1
}

var (
	// syntaxError is how the YAML parser words what it can't read.
	syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)
	// fromZero are the messages whose line the parser counts from 0.
	fromZero = regexp.MustCompile(`^did not find expected (<|node content|'-' indicator|key$|',' or)`)
	// unknownAnchor is one that has no line at all.
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.+)' referenced$`)
	// unquoted is what has a meaning to YAML inside of braces and brackets.
	unquoted = regexp.MustCompile(`[{\[].*?[\s,{\[](\$\{[^}]*\}|:\d+|/[^\s,{}\[\]]*\{[^}]*\}[^\s,{}\[\]]*)`)
)

// reportSyntax reports what the YAML parser said, or what is behind it: tabs, which it has
// strange words for.
func (l *loader) reportSyntax(src *source, err error) {
	tabs := false
	for i, line := range src.lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if at := strings.IndexByte(indent, '\t'); at >= 0 && strings.TrimSpace(line) != "" {
			tabs = true
			l.report(Problem{File: src.name, Line: i + 1, Column: at + 1, Message: "a tab indents this line; YAML wants spaces"})
		}
	}
	if tabs {
		return
	}
	p := Problem{File: src.name, Line: 1, Column: 1, Message: "not YAML: " + err.Error()}
	m := syntaxError.FindStringSubmatch(err.Error())
	if m == nil {
		l.report(p)
		return
	}
	p.Message = "not YAML: " + m[2]
	if line, err := strconv.Atoi(m[1]); err == nil {
		p.Line = line
		if fromZero.MatchString(m[2]) {
			p.Line++
		}
		p.Line = min(p.Line, len(src.lines))
	}
	if anchor := unknownAnchor.FindStringSubmatch(m[2]); anchor != nil {
		p.Message = fmt.Sprintf("*%s refers to nothing; no &%s stands before it. A value that begins with * is written in quotes", anchor[1], anchor[1])
		for i, line := range src.lines {
			if at := strings.Index(line, "*"+anchor[1]); at >= 0 {
				p.Line, p.Column = i+1, utf8.RuneCountInString(line[:at])+1
				break
			}
		}
	}
	if found := unquoted.FindStringSubmatch(src.lines[p.Line-1]); found != nil {
		p.Message += fmt.Sprintf("; inside { } and [ ] write %q with its quotes", found[1])
	}
	l.report(p)
}

// untangler replaces aliases by what they stand for and looks for what no part of a
// configuration may have: keys twice, keys that are not plain, foreign tags.
type untangler struct {
	l       *loader
	src     *source
	aliased int // nodes visited below aliases so far
	below   int // aliases above the present node
	open    map[*yaml.Node]bool
	done    map[*yaml.Node]bool
}

// untangle reports whether the tree below n may be walked.
func (u *untangler) untangle(n *yaml.Node) bool {
	if u.open == nil {
		u.open, u.done = map[*yaml.Node]bool{}, map[*yaml.Node]bool{}
	}
	if u.below > 0 {
		if u.aliased++; u.aliased > maxAliased {
			u.fail(n, "the file's aliases add up to more than %d values; write out what they stand for", maxAliased)
			return false
		}
	}
	if u.open[n] {
		u.fail(n, "what &%s names contains itself", n.Anchor)
		return false
	}
	u.open[n] = true
	defer delete(u.open, n)
	first := !u.done[n] // what several aliases stand for is reported once
	u.done[n] = true
	if first {
		u.checkTag(n)
	}
	if n.Kind == yaml.MappingNode && first {
		u.checkKeys(n)
	}
	for i, child := range n.Content {
		below := 0
		if child.Kind == yaml.AliasNode {
			child, below = child.Alias, 1
			n.Content[i] = child
		}
		u.below += below
		ok := u.untangle(child)
		u.below -= below
		if !ok {
			return false
		}
	}
	return true
}

func (u *untangler) checkTag(n *yaml.Node) {
	switch n.ShortTag() {
	case "!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge":
	default:
		u.fail(n, "no tag %s is known here; remove it", n.ShortTag())
	}
}

func (u *untangler) checkKeys(n *yaml.Node) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode:
			u.fail(key, "a key is a plain text, not a list, a mapping or an alias")
		case key.ShortTag() == "!!merge":
			u.fail(key, "merge keys are not known here; what all routes share goes under defaults")
		case seen[key.Value] > 0:
			u.fail(key, "key %q stands here a second time; the first is on line %d", key.Value, seen[key.Value])
		default:
			seen[key.Value] = key.Line
		}
	}
}

func (u *untangler) fail(n *yaml.Node, format string, args ...any) {
	u.l.report(Problem{File: u.src.name, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...)})
}
