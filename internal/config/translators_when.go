package config

import (
	"github.com/strangler-fig/toolkit/acl/lens"
)

// when reads on what a field depends.
func (v value) when() *lens.When {
	w := &lens.When{}
	v.sides(func(v value) { w.Legacy = v.conditions() }, func(v value) { w.Service = v.conditions() })
	return w
}

// conditions reads places and what has to stand there; below not, what must not. A place that is
// called not is written \not.
func (v value) conditions() (all []lens.Condition) {
	v.notEmpty("a place and its value, such as {TYP: C}")
	for key, child := range v.entries() {
		if key.node.Value != "not" {
			all = append(all, key.condition(child))
			continue
		}
		if !child.isMapping() {
			child.fail("this is %s; write what must not hold, such as {TYP: C}", kindName(child.node))
			continue
		}
		child.notEmpty("a place and its value, such as {TYP: C}")
		for key, child := range child.entries() {
			c := key.condition(child)
			c.Not = !c.Not
			all = append(all, c)
		}
	}
	return all
}

// condition reads what has to stand at the place that is the key: a value, one of a list, anything
// (present) or nothing (absent).
func (v value) condition(child value) lens.Condition {
	c := lens.Condition{Path: v.node.Value}
	v.isPath(c.Path)
	switch {
	case child.plainWord("present"):
	case child.plainWord("absent"):
		c.Not = true
	default:
		c.Is, _ = child.literals()
	}
	return c
}
