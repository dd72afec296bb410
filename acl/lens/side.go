package lens

// side is one of the two sides. A direction is known by the side that is read.
type side int

const (
	legacy side = iota
	service
)

func (s side) String() string {
	if s == legacy {
		return "legacy"
	}
	return "service"
}

func (s side) other() side { return 1 - s }

// direction is what Loss.Direction says where s is the side that is read.
func (s side) direction() string {
	if s == legacy {
		return ToService
	}
	return ToLegacy
}

// at returns what x has for a side.
func at[T any](x Sides[T], s side) T {
	if s == legacy {
		return x.Legacy
	}
	return x.Service
}

// paths returns the paths that a field has on a side.
func (f *Field) paths(s side) []string {
	if s == legacy {
		return f.Legacy
	}
	return f.Service
}

// possessive names what a side has, for sentences.
func (s side) possessive() string {
	if s == legacy {
		return "legacy's value"
	}
	return "the service's value"
}
