package compare

// shape says how documents that are no JSON lie in the trees that JSON is parsed into. The zero
// value is JSON.
type shape struct {
	// hidden is how many elements the outermost array begins with that no document has.
	hidden uint32
}
