package lens

import (
	"github.com/strangler-fig/toolkit/acl/document"
)

// Definition says how two documents correspond.
type Definition struct {
	Fields []Field
	// Unknown says what becomes of members that no field names, on the way to the service and on
	// the way to legacy. Kept ones stand at the same place in the other document, behind what
	// the fields write.
	Unknown Ways[Unknown]
}

// Ways is something for each direction.
type Ways[T any] struct{ ToService, ToLegacy T }

// Sides is something for each side.
type Sides[T any] struct{ Legacy, Service T }

// Unknown says what becomes of what no field names.
type Unknown string

// What becomes of what no field names.
const (
	Keep   Unknown = "keep"
	Drop   Unknown = "drop"
	Refuse Unknown = "error"
)

// Literal is a single value that a definition gives: Kind is document.String, Number, True,
// False or Null, or Missing for "no value". Text is the text or the number's digits.
type Literal struct {
	Kind document.Kind
	Text string
}

// Field is one correspondence. Legacy and Service are paths ([document.ParsePath]); most fields
// have one of each. At most one of the options from Each to Generate is set; where none is, a
// value passes as it is, objects and arrays included.
//
// A missing value stays missing and null stays null, whatever the option, unless Absent, Default or
// Required say otherwise. Kinds are strict, so that what passes comes back: a number where a text is
// wanted is an error, unless Type says that it is one. In a document that repeats names
// ([document.Document.Repeats]) a text stands for any kind, one value for a list of one, and
// several of one name are a list, and an error where one value is wanted.
type Field struct {
	Legacy, Service []string

	Each   string  // every element of an array through the lens of that name
	With   string  // an object through the lens of that name
	Values *Values // codes, each with what it stands for
	Bool   *Bool   // two codes that stand for true and false
	Number *Number // exact decimals
	Time   *Time   // dates and times
	// Bits are those of legacy's integer, 0 to 62, that are the service's booleans. Where some of these
	// are missing it is an error, unless Absent says what stands for false.
	Bits     []int
	OtherBit Unknown // for Bits: bits that none names: Drop or Refuse (the default)
	// Join is what stands between the parts of one side's text, which are texts on the other: the last
	// has all that is left. Parts at the end may be missing. One that is missing in front of
	// another is an error, unless Absent says what stands for none; then it is empty in the text. One
	// that ends so that Join would be found in another place is an error: of x- and -- and y.
	Join string
	// List is what stands between the elements of the service's array in legacy's text; none are the
	// empty text. An element that has it in it is an error, and so is one, other than the last, that ends
	// so that it would be found in another place: of x| and || and y.
	List     string
	IDs      string   // identifiers, through the Table of that name
	Count    bool     // legacy's number of elements of the service's array
	Const    *Literal // always this, on the side that has a path; the other side never sees it
	Generate string   // legacy's value is made anew: Now (see Time) or Random (12 letters)
	Drop     bool     // what the one side has here, the other never sees

	Trim   bool            // spaces around legacy's texts aren't the service's
	Type   Sides[Type]     // how a single value is written on either side; empty: as it comes
	Absent *Sides[Literal] // how either side says that there is no value
	// Default is what is written to a side where the other has no value: nothing, null, or what Absent says.
	// With Values, Bool, Number and Time it has to be something that these can read again, null, or what
	// Absent says.
	Default  Sides[*Literal]
	Required bool  // it is an error where the side that is read has no value
	When     *When // only where this holds
}

// Type is how a single value is written.
type Type string

// The types of single values.
const (
	TypeText   Type = "text"
	TypeNumber Type = "number"
	TypeBool   Type = "boolean"
)

// What [Field.Generate] makes.
const (
	Now    = "now"
	Random = "random"
)

// Values translates codes. Several legacy codes may stand for one of the service's, and the
// other way round, if Back and Forth say which one is written. null is no code: see Field.Absent.
type Values struct {
	Pairs []Pair          // legacy's code, the service's value
	Back  []Pair          // of a service's value that several codes stand for: the one that is written
	Forth []Pair          // of a legacy code that stands for several values: the one that is written
	Other Sides[*Literal] // what is written to a side for what the other's list lacks; nil: see Keep
	Keep  bool            // what the list lacks passes as it is; otherwise it is an error
}

// Pair is a legacy code and the service's value for it.
type Pair struct{ Legacy, Service Literal }

// Bool is what legacy writes for true and for false: the first of each; the others are
// understood as well.
type Bool struct{ True, False []Literal }

// Number translates between notations of decimals, exactly: digits are moved, never computed.
type Number struct {
	// Scale is how many of legacy's digits stand behind the service's point: 2 makes 12.34 of
	// 1234. Where legacy has a decimal point (see Decimal), it is how many digits stand behind that,
	// always: 12,30; then 0 is as many as there are.
	Scale int
	// Decimals, if not nil, is how many digits behind the point the service's number has, always:
	// 12.30. nil: as many as there are, without trailing zeros.
	Decimals *int
	// Legacy and Service are how each side writes it; empty: legacy a text, the service a number.
	Legacy, Service Type
	// Decimal is legacy's decimal point. Empty: with a Scale none, so that legacy has whole numbers;
	// without one ".". Group is what legacy has between groups of three digits; empty: nothing.
	Decimal, Group string
	Width          int // legacy's number has leading zeros up to that many digits; 0: none
	// Round says what becomes of digits that a side has no place for, see Decimals and Scale: ""
	// (an error), RoundHalfUp, RoundHalfEven or RoundDown.
	Round string
	// Sign says where legacy has its minus: "" (in front) or "behind" (123-).
	Sign string
}

// The ways to round. RoundHalfUp takes a half away from zero, RoundDown takes everything towards it.
const (
	RoundHalfUp   = "half_up"
	RoundHalfEven = "half_even"
	RoundDown     = "down"
)

// SignBehind is for [Number.Sign].
const SignBehind = "behind"

// Time translates dates and times. Layouts are Go's, or one of the names RFC3339, RFC1123,
// RFC850, date (2006-01-02), unix, unix_ms. Where a layout has no offset in it, times are of the
// side's zone, an IANA name; empty: UTC.
type Time struct {
	Layout Sides[string] // empty: RFC3339, of which a lower-case t and z are read too
	Zone   Sides[string]
	Type   Sides[Type] // of unix and unix_ms, which are numbers unless this says text
}

// When is a condition on one side's document, which is read in one direction and written in the
// other. Where it is written, the fields without a condition come first, and the condition looks
// at what they have written.
// There, a condition's path is one that such a field writes, or lies in what one writes as it is. What Each
// or With write is taken for a value before it is known, even if null becomes of it.
type When struct {
	Legacy, Service []Condition // all of which hold
}

// Condition holds where the value at Path is one of Is or, with Is empty, where there is any
// value but null; Not turns that round.
type Condition struct {
	Path string
	Is   []Literal
	Not  bool
}
