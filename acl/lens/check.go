package lens

import (
	"reflect"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// option is what a field does with its values.
type option int

const (
	optionNone option = iota
	optionEach
	optionWith
	optionValues
	optionBool
	optionNumber
	optionTime
	optionBits
	optionJoin
	optionList
	optionIDs
	optionCount
	optionConst
	optionGenerate
	optionDrop
)

var options = [...]string{"", "each", "with", "values", "bool", "number", "time", "bits", "join", "list", "ids", "count", "const", "generate", "drop"}

func (o option) String() string { return options[o] }

// set returns the options that a field has.
func (f *Field) set() []option {
	var set []option
	for o, is := range map[option]bool{
		optionEach: f.Each != "", optionWith: f.With != "", optionValues: f.Values != nil, optionBool: f.Bool != nil,
		optionNumber: f.Number != nil, optionTime: f.Time != nil && f.Generate == "", optionBits: f.Bits != nil,
		optionJoin: f.Join != "", optionList: f.List != "", optionIDs: f.IDs != "", optionCount: f.Count,
		optionConst: f.Const != nil, optionGenerate: f.Generate != "", optionDrop: f.Drop,
	} {
		if is {
			set = append(set, o)
		}
	}
	slices.Sort(set)
	return set
}

// field is a Field that was read.
type field struct {
	*Field
	n      int
	option option
	at     Sides[[]document.Path]
	when   Sides[[]condition]
}

// readField reads what a field is about, and reports what is wrong with that.
func readField(f *Field, n int, a about) field {
	r := field{Field: f, n: n}
	if set := f.set(); len(set) > 1 {
		names := make([]string, len(set))
		for i, o := range set {
			names[i] = o.String()
		}
		a.problem(names[1], "%s exclude one another; a field has one of them", strings.Join(names, " and "))
	} else if len(set) == 1 {
		r.option = set[0]
	}
	r.at = Sides[[]document.Path]{readPaths(f, legacy, a), readPaths(f, service, a)}
	checkPaths(f, r.option, a)
	return r
}

// checkRest reads and checks what a field says beside its option.
func (f *field) checkRest(a about) {
	checkModifiers(f.Field, f.option, a)
	f.when = readWhen(f.When, a)
}

func readPaths(f *Field, s side, a about) []document.Path {
	var paths []document.Path
	for _, text := range f.paths(s) {
		p, err := document.ParsePath(text)
		if err != nil {
			a.problem(s.String(), "%v", err)
			continue
		}
		paths = append(paths, p)
	}
	return paths
}

// checkPaths reports options on the wrong number of paths.
func checkPaths(f *Field, o option, a about) {
	l, s := len(f.Legacy), len(f.Service)
	switch o {
	case optionConst, optionDrop:
		if l+s != 1 {
			a.problem(o.String(), "a field with this has one path on one side; this has %d of legacy's and %d of the service's", l, s)
		}
	case optionGenerate:
		if l != 1 || s != 0 {
			a.problem(o.String(), "a field with this has one path of legacy's and none of the service's")
		}
	case optionBits:
		if l != 1 || s != len(f.Bits) || s == 0 {
			a.problem(o.String(), "%d bits need one path of legacy's and %d of the service's; there are %d and %d", len(f.Bits), len(f.Bits), l, s)
		}
	case optionJoin:
		if min(l, s) != 1 || max(l, s) < 2 {
			a.problem(o.String(), "a field with this has one path on one side and several on the other; this has %d of legacy's and %d of the service's", l, s)
		}
	default:
		switch {
		case l == 0 && s == 0:
			a.problem("", "it has no path")
		case l == 0 || s == 0:
			side := legacy
			if l == 0 {
				side = service
			}
			a.problem("", "it is only on the side of %s: const, generate or drop says what the other sees of it", side)
		case l > 1 || s > 1:
			a.problem("", "it has %d paths of legacy's and %d of the service's: join or bits says how several become one", l, s)
		}
	}
}

// checkModifiers reports what doesn't go together with the option.
func checkModifiers(f *Field, o option, a about) {
	in := func(list ...option) bool { return slices.Contains(list, o) }
	one := optionNone.String()
	if o != optionNone {
		one = o.String()
	} else {
		one = "a field without an option"
	}
	refuse := func(option string, is bool) {
		if is {
			a.problem(option, "this has no meaning with %s", one)
		}
	}
	refuse("trim", f.Trim && !in(optionNone, optionValues, optionBool, optionNumber, optionTime, optionJoin, optionList, optionIDs))
	refuse("type", f.Type != Sides[Type]{} && !in(optionNone, optionJoin, optionList, optionBits, optionIDs, optionCount))
	refuse("absent", f.Absent != nil && in(optionConst, optionGenerate, optionDrop))
	refuse("required", f.Required && in(optionGenerate, optionDrop))
	refuse("default", f.Default != Sides[*Literal]{} && in(optionConst, optionGenerate))
	refuse("default.service", f.Default.Service != nil && (o == optionCount || o == optionDrop && len(f.Service) == 0))
	refuse("default.legacy", f.Default.Legacy != nil && o == optionDrop && len(f.Legacy) == 0)
	refuse("other_bits", f.OtherBit != "" && o != optionBits)
	if f.Generate != "" && f.Generate != Now && f.Generate != Random {
		a.problem("generate", "%q isn't something that can be made; these are: now, random", f.Generate)
	}
	refuse("time", f.Time != nil && f.Generate == Random)
	if f.Required && f.Default != (Sides[*Literal]{}) {
		a.problem("default", "required and default exclude one another: where a value is required there is none to stand in for")
	}
	for _, l := range []struct {
		option string
		*Literal
	}{{"default.legacy", f.Default.Legacy}, {"default.service", f.Default.Service}, {"const", f.Const}} {
		if l.Literal == nil {
			continue
		}
		if l.Kind == document.Missing {
			a.problem(l.option, "no value can't be written")
		} else if wrong := l.problem(); wrong != "" {
			a.problem(l.option, "%s", wrong)
		}
	}
	if f.Absent != nil {
		for _, s := range []side{legacy, service} {
			if wrong := at(*f.Absent, s).problem(); wrong != "" {
				a.problem("absent."+s.String(), "%s", wrong)
			}
		}
	}
}

func readWhen(w *When, a about) (both Sides[[]condition]) {
	if w == nil {
		return both
	}
	read := func(list []Condition, option string) []condition {
		var out []condition
		for _, one := range list {
			path, err := document.ParsePath(one.Path)
			if err != nil {
				a.problem(option, "%v", err)
				continue
			}
			for _, l := range one.Is {
				if wrong := l.problem(); wrong != "" {
					a.problem(option, "%s: %s", one.Path, wrong)
				}
			}
			out = append(out, condition{is: one.Is, not: one.Not, path: path, target: -1})
		}
		return out
	}
	both.Legacy, both.Service = read(w.Legacy, "when.legacy"), read(w.Service, "when.service")
	if len(w.Legacy)+len(w.Service) == 0 {
		a.problem("when", "it has no condition")
	}
	return both
}

// sameWhen reports whether two fields apply in the same cases, as far as can be told.
func sameWhen(f, g *Field) bool {
	return f.When == nil || g.When == nil || reflect.DeepEqual(f.When, g.When)
}
