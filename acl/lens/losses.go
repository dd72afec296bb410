package lens

import (
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// lossesOf tells what a field loses beside what its option does. told are the objects on the way of
// fields before it, of each side, of which it has been told already.
func lossesOf(f *field, fields []Field, unknown [2]Unknown, told *[2]map[string]bool, a about) {
	if f.Trim {
		a.loss(legacy, "spaces around the text don't come back")
		a.loss(service, "spaces around the text don't come back, since legacy's are taken off")
	}
	for _, in := range []side{legacy, service} {
		lossesOfPresence(f, in, a)
		lossesOfPaths(f, in, told[in], a)
		if f.When != nil && unknown[in] != Refuse && len(at(f.at, in)) > 0 && f.option != optionConst && f.option != optionGenerate && f.option != optionDrop && (f.option != optionCount || in == service) {
			a.loss(in, "where the condition doesn't hold, %s is dropped", listed(f.paths(in)))
		}
	}
	only := legacy // the side of a field with one path
	if len(f.Legacy) == 0 {
		only = service
	}
	switch f.option {
	case optionConst:
		if unknown[only] == Refuse {
			a.loss(only, "where it is missing, it comes back as %s", *f.Const)
		} else {
			a.loss(only, "whatever it is, it comes back as %s", *f.Const)
		}
	case optionGenerate:
		a.loss(legacy, "whatever it is, it comes back as one made anew")
	case optionDrop:
		if d := at(f.Default, only); d != nil {
			a.loss(only, "it is dropped, and comes back as %s", *d)
		} else {
			a.loss(only, "it is dropped")
		}
	case optionCount:
		a.loss(legacy, "it is counted anew")
		if !slices.ContainsFunc(fields, func(other Field) bool {
			return !other.Count && slices.Contains(other.Service, f.Service[0])
		}) {
			a.loss(service, "the elements are only counted")
		}
	}
}

func lossesOfPresence(f *field, in side, a about) {
	d := at(f.Default, in.other())
	if back := at(f.Default, in); back != nil && d == nil && f.option != optionDrop && f.option != optionCount {
		a.loss(in, "a missing value and null come back as %s", *back)
	}
	switch {
	case f.option == optionDrop || len(at(f.at, in)) == 0 || len(at(f.at, in.other())) == 0:
	case f.option == optionCount && in == legacy:
	case d != nil && f.Absent != nil:
		a.loss(in, "a missing value, null and %s become %s", at(*f.Absent, in), *d)
	case d != nil:
		a.loss(in, "a missing value and null become %s", *d)
	case f.Absent != nil && f.Required: // which is an error for all of them
	case f.Absent != nil:
		l := at(*f.Absent, in)
		if l.Kind == document.Missing || l.Kind == document.Null {
			a.loss(in, "a missing value and null come back as the same, %s", l)
		} else {
			a.loss(in, "a missing value, null and %s come back as the same, %s", l, l)
		}
		if back := at(*f.Absent, in.other()); back.Kind != document.Missing && back.Kind != document.Null {
			a.loss(in, "a value that becomes %s is taken for none on the way back", back)
		}
	}
}

func lossesOfPaths(f *field, in side, told map[string]bool, a about) {
	if len(at(f.at, in.other())) == 0 || f.option == optionCount && in == legacy {
		return
	}
	for _, path := range at(f.at, in.other()) {
		if slices.ContainsFunc(path, func(s document.Step) bool { return s.Name == "" && s.Index > 0 }) {
			a.loss(in, "where it is missing, and an element behind %s isn't, it becomes null", path)
		}
	}
	for _, path := range at(f.at, in) {
		for n := 1; n < len(path); n++ {
			if object := path[:n].String(); !told[object] {
				told[object] = true
				a.loss(in, "where %s is null or has nothing in it, it comes back as missing", object)
			}
		}
	}
}

// listed writes words as a sentence has them: a, b and c.
func listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
