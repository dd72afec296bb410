package lens

import (
	"context"
)

// compileIDs compiles a field of identifiers that a table translates. They are texts unless their
// type says number.
func compileIDs(f *Field, t Table, a about) conversions {
	types := f.Type
	for _, s := range []*Type{&types.Legacy, &types.Service} {
		switch *s {
		case "":
			*s = TypeText
		case TypeText, TypeNumber:
		default:
			a.problem("type", "an identifier is a text or a number, not %q", *s)
		}
	}
	if t == nil {
		return conversions{}
	}
	return conversions{
		legacy:  identify(t.ToService, types.Legacy, types.Service),
		service: identify(t.ToLegacy, types.Service, types.Legacy),
	}
}

func identify(look func(context.Context, string) (string, error), from, to Type) conversion {
	return func(c *call, in *input) (cell, error) {
		if err := typed(in, from); err != nil {
			return cell{}, err
		}
		id, err := look(c.ctx, string(in.text))
		if err != nil {
			return cell{}, err
		}
		return c.writeText([]byte(id), to)
	}
}
