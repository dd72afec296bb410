package lens

import (
	"bytes"
	"fmt"
	"unicode"

	"github.com/strangler-fig/toolkit/acl/document"
)

// compilePass compiles a field without an option: a value as it is, but for the spaces around it
// and the way in which it is written.
func compilePass(f *Field, texts Sides[bool], a about) conversions {
	checkTypes(f, texts, a)
	return conversions{
		legacy:  pass(f.Type.Legacy, f.Type.Service),
		service: pass(f.Type.Service, f.Type.Legacy),
	}
}

func pass(from, to Type) conversion {
	return func(c *call, in *input) (cell, error) {
		if from != "" || to != "" {
			return retype(c, in, from, to)
		}
		switch {
		case in.n > 1:
			return cell{form: collected, slot: in.slot}, nil
		case in.kind == document.String && len(in.text) != len(in.value.Bytes()):
			return c.trimmed(in), nil
		}
		return cell{form: copied, value: in.value.Ref()}, nil
	}
}

// trimmed is the cell of a text without the spaces around it.
func (c *call) trimmed(in *input) cell {
	start, _, ok := c.b.Shared(in.value)
	if !ok {
		return c.text(document.String, in.text)
	}
	all := in.value.Bytes()
	start += len(all) - len(bytes.TrimLeftFunc(all, unicode.IsSpace))
	return cell{form: scalar, kind: document.String, start: int32(start), end: int32(start + len(in.text))}
}

// checkTypes looks at the types of a field. Where a side has nothing but texts, a value of its own needs no type to
// come back as one.
func checkTypes(f *Field, texts Sides[bool], a about) {
	for _, s := range []side{legacy, service} {
		switch t := at(f.Type, s); t {
		case "":
			if other := at(f.Type, s.other()); other != "" && !at(texts, s) {
				a.loss(s, "%s becomes a %s whatever it was: say type: {%s: …} if it is always the same", s.possessive(), other, s)
			}
		case TypeText, TypeNumber, TypeBool:
		default:
			a.problem("type", "%q isn't a type; these are: text, number, boolean", t)
		}
	}
	if l, s := f.Type.Legacy, f.Type.Service; l == TypeBool && s == TypeNumber || l == TypeNumber && s == TypeBool {
		a.problem("type", "a boolean and a number have nothing in common; bool: {true: 1, false: 0} says which numbers are meant")
	}
}

// retype writes a single value in another way.
func retype(c *call, in *input, from, to Type) (cell, error) {
	if in.n > 1 {
		return cell{}, fmt.Errorf("there is more than one where one is wanted")
	}
	if err := typed(in, from); err != nil {
		return cell{}, err
	}
	return c.writeScalar(in, to)
}

// typed reads a single value that is written as t says: a text stands for any type in a format
// in which all values are texts.
func typed(in *input, t Type) error {
	switch t {
	case "":
		if in.kind == document.Array || in.kind == document.Object {
			return errKind(in, "a single value")
		}
	case TypeText:
		if in.kind != document.String {
			return errKind(in, "a text")
		}
	case TypeNumber:
		if in.kind != document.Number {
			if !in.textual || in.kind != document.String {
				return errKind(in, "a number")
			}
			return in.asNumber()
		}
	case TypeBool:
		if in.kind != document.True && in.kind != document.False {
			if !in.textual || in.kind != document.String {
				return errKind(in, "a boolean")
			}
			return in.asBool()
		}
	}
	return nil
}

func (in *input) asNumber() error {
	if !isNumber(in.text) {
		return fmt.Errorf("%s isn't a number as JSON writes it", shown(in))
	}
	in.kind = document.Number
	return nil
}

func (in *input) asBool() error {
	switch string(in.text) {
	case "true":
		in.kind = document.True
	case "false":
		in.kind = document.False
	default:
		return fmt.Errorf("%s isn't true or false", shown(in))
	}
	return nil
}

// writeScalar writes a single value as t says.
func (c *call) writeScalar(in *input, t Type) (cell, error) {
	var err error
	switch t {
	case TypeText:
		in.kind = document.String
	case TypeNumber:
		if in.kind == document.String {
			err = in.asNumber()
		} else if in.kind != document.Number {
			err = errKind(in, "a number")
		}
	case TypeBool:
		if in.kind == document.String {
			err = in.asBool()
		} else if in.kind == document.Number {
			err = errKind(in, "a boolean")
		}
	}
	switch {
	case err != nil:
		return cell{}, err
	case in.kind == document.String || in.kind == document.Number:
		return c.text(in.kind, in.text), nil
	}
	return cell{form: scalar, kind: in.kind}, nil
}

// writeText writes a text as t says.
func (c *call) writeText(s []byte, t Type) (cell, error) {
	if t == TypeNumber && !isNumber(s) {
		return cell{}, fmt.Errorf("%q isn't a number as JSON writes it", s)
	}
	return c.text(t.kind(), s), nil
}
