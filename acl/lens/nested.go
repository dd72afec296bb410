package lens

import "github.com/strangler-fig/toolkit/acl/document"

// throughEach is the conversion of a list through a lens, throughOne that of an object. The lens is
// that of the field's rule.
func throughEach(_ *call, in *input) (cell, error) {
	if in.n < 2 && in.kind != document.Array && !in.textual {
		return cell{}, errKind(in, "an array")
	}
	return cell{form: eachThrough, slot: in.slot}, nil
}

func throughOne(_ *call, in *input) (cell, error) {
	return cell{form: through, value: in.value.Ref()}, nil
}
