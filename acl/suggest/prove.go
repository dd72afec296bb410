package suggest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// prove tries each field by itself: the lens has to make the one side's value of the other's, in
// as many examples as were said. A field that it can't, or that the lens refuses, is taken back; one
// that loses something on the way back says so.
func (s *solver) prove(p *Proposal, pairs []Pair) {
	kept := p.Fields[:0]
	for _, f := range p.Fields {
		if f.nested != nil || len(f.Legacy) == 0 || len(f.Service) == 0 {
			kept = append(kept, f)
			continue
		}
		why := try(&f, pairs)
		if why == "" {
			kept = append(kept, f)
			continue
		}
		p.takeBack(f, why, pairs...)
	}
	p.Fields = kept
}

// takeBack has a field's places among what is left, with the reason, and an example where pairs have
// one.
func (p *Proposal) takeBack(f Field, why string, pairs ...Pair) {
	of := "nothing on the other side"
	if len(f.Service) > 0 && len(f.Legacy) > 0 {
		of = strings.Join(f.Service, ", ")
	}
	for _, path := range f.Legacy {
		p.Legacy = append(p.Legacy, Rest{path, exampleAt(path, pairs, false), fmt.Sprintf("seems to be %s (%s), but %s", of, f.Reason, why)})
	}
	for _, path := range f.Service {
		if f.Count {
			continue
		}
		p.Service = append(p.Service, Rest{path, exampleAt(path, pairs, true), "see " + strings.Join(f.Legacy, ", ")})
	}
}

func exampleAt(path string, pairs []Pair, service bool) string {
	at, err := document.ParsePath(path)
	if err != nil {
		return ""
	}
	for _, p := range pairs {
		v := p.Legacy
		if service {
			v = p.Service
		}
		if v = at.Follow(v); v.Exists() {
			return quoted(cell{kind: v.Kind(), text: v.Text()})
		}
	}
	return ""
}

// try puts the examples through a field; what is wrong with it is told, or nothing.
func try(f *Field, pairs []Pair) string {
	l, err := lens.New(lens.Definition{Fields: []lens.Field{f.Field}, Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}}, lens.Set{})
	if err != nil {
		return "a field can't say it: " + firstProblem(err)
	}
	ways := []struct {
		to      string
		convert func(context.Context, document.Value) (*document.Document, error)
		paths   []string
		pick    func(Pair) (from, to document.Value)
	}{
		{"to the service", l.ToService, f.Service, func(p Pair) (from, to document.Value) { return p.Legacy, p.Service }},
		{"to legacy", l.ToLegacy, f.Legacy, func(p Pair) (from, to document.Value) { return p.Service, p.Legacy }},
	}
	for _, way := range ways {
		if f.Count && way.to == "to the service" {
			continue // nothing is written there
		}
		good, odd := 0, ""
		for _, p := range pairs {
			from, want := way.pick(p)
			got, err := way.convert(context.Background(), from)
			if err != nil {
				if odd == "" {
					odd = err.Error()
				}
				continue
			}
			if where := differ(way.paths, got.Root(), want, f.Trim); where != "" {
				if odd == "" {
					odd = where
				}
				continue
			}
			good++
		}
		misses := max(0, f.Of-f.Holds)
		if good+misses >= len(pairs) {
			continue
		}
		if good*2 < len(pairs) {
			return fmt.Sprintf("%s it is right in %d of %s: %s", way.to, good, counted(len(pairs), "example"), odd)
		}
		f.Reason += fmt.Sprintf("; %s it is right in %d of %s: %s", way.to, good, counted(len(pairs), "example"), odd)
		f.Confidence = min(f.Confidence, float64(good)/float64(len(pairs)))
	}
	return ""
}

// differ returns where two documents differ in one of the paths; spaces that are trimmed don't count.
func differ(paths []string, got, want document.Value, trim bool) string {
	for _, path := range paths {
		at, err := document.ParsePath(path)
		if err != nil {
			return err.Error()
		}
		a, b := at.Follow(got), at.Follow(want)
		if !equal(a, b, want.Repeats()) && !(trim && a.Kind() == b.Kind() && a.Text() == strings.TrimSpace(b.Text())) {
			return fmt.Sprintf("%s is %s instead of %s", path, shown(a), shown(b))
		}
	}
	return ""
}

func shown(v document.Value) string { return quoted(cell{kind: v.Kind(), text: v.Text()}) }

// equal compares two values; what is a text in a textual format may be anything here.
func equal(a, b document.Value, textual bool) bool {
	switch {
	case a.Kind() != b.Kind() && !(textual && a.Scalar() && b.Scalar()):
		return a.Kind() == document.Array && textual && a.Len() == 1 && equal(a.Index(0), b, textual)
	case a.Kind() == document.Array:
		if textual || a.Len() != b.Len() {
			return textual || a.Len() == b.Len()
		}
		for i := range a.Len() {
			if !equal(a.Index(i), b.Index(i), textual) {
				return false
			}
		}
		return true
	case a.Kind() == document.Object:
		return a.Len() == b.Len()
	}
	return a.Text() == b.Text()
}

func firstProblem(err error) string {
	var problems lens.Problems
	if errors.As(err, &problems) && len(problems) > 0 {
		return problems[0].Message
	}
	return err.Error()
}

// settle compiles the whole and takes back the fields that can't stand together.
func (p *Proposal) settle() error {
	for {
		_, err := lens.New(p.Definition(), p.Set())
		var problems lens.Problems
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &problems):
			return err
		}
		removed := false
		for _, problem := range problems {
			if n := p.find(problem.Lens); n != nil && problem.Field >= 0 && problem.Field < len(n.Fields) {
				f := n.Fields[problem.Field]
				n.Fields = slices.Delete(n.Fields, problem.Field, problem.Field+1)
				n.Nested = slices.DeleteFunc(n.Nested, func(inner *Proposal) bool { return inner == f.nested })
				n.takeBack(f, "a field can't say it: "+problem.Message)
				removed = true
				break // the others' numbers are no longer right
			}
		}
		if !removed {
			return fmt.Errorf("compile what was found: %w", err)
		}
	}
}

// find returns the proposal of a name; the empty one is p's own.
func (p *Proposal) find(name string) *Proposal {
	if name == "" || name == p.Name {
		return p
	}
	for _, n := range p.Nested {
		if found := n.find(name); found != nil {
			return found
		}
	}
	return nil
}
