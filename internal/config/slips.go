package config

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/lens"
)

// slips are the parts of something with which something is wrong that has been reported: options as in
// lens.Problem, of which "" is the whole. What else is wrong is looked for all the same, and told unless it
// may only follow from these.
type slips []string

// slips returns those of what has been reported since there were so many problems.
func (v value) slips(before int) (s slips) {
	for _, p := range v.l.problems[min(before, len(v.l.problems)):] {
		if part, below := strings.CutPrefix(p.Path, v.path); below && p.File == v.src.name {
			s = append(s, strings.TrimPrefix(part, "."))
		}
	}
	return s
}

// within returns the part of another value that this one is.
func (v value) within(whole value) string {
	return strings.TrimPrefix(strings.TrimPrefix(v.path, whole.path), ".")
}

// has reports whether something is wrong with a part, or with what is in it.
func (s slips) has(part string) bool {
	return slices.ContainsFunc(s, func(slip string) bool {
		behind, in := strings.CutPrefix(slip, part)
		return in && (part == "" && slip == "" || part != "" && (behind == "" || behind[0] == '.' || behind[0] == '['))
	})
}

// any reports whether something is wrong with one of these parts.
func (s slips) any(parts ...string) bool { return slices.ContainsFunc(parts, s.has) }

// beside reports whether something is wrong with another part than these: with what nobody knows.
func (s slips) beside(parts ...string) bool {
	return slices.ContainsFunc(s, func(slip string) bool { return !slices.Contains(parts, firstOf(slip)) })
}

// firstOf is the key that an option begins with.
func firstOf(option string) string {
	if end := strings.IndexAny(option, ".["); end >= 0 {
		return option[:end]
	}
	return option
}

// The keys of a field that say what it does, and those that go with what it does.
var (
	fieldDoes = []string{"each", "with", "values", "bool", "number", "time", "bits", "join", "list", "ids", "count", "const", "generate", "drop"}
	fieldWith = []string{"legacy", "service", "back", "forth", "other"}
	fieldSays = []string{"trim", "required", "type", "absent", "default", "when", "other_bits"}
)

// fieldSlips are those of a field.
type fieldSlips struct{ slips }

// vague reports whether nobody knows what the field is to do.
func (s fieldSlips) vague(f *lens.Field) bool {
	return s.beside(slices.Concat(fieldDoes, fieldWith, fieldSays)...) ||
		s.has("each") && f.Each == "" || s.has("with") && f.With == "" || s.has("join") && f.Join == "" || s.has("list") && f.List == "" ||
		s.has("ids") && f.IDs == "" || s.has("generate") && f.Generate == "" || s.has("const") && f.Const == nil || s.any("count", "drop")
}

// known returns the field as far as it can be looked at.
func (s fieldSlips) known(f lens.Field) lens.Field {
	if s.vague(&f) {
		return lens.Field{When: f.When}
	}
	return f
}

// follow reports whether what is wrong with an option of the field may follow from the slips.
func (s fieldSlips) follow(f *lens.Field, option string) bool {
	switch key := firstOf(option); {
	case len(s.slips) == 0:
		return false
	case key == "" || s.has(key):
		return true
	case s.vague(f):
		return key != "when"
	case s.any(slices.Concat(fieldDoes, fieldWith)...):
		return !slices.Contains([]string{"trim", "required", "type", "when"}, key)
	}
	return false
}

// of returns the slips of a part.
func (s slips) of(part string) (of slips) {
	for _, slip := range s {
		if behind, in := strings.CutPrefix(slip, part); in && (behind == "" || behind[0] == '.') {
			of = append(of, strings.TrimPrefix(behind, "."))
		}
	}
	return of
}
