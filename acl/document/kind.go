package document

// Kind says what a value is.
type Kind uint8

// The kinds. Missing is the kind of a value that isn't there.
const (
	Missing Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object

	name // of a member: the node before its value
)

var kinds = [...]string{"missing", "null", "boolean", "boolean", "number", "text", "array", "object", "name"}

// String returns the kind as messages name it.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "unknown"
}
