package shadow

// Kind is what a difference is.
type Kind string

// The kinds of difference.
const (
	KindValue    Kind = "value"    // same type, other value
	KindType     Kind = "type"     // other type
	KindMissing  Kind = "missing"  // the service lacks what legacy has
	KindExtra    Kind = "extra"    // the service has what legacy lacks
	KindOrder    Kind = "order"    // the same elements in another order
	KindLength   Kind = "length"   // arrays of other length
	KindStatus   Kind = "status"   // other status code
	KindHeader   Kind = "header"   // other header
	KindBody     Kind = "body"     // bodies without structure that differ
	KindEncoding Kind = "encoding" // other content coding or charset, or one that can't be decoded
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{KindValue, KindType, KindMissing, KindExtra, KindOrder, KindLength, KindStatus, KindHeader, KindBody, KindEncoding}
}
