package lens

import (
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

func compileBool(f *Field, a about) conversions {
	known := newCodes()
	for place, codes := range [][]Literal{f.Bool.False, f.Bool.True} {
		word := [...]string{"false", "true"}[place]
		if len(codes) == 0 {
			a.problem("bool", "nothing stands for %s", word)
		}
		for i, l := range codes {
			switch wrong := l.problem(); {
			case l.Kind == document.Missing || l.Kind == document.Null:
				a.problem("bool", "%s can't stand for %s; absent says what stands for no value", l, word)
				continue
			case wrong != "":
				a.problem("bool", "%s", wrong)
				continue
			case known.of(l) >= 0:
				a.problem("bool", "%s stands there twice", l)
				continue
			}
			known.add(l, place)
			if i > 0 {
				a.loss(legacy, "%s becomes %s, which comes back as %s", l, word, codes[0])
			}
		}
	}
	var written [2]stocked
	for i, codes := range [][]Literal{f.Bool.False, f.Bool.True} {
		if len(codes) > 0 {
			written[i] = a.literal(codes[0])
		}
	}
	return conversions{
		legacy: func(c *call, in *input) (cell, error) {
			place := known.find(in)
			if place < 0 {
				return cell{}, fmt.Errorf("%s stands for neither true nor false", shownKind(in))
			}
			return truth(place == 1), nil
		},
		service: func(c *call, in *input) (cell, error) {
			if err := typed(in, TypeBool); err != nil {
				return cell{}, err
			}
			if in.kind == document.True {
				return c.literal(written[1]), nil
			}
			return c.literal(written[0]), nil
		},
	}
}
