package document

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Step is one step of a path: to the member of that name or, where Name is empty, to the
// element of that index.
type Step struct {
	Name  string
	Index int
}

// Path is a way from one value to one below it; the empty one stays where it is.
type Path []Step

// maxIndex is the highest index in a path, and so how long an array becomes that a path makes.
const maxIndex = 9999

// ParsePath reads a path as configurations write it: names between dots with indexes in square
// brackets, "address.lines[0].text", in which a backslash takes a dot, a bracket or a backslash
// literally; or, beginning with a slash, a JSON pointer (RFC 6901), all of whose steps are names.
// "." is the empty path.
func ParsePath(s string) (Path, error) {
	switch {
	case s == ".":
		return Path{}, nil
	case s == "":
		return nil, fmt.Errorf("the path is empty; the whole body is \".\"")
	case !utf8.ValidString(s):
		return nil, fmt.Errorf("the path %q isn't UTF-8", s)
	case s[0] == '/':
		return parsePointer(s)
	}
	var p Path
	var part strings.Builder
	begun := false // there is a step before, so that [0] may stand here
	flush := func() error {
		if part.Len() == 0 {
			return fmt.Errorf("the path %q has an empty name in it", s)
		}
		p = append(p, Step{Name: part.String()})
		part.Reset()
		return nil
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\':
			if begun {
				return nil, fmt.Errorf("the path %q has no dot behind its ]", s)
			}
			if i++; i == len(s) {
				return nil, fmt.Errorf("the path %q ends with a backslash", s)
			}
			part.WriteByte(s[i])
		case '.':
			if !begun {
				if err := flush(); err != nil {
					return nil, err
				}
			}
			if begun = false; i == len(s)-1 {
				return nil, fmt.Errorf("the path %q ends with a dot", s)
			}
		case '[':
			if !begun && (part.Len() > 0 || len(p) > 0) {
				if err := flush(); err != nil {
					return nil, err
				}
			}
			end := strings.IndexByte(s[i:], ']')
			if end < 0 {
				return nil, fmt.Errorf("the path %q has a [ without its ]", s)
			}
			index, err := strconv.Atoi(s[i+1 : i+end])
			if err != nil || index < 0 || index > maxIndex || strconv.Itoa(index) != s[i+1:i+end] {
				return nil, fmt.Errorf("the path %q has %q for an index; it is 0 to %d", s, s[i+1:i+end], maxIndex)
			}
			p = append(p, Step{Index: index})
			begun = true
			i += end
		default:
			if begun {
				return nil, fmt.Errorf("the path %q has no dot behind its ]", s)
			}
			part.WriteByte(c)
		}
	}
	if !begun {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func parsePointer(s string) (Path, error) {
	var p Path
	for part := range strings.SplitSeq(s[1:], "/") {
		if part == "" {
			return nil, fmt.Errorf("the pointer %q has an empty name in it", s)
		}
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(part), "~") {
			return nil, fmt.Errorf("the pointer %q has a ~ that is neither ~0 nor ~1", s)
		}
		p = append(p, Step{Name: strings.NewReplacer("~1", "/", "~0", "~").Replace(part)})
	}
	return p, nil
}

// String returns the path as ParsePath reads it.
func (p Path) String() string {
	if len(p) == 0 {
		return "."
	}
	var b strings.Builder
	for i, s := range p {
		if s.Name == "" {
			fmt.Fprintf(&b, "[%d]", s.Index)
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		if i == 0 && s.Name[0] == '/' {
			b.WriteByte('\\')
		}
		b.WriteString(strings.NewReplacer(`\`, `\\`, `.`, `\.`, `[`, `\[`).Replace(s.Name))
	}
	return b.String()
}

// Pointer returns the path as a JSON pointer (RFC 6901); that of the whole is empty.
func (p Path) Pointer() string {
	var b strings.Builder
	for _, s := range p {
		b.WriteByte('/')
		if s.Name == "" {
			b.WriteString(strconv.Itoa(s.Index))
		} else {
			b.WriteString(pointerEscape.Replace(s.Name))
		}
	}
	return b.String()
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// EscapePointer returns a name as a step of a JSON pointer (RFC 6901, section 3) has it.
func EscapePointer(name string) string { return pointerEscape.Replace(name) }

// Follow returns the value at the end of the path, or a missing one. Of members of one name it
// takes the first; where the document repeats names, an index counts those of one name.
func (p Path) Follow(v Value) Value {
	var parent Value
	for i, s := range p {
		switch {
		case s.Name != "":
			parent, v = v, v.Get(s.Name)
		case v.Repeats() && v.Kind() != Array && i > 0 && p[i-1].Name != "":
			v = parent.named(p[i-1].Name, s.Index)
		default:
			v = v.Index(s.Index)
		}
	}
	return v
}

// named returns one of the members of a name.
func (v Value) named(name string, i int) Value {
	for member := range v.Named(name) {
		if i == 0 {
			return member
		}
		i--
	}
	return Value{}
}
