package lens

import (
	"bytes"

	"github.com/strangler-fig/toolkit/acl/document"
)

// checkDefaults reports defaults of codes, numbers and times that the field couldn't read again: what
// the side gets is no such value, and the other way round every body with it would be an error.
func (c *compiler) checkDefaults(f *compiled, a about) {
	switch f.option {
	case optionValues, optionBool, optionNumber, optionTime:
	default:
		return
	}
	for _, s := range []side{legacy, service} {
		d := at(f.Default, s)
		if d == nil || d.Kind == document.Null {
			continue
		}
		err := c.readDefault(f, s, d, at(c.set.Texts, s))
		if err != nil && a.lens != "" { // which is used in bodies of several formats, and is held to its own by itself
			err = c.readDefault(f, s, d, true)
		}
		if err != nil {
			a.problem("default."+s.String(), "it could not be read again: %v; say %s as the field has it, null, or what absent says stands for no value", err, f.option.a())
		}
	}
}

// readDefault reads a default as the field reads what the side has, of a format that has nothing but
// texts or of another.
func (c *compiler) readDefault(f *compiled, s side, d *Literal, textual bool) error {
	in := &input{kind: d.Kind, text: []byte(d.word()), textual: textual}
	if textual {
		in.kind = document.String
	}
	if f.Absent != nil && at(*f.Absent, s).is(in) {
		return nil
	}
	if f.Trim && s == legacy {
		in.text = bytes.TrimSpace(in.text)
	}
	try := &call{zeros: freeGrowth}
	try.b.Share(document.Value{}, 0, 0)
	_, err := f.convert[s](try, in)
	return err
}

// a is what the option has for values, for messages.
func (o option) a() string {
	switch o {
	case optionNumber:
		return "a number"
	case optionTime:
		return "a time"
	}
	return "one of the codes"
}
