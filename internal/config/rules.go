package config

import (
	"errors"
	"strings"

	"github.com/strangler-fig/toolkit/shadow/compare"
)

// rules reads how the answers of a route are compared.
func (v value) rules(to *compare.Rules) {
	places := func(list *[]string) func(value) {
		return func(v value) {
			v.texts(list, value.isPointer)
		}
	}
	var unordered, keyed value
	v.object(fields{
		"ignore": places(&to.Ignore),
		"only":   places(&to.Only),
		"unordered": func(v value) {
			unordered = v
			v.texts(&to.Unordered, value.isBody)
		},
		"keyed":     func(v value) { keyed = v; to.Keyed = v.keyed() },
		"tolerance": func(v value) { to.Tolerance = v.tolerances() },
		"headers": func(v value) {
			v.texts(&to.Headers, func(v value, s string) bool {
				if !isToken(s) {
					v.fail("%q is no name of a header", s)
				}
				return isToken(s)
			})
		},
	})
	if unordered.given() && keyed.given() {
		for _, pointer := range to.Unordered {
			if _, both := to.Keyed[pointer]; both {
				keyed.fail("%s is unordered as well; an array is either compared without order or paired by a member", pointer)
			}
		}
	}
}

func (v value) keyed() map[string]string {
	all := map[string]string{}
	for key, child := range v.entries() {
		if member, ok := child.scalar(); key.isBody(key.node.Value) && ok {
			if strings.HasPrefix(member, "/") {
				child.fail("%q is a pointer; write the name of the member alone, such as id", member)
				continue
			}
			all[key.node.Value] = member
		}
	}
	return all
}

func (v value) tolerances() map[string]compare.Tolerance {
	all := map[string]compare.Tolerance{}
	for key, child := range v.entries() {
		s, ok := child.scalar()
		if !key.isBody(key.node.Value) || !ok {
			continue
		}
		t, err := compare.ParseTolerance(s)
		if err != nil {
			child.fail("%v", err)
			continue
		}
		all[key.node.Value] = t
	}
	return all
}

// isPointer reports whether s is status, header:NAME or a JSON pointer as the comparison knows
// them, and says why if not.
func (v value) isPointer(s string) bool {
	_, err := compare.ParsePointer(s)
	if bad, ok := errors.AsType[*compare.RuleError](err); ok {
		v.fail("%q: %s%s", s, bad.Problem, didYouMean(s, []string{"status"}))
	}
	return err == nil
}

// isBody reports whether s is a pointer into the body, and says why if not.
func (v value) isBody(s string) bool {
	if !v.isPointer(s) {
		return false
	}
	p, _ := compare.ParsePointer(s)
	if !p.Body() {
		v.fail("%q is not in the body; this rule takes a pointer such as /items", s)
	}
	return p.Body()
}
